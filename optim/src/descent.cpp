#include "descent.hpp"

#include "vector_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rappel::detail {

namespace {

// The rounding of a cost is taken as this many units in its last place, since it is a sum of many terms.
constexpr double rounding_units = 10.0;
constexpr double epsilon = std::numeric_limits<double>::epsilon();

// A search that can no longer lower the cost may still shrink the gradient; it has so many iterations to
// show a smaller one.
constexpr Index max_stalled = 10;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Descent::Descent(const MinimizeCall& call, const LineSearchMethodOptions& options)
    : call_(call),
      step_control_(options.step_control),
      stop_(call.stopping, options.max_iterations),
      previous_(call.start.size()),
      current_(call.start.size()),
      trial_(call.start.size()),
      direction_(call.start.size()) {}

StopReason Descent::begin() {
  copy(call_.start, current_.x);
  evaluate(current_);
  copy(current_.x, previous_.x);
  copy(current_.gradient, previous_.gradient);
  previous_.value = current_.value;
  start_size_ = std::abs(current_.value);
  save_best();
  lowest_gradient_norm_ = norm_inf(current_.gradient);
  return report(0.0, 0.0);
}

LineFunction Descent::line() {
  // Terms that are squared in the cost are rounded at their own size, so that a cost that ends at 0 is known
  // to epsilon^2 of what it was.
  const double scale =
      std::max({std::abs(current_.value), call_.stopping.value_scale, epsilon * start_size_});
  return {[this](double step) { return try_step(step); },
          {0.0, current_.value, dot(current_.gradient, direction_)},
          rounding_units * epsilon * scale};
}

StopReason Descent::move(const LineFunction& line, const LinePoint& accepted) {
  if (accepted.step != trial_step_) try_step(accepted.step);  // the search went back to an earlier trial
  std::swap(previous_, current_);
  std::swap(current_, trial_);
  ++iteration_;
  last_step_ = accepted.step;
  cost_rose_ = cost_rose_ || current_.value > previous_.value;
  if (current_.value < best_value_) save_best();
  const StopReason reason = report(accepted.step, distance(current_.x, previous_.x));
  return reason == StopReason::none && stalled(line, accepted) ? StopReason::precision_reached : reason;
}

bool Descent::negligible(const LineFunction& line, double first_step) const {
  const double step = last_step_ > 0.0 ? std::min(first_step, last_step_) : first_step;
  return line.start.slope < 0.0 && -line.start.slope * step <= 10.0 * line.rounding;
}

Outcome Descent::finish(StopReason reason) {
  Outcome outcome{.reason = reason,
                  .iterations = iteration_,
                  .evaluations = evaluations_,
                  .step_control = step_control_,
                  .cost_rose = cost_rose_};
  // A point that converged is better than one that costs less by rounding.
  if (outcome.converged()) save_best();
  outcome.value = best_value_;
  outcome.gradient_norm = norm_inf(call_.gradient);
  outcome.seconds = seconds_since(begin_);
  return outcome;
}

void Descent::evaluate(Point& point) {
  point.value = call_.objective.value_and_gradient(point.x, point.gradient);
  ++evaluations_;
}

LinePoint Descent::try_step(double step) {
  add_scaled(current_.x, step, direction_, trial_.x);
  evaluate(trial_);
  trial_step_ = step;
  return {step, trial_.value, dot(trial_.gradient, direction_)};
}

StopReason Descent::report(double step, double step_norm) {
  const Progress progress{iteration_,   current_.value, norm_inf(current_.gradient),
                          step,         step_norm,      seconds_since(begin_),
                          evaluations_, current_.x,     current_.gradient};
  if (call_.observer) call_.observer(progress);
  return stop_(progress);
}

void Descent::save_best() {
  best_value_ = current_.value;
  copy(current_.x, call_.x);
  copy(current_.gradient, call_.gradient);
}

// The step did what a good step does to the slope, yet neither the cost nor the gradient shrinks any more.
// Where steps have a fixed length, a slow descent looks the same: there the iteration limit decides.
bool Descent::stalled(const LineFunction& line, const LinePoint& accepted) {
  const double gradient_norm = norm_inf(current_.gradient);
  const bool progress = gradient_norm < lowest_gradient_norm_ ||
                        line.start.value - accepted.value > line.rounding ||
                        std::abs(accepted.slope) > 0.9 * std::abs(line.start.slope);
  lowest_gradient_norm_ = std::min(lowest_gradient_norm_, gradient_norm);
  num_stalled_ = progress ? 0 : num_stalled_ + 1;
  return step_control_ == StepControl::line_search && num_stalled_ >= max_stalled;
}

}  // namespace rappel::detail
