// What the README says does not compile (CASE 1, 2, ..), and what to write instead (CASE 0).

#include <rappel/autodiff.hpp>

#include <cmath>

using namespace rappel;

Function examples(const Matrix& X) {
#if CASE == 0
  record(1, [](ExprSpan x) { return exp(x[0]); });
  record(1, [](ExprSpan x) -> Expr {
    if (x.size() > 1) return x[1];
    return 0.0;
  });
  const Function f = record(1, [](ExprSpan x) { return select(x[0] > 0.0, sqrt(x[0]), 0.0); });
  [[maybe_unused]] const double y = f.value(Vector{{2.0}});
  const Columns data = Columns::copy(X.leftCols(2));
  Eigen::MatrixXf narrow = X.cast<float>();
  const Columns borrowed(narrow, X), copied = Columns::copy(X.cast<float>()), taken(std::move(narrow));
#elif CASE == 1
  record(1, [](ExprSpan x) { return std::exp(x[0]); });
#elif CASE == 2
  record(1, [](ExprSpan x) {
    if (x.size() > 1) return x[1];
    return 0.0;
  });
#elif CASE == 3
  const Columns data(X.leftCols(2));
#elif CASE == 4
  record(1, [](ExprSpan x) {
    const double y = x[0];
    return Expr(y);
  });
#elif CASE == 5
  const Columns data(X.cast<float>());
#elif CASE == 6
  const Eigen::MatrixXf narrow = X.cast<float>();
  const Columns data(narrow.leftCols(2));
#elif CASE == 7
  const Eigen::MatrixXi whole = X.cast<int>();
  const Columns data(whole);
#endif
  return record(1, [](ExprSpan x) { return x[0]; });
}
