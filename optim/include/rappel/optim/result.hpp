#pragma once

// What minimize returns.

#include "rappel/optim/outcome.hpp"

#include <rappel/core.hpp>

namespace rappel {

// An Outcome with its point. If it converged, x is the point that did; else the one of lowest cost among the
// iterates. value, gradient_norm and gradient are those at x.
struct Result : Outcome {
  Vector x;
  Vector gradient;
};

}  // namespace rappel
