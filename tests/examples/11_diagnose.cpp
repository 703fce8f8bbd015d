// Where a NaN or an infinity comes from: operation, operands, row and source line.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Matrix X{{-1.0, 0.5}, {2.0, 300.0}};  // the second row overflows, though its loss is small
  const Vector y{{0.0, 1.0}};
  const Function f = record(2, [&](ExprSpan w) {
    return mean_over_rows(Columns(X, y), [&](Row row) {
      const Expr z = dot(w, row.first(2));
      return log(1.0 + exp(z)) - row[2] * z;
    });
  });
  const Vector w{{1.0, 3.0}};
  std::cout << "cost: " << f.value(w) << "\n" << f.diagnose(w) << "\n";
}
