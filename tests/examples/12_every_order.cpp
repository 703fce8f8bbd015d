// Derivatives are Functions: gradients, Hessians, Jacobians, their products, and what is made of them.

#include <rappel/autodiff.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Function f = record(2, [](ExprSpan x) { return sin(x[0]) * x[1] + exp(x[1]); });
  const Vector x{{0.5, 2.0}}, v{{1.0, -1.0}};
  const Matrix H = f.hessian(x);
  const Vector hv = f.hessian_vector(x, v);
  const Function df = f.gradient();
  const Matrix J = df.jacobian(x);
  const SparseMatrix S = f.sparse_hessian(x);
  std::cout << H << "\n"
            << "H v: " << hv.transpose() << "\n"
            << "entries that may differ from zero: " << S.nonZeros() << "\n"
            << "the gradient's Jacobian is " << (J == H ? "the Hessian" : "something else") << "\n";

  // A Function applied to Exprs: the derivative along v, again differentiable.
  const Function slope = record(2, [&](ExprSpan w) {
    const std::vector<Expr> g = df.outputs(w);
    return g[0] * v[0] + g[1] * v[1];
  });
  std::cout << "the slope along v: " << slope.value(x) << ", its gradient "
            << slope.gradient().values(x).transpose() << "\n";

  // A penalty that is set for each call.
  const Function penalised = record(2, [&](ExprSpan w) { return f(w) + argument(0.0) * square(norm(w)); });
  std::cout << "penalty 0: " << penalised.value(x) << ", 0.1: " << penalised.with(Vector{{0.1}}).value(x)
            << "\n";
}
