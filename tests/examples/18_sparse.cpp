// A Hessian that is mostly zero, and one function at many points.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Function f = record(10'000, [](ExprSpan x) {
    Expr total = 0.0;
    for (Index i = 0; i + 1 < x.size(); ++i) total += 100.0 * square(x[i + 1] - square(x[i])) + square(1.0 - x[i]);
    return total;
  });
  const Vector x = Vector::Constant(f.dimension(), 0.5);
  const SparseMatrix H = f.sparse_hessian(x);
  std::cout << H.rows() << " x " << H.cols() << ", " << H.nonZeros() << " entries, from "
            << f.gradient().num_sweeps() << " sweeps\n"
            << "H(0, 0) = " << H.coeff(0, 0) << ", H(0, 1) = " << H.coeff(0, 1) << ", H(0, 2) = " << H.coeff(0, 2)
            << "\n";

  // One row of the matrix is one point.
  const Function g = record(2, [](ExprSpan p) { return exp(-p[0]) * cos(p[1]); });
  const Matrix points{{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}};
  std::cout << g.values(points) << "\n";
}
