#pragma once

// A cost at a point, value, gradient and Hessian, on every path there is: the graph read node by node, the
// passes and the scalar kernels, a row of a table on each instruction set of this machine; with every operand
// a parameter and with each one a constant, written down or from the data; and folded where all are
// constants.

#include "evaluate.hpp"

namespace rappel::test {

struct Point {
  const char* what;
  Expr (*cost)(ExprSpan x);
  std::vector<double> x;
  double value;
  std::vector<double> gradient;
  std::vector<double> hessian;  // upper triangle by rows; empty: nothing is stated
  double value_ulp = 2.0;       // the contract's bounds, DESIGN section 4; 0 for what is exact
  double partial_ulp = 2.0;
  double second_ulp = 8.0;
};

// Where `expected` is a rounded number: half an ulp comes on top. NaN equals NaN; 0, inf and NaN allow no
// error.
bool within(double computed, double expected, double ulp);

void check_everywhere(const std::vector<Point>& points);

}  // namespace rappel::test
