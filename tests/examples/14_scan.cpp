// A loop that does not unroll: its body is recorded once, whatever the number of steps.

#include <rappel/autodiff.hpp>

#include <cmath>
#include <iostream>

using namespace rappel;

int main() {
  // A pendulum of damping w0 let go at angle w1: where it is after 10 seconds, by 100,000 steps.
  const double h = 1e-4;
  const Function angle = record(2, [&](ExprSpan w) {
    const std::vector<Expr> end = iterate(100000, {w[1], 0.0}, [&](ExprSpan y) {
      const Expr speed = y[1] - h * (sin(y[0]) + w[0] * y[1]);
      return std::vector<Expr>{y[0] + h * speed, speed};
    });
    return end[0];
  });
  const auto [value, gradient] = angle.value_and_gradient(Vector{{0.1, 1.0}});
  std::cout << "angle " << value << ", by damping and start " << gradient.transpose() << "\n"
            << angle.graph().size() << " nodes\n";

  // Inputs and outputs by step: exponential smoothing of a series, one step ahead.
  const Vector series{{1.0, 3.0, 2.0, 4.0, 3.0, 5.0}};
  const Function error = record(1, [&](ExprSpan w) {
    const std::vector<Expr> inputs(series.begin() + 1, series.end());
    const Scan s = scan(5, {series[0]}, inputs, [&](ExprSpan level, ExprSpan x) {
      return ScanStep{{level[0] + w[0] * (x[0] - level[0])}, {square(x[0] - level[0])}};
    });
    Expr total = 0.0;
    for (const std::vector<Expr>& outputs : s.outputs) total += outputs[0];
    return total;
  });
  std::cout << "squared error " << error.value(Vector{{0.5}}) << ", slope "
            << error.gradient().values(Vector{{0.5}}) << ", curvature " << error.hessian(Vector{{0.5}}) << "\n";
}
