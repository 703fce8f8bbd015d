#pragma once

#include <rappel/autodiff/function.hpp>

#include <optional>
#include <vector>

namespace rappel::detail {

// Newton's method for n equations of n unknowns and p further parameters; of the gradient of a cost, where one is
// given, so that each step descends. Nocedal and Wright, Numerical Optimization, sections 11.2 and 3.4.
struct Newton {
  std::vector<double> start;
  int max_iterations;
  std::optional<Function> cost;
  std::optional<Function> equations, jacobian;  // the latter by rows, n x (n + p)

  // NaN if it does not converge.
  void solve(ConstSpan parameters, MutableSpan unknowns) const;
};

}  // namespace rappel::detail
