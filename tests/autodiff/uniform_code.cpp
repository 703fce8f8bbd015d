// What uniform values are lowered to - groups, sums of chains, places that are used again - against the graph read node
// by node, bit for bit, on every instruction set. The operations round alike everywhere.

#include "autodiff/evaluate.hpp"

#include "interpreter.hpp"
#include "scan_places.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>

namespace rappel::test {
namespace {

using Random = std::mt19937_64;

int up_to(Random& random, int most) { return std::uniform_int_distribution<int>(0, most)(random); }

std::vector<double> parameters_for(const Graph& graph) {
  std::vector<double> x;
  for (Index i = 0; i < graph.num_parameters(); ++i) x.push_back(std::sin(3.0 * static_cast<double>(i) + 1.0));
  return x;
}

// Not simplified: each node as it is.
std::vector<double> run_as_it_is(const Traced& traced, const std::vector<double>& x, const detail::KernelTable& kernels) {
  std::vector<double> outputs(traced.outputs.size());
  detail::Workspace workspace;
  const auto executor = detail::make_interpreter(detail::lower(traced), kernels);
  for (int call = 0; call < 2; ++call)  // the second finds the places as the first left them
    executor->run({x, {}, {}}, 1, workspace, outputs, nullptr);
  return outputs;
}

void check_everywhere(const Traced& traced) {
  const std::vector<double> x = parameters_for(traced.graph);
  const std::vector<double> expected = evaluate(traced.graph, traced.outputs, Inputs<double>{x});
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> found = run_as_it_is(traced, x, *kernels);
    for (std::size_t i = 0; i < found.size(); ++i)
      BOOST_TEST(((std::isnan(found[i]) && std::isnan(expected[i])) ||  // of whichever sign
                  std::bit_cast<std::uint64_t>(found[i]) == std::bit_cast<std::uint64_t>(expected[i])),
                 detail::name_of(kernels->instruction_set) << ", output " << i << ": " << found[i] << " and " << expected[i]);
  }
}

NodeId random_node(Graph& graph, Random& random, const std::vector<NodeId>& from, Op op) {
  const auto any = [&] { return from[static_cast<std::size_t>(up_to(random, static_cast<int>(from.size()) - 1))]; };
  if (op == Op::neg || op == Op::square) return graph.node(op, {any()});
  if (op == Op::select || op == Op::fma) return graph.node(op, {any(), any(), any()});
  if (op == Op::sum) return graph.node(op, {any(), any(), any(), any(), any()});
  return graph.node(op, {any(), any()});
}

// Layers of nodes on nodes of before, of a few operations each.
Traced random_layers(Random& random, int num_layers, int most_nodes) {
  constexpr Op ops[] = {Op::add, Op::sub, Op::mul, Op::neg, Op::square, Op::select, Op::fma, Op::sum, Op::max, Op::less};
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> values;
  for (int i = up_to(random, 30); i >= 0; --i) values.push_back(graph.parameter());
  values.push_back(graph.constant(0.75));
  for (int layer = 0; layer < num_layers; ++layer) {
    const Op op = ops[up_to(random, std::size(ops) - 1)], other = ops[up_to(random, std::size(ops) - 1)];
    const bool in_order = up_to(random, 1) == 0;
    std::vector<NodeId> made;
    for (int i = 0, count = 1 + up_to(random, most_nodes); i < count; ++i) {
      const auto at = [&](int k) { return values[static_cast<std::size_t>(k) % values.size()]; };
      if (in_order && (op == Op::add || op == Op::sub || op == Op::mul))
        made.push_back(graph.node(op, {at(i), at(i + layer)}));
      else
        made.push_back(random_node(graph, random, values, i % 4 == 3 ? other : op));
      if (up_to(random, 9) == 0) traced.outputs.push_back(made.back());
    }
    if (up_to(random, 2) == 0) values.clear();
    values.insert(values.end(), made.begin(), made.end());
  }
  for (const NodeId n : values) traced.outputs.push_back(n);
  return traced;
}

BOOST_AUTO_TEST_SUITE(uniform_code)

BOOST_AUTO_TEST_CASE(equals_the_graph_node_by_node_on_random_layers) {
  Random random(11);
  for (int trial = 0; trial < 60; ++trial) check_everywhere(random_layers(random, 1 + up_to(random, 20), 70));
}

BOOST_AUTO_TEST_CASE(equals_the_graph_node_by_node_for_every_number_of_members) {
  for (Index n = 1; n <= 70; ++n) {
    Traced traced{{}, {}, {}};
    Graph& graph = traced.graph;
    std::vector<NodeId> x, y, z;
    for (Index i = 0; i < n; ++i) x.push_back(graph.parameter());
    const auto at = [&](const std::vector<NodeId>& v, Index i) { return v[static_cast<std::size_t>(i % n)]; };
    for (Index i = 0; i < n; ++i) y.push_back(graph.node(Op::mul, {at(x, i), at(x, i + 1)}));
    for (Index i = n; i-- > 0;) z.push_back(graph.node(Op::sub, {at(y, i), at(x, 5 * i)}));  // gathered, backwards
    for (Index i = 0; i < n; ++i) traced.outputs.push_back(graph.node(Op::fma, {at(z, i), x[0], at(y, i)}));
    check_everywhere(traced);
  }
}

// Longer than a window: the places of what was read are used again, while others stand.
BOOST_AUTO_TEST_CASE(equals_the_graph_node_by_node_on_a_long_recurrence) {
  constexpr int units = 13, steps = 900;
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> w, state;
  for (int i = 0; i < 2 * units; ++i) w.push_back(graph.parameter());
  state.assign(w.begin(), w.begin() + units);
  NodeId total = graph.constant(0.0);
  for (int t = 0; t < steps; ++t) {
    const NodeId input = graph.constant(0.1 * std::cos(t));
    for (std::size_t i = 0; i < units; ++i) {
      const NodeId a = graph.node(Op::fma, {state[i], w[units + i], input}), b = graph.node(Op::mul, {a, w[i]});
      const NodeId size = graph.node(Op::max, {a, b}), c = graph.node(Op::sub, {b, size});
      state[i] = graph.node(Op::min, {graph.node(Op::add, {a, c}), w[(i + 1) % units]});
      total = graph.node(Op::add, {total, c});
    }
    if (t % 100 == 0) traced.outputs.push_back(state[3]);
  }
  BOOST_REQUIRE(graph.size() > 65536);
  traced.outputs.push_back(total);
  for (const NodeId n : state) traced.outputs.push_back(n);
  check_everywhere(traced);
}

// (a + b) + .. of any length, on the left and on the right, some of whose links are read elsewhere.
BOOST_AUTO_TEST_CASE(equals_the_graph_node_by_node_on_chains_of_additions) {
  for (const int length : {2, 3, 5, 100, 127, 128, 129, 500}) {
    Traced traced{{}, {}, {}};
    Graph& graph = traced.graph;
    std::vector<NodeId> x;
    for (int i = 0; i < 40; ++i) x.push_back(graph.parameter());
    for (std::size_t chain = 0; chain < 20; ++chain) {
      NodeId sum = x[chain];
      for (int i = 1; i < length; ++i) {
        const NodeId next = x[(chain + static_cast<std::size_t>(i)) % x.size()];
        sum = i % 3 == 0 ? graph.node(Op::add, {next, sum}) : graph.node(Op::add, {sum, next});
        if (i % 50 == 49) traced.outputs.push_back(graph.node(Op::square, {sum}));
      }
      traced.outputs.push_back(sum);
    }
    check_everywhere(traced);
  }
}

// Long dots of uniform values become several: contracted where the instruction set contracts, in the order written.
BOOST_AUTO_TEST_CASE(keeps_the_order_of_long_sums_of_products) {
  constexpr int terms = 29, sums = 17;
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> x;
  for (int i = 0; i < 50; ++i) x.push_back(graph.parameter());
  const std::vector<double> v = parameters_for(graph);
  std::vector<double> contracted, rounded;
  for (std::size_t s = 0; s < sums; ++s) {
    NodeId total = graph.node(Op::mul, {x[s], x[sums]});
    double fused = v[s] * v[sums], plain = fused;
    for (std::size_t k = 1; k < terms; ++k) {
      total = graph.node(Op::add, {total, graph.node(Op::mul, {x[s], x[sums + k]})});
      fused = std::fma(v[s], v[sums + k], fused);
      plain += v[s] * v[sums + k];
    }
    traced.outputs.push_back(total);
    contracted.push_back(fused), rounded.push_back(plain);
  }
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const bool contracts = kernels->instruction_set >= detail::InstructionSet::avx2;
    const std::vector<double> found = run(traced, Inputs<double>{v}, *kernels);
    for (std::size_t s = 0; s < sums; ++s) BOOST_TEST(found[s] == (contracts ? contracted[s] : rounded[s]));
  }
}

