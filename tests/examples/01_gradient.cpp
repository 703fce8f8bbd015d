// The gradient of a function.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const auto cost = [](ExprSpan x) {
    const Expr wave = sin(x[0]) * x[1];
    return wave + exp(x[1]);
  };
  const Function f = record(2, cost);  // runs the lambda once, on symbols

  const Vector x{{0.5, 2.0}};
  const auto [value, gradient] = f.value_and_gradient(x);
  std::cout << "f = " << value << ", gradient = " << gradient.transpose() << "\n";
  std::cout << f;  // one line a node

  Vector g(2);
  std::cout << f.value_and_gradient(x, g) << "\n";    // into g: no allocation
  const auto [v1, g1] = value_and_gradient(cost, x);  // records, sweeps once, keeps nothing
  std::cout << v1 << ", " << g1.transpose() << "\n";
}
