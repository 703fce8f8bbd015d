#include "custom_op.hpp"

#include "recording.hpp"

#include <algorithm>
#include <atomic>

namespace rappel::detail {
namespace {

// The adjoint in numbers as an operation of operands, results and adjoints.
std::shared_ptr<const CustomOp> adjoint_op(const std::string& name, Index num_operands, Index num_results,
                                           const CustomForms& forms) {
  const auto n = static_cast<std::size_t>(num_operands), m = static_cast<std::size_t>(num_results);
  CustomForms own;
  own.value = [n, m, f = forms.adjoint_value](ConstSpan x, MutableSpan xbar) {
    f(x.subspan(0, n), x.subspan(n, m), x.subspan(n + m, m), xbar);
  };
  own.adjoint = [name](ExprSpan, ExprSpan, ExprSpan) -> std::vector<Expr> {
    throw std::invalid_argument(name + " has an adjoint in doubles, for first derivatives only; define one in Expr");
  };
  return define_op(name + "'", num_operands + 2 * num_results, num_operands, std::move(own));
}

}  // namespace

std::shared_ptr<const CustomOp> define_op(std::string name, Index num_operands, Index num_results,
                                          CustomForms forms) {
  static std::atomic<std::uint64_t> last{0};
  if (num_operands < 1 || num_results < 1)
    throw std::invalid_argument("define_op: " + name + " has " + std::to_string(num_operands) + " operands and " +
                                std::to_string(num_results) + " results, at least 1 of each is needed");
  if (forms.adjoint_value) {
    const auto adjoint = adjoint_op(name, num_operands, num_results, forms);
    forms.adjoint = [adjoint](ExprSpan x, ExprSpan z, ExprSpan zbar) {
      std::vector<Expr> all(x.begin(), x.end());
      all.insert(all.end(), z.begin(), z.end());
      all.insert(all.end(), zbar.begin(), zbar.end());
      return apply(adjoint, ExprSpan(all), Location());
    };
  }
  return std::make_shared<const CustomOp>(CustomOp{std::move(name), num_operands, num_results, std::move(forms), ++last});
}

std::vector<Expr> apply(const std::shared_ptr<const CustomOp>& op, ExprSpan x, Location at) {
  if (x.size() != op->num_operands)
    throw std::invalid_argument(op->name + " takes " + std::to_string(op->num_operands) + " operands, " +
                                std::to_string(x.size()) + " given");
  if (std::ranges::all_of(x, [](const Expr& e) { return e.is_constant(); })) {
    std::vector<double> operands, results(static_cast<std::size_t>(op->num_results));
    for (const Expr& e : x) operands.push_back(e.constant());
    op->evaluate(operands, results);
    return {results.begin(), results.end()};
  }
  Recording& recording = Recording::required(op->name.c_str());
  recording.locate(at);
  std::vector<NodeId> nodes;
  for (const Expr& e : x) nodes.push_back(recording.node(e));
  const NodeId first = recording.builder().custom(op, nodes);
  std::vector<Expr> results;
  for (NodeId i = 0; i < static_cast<NodeId>(op->num_results); ++i) results.push_back(recording.expr(first + i));
  return results;
}

void CustomOp::evaluate_rows(const std::vector<const double*>& x, const std::vector<double*>& z, Index rows) const {
  if (forms.rows) return forms.rows(x.data(), z.data(), rows);
  std::vector<double> operands(x.size()), results(z.size());
  for (Index r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < x.size(); ++i) operands[i] = x[i][r];
    evaluate(operands, results);
    for (std::size_t j = 0; j < z.size(); ++j) z[j][r] = results[j];
  }
}

}  // namespace rappel::detail

namespace rappel {

namespace detail {

std::shared_ptr<const CustomOp> stop_gradient_op() {
  static const auto op = [] {
    detail::CustomForms forms;
    forms.value = [](ConstSpan from, MutableSpan to) { to[0] = from[0]; };
    forms.adjoint = [](ExprSpan, ExprSpan, ExprSpan) { return std::vector<Expr>{0.0}; };
    forms.rows = [](const double* const* from, double* const* to, Index rows) {
      std::copy_n(from[0], rows, to[0]);
    };
    forms.digits = [](const std::vector<std::string>& from) { return from; };
    forms.shape = {1};
    return define_op("stop_gradient", 1, 1, std::move(forms));
  }();
  return op;
}

}  // namespace detail

Expr stop_gradient(const Expr& x, Location at) { return detail::apply(detail::stop_gradient_op(), {x}, at)[0]; }

}  // namespace rappel