// --- groups that run as one loop, compiled or not ---

struct Compiling {
  explicit Compiling(const char* when) { setenv("RAPPEL_ROW_COMPILER", when, 1); }
  ~Compiling() { unsetenv("RAPPEL_ROW_COMPILER"); }
  Compiling(const Compiling&) = delete;
  Compiling& operator=(const Compiling&) = delete;
};

void check_compiled_or_not(const Traced& traced) {
  for (const char* when : {"off", "always"}) {
    const Compiling compiling(when);
    check_everywhere(traced);
  }
}

NodeId sum_in_order(Graph& graph, const std::vector<NodeId>& terms) {
  NodeId total = terms[0];
  for (std::size_t i = 1; i < terms.size(); ++i) total = graph.node(Op::add, {total, terms[i]});
  return total;
}

// Vectors of nodes made of earlier ones and of parameters: member by member, of the next member, of one for all. Some are
// outputs, some are added up.
Traced random_vectors(Random& random, std::size_t members, int num_vectors) {
  constexpr Op ops[] = {Op::add, Op::sub, Op::mul, Op::neg, Op::square, Op::fma, Op::sum, Op::max, Op::div, Op::select};
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<std::vector<NodeId>> vectors(1);
  for (std::size_t i = 0; i <= members; ++i) vectors[0].push_back(graph.parameter());
  const NodeId one = graph.constant(1.5);
  for (int v = 0; v < num_vectors; ++v) {
    const Op op = ops[up_to(random, std::size(ops) - 1)];
    const std::size_t num_operands = op == Op::neg || op == Op::square ? 1
                                     : op == Op::fma || op == Op::select ? 3
                                     : op == Op::sum                     ? 4
                                                                         : 2;
    std::vector<std::function<NodeId(std::size_t)>> operands;
    for (std::size_t k = 0; k < num_operands; ++k) {
      const std::vector<NodeId> from = vectors[vectors.size() - 1 - static_cast<std::size_t>(up_to(random, std::min(4, v)))];
      const std::size_t shift = up_to(random, 4) == 0 ? 1 : 0;
      if (up_to(random, 7) == 0)
        operands.push_back([=, n = v % 2 == 0 ? one : from[3]](std::size_t) { return n; });
      else
        operands.push_back([=](std::size_t i) { return from[(i + shift) % from.size()]; });
    }
    std::vector<NodeId> made;
    for (std::size_t i = 0; i < members; ++i) {
      std::vector<NodeId> x;
      for (const auto& operand : operands) x.push_back(operand(i));
      made.push_back(graph.node(op, x));
    }
    if (up_to(random, 5) == 0) traced.outputs.insert(traced.outputs.end(), made.begin(), made.end());
    if (up_to(random, 3) == 0) traced.outputs.push_back(sum_in_order(graph, made));
    vectors.push_back(std::move(made));
  }
  traced.outputs.insert(traced.outputs.end(), vectors.back().begin(), vectors.back().end());
  return traced;
}

