// The passes: each keeps values, does what it is there for, and does no more.

#include "random_graphs.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

using Pass = Traced (*)(const Traced&);

// The outputs before and after the pass, node by node. Graphs that `usable` refuses by their values do not
// count; enough of them must remain for the case to mean something.
template <class Usable, class Same>
void check_on_random_graphs(Pass pass, const RandomGraphOptions& options, Usable usable, Same same) {
  int used = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const RandomGraph random = random_graph(seed, options);
    const auto before = evaluate_nodes(random.traced.graph, random.inputs);
    if (!std::ranges::all_of(before, usable) || reads_sign_of_nan(random.traced.graph, before)) continue;
    ++used;
    const Traced after = pass(random.traced);
    const auto values = evaluate_nodes(after.graph, random.inputs);
    for (std::size_t i = 0; i < after.outputs.size(); ++i) {
      const std::vector<double>& expected = before[random.traced.outputs[i]];
      std::vector<double> computed = values[after.outputs[i]];
      computed.resize(expected.size(), computed[0]);  // what varied may have become the same for all rows
      BOOST_TEST(std::ranges::equal(computed, expected, same),
                 "seed " << seed << " output " << i << ": " << computed[0] << ", not " << expected[0]);
    }
  }
  BOOST_TEST(used >= 100);
}

const auto any_values = [](const std::vector<double>&) { return true; };
const auto bits = [](double a, double b) { return same_bits(a, b); };
const auto equal_numbers = [](double a, double b) { return a == b; };
bool all_finite(const std::vector<double>& x) {
  return std::ranges::all_of(x, [](double v) { return std::isfinite(v); });
}
// Integers whose products leave room for sums: in any order, fused or not, these are exact.
bool small_integers(const std::vector<double>& x) {
  return std::ranges::all_of(x, [](double v) { return std::abs(v) <= 0x1p20; });
}

BOOST_AUTO_TEST_SUITE(passes)

BOOST_AUTO_TEST_CASE(folding_and_merging_keep_every_bit_of_random_graphs) {
  check_on_random_graphs([](const Traced& t) { return fold_and_merge(t, {.exact_zeros = true}); }, {},
                         any_values, bits);
}

// Where nothing is infinite, and up to the sign of zero, which the operations of these graphs do not tell.
BOOST_AUTO_TEST_CASE(the_rules_of_zero_keep_finite_values) {
  check_on_random_graphs([](const Traced& t) { return fold_and_merge(t); }, {.total = true}, all_finite,
                         equal_numbers);
}

BOOST_AUTO_TEST_CASE(removing_dead_nodes_keeps_every_bit_of_random_graphs) {
  check_on_random_graphs([](const Traced& t) { return remove_dead(t); }, {}, any_values, bits);
}

// Sums and products of integers are exact, contracted or not: what fusing computes must be the same.
BOOST_AUTO_TEST_CASE(fusing_keeps_sums_of_products_of_integers) {
  const RandomGraphOptions polynomials{.polynomials_of_integers = true};
  check_on_random_graphs([](const Traced& t) { return fuse_products(t); }, polynomials, small_integers,
                         equal_numbers);
  check_on_random_graphs([](const Traced& t) { return simplify(t); }, polynomials, small_integers,
                         equal_numbers);
}

BOOST_AUTO_TEST_CASE(programs_of_every_instruction_set_compute_sums_of_products_of_integers) {
  int used = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const RandomGraph random = random_graph(seed, {.polynomials_of_integers = true, .sum_over_rows = true});
    const auto expected = evaluate_nodes(random.traced.graph, random.inputs);
    if (!std::ranges::all_of(expected, small_integers)) continue;
    ++used;
    for (const detail::KernelTable* kernels : detail::available_kernels()) {
      const std::vector<double> computed = run(random.traced, random.inputs, *kernels);
      for (std::size_t i = 0; i < computed.size(); ++i)
        BOOST_TEST(computed[i] == expected[random.traced.outputs[i]][0],
                   "seed " << seed << " output " << i << " on " << detail::name_of(kernels->instruction_set)
                           << ": " << computed[i] << ", not " << expected[random.traced.outputs[i]][0]);
    }
  }
  BOOST_TEST(used >= 100);
}

BOOST_AUTO_TEST_CASE(a_zero_factor_and_a_zero_summand_fold_away_unless_exact_zeros_are_asked_for) {
  const auto product = [](ExprSpan x) { return 0.0 * x[0]; };
  const auto sum = [](ExprSpan x) { return x[0] + 0.0; };
  const auto value = [](const Cost& cost, double x) {
    return evaluate<double>(cost.graph, {cost.output}, {{x}})[0];
  };
  const Cost folded = scalar_cost(1, product), kept = scalar_cost(1, product, {.exact_zeros = true});
  BOOST_TEST(folded.graph.is_constant(folded.output, 0.0));
  BOOST_TEST(value(folded, inf) == 0.0);
  BOOST_TEST(std::isnan(value(kept, inf)));
  const Cost as_x = scalar_cost(1, sum), as_sum = scalar_cost(1, sum, {.exact_zeros = true});
  BOOST_TEST(as_x.output == as_x.parameters[0]);
  BOOST_TEST(std::signbit(value(as_x, -0.0)));
  BOOST_TEST(!std::signbit(value(as_sum, -0.0)));
}

