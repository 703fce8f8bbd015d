// Folding a constant expression equals the scalar kernels bit for bit, for every operation.

#include "evaluate.hpp"
#include "inputs.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>

namespace rappel::test {
namespace {

// The same bits, or both NaN: which NaN an operation of two NaNs gives is the processor's affair.
bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

// f of two Exprs: of constants at once, of constants in a graph, and of columns by the block kernels.
void check(const char* name, const std::function<Expr(const Expr&, const Expr&)>& f) {
  const Pairs pairs = binary_inputs(500);
  const ByRow by_row(2, [&](ExprSpan x) { return f(x[0], x[1]); });
  const std::vector<double> computed = by_row.values(*detail::scalar_kernels(), {pairs.x, pairs.y});
  const Cost cost = scalar_cost(2, [&](ExprSpan x) { return f(x[0], x[1]); }, {.exact_zeros = true});
  for (std::size_t i = 0; i < computed.size(); ++i) {
    const double x = pairs.x[i], y = pairs.y[i];
    const double folded = f(x, y).constant(),
                 by_node = evaluate<double>(cost.graph, {cost.output}, {{x, y}})[0];
    BOOST_TEST(same(folded, computed[i]), name << "(" << x << ", " << y << ") folds to " << folded
                                               << ", the kernel gives " << computed[i]);
    BOOST_TEST(same(folded, by_node),
               name << "(" << x << ", " << y << ") folds to " << folded << ", replayed " << by_node);
  }
}

BOOST_AUTO_TEST_SUITE(folding)

#define RAPPEL_UNARY(name, ...)                                              \
  BOOST_AUTO_TEST_CASE(name##_of_a_constant_equals_the_kernel_bit_for_bit) { \
    check(#name, [](const Expr& x, const Expr&) { return name(x); });        \
  }
#define RAPPEL_UNARY_AUX(name, ...) RAPPEL_UNARY(name)
#define RAPPEL_BINARY(name, ...)                                            \
  BOOST_AUTO_TEST_CASE(name##_of_constants_equals_the_kernel_bit_for_bit) { \
    check(#name, [](const Expr& x, const Expr& y) { return name(x, y); });  \
  }
#include <rappel/autodiff/ops.def>

BOOST_AUTO_TEST_CASE(operations_of_many_operands_fold_as_their_kernels_compute) {
  for (const double c : {-2.0, 0.0, 0.1, 0.5, 3.0})
    check("pow", [&](const Expr& x, const Expr&) { return pow(x, c); });
  check("select", [](const Expr& x, const Expr& y) { return select(x < y, x, y); });
  check("select by any number", [](const Expr& x, const Expr& y) { return select(Condition(x), x, y); });
  check("sum", [](const Expr& x, const Expr& y) { return sum({x, y, x}); });
  check("dot", [](const Expr& x, const Expr& y) { return dot({x, y}, {y, 3.0}); });
  check("logsumexp", [](const Expr& x, const Expr& y) { return logsumexp({x, y, 1.0}); });
}

BOOST_AUTO_TEST_CASE(the_pass_folds_what_was_written_node_by_node) {
  const Pairs pairs = binary_inputs(200);
  for (std::size_t i = 0; i < pairs.x.size(); ++i) {
    Graph g;
    const NodeId x = g.constant(pairs.x[i]), y = g.constant(pairs.y[i]);
    const NodeId z = g.node(Op::exp, {g.node(Op::sub, {g.node(Op::mul, {x, y}), x})});
    const Traced folded = fold_and_merge({g, {z}, {}}, {.exact_zeros = true});
    BOOST_TEST(folded.graph.is_constant(folded.outputs[0]));
    BOOST_TEST(same(folded.graph.value(folded.outputs[0]), evaluate<double>(g, {z}, {})[0]));
  }
}

BOOST_AUTO_TEST_CASE(conditions_that_are_known_fold) {
  const Cost chosen = scalar_cost(2, [](ExprSpan x) { return select(1.0 < Expr(2.0), x[0], x[1]); });
  BOOST_TEST(chosen.output == chosen.parameters[0]);
  const Cost same_arms = scalar_cost(2, [](ExprSpan x) { return select(x[0] < 1.0, x[1], x[1]); });
  BOOST_TEST(same_arms.output == same_arms.parameters[1]);
  const Cost either =
      scalar_cost(2, [](ExprSpan x) { return select((x[0] < 1.0) | !(x[0] < 1.0), x[0], x[1]); });
  BOOST_TEST(either.output == either.parameters[0]);
  const Cost never =
      scalar_cost(2, [](ExprSpan x) { return select((x[0] < 1.0) & Condition(false), x[0], x[1]); });
  BOOST_TEST(never.output == never.parameters[1]);
}

BOOST_AUTO_TEST_CASE(a_relu_is_not_made_of_max_with_zero) {
  const Cost cost = scalar_cost(1, [](ExprSpan x) { return max(x[0], 0.0); });
  const Traced after = simplify({cost.graph, {cost.output}, {}});
  BOOST_TEST((after.graph.op(after.outputs[0]) == Op::max));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
