// An operation with an adjoint of one's own, and values that are defined by an equation.

#include <rappel/autodiff.hpp>

#include <cmath>
#include <iostream>

using namespace rappel;

// W with W exp(W) = x, by Newton's method.
double lambert_w0(double x) {
  double w = std::log1p(x);
  for (int i = 0; i < 20; ++i) w -= (w * std::exp(w) - x) / (std::exp(w) * (1.0 + w));
  return w;
}

int main() {
  // W' = exp(-W) / (1 + W): z is W(x), zbar what it is worth.
  const UnaryOp lambert_w = define_op("lambert_w", [](double x) { return lambert_w0(x); },
                                      [](Expr, Expr z, Expr zbar) { return zbar * exp(-z) / (1.0 + z); });
  const Function f = record(1, [&](ExprSpan x) { return lambert_w(x[0]); });
  const Vector x{{2.0}};
  std::cout << f.value(x) << ", slope " << f.gradient().values(x) << ", curvature " << f.hessian(x) << "\n" << f;

  // The eccentric anomaly E of Kepler's equation, E - e sin E = M, by e and M.
  const Function anomaly = record(2, [](ExprSpan theta) {
    return root([](ExprSpan E, ExprSpan t) { return E[0] - t[0] * sin(E[0]) - t[1]; }, 1.0, theta);
  });
  const Vector orbit{{0.3, 1.0}};
  std::cout << anomaly.value(orbit) << ", by e and M " << anomaly.gradient().values(orbit).transpose() << "\n";
}
