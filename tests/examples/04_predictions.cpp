// One value for each row: predictions, and the same on other rows.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Matrix X{{1.0, 7.0}, {4.0, 6.0}, {8.0, 7.0}};
  const Function probability = record(3, [&](ExprSpan w) {
    return map_rows(Columns(X), [&](Row row) { return sigmoid(dot(w.first(2), row) + w[2]); });
  });
  const Vector w{{0.9, 0.6, -8.0}};
  std::cout << probability.values(w).transpose() << "\n";

  const Matrix others{{5.0, 5.0}, {6.0, 6.0}};
  std::cout << probability.with_columns(Columns(others)).values(w).transpose() << "\n";
}
