// The graph's invariants, and what it refuses.

#include "evaluate.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace rappel::test {
namespace {

// Whether f throws std::invalid_argument with all of these in its message.
template <class F>
bool refuses(const F& f, std::initializer_list<const char*> parts) {
  try {
    f();
  } catch (const std::invalid_argument& e) {
    for (const char* part : parts)
      if (std::string(e.what()).find(part) == std::string::npos) {
        BOOST_TEST_MESSAGE("the message lacks " << part << ": " << e.what());
        return false;
      }
    return true;
  }
  return false;
}

BOOST_AUTO_TEST_SUITE(graph)

BOOST_AUTO_TEST_CASE(nodes_are_numbered_in_order_and_keep_what_they_were_given) {
  Graph g;
  const NodeId x = g.parameter(), y = g.parameter();
  const RowSet rows = g.rows(2);
  const NodeId c = g.column(rows, 1), z = g.node(Op::mul, {x, c});
  const NodeId total = g.reduce_rows(Reduce::sum, rows, z);
  BOOST_TEST((x == 0 && y == 1 && c == 2 && z == 3 && total == 4));
  BOOST_TEST(g.size() == 5);
  BOOST_TEST(g.num_parameters() == 2);
  BOOST_TEST(g.num_row_sets() == 1);
  BOOST_TEST(g.num_columns(rows) == 2);
  BOOST_TEST(g.payload(y) == 1);
  BOOST_TEST(g.payload(c) == 1);
  BOOST_TEST((g.op(z) == Op::mul && g.operands(z)[0] == x && g.operands(z)[1] == c));
  BOOST_TEST((!g.varying(x) && g.varying(c) && g.varying(z) && !g.varying(total)));
  BOOST_TEST((g.row_set(z) == rows));
}

BOOST_AUTO_TEST_CASE(constants_are_one_node_for_each_bit_pattern) {
  Graph g;
  const NodeId zero = g.constant(0.0), minus_zero = g.constant(-0.0), nan = g.constant(std::nan(""));
  BOOST_TEST(zero != minus_zero);
  BOOST_TEST(g.constant(0.0) == zero);
  BOOST_TEST(g.constant(-0.0) == minus_zero);
  BOOST_TEST(g.constant(std::nan("")) == nan);
  BOOST_TEST(std::signbit(g.value(minus_zero)));
  BOOST_TEST((g.is_constant(zero, 0.0) && !g.is_constant(zero, -0.0) && g.is_constant(nan, std::nan(""))));
  BOOST_TEST(g.size() == 3);
}

BOOST_AUTO_TEST_CASE(a_node_with_several_results_takes_consecutive_numbers) {
  Graph g;
  const NodeId x = g.parameter(), y = g.parameter();
  const NodeId parts = g.node(Op::shifted_exps, {x, y});  // largest, rest, e1, e2
  BOOST_TEST(g.payload(parts) == 4);
  BOOST_TEST(g.size() == 6);
  for (NodeId i = 1; i < 4; ++i) {
    BOOST_TEST((g.op(parts + i) == Op::result && g.operands(parts + i)[0] == parts));
    BOOST_TEST(g.payload(parts + i) == i);
  }
  const std::vector<NodeId> operands = {x, y, parts, parts + 1, parts + 2, parts + 3};
  const NodeId shares = g.nodes(Op::softmax, operands, 2);
  const auto values =
      evaluate<double>(g, {parts, parts + 1, parts + 2, parts + 3, shares, shares + 1}, {{1.0, 1.0}});
  BOOST_TEST(values == (std::vector<double>{1.0, 1.0, 1.0, 1.0, 0.5, 0.5}));
  BOOST_TEST(refuses([&] { g.nodes(Op::softmax, operands, 3); }, {"softmax", "2", "3"}));
  BOOST_TEST(refuses([&] { g.nodes(Op::sin, std::vector<NodeId>{x}, 2); }, {"sin", "1", "2"}));
}

BOOST_AUTO_TEST_CASE(operands_must_exist_and_be_of_the_right_number) {
  Graph g;
  const NodeId x = g.parameter();
  BOOST_TEST(refuses([&] { g.node(Op::sin, {7}); }, {"operand 7", "sin", "1 nodes"}));
  BOOST_TEST(refuses([&] { g.node(Op::sin, {no_node}); }, {"does not exist"}));
  BOOST_TEST(refuses([&] { g.node(Op::sin, {x, x}); }, {"sin", "1 operands", "2 given"}));
  BOOST_TEST(refuses([&] { g.node(Op::add, {x}); }, {"+", "2 operands", "1 given"}));
  BOOST_TEST(refuses([&] { g.node(Op::softplus, {x}); }, {"softplus", "2 operands"}));
  BOOST_TEST(refuses([&] { g.node(Op::select, {x, x}); }, {"select", "3"}));
  BOOST_TEST(refuses([&] { g.node(Op::power, {x}); }, {"power", "4"}));
  BOOST_TEST(refuses([&] { g.node(Op::dot, {x, x, x}); }, {"dot", "even"}));
  BOOST_TEST(refuses([&] { g.node(Op::sum, std::span<const NodeId>()); }, {"sum", "more"}));
  BOOST_TEST(refuses([&] { g.node(Op::shifted_exps, std::span<const NodeId>()); }, {"more"}));
  BOOST_TEST(refuses([&] { g.node(Op::logsumexp, {x, x}); }, {"logsumexp", "more"}));
  BOOST_TEST(g.size() == 1);  // nothing was appended
}

BOOST_AUTO_TEST_CASE(leaves_have_functions_of_their_own) {
  Graph g;
  for (const Op op : {Op::constant, Op::parameter, Op::column, Op::num_rows, Op::result})
    BOOST_TEST(refuses([&] { g.node(op, std::span<const NodeId>()); }, {name_of(op)}));
}

BOOST_AUTO_TEST_CASE(rows_of_two_tables_do_not_mix) {
  Graph g;
  const RowSet houses = g.rows(1), people = g.rows(2);
  const NodeId a = g.column(houses, 0), b = g.column(people, 1), w = g.parameter();
  BOOST_TEST(refuses([&] { g.node(Op::add, {a, b}); }, {"table 0", "table 1"}));
  BOOST_TEST(refuses([&] { g.column(houses, 1); }, {"column 1"}));
  BOOST_TEST(refuses([&] { g.column(houses, -1); }, {"column -1"}));
  BOOST_TEST(refuses([&] { g.column({7}, 0); }, {"table 7"}));
  BOOST_TEST(refuses([&] { g.num_rows({7}); }, {"table 7"}));
  BOOST_TEST(refuses([&] { g.rows(-1); }, {"negative"}));
  BOOST_TEST(refuses([&] { g.reduce_rows(Reduce::sum, people, a); }, {"table 1"}));
  BOOST_TEST(refuses([&] { g.reduce_rows(Reduce::sum, houses, w); }, {"does not vary"}));
  BOOST_TEST(refuses([&] { g.node(Op::sum_rows, {w}); }, {"varies"}));
  const NodeId sums =
      g.node(Op::add, {g.reduce_rows(Reduce::sum, houses, a), g.reduce_rows(Reduce::max, people, b)});
  BOOST_TEST(!g.varying(sums));
}

BOOST_AUTO_TEST_CASE(a_sweep_names_what_it_cannot_do) {
  Graph g;
  const RowSet rows = g.rows(1);
  const NodeId x = g.parameter(), c = g.column(rows, 0), z = g.node(Op::mul, {x, c}), one = g.constant(1.0);
  const auto sweep = [&](std::vector<NodeId> outputs, std::vector<NodeId> adjoints, std::vector<NodeId> wrt) {
    return [&g, outputs, adjoints, wrt] { reverse_sweep(g, outputs, adjoints, wrt); };
  };
  BOOST_TEST(refuses(sweep({x}, {one, one}, {x}), {"1 outputs", "2 adjoints"}));
  BOOST_TEST(refuses(sweep({z}, {one}, {x}), {"varies", "sum"}));
  BOOST_TEST(refuses(sweep({99}, {one}, {x}), {"99", "does not exist"}));
  BOOST_TEST(refuses(sweep({x}, {one}, {99}), {"99", "does not exist"}));
  BOOST_TEST(refuses(sweep({x}, {one}, {c}), {"varies"}));
}

BOOST_AUTO_TEST_CASE(a_sweep_takes_any_outputs_adjoints_and_nodes) {
  Cost cost = scalar_cost(2, [](ExprSpan x) { return sin(x[0]) * x[1]; });
  Graph& g = cost.graph;
  const NodeId x = cost.parameters[0], y = cost.parameters[1];
  const NodeId s = g.operands(cost.output)[0] == y ? g.operands(cost.output)[1] : g.operands(cost.output)[0];
  const NodeId square = g.node(Op::square, {cost.output}), three = g.constant(3.0);
  const std::vector<NodeId> outputs = {square, s}, adjoints = {y, three};
  // y * d(s^2 y^2) + 3 ds, by s and by x; a node that nothing depends on has adjoint 0.
  const NodeId unused = g.parameter();
  const auto adjoint = reverse_sweep(g, outputs, adjoints, std::vector<NodeId>{s, x, unused});
  const auto computed = evaluate<Real>(g, adjoint, {{Real(0.5), Real(2.0), Real(0.0)}});
  const Real sine = math_sin(0.5), by_s = Real(16.0) * sine + Real(3.0);
  BOOST_TEST((math_abs(computed[0] - by_s) <= Real(1e-45)));
  BOOST_TEST((math_abs(computed[1] - by_s * math_cos(0.5)) <= Real(1e-45)));
  BOOST_TEST(g.is_constant(adjoint[2], 0.0));
}

BOOST_AUTO_TEST_CASE(adjoints_of_inactive_nodes_are_not_built) {
  Cost cost =
      rows_cost(1, 2, [](ExprSpan w, ExprSpan row) { return exp(sin(row[0])) * square(w[0] - cos(row[1])); });
  const Index before = cost.graph.size();
  cost.gradient();
  int of_data = 0;  // operations on data alone in the derivative
  for (NodeId n = static_cast<NodeId>(before); n < cost.graph.size(); ++n)
    of_data += cost.graph.op(n) == Op::cos || cost.graph.op(n) == Op::sin || cost.graph.op(n) == Op::exp;
  BOOST_TEST(of_data == 0);
}

BOOST_AUTO_TEST_CASE(operands_that_are_a_view_of_the_graph_itself_are_copied) {
  Graph g;
  std::vector<NodeId> x;
  for (int i = 0; i < 9; ++i) x.push_back(g.parameter());
  const NodeId first = g.node(Op::sum, x);
  for (int i = 0; i < 100; ++i) {  // the operand store moves on the way
    const NodeId n = g.node(Op::sum, g.operands(first));
    BOOST_TEST(std::ranges::equal(g.operands(n), x));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