BOOST_AUTO_TEST_CASE(what_changes_no_bit_folds_away_with_exact_zeros_too) {
  const PassOptions exact{.exact_zeros = true};
  const auto is_x = [&](const std::function<Expr(ExprSpan)>& cost) {
    const Cost c = scalar_cost(1, cost, exact);
    return c.output == c.parameters[0];
  };
  BOOST_TEST(is_x([](ExprSpan x) { return 1.0 * x[0]; }));
  BOOST_TEST(is_x([](ExprSpan x) { return x[0] / 1.0; }));
  BOOST_TEST(is_x([](ExprSpan x) { return x[0] + -0.0; }));
  BOOST_TEST(is_x([](ExprSpan x) { return x[0] - 0.0; }));
  BOOST_TEST(is_x([](ExprSpan x) { return -(-x[0]); }));
  BOOST_TEST(!is_x([](ExprSpan x) { return x[0] - -0.0; }));
}

BOOST_AUTO_TEST_CASE(no_pass_rewrites_what_rounds) {
  // Each would be x, or a constant, in real numbers.
  const std::vector<std::function<Expr(ExprSpan)>> costs = {
      [](ExprSpan x) { return (x[0] + 1e16) - 1e16; },  [](ExprSpan x) { return x[0] / 3.0 * 3.0; },
      [](ExprSpan x) { return sqrt(square(x[0])); },    [](ExprSpan x) { return log(exp(x[0])); },
      [](ExprSpan x) { return x[0] - x[0]; },           [](ExprSpan x) { return x[0] / x[0]; },
      [](ExprSpan x) { return 1e300 * (1e300 * x[0]); }};
  for (const auto& cost : costs) {
    const Cost c = scalar_cost(1, cost);
    const Traced simplified = simplify({c.graph, {c.output}, {}});
    for (const double x : {0.1, 1.7, -3.3, 1e-310, inf, 800.0})
      BOOST_TEST(same_bits(evaluate<double>(c.graph, {c.output}, {{x}})[0],
                           evaluate<double>(simplified.graph, simplified.outputs, {{x}})[0]));
    BOOST_TEST(!simplified.graph.is_constant(simplified.outputs[0]));
    BOOST_TEST((simplified.graph.op(simplified.outputs[0]) != Op::parameter));
  }
}

BOOST_AUTO_TEST_CASE(equal_nodes_are_merged_and_others_are_not) {
  Graph graph;
  const RowSet rows = graph.rows(2);
  const NodeId x = graph.parameter(), y = graph.parameter();
  const NodeId a = graph.column(rows, 0), a_again = graph.column(rows, 0), b = graph.column(rows, 1);
  const std::vector<std::pair<NodeId, NodeId>> equal = {
      {graph.node(Op::add, {x, y}), graph.node(Op::add, {y, x})},
      {graph.node(Op::mul, {x, y}), graph.node(Op::mul, {y, x})},
      {graph.node(Op::sin, {a}), graph.node(Op::sin, {a_again})},
      {graph.num_rows(rows), graph.num_rows(rows)},
      {graph.reduce_rows(Reduce::sum, rows, a), graph.reduce_rows(Reduce::sum, rows, a_again)},
      {graph.node(Op::shifted_exps, {x, y}) + 2, graph.node(Op::shifted_exps, {x, y}) + 2}};
  const std::vector<std::pair<NodeId, NodeId>> different = {
      {x, y},
      {a, b},
      {graph.node(Op::sub, {x, y}), graph.node(Op::sub, {y, x})},
      {graph.node(Op::div, {x, y}), graph.node(Op::div, {y, x})},
      {graph.node(Op::less, {x, y}), graph.node(Op::less, {y, x})},
      {graph.node(Op::sum, {x, y}), graph.node(Op::add, {x, y})},
      {graph.reduce_rows(Reduce::sum, rows, a), graph.reduce_rows(Reduce::max, rows, a)},
      {graph.node(Op::shifted_exps, {x, y}), graph.node(Op::shifted_exps, {y, x})},
      {graph.constant(0.0), graph.constant(-0.0)}};
  Traced traced{graph, {}, {}};
  for (const auto& pairs : {equal, different})
    for (const auto& [first, second] : pairs) traced.outputs.insert(traced.outputs.end(), {first, second});
  const std::vector<NodeId> merged = fold_and_merge(traced).outputs;
  for (std::size_t i = 0; i < equal.size() + different.size(); ++i)
    BOOST_TEST((merged[2 * i] == merged[2 * i + 1]) == (i < equal.size()), "pair " << i);
}

BOOST_AUTO_TEST_CASE(dead_nodes_go_and_parameters_tables_and_guards_stay) {
  Graph graph;
  const RowSet rows = graph.rows(3);
  const NodeId x = graph.parameter(), unused = graph.parameter();
  graph.node(Op::exp, {unused});
  graph.reduce_rows(Reduce::sum, rows, graph.column(rows, 2));
  const NodeId condition = graph.node(Op::less, {x, graph.constant(1.0)});
  const NodeId output = graph.node(Op::sin, {x});
  const Traced traced = remove_dead({graph, {output}, {{condition, true}}});
  BOOST_TEST(traced.graph.size() == 5);  // two parameters, a constant, the condition, the output
  BOOST_TEST(traced.graph.num_parameters() == 2);
  BOOST_TEST(traced.graph.num_columns(rows) == 3);
  BOOST_TEST((traced.graph.op(traced.guards[0].condition) == Op::less));
  BOOST_TEST(traced.guards[0].taken);
  BOOST_TEST((traced.graph.op(traced.outputs[0]) == Op::sin));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
