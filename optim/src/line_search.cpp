#include "rappel/optim/line_search.hpp"

#include "line_search_tests.hpp"
#include "validation.hpp"

namespace rappel {

LineSearch fixed_step() {
  return [](const LineFunction& line, double first_step) { return StepResult{true, line.at(first_step)}; };
}

LineSearch backtracking(const ArmijoOptions& options) {
  using detail::require;
  require(options.decrease > 0.0 && options.decrease < 0.5, "backtracking: decrease", options.decrease,
          "> 0 and < 0.5");
  require(options.shrink > 0.0 && options.shrink < 1.0, "backtracking: shrink", options.shrink,
          "> 0 and < 1");
  require(options.max_evaluations >= 1, "backtracking: max_evaluations",
          static_cast<double>(options.max_evaluations), ">= 1");
  return [options](const LineFunction& line, double first_step) -> StepResult {
    if (!detail::downhill(line)) return {};
    double step = first_step;
    for (Index i = 0; i < options.max_evaluations; ++i, step *= options.shrink) {
      // Once the gain expected is below the rounding of the cost, shorter steps cannot be told from none,
      // and a wrong gradient would pass.
      if (i > 0 && -line.start.slope * step <= line.rounding) break;
      const LinePoint p = line.at(step);
      if (detail::finite(p) && detail::decreases(line, p, options.decrease)) return {true, p};
    }
    return {};
  };
}

}  // namespace rappel
