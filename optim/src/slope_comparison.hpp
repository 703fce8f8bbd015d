#pragma once

// A slope by the gradient against the slope by differences.

#include "rappel/optim/check_gradient.hpp"

#include "ridders.hpp"

#include <vector>

namespace rappel::detail {

// The objective along a line through x: phi(0) = value.
struct Line {
  const Phi& phi;
  double value;
  double value_noise;  // the rounding of phi near 0
};

// By the gradient.
struct Analytic {
  double slope = 0.0;
  double noise = 0.0;    // its rounding
  double x_noise = 0.0;  // what phi is rounded by since x + t d is
};

// Steps go from a tenth of each scale downwards. Sets neither coordinate nor direction.
SlopeCheck compared(const Line& line, const std::vector<double>& scales, const Analytic& analytic);

}  // namespace rappel::detail
