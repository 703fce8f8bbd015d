// An if on values: a guard of the recording. Where it turns, the cost is recorded anew.

#include <rappel/autodiff.hpp>

#include <algorithm>
#include <iostream>

using namespace rappel;

int main() {
  const Function relu_like = record(1, [](ExprSpan x) { return x[0] > 0.0 ? x[0] * x[0] : Expr(0.0); });
  for (const double x : {3.0, -3.0, 4.0})
    std::cout << "at " << x << ": " << relu_like.value(Vector{{x}}) << ", slope "
              << relu_like.gradient().values(Vector{{x}}) << ", curvature " << relu_like.hessian(Vector{{x}})
              << "\n";
  std::cout << relu_like.branch_statistics().recordings << " recordings\n";

  // What plain C++ does with doubles: a median, by sorting.
  const Function median = record(3, [](ExprSpan x) {
    std::vector<Expr> sorted(x.begin(), x.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted[1];
  });
  std::cout << "the median is entry " << median.gradient().values(Vector{{0.5, -1.0, 0.25}}).transpose() << "\n";
  std::cout << median;
}
