#include "rappel/optim/method.hpp"

#include "descent.hpp"
#include "validation.hpp"

#include <string>
#include <utility>

namespace rappel {

namespace {

struct Parts {
  DirectionFactory direction;
  LineSearch search;
  LineSearchMethodOptions options;

  double first_step(Index iteration) const {
    const double step = options.first_step(iteration);
    if (!detail::positive_finite(step)) {
      detail::require(false, "schedule: the step of iteration " + std::to_string(iteration), step,
                      "> 0 and finite");
    }
    return step;
  }
};

Outcome descend(const Parts& parts, const MinimizeCall& call) {
  const std::unique_ptr<Direction> direction = parts.direction(call.objective.dimension());
  detail::Descent descent(call, parts.options);
  bool restarted = false;  // at this iterate
  StopReason reason = descent.begin();
  while (reason == StopReason::none) {
    direction->compute(descent.previous(), descent.current(), descent.direction());
    const LineFunction line = descent.line();
    const double first_step = parts.first_step(descent.current().iteration);
    const StepResult result = parts.search(line, first_step);
    if (result.accepted) {
      reason = descent.move(line, result.point);
      restarted = false;
    } else if (descent.negligible(line, first_step)) {
      reason = StopReason::precision_reached;
    } else if (restarted || !direction->restart()) {
      reason = StopReason::line_search_failed;
    } else {
      restarted = true;
    }
  }
  return descent.finish(reason);
}

}  // namespace

Method line_search_method(DirectionFactory direction, LineSearch search, LineSearchMethodOptions options) {
  detail::require_callable(direction, "line_search_method: direction");
  detail::require_callable(search, "line_search_method: search");
  detail::require_callable(options.first_step, "line_search_method: first_step");
  Parts parts{std::move(direction), std::move(search), std::move(options)};
  return [parts = std::move(parts)](const MinimizeCall& call) { return descend(parts, call); };
}

}  // namespace rappel
