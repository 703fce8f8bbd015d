// Matrices of Expr: a Gaussian process, fitted by its marginal likelihood.

#include <rappel/autodiff.hpp>
#include <rappel/optim.hpp>

#include <iostream>

using namespace rappel;

// t = (log variance, log length, log noise variance).
ExprMatrix kernel(const Vector& X, ExprSpan t) {
  return ExprMatrix::NullaryExpr(X.size(), X.size(), [&](Index i, Index j) {
    const double d = X[i] - X[j];
    return exp(t[0] - 0.5 * d * d * exp(-2.0 * t[1])) + (i == j ? exp(t[2]) : Expr(0.0));
  });
}

int main() {
  const Vector X = Vector::LinSpaced(25, 0.0, 6.0);
  const Vector y = X.array().sin() + 0.1 * (7.0 * X.array()).cos();
  const Function gp = record(3, [&](ExprSpan t) {
    const ExprMatrix K = kernel(X, t);
    return 0.5 * (y.transpose() * solve_spd(K, y))(0) + 0.5 * log_det_spd(K);
  });
  const Result r = minimize(gp, Vector{{0.0, 0.0, -2.0}});
  std::cout.precision(4);
  std::cout << "length " << std::exp(r.x[1]) << ", noise " << std::exp(0.5 * r.x[2]) << "\n"
            << "eigenvalues of the Hessian there are positive: "
            << (symmetric_eigen(ExprMatrix(gp.hessian(r.x).cast<Expr>())).values[0].constant() > 0.0 ? "yes" : "no") << "\n";
}
