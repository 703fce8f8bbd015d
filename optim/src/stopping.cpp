#include "rappel/optim/stopping.hpp"

#include "stopping_test.hpp"
#include "validation.hpp"

#include <algorithm>
#include <cmath>

namespace rappel {

StoppingRule time_limit(double seconds) {
  detail::require(seconds >= 0.0, "time_limit: seconds", seconds, ">= 0");
  return [seconds](const Progress& progress) {
    return progress.seconds >= seconds ? StopReason::stopped_by_rule : StopReason::none;
  };
}

StoppingRule value_at_most(double target) {
  return [target](const Progress& progress) {
    return progress.value <= target ? StopReason::stopped_by_rule : StopReason::none;
  };
}

namespace detail {

StoppingTest::StoppingTest(const StoppingOptions& options, Index default_max_iterations)
    : options_(options), max_iterations_(options.max_iterations.value_or(default_max_iterations)) {}

StopReason StoppingTest::operator()(const Progress& progress) {
  const bool finite = std::isfinite(progress.value) && std::isfinite(progress.gradient_norm);
  if (progress.iteration == 0) {
    if (!finite) return StopReason::not_finite;
    set_scales(progress);
  }
  if (!finite || diverged(progress.value)) return StopReason::diverged;
  best_value_ = std::min(best_value_, progress.value);
  if (progress.gradient_norm <= gradient_threshold_) return StopReason::gradient_tolerance;
  for (const StoppingRule& rule : options_.rules) {
    const StopReason reason = rule(progress);
    if (reason != StopReason::none) return reason;
  }
  return progress.iteration >= max_iterations_ ? StopReason::iteration_limit : StopReason::none;
}

void StoppingTest::set_scales(const Progress& start) {
  gradient_threshold_ =
      options_.gradient_tolerance * std::max(start.gradient_norm, 1e-3 * options_.gradient_scale);
  start_value_ = best_value_ = start.value;
  scale_ = std::abs(start.value);
}

bool StoppingTest::diverged(double value) {
  // A start that costs exactly 0 gives no scale: the next cost does.
  if (scale_ == 0.0) scale_ = std::abs(value);
  return value > std::max(10.0 * scale_, best_value_ + 1000.0 * (start_value_ - best_value_));
}

}  // namespace detail

}  // namespace rappel
