#include "rappel/optim/gradient_descent.hpp"

#include "validation.hpp"

namespace rappel {

Method gradient_descent(const GradientDescentOptions& options) {
  detail::require(detail::positive_finite(options.learning_rate), "gradient_descent: learning_rate",
                  options.learning_rate, "> 0 and finite");
  detail::require(options.momentum >= 0.0 && options.momentum < 1.0, "gradient_descent: momentum",
                  options.momentum, ">= 0 and < 1");
  return line_search_method(
      options.momentum > 0.0 ? heavy_ball(options.momentum) : steepest_descent(),
      options.backtracking ? backtracking() : fixed_step(),
      {.first_step = options.schedule ? options.schedule : fixed_rate(options.learning_rate),
       .max_iterations = 10000,
       .step_control = StepControl::learning_rate});
}

}  // namespace rappel
