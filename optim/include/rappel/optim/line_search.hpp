#pragma once

// How far to go along a direction.

#include <rappel/core.hpp>

#include <functional>

namespace rappel {

// phi(t) = J(x + t * direction), and its derivative.
struct LinePoint {
  double step = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

struct LineFunction {
  std::function<LinePoint(double step)> at;  // one evaluation of the objective
  LinePoint start;                           // at step 0
  double rounding = 0.0;                     // differences of values below this mean nothing
};

struct StepResult {
  bool accepted = false;
  LinePoint point = {};  // one that was evaluated, if accepted
};

// Returns a step > 0, or one that is not accepted. It may be called by several threads at once, if the
// method is.
using LineSearch = std::function<StepResult(const LineFunction& line, double first_step)>;

// The first step, whatever comes of it.
LineSearch fixed_step();

struct ArmijoOptions {
  double decrease = 1e-4;  // accept if phi(t) <= phi(0) + decrease * t * phi'(0)
  double shrink = 0.5;     // else t *= shrink
  Index max_evaluations = 60;
};

// Shrinks the first step until it decreases enough (Nocedal & Wright 2006, algorithm 3.1).
LineSearch backtracking(const ArmijoOptions& options = {});

struct WolfeOptions {
  double decrease = 1e-4;  // accept if phi(t) <= phi(0) + decrease * t * phi'(0)
  double curvature = 0.9;  // and |phi'(t)| <= curvature * |phi'(0)|
  Index max_evaluations = 40;
};

// A step that meets the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6, with cubic
// interpolation). If it runs out of evaluations it settles for enough decrease.
LineSearch strong_wolfe(const WolfeOptions& options = {});

// Both: where phi(t) and phi(0) differ by less than the rounding of the cost, the slopes, which are known
// more exactly, are asked instead: phi'(t) <= (1 - 2 * decrease) * |phi'(0)| (Hager & Zhang 2005, eq. 4.1).
// They throw std::invalid_argument for options out of range. A point that is not finite is too far.

}  // namespace rappel