BOOST_AUTO_TEST_CASE(groups_that_run_as_one_loop_equal_the_graph_node_by_node) {
  Random random(12);
  std::size_t loops = 0;
  for (const std::size_t members : {31, 32, 33, 39, 40, 41, 63, 64, 65, 99, 128, 257})
    for (int trial = 0; trial < 12; ++trial) {
      const Traced traced = random_vectors(random, members, 3 + up_to(random, 20));
      loops += detail::lower(traced).calls.fused.size();
      check_compiled_or_not(traced);
    }
  BOOST_TEST(loops > 100u);
}

// What of a loop is read by others, wherever they stand, is in its place.
BOOST_AUTO_TEST_CASE(what_others_read_of_a_loop_is_written) {
  constexpr std::size_t members = 100;
  for (std::size_t read = 0; read < 5; ++read) {
    Traced traced{{}, {}, {}};
    Graph& graph = traced.graph;
    std::vector<std::vector<NodeId>> v(6);
    for (std::size_t i = 0; i < members; ++i) v[0].push_back(graph.parameter());
    for (std::size_t k = 1; k < 6; ++k)
      for (std::size_t i = 0; i < members; ++i)
        v[k].push_back(graph.node(k % 2 == 0 ? Op::mul : Op::sub, {v[k - 1][i], v[k / 3][i]}));
    for (std::size_t i = 0; i + 1 < members; ++i)  // a sum, a gathered one, a single one
      traced.outputs.push_back(graph.node(Op::fma, {v[5][i], v[read][i + 1], v[read][(7 * i) % members]}));
    traced.outputs.push_back(graph.node(Op::square, {v[read][17]}));
    check_compiled_or_not(traced);
  }
}

