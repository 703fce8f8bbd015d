#pragma once

// Gradient descent: all parameters at once, x -= learning_rate * gradient.

#include "rappel/optim/method.hpp"
#include "rappel/optim/schedule.hpp"

namespace rappel {

struct GradientDescentOptions {
  double learning_rate = 0.1;  // > 0; converges on a convex cost if < 2 / L, L the largest curvature
  double momentum = 0.0;       // in [0, 1): the share of the last step that is kept (heavy ball)
  Schedule schedule = {};      // if given, the learning rate at iteration 0, 1, ..
  bool backtracking = false;   // halve the step at each iteration until the cost decreases enough
};

// Throws std::invalid_argument for options out of range.
Method gradient_descent(const GradientDescentOptions& options = {});

}  // namespace rappel
