#pragma once

// Methods, as minimize calls them, and how to compose one.

#include "rappel/optim/direction.hpp"
#include "rappel/optim/line_search.hpp"
#include "rappel/optim/objective.hpp"
#include "rappel/optim/outcome.hpp"
#include "rappel/optim/schedule.hpp"
#include "rappel/optim/stopping.hpp"

#include <rappel/core.hpp>

#include <functional>

namespace rappel {

// All a method is given. Spans have objective.dimension() entries.
struct MinimizeCall {
  ObjectiveRef objective;
  ConstSpan start;
  const StoppingOptions& stopping;
  const Observer& observer;  // may be empty
  MutableSpan x;             // out: the point found
  MutableSpan gradient;      // out: its gradient
};

// Returns what it found at call.x. A copy of a method shares nothing that a descent changes.
using Method = std::function<Outcome(const MinimizeCall& call)>;

struct LineSearchMethodOptions {
  Schedule first_step = fixed_rate(1.0);  // what the search tries first
  Index max_iterations = 1000;            // unless the caller's StoppingOptions say
  StepControl step_control = StepControl::line_search;
};

// x += t * direction, until a stopping rule holds.
// Throws std::invalid_argument if a part is empty, and while it runs if the schedule's step is not > 0.
Method line_search_method(DirectionFactory direction, LineSearch search,
                          LineSearchMethodOptions options = {});

}  // namespace rappel