// Long sums begin before what does not wait for them.
BOOST_AUTO_TEST_CASE(sums_of_a_row_begin_early) {
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> x, y;
  for (int i = 0; i < 20; ++i) x.push_back(graph.parameter());
  for (const NodeId n : x) y.push_back(graph.node(Op::square, {n}));
  NodeId total = y[0];
  for (std::size_t i = 1; i < y.size(); ++i) total = graph.node(Op::add, {total, y[i]});
  for (int k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = graph.node(k == 1 ? Op::div : Op::sub, {y[i], x[i]});
  traced.outputs = y;
  traced.outputs.push_back(total);
  const detail::Program program = detail::lower(traced);
  std::vector<Op> ops;
  for (const detail::UniformInstruction& i : program.stages[0].uniforms) ops.push_back(i.op);
  const Op group = detail::group_call;
  BOOST_TEST((ops == std::vector<Op>{group, detail::sum_in_a_row, group, group, group}));
  check_compiled_or_not(traced);
}

// Sums of all members of a column that a loop makes are taken in it, in their order.
std::size_t num_sums_along(const Traced& traced) {
  std::size_t count = 0;
  const std::vector<detail::UniformInstruction> all = detail::lower(traced).stages[0].uniforms;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].op == detail::fused_call)
      count += static_cast<std::size_t>(std::ranges::count(all.begin() + static_cast<std::ptrdiff_t>(i),
                                                           all.begin() + static_cast<std::ptrdiff_t>(i + 1 + all[i].count),
                                                           detail::sum_in_a_row, &detail::UniformInstruction::op));
  return count;
}

// Terms of all sizes, or each of them -0. Who reads the sum, if anyone: what comes after the loop, or a group that then is
// no part of it.
Traced sum_of_a_column(std::size_t members, bool all_are_minus_zero, int reader) {
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> x, terms, others;
  for (std::size_t i = 0; i < members; ++i) x.push_back(graph.parameter());
  const NodeId zero = graph.constant(0.0), large = graph.constant(1e9), one = graph.constant(1.0);
  for (const NodeId n : x) terms.push_back(graph.node(Op::square, {n}));
  for (NodeId& n : terms) n = graph.node(Op::mul, {n, all_are_minus_zero ? zero : large});
  for (std::size_t i = 0; i < members; ++i) terms[i] = graph.node(Op::mul, {terms[i], x[i]});
  for (NodeId& n : terms) n = graph.node(Op::neg, {n});
  if (all_are_minus_zero)
    for (NodeId& n : terms) n = graph.node(Op::min, {n, graph.constant(-0.0)});
  for (const NodeId n : x) others.push_back(graph.node(Op::sub, {n, one}));
  NodeId total = terms[0];
  for (std::size_t i = 1; i < members; ++i) total = graph.node(Op::add, {total, terms[i]});
  if (reader == 1) total = graph.node(Op::square, {total});
  if (reader == 2)
    for (NodeId& n : others) n = graph.node(Op::mul, {n, total});
  traced.outputs = others;
  traced.outputs.push_back(total);
  return traced;
}

