#pragma once

// L-BFGS: the default for smooth costs.

#include "rappel/optim/line_search.hpp"
#include "rappel/optim/method.hpp"

#include <rappel/core.hpp>

namespace rappel {

struct LbfgsOptions {
  Index memory = 10;  // pairs of steps and gradient differences kept, >= 1
  WolfeOptions line_search = {};
};

// Limited-memory BFGS with a strong Wolfe search (Nocedal & Wright 2006, algorithm 7.5).
// Throws std::invalid_argument for options out of range.
Method lbfgs(const LbfgsOptions& options = {});

}  // namespace rappel
