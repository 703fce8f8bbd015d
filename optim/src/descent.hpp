#pragma once

// The state of one descent: iterates, the best of them, counters. Everything is allocated when it is made.

#include "rappel/optim/direction.hpp"
#include "rappel/optim/line_search.hpp"
#include "rappel/optim/method.hpp"

#include "stopping_test.hpp"

#include <chrono>
#include <vector>

namespace rappel::detail {

class Descent {
 public:
  // Borrows call.
  Descent(const MinimizeCall& call, const LineSearchMethodOptions& options);

  // Evaluates the start.
  StopReason begin();

  Iterate previous() const { return previous_.iterate(iteration_ > 0 ? iteration_ - 1 : 0); }
  Iterate current() const { return current_.iterate(iteration_); }
  MutableSpan direction() { return direction_; }

  // The cost along direction(), from the current iterate. Valid until move().
  LineFunction line();

  // Makes an accepted step the current iterate, and says whether to go on.
  StopReason move(const LineFunction& line, const LinePoint& accepted);

  // What a step could gain along the line is below the rounding of the cost. Steps are measured by the last
  // one, if there was one: the first step tried may be far too long.
  bool negligible(const LineFunction& line, double first_step) const;

  // The point to return, written to call.x and call.gradient.
  Outcome finish(StopReason reason);

 private:
  struct Point {
    explicit Point(std::size_t n) : x(n), gradient(n) {}
    Iterate iterate(Index iteration) const { return {iteration, value, x, gradient}; }
    std::vector<double> x, gradient;
    double value = 0.0;
  };

  void evaluate(Point& point);
  LinePoint try_step(double step);
  StopReason report(double step, double step_norm);
  void save_best();
  bool stalled(const LineFunction& line, const LinePoint& accepted);

  const MinimizeCall& call_;
  const StepControl step_control_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  StoppingTest stop_;
  Point previous_, current_, trial_;
  std::vector<double> direction_;
  double trial_step_ = 0.0;
  double last_step_ = 0.0;
  double start_size_ = 0.0;  // |J(start)|
  double best_value_ = 0.0;
  double lowest_gradient_norm_ = 0.0;
  Index num_stalled_ = 0;
  Index iteration_ = 0;
  Index evaluations_ = 0;
  bool cost_rose_ = false;
};

}  // namespace rappel::detail
