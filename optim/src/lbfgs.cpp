#include "rappel/optim/lbfgs.hpp"

namespace rappel {

Method lbfgs(const LbfgsOptions& options) {
  return line_search_method(lbfgs_direction(options.memory), strong_wolfe(options.line_search),
                            {.first_step = fixed_rate(1.0), .max_iterations = 1000});
}

}  // namespace rappel
