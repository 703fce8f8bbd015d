// Minimise: the default, gradient descent and its options, an observer, and two starts that end in two
// valleys.

#include <rappel/autodiff.hpp>
#include <rappel/optim.hpp>

#include <iostream>

using namespace rappel;

int main() {
  // Rosenbrock's valley.
  const Function f =
      record(2, [](ExprSpan x) { return square(1.0 - x[0]) + 100.0 * square(x[1] - square(x[0])); });
  const Result r = minimize(f, Vector{{-1.2, 1.0}});  // L-BFGS
  std::cout << to_string(r.reason) << " at " << r.x.transpose() << "\n";

  // An observer is called at each iteration, the start included.
  const Function bowl = record(1, [](ExprSpan x) { return square(x[0] - 3.0) / 2.0; });
  minimize(
      bowl, Vector{{0.0}}, gradient_descent({.learning_rate = 0.5}), {.max_iterations = 3},
      [](const Progress& p) { std::cout << "iteration " << p.iteration << ": cost " << p.value << "\n"; });

  // Two valleys: which one is found depends on the start.
  const Function valleys = record(1, [](ExprSpan x) { return square(square(x[0]) - 1.0) + 0.3 * x[0]; });
  for (const double start : {-2.0, 2.0})
    std::cout << "from " << start << " to " << minimize(valleys, Vector{{start}}).x << "\n";
}
