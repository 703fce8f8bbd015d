#include <rappel/autodiff/implicit.hpp>

#include "function_impl.hpp"
#include "matrix_ops.hpp"
#include "newton.hpp"
#include "sweep.hpp"

namespace rappel::detail {
namespace {

// A^-1 b, A column-major.
std::vector<Expr> solve(const std::vector<Expr>& a, const std::vector<Expr>& b) {
  std::vector<Expr> operands(a);
  operands.insert(operands.end(), b.begin(), b.end());
  const auto n = static_cast<Index>(b.size());
  return apply(matrix_op(MatrixOp::solve, n, n, 1), ExprSpan(operands), Location());
}

// d value / d x, in the recording that they belong to.
std::vector<Expr> gradient_of(const Expr& value, ExprSpan x) {
  if (value.is_constant()) return std::vector<Expr>(static_cast<std::size_t>(x.size()), Expr(0.0));
  Recording& recording = Recording::required("a Jacobian");
  std::vector<NodeId> wrt;
  for (const Expr& e : x) wrt.push_back(recording.node(e));
  const NodeId output = recording.node(value), one = recording.builder().constant(1.0);
  std::vector<Expr> result;
  for (const NodeId n : reverse_sweep(recording.builder(), {&output, 1}, {&one, 1}, wrt))
    result.push_back(recording.expr(n));
  return result;
}

// The first n outputs, of n + p parameters.
Function first_outputs(const Function& f, Index n, Index parameters) {
  return record(parameters, [&](ExprSpan x) {
    std::vector<Expr> all = f.outputs(x);
    all.resize(static_cast<std::size_t>(n));
    return all;
  });
}

// The Jacobian by rows as a Function.
Function jacobian_of(const Function& equations, Index parameters) {
  return record(parameters, [&](ExprSpan x) {
    std::vector<Expr> rows;
    const std::vector<Expr> values = equations.outputs(x);
    for (const Expr& value : values) {
      const std::vector<Expr> row = gradient_of(value, x);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  });
}

// z by theta: solves by `newton`; the adjoint by the equations.
std::vector<Expr> implicit(std::string name, const Function& equations, Newton newton, ExprSpan theta, Location at) {
  const auto n = static_cast<std::size_t>(newton.start.size()), p = static_cast<std::size_t>(theta.size());
  const Function jacobian = jacobian_of(equations, static_cast<Index>(n + p));
  newton.equations = equations;
  newton.jacobian = jacobian;
  CustomForms forms;
  forms.value = [newton](ConstSpan x, MutableSpan z) { newton.solve(x, z); };
  forms.adjoint = [jacobian, n, p](ExprSpan x, ExprSpan z, ExprSpan zbar) {
    std::vector<Expr> point(z.begin(), z.end());
    point.insert(point.end(), x.begin(), x.end());
    const std::vector<Expr> rows = jacobian.outputs(ExprSpan(point));
    std::vector<Expr> transpose(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) transpose[j + i * n] = rows[i * (n + p) + j];
    const std::vector<Expr> factor = solve(transpose, {zbar.begin(), zbar.end()});
    std::vector<Expr> xbar(p, Expr(0.0));
    for (std::size_t k = 0; k < p; ++k)
      for (std::size_t i = 0; i < n; ++i) xbar[k] -= factor[i] * rows[i * (n + p) + n + k];
    return xbar;
  };
  return apply(define_op(std::move(name), theta.size(), static_cast<Index>(n), std::move(forms)), theta, at);
}

// The callable that f was recorded from ends with the call of root or argmin: it cannot be run anew where a branch turns.
// A Function that was just recorded without a point says its number of values unless it branches.
void refuse_branches(const char* what, const Function& f) {
  try {
    f.num_values();
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument(std::string(what) +
                                ": f branches on values; write select(condition, a, b) instead of if, ?:, && and ||");
  }
}

void check(const char* what, Index unknowns, Index equations, const ImplicitOptions& options) {
  if (unknowns < 1) throw std::invalid_argument(std::string(what) + ": start has no entries");
  if (unknowns != equations)
    throw std::invalid_argument(std::string(what) + ": " + std::to_string(equations) + " equations for " +
                                std::to_string(unknowns) + " unknowns");
  if (options.max_iterations < 1)
    throw std::invalid_argument(std::string(what) + ": max_iterations is " +
                                std::to_string(options.max_iterations) + ", at least 1 is needed");
}

}  // namespace

std::vector<Expr> root(const Function& equations, ConstSpan start, ExprSpan theta, const ImplicitOptions& options,
                       Location at) {
  refuse_branches("root", equations);
  check("root", static_cast<Index>(start.size()), equations.num_values(), options);
  return implicit("root", equations, {{start.begin(), start.end()}, options.max_iterations, {}, {}, {}}, theta, at);
}

std::vector<Expr> argmin(const Function& cost, ConstSpan start, ExprSpan theta, const ImplicitOptions& options,
                         Location at) {
  const auto n = static_cast<Index>(start.size());
  refuse_branches("argmin", cost);
  check("argmin", n, n, options);
  const Function equations = first_outputs(cost.gradient(), n, n + theta.size());
  return implicit("argmin", equations, {{start.begin(), start.end()}, options.max_iterations, cost, {}, {}}, theta, at);
}

}  // namespace rappel::detail
