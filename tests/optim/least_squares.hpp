#pragma once

// Test problems as rows: residuals, a start, the published minima of the sum of their squares.

#include "dual.hpp"

#include <rappel/core.hpp>

#include <string>
#include <vector>

namespace rappel::test {

using Duals = std::vector<Dual>;

struct LeastSquares {
  std::string name;
  std::vector<double> start;
  std::vector<double> minima;  // more than one: valleys that descents may end in
  Duals (*residuals)(const Duals& x);

  Index dimension() const { return static_cast<Index>(start.size()); }

  double value_and_gradient(const Vector& x, Vector& gradient) const {
    double value = 0.0;
    for (Index j = 0; j < x.size(); ++j) {
      Duals at(x.begin(), x.end());
      at[static_cast<std::size_t>(j)].dot = 1.0;
      Dual sum;
      for (const Dual& r : residuals(at)) sum += square(r);
      value = sum.value;
      gradient[j] = sum.dot;
    }
    return value;
  }
};

}  // namespace rappel::test
