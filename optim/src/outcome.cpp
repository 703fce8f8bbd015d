#include "rappel/optim/outcome.hpp"

#include <cstdio>
#include <ostream>

namespace rappel {

std::string to_string(StopReason reason) {
  switch (reason) {
    case StopReason::none:
      return "not stopped";
    case StopReason::gradient_tolerance:
      return "gradient tolerance reached";
    case StopReason::precision_reached:
      return "precision reached";
    case StopReason::iteration_limit:
      return "iteration limit reached";
    case StopReason::diverged:
      return "diverged";
    case StopReason::not_finite:
      return "not finite at the start";
    case StopReason::line_search_failed:
      return "line search failed";
    case StopReason::stopped_by_rule:
      return "stopped by a rule";
  }
  return "unknown reason";
}

std::ostream& operator<<(std::ostream& out, StopReason reason) { return out << to_string(reason); }

namespace {

std::string advice_at_limit(const Outcome& outcome) {
  if (outcome.step_control == StepControl::line_search) {
    return "raise the iteration limit, or bring the parameters to similar scales";
  }
  if (outcome.cost_rose)
    return "the cost rose on the way: lower the learning rate, or raise the iteration limit";
  return "the cost never rose: raise the learning rate, or the iteration limit";
}

}  // namespace

std::string advice(const Outcome& outcome) {
  switch (outcome.reason) {
    case StopReason::iteration_limit:
      return advice_at_limit(outcome);
    case StopReason::diverged:
      return outcome.step_control == StepControl::learning_rate
                 ? "lower the learning rate"
                 : "the steps are too long: start elsewhere, or bound the parameters in the cost";
    case StopReason::not_finite:
      return "start where the cost and its gradient are finite";
    case StopReason::line_search_failed:
      return "no step lowers the cost: check the gradient against differences, and the cost for jumps";
    default:
      return "";
  }
}

std::string describe(const Outcome& outcome) {
  char numbers[160];
  std::snprintf(numbers, sizeof numbers,
                ": value %.10g, gradient norm %.3g, %lld iteration%s, %lld evaluation%s, %.3g s",
                outcome.value, outcome.gradient_norm, static_cast<long long>(outcome.iterations),
                outcome.iterations == 1 ? "" : "s", static_cast<long long>(outcome.evaluations),
                outcome.evaluations == 1 ? "" : "s", outcome.seconds);
  return to_string(outcome.reason) + numbers;
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) { return out << describe(outcome); }

}  // namespace rappel