BOOST_AUTO_TEST_CASE(loops_take_the_sum_of_a_column_on_the_way) {
  for (const std::size_t members : {32, 33, 39, 40, 64, 65, 98, 99, 100, 127, 128, 129, 130, 256, 257, 500, 1001})
    for (const bool all_are_minus_zero : {false, true})
      for (const int reader : {0, 1, 2}) {
        const Traced traced = sum_of_a_column(members, all_are_minus_zero, reader);
        BOOST_TEST((num_sums_along(traced) > 0) == true, members << " members, reader " << reader);
        check_compiled_or_not(traced);
      }
}

// Of fused loops: how many take groups along that begin some rows later, as they read what the loop made for rows before.
std::size_t num_loops_with_later_rows(const Traced& traced) {
  const detail::Program program = detail::lower(traced);
  const std::vector<detail::UniformInstruction>& all = program.stages[0].uniforms;
  std::size_t loops = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].op != detail::fused_call) continue;
    std::uint32_t least = ~0u, most = 0;
    for (std::size_t k = i + 1; k <= i + all[i].count; ++k)
      if (all[k].op == detail::group_call) {
        least = std::min(least, program.calls.groups[all[k].first].count);
        most = std::max(most, program.calls.groups[all[k].first].count);
      }
    loops += least < most;
  }
  return loops;
}

// Columns, then shorter ones of members of theirs that stand up to `rows` apart. Some are outputs, as are single members.
Traced random_stencils(Random& random, std::size_t members, std::size_t rows) {
  constexpr Op ops[] = {Op::add, Op::sub, Op::mul, Op::sum, Op::fma, Op::neg, Op::square};
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> x;
  for (std::size_t i = 0; i < members + rows; ++i) x.push_back(graph.parameter());
  std::vector<std::vector<NodeId>> whole{x}, later;
  const auto make = [&](std::size_t count, bool is_later) {
    const Op op = ops[up_to(random, std::size(ops) - 1)];
    const int num_operands = op == Op::neg || op == Op::square ? 1 : op == Op::fma ? 3 : op == Op::sum ? 4 : 2;
    std::vector<std::pair<std::vector<NodeId>, std::size_t>> from;
    for (int k = 0; k < num_operands; ++k) {
      const bool from_later = is_later && !later.empty() && up_to(random, 3) == 0;
      const auto& columns = from_later ? later : whole;
      const auto nearest = static_cast<std::size_t>(up_to(random, std::min(3, static_cast<int>(columns.size()) - 1)));
      from.emplace_back(columns[columns.size() - 1 - nearest], is_later && !from_later ? static_cast<std::size_t>(up_to(random, static_cast<int>(rows))) : 0);
    }
    std::vector<NodeId> made;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<NodeId> operands;
      for (const auto& [column, first] : from) operands.push_back(column[first + i]);
      made.push_back(graph.node(op, operands));
    }
    if (up_to(random, 3) == 0) traced.outputs.insert(traced.outputs.end(), made.begin(), made.end());
    if (up_to(random, 3) == 0) traced.outputs.push_back(graph.node(Op::square, {made[up_to(random, 1) == 0 ? 0 : count - 1]}));
    if (up_to(random, 3) == 0) traced.outputs.push_back(sum_in_order(graph, made));
    return made;
  };
  for (int v = 3 + up_to(random, 8); v > 0; --v) whole.push_back(make(members, false));
  for (int v = 1 + up_to(random, 2); v > 0; --v) later.push_back(make(members - rows, true));
  traced.outputs.insert(traced.outputs.end(), later.back().begin(), later.back().end());
  return traced;
}

