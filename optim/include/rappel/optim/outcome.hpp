#pragma once

// How a minimisation ended. A numerical failure is data, not an exception.

#include <rappel/core.hpp>

#include <iosfwd>
#include <string>

namespace rappel {

enum class StopReason {
  none,                // go on
  gradient_tolerance,  // the gradient is small enough: converged
  precision_reached,   // what is left to gain is below the rounding of the cost: converged
  iteration_limit,
  diverged,            // the cost grew out of bounds, or became non-finite after a finite value
  not_finite,          // the cost or its gradient, at the start
  line_search_failed,  // no acceptable step, although there is something to gain
  stopped_by_rule,     // by a StoppingRule of the user
};

// One phrase: "iteration limit reached".
std::string to_string(StopReason reason);
std::ostream& operator<<(std::ostream& out, StopReason reason);

// What sets the length of a method's steps, and so what its user can turn.
enum class StepControl { learning_rate, line_search };

struct Outcome {
  double value = 0.0;          // at the point returned
  double gradient_norm = 0.0;  // the largest entry in size, at the point returned
  StopReason reason = StopReason::none;
  Index iterations = 0;   // accepted steps
  Index evaluations = 0;  // of value and gradient
  double seconds = 0.0;
  StepControl step_control = StepControl::line_search;
  bool cost_rose = false;  // some iterate cost more than the one before

  bool converged() const {
    return reason == StopReason::gradient_tolerance || reason == StopReason::precision_reached;
  }
};

// What to try, in one line: "lower the learning rate". Empty if there is nothing to say.
std::string advice(const Outcome& outcome);

// One line, without an end of line: reason, value, gradient norm, iterations, evaluations, time.
std::string describe(const Outcome& outcome);
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

}  // namespace rappel
