// How accurate is it? Value and gradient against the same graph in 50 digits.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Function f = record(1, [](ExprSpan x) { return 1.0 - cos(x[0]); });
  std::cout << f.accuracy(Vector{{1e-5}});  // ok: as close as doubles come, the way it is written

  const Function g = record(1, [](ExprSpan x) { return 2.0 * square(sin(x[0] / 2.0)); });
  const Accuracy better = g.accuracy(Vector{{1e-5}});
  std::cout << "the same without cancellation: condition " << better.outputs[0].condition << ", "
            << (better.outputs[0].ulp <= 4.0 ? "all digits" : "digits lost") << "\n";
}
