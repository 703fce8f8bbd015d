#pragma once

// The built-in stopping rules, and the user's.

#include "rappel/optim/stopping.hpp"

#include <rappel/core.hpp>

namespace rappel::detail {

class StoppingTest {
 public:
  // Borrows options.
  StoppingTest(const StoppingOptions& options, Index default_max_iterations);

  // To be asked at the start and then at each accepted iterate, in order: the start sets the scales. Trial
  // points of a line search are never shown, so a long trial is not a divergence.
  StopReason operator()(const Progress& progress);

 private:
  void set_scales(const Progress& start);
  bool diverged(double value);

  const StoppingOptions& options_;
  Index max_iterations_;
  double gradient_threshold_ = 0.0;
  double start_value_ = 0.0;
  double best_value_ = 0.0;
  double scale_ = 0.0;  // |J(start)|
};

}  // namespace rappel::detail