BOOST_AUTO_TEST_CASE(loops_take_groups_along_that_read_rows_before) {
  Random random(13);
  std::size_t loops = 0;
  for (const std::size_t members : {33, 34, 40, 41, 47, 63, 64, 65, 99, 100, 128, 257})
    for (const std::size_t rows : {1, 1, 1, 2, 3, 7, 8})
      for (int trial = 0; trial < 3; ++trial) {
        const Traced traced = random_stencils(random, members, rows);
        loops += num_loops_with_later_rows(traced);
        check_compiled_or_not(traced);
      }
  BOOST_TEST(loops > 30u);
}

// Where the caller has room for some of the outputs in one place and for the others, or a few of them, in another.
BOOST_AUTO_TEST_CASE(outputs_of_a_trace_go_to_two_places_in_order) {
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> x;
  for (int i = 0; i < 25; ++i) x.push_back(graph.parameter());
  for (const NodeId n : x) traced.outputs.push_back(graph.node(Op::square, {n}));
  traced.outputs.insert(traced.outputs.end(), {x[3], x[4], x[24], traced.outputs[7], x[3]});
  const std::vector<double> at = parameters_for(graph), expected = evaluate(graph, traced.outputs, Inputs<double>{at});
  const auto executor = detail::make_interpreter(detail::lower(traced), detail::preferred_kernels());
  constexpr double untouched = 77.0;
  for (std::size_t first = 0; first <= expected.size(); ++first)
    for (const std::size_t rest : {std::size_t{0}, std::size_t{1}, expected.size() - first, expected.size()}) {
      std::vector<double> a(first + 1, untouched), b(rest + 1, untouched);
      detail::Workspace workspace;
      executor->run({at, {}, {}}, 1, workspace, {MutableSpan(a.data(), first), MutableSpan(b.data(), rest)}, nullptr);
      a.pop_back();
      for (std::size_t i = 0; i < first; ++i) BOOST_TEST(a[i] == expected[i]);
      for (std::size_t i = 0; i < rest; ++i) BOOST_TEST(b[i] == (first + i < expected.size() ? expected[first + i] : untouched));
      BOOST_TEST(b.back() == untouched);
    }
}

// Weights and carries of a scan's body stand as its groups read them, in whatever order it names them.
BOOST_AUTO_TEST_CASE(groups_of_a_scan_find_what_they_read_in_a_row) {
  constexpr Index units = 12, steps = 7;
  const Function f = record(4 * units, [](ExprSpan w) {
    const Scan result = scan(steps, w.first(2 * units), {}, [w](ExprSpan c, ExprSpan) {
      ScanStep step{{c.begin(), c.end()}, {}};
      for (Index i = 0; i < units; ++i) {
        const auto at = static_cast<std::size_t>(2 * i);
        step.carry[at] = tanh(w[4 * i] * c[2 * i] + w[4 * i + 1] * c[2 * i + 1] + w[4 * i + 2]);
        step.carry[at + 1] = step.carry[at] * w[4 * i + 3];
      }
      return step;
    });
    return sum(result.carry);
  });
  const detail::Program program = detail::lower({f.graph(), {static_cast<NodeId>(f.graph().size() - 1)}, {}});
  BOOST_REQUIRE_EQUAL(program.calls.scans.size(), 1u);
  const detail::ScanCode& code = *program.calls.scans[0].code;
  BOOST_TEST(code.calls.groups.size() >= 3u);
  BOOST_TEST(detail::num_gathered(code.calls) == 0u);
  BOOST_TEST((code.place_of != detail::places_as_recorded(code.place_of.size())));
}

// A cost of a few thousand values needs no more places than are read at a time.
BOOST_AUTO_TEST_CASE(places_are_used_again) {
  Traced traced{{}, {}, {}};
  Graph& graph = traced.graph;
  std::vector<NodeId> state;
  for (int i = 0; i < 16; ++i) state.push_back(graph.parameter());
  for (int t = 0; t < 1000; ++t)
    for (NodeId& s : state) s = graph.node(t % 2 == 0 ? Op::square : Op::neg, {s});
  traced.outputs = state;
  BOOST_TEST(detail::lower(traced).num_uniforms <= 100u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
