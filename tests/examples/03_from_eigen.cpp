// A cost over rows of Eigen matrices: logistic regression.

#include <rappel/autodiff.hpp>
#include <rappel/optim.hpp>

#include <iostream>

using namespace rappel;

int main() {
  // X is rows x features, y is rows: hours of study and of sleep, and whether the exam was passed.
  const Matrix X{{1.0, 7.0}, {2.0, 5.0}, {3.0, 8.0}, {4.0, 6.0},
                 {5.0, 4.0}, {6.0, 8.0}, {7.0, 6.0}, {8.0, 7.0}};
  const Vector y{{0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0}};
  const Index n = X.cols();

  const Function logistic = record(n + 1, [&](ExprSpan w) {
    const Expr loss = mean_over_rows(Columns(X, y), [&](Row row) {
      const Expr z = dot(w.first(n), row.first(n)) + w[n];
      return softplus(z) - row[n] * z;
    });
    return loss + 0.05 * dot(w.first(n), w.first(n));
  });

  std::cout.precision(3);
  std::cout << "cost at 0: " << logistic.value(Vector::Zero(n + 1)) << "\n";
  const Result r = minimize(logistic, Vector::Zero(n + 1));
  std::cout << "minimum " << r.value << " at " << r.x.transpose() << "\n";
}
