// value_and_gradient(cost, x), which keeps nothing: swept on a tape, it equals what is recorded as a graph.

#include "messages.hpp"
#include "random_graphs.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <thread>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// A random graph as a cost: its parameters and columns are those of the cost; sums over rows are left out.
Expr sum_of_outputs(const Traced& traced, ExprSpan parameters) {
  const Graph& graph = traced.graph;
  std::vector<Expr> value(static_cast<std::size_t>(graph.size()));
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) {
    std::vector<Expr> x;
    for (const NodeId operand : graph.operands(n)) x.push_back(value[operand]);
    switch (graph.op(n)) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    value[n] = name(x[0]);      \
    break;
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    value[n] = name(x[0]);          \
    break;
#define RAPPEL_BINARY(name, ...)  \
  case Op::name:                  \
    value[n] = name(x[0], x[1]);  \
    break;
#include <rappel/autodiff/ops.def>
      case Op::parameter:
        value[n] = parameters[graph.payload(n)];
        break;
      case Op::column:
        value[n] = parameters[2 + graph.payload(n)];
        break;
      case Op::constant:
        value[n] = graph.value(n);
        break;
      case Op::select:
        value[n] = select(Condition(x[0]), x[1], x[2]);
        break;
      case Op::sum:
        value[n] = sum(x);
        break;
      case Op::dot: {
        std::vector<Expr> left, right;
        for (std::size_t i = 0; i < x.size(); i += 2) left.push_back(x[i]), right.push_back(x[i + 1]);
        value[n] = dot(left, right);
        break;
      }
      case Op::logsumexp:
        value[n] = logsumexp(ExprSpan(x).first(static_cast<Index>(x.size()) - 2));
        break;
      case Op::sum_rows:
        value[n] = x[0];
        break;
      default:
        break;  // parts of logsumexp
    }
  }
  Expr total = 0.0;
  for (const NodeId n : traced.outputs) total += value[n];
  return total;
}

std::pair<RandomGraph, Vector> random_point(unsigned seed, const RandomGraphOptions& options) {
  RandomGraph random = random_graph(seed, options);
  Vector x{{random.inputs.parameters[0], random.inputs.parameters[1], random.inputs.columns[0][0],
            random.inputs.columns[1][0]}};
  return {std::move(random), std::move(x)};
}

// What a tape does not hold is found out by who runs the cost.
template <class Cost>
int runs_of(Cost cost, const Vector& x) {
  int runs = 0;
  const auto counted = [&](ExprSpan p) -> Expr {
    ++runs;
    return cost(p);
  };
  const auto [value, gradient] = value_and_gradient(counted, x);
  const auto [expected, expected_gradient] = record(x.size(), cost).value_and_gradient(x);
  BOOST_TEST(value == expected);
  BOOST_TEST((gradient == expected_gradient), gradient.transpose() << ", not " << expected_gradient.transpose());
  return runs;
}

BOOST_AUTO_TEST_SUITE(tape)

BOOST_AUTO_TEST_CASE(polynomials_of_integers_equal_their_graph_exactly) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    const auto [random, x] = random_point(seed, {.polynomials_of_integers = true});
    const auto cost = [&traced = random.traced](ExprSpan p) { return sum_of_outputs(traced, p); };
    const auto [value, gradient] = value_and_gradient(cost, x);
    const auto [expected, expected_gradient] = record(4, cost).value_and_gradient(x);
    if (std::abs(expected) + expected_gradient.cwiseAbs().sum() > 0x1p53) continue;  // no longer exact
    BOOST_TEST(value == expected, "seed " << seed);
    BOOST_TEST((gradient == expected_gradient), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(any_operation_equals_its_graph) {
  for (const bool total : {false, true})
    for (unsigned seed = 0; seed < 1000; ++seed) {
      const auto [random, x] = random_point(seed, {.total = total});
      if (reads_sign_of_nan(random.traced.graph, evaluate_nodes(random.traced.graph, random.inputs))) continue;
      const auto cost = [&traced = random.traced](ExprSpan p) { return sum_of_outputs(traced, p); };
      const auto [value, gradient] = value_and_gradient(cost, x);
      const auto [expected, expected_gradient] = record(4, cost, {.at = x}).value_and_gradient(x);
      BOOST_TEST(same_bits(value, expected), "seed " << seed << ": " << value << ", not " << expected);
      // Equal nodes are merged in the graph, and adjoints are then summed in another order: a few roundings of terms
      // that cancel at most 1e4 times here.
      for (Index i = 0; i < 4; ++i) {
        const double a = gradient[i], b = expected_gradient[i];
        BOOST_TEST((same_bits(a + 0.0, b + 0.0) || std::abs(a - b) <= 1e-12 * std::abs(b)),
                   "seed " << seed << ", derivative " << i << ": " << a << ", not " << b);
      }
    }
}

BOOST_AUTO_TEST_CASE(comparisons_are_decided_by_values_and_the_cost_runs_once) {
  const auto cost = [](ExprSpan x) {
    Expr a = x[0];
    int steps = 0;
    while (a > 1.0 && steps < 100) a = a * 0.5, ++steps;
    return x[1] < 0.0 ? -a : a * x[1];
  };
  int runs = 0;
  const auto counted = [&](ExprSpan x) {
    ++runs;
    return cost(x);
  };
  for (const Vector& x : {Vector{{37.0, 2.0}}, Vector{{0.5, -1.0}}}) {
    const auto [value, gradient] = value_and_gradient(counted, x);
    const auto [expected, expected_gradient] = record(2, cost, {.at = x}).value_and_gradient(x);
    BOOST_TEST(value == expected);
    BOOST_TEST((gradient == expected_gradient));
  }
  BOOST_TEST(runs == 2);
}

BOOST_AUTO_TEST_CASE(sums_of_many_operands_are_nodes_of_a_tape) {
  const auto cost = [](ExprSpan x) {
    return dot(x, {x[1], 2.0, x[0]}) + sum(x) + logsumexp(x) * norm({x[0], 3.0, x[2]}) + pow(x[0], x[1]) +
           fma(x[0], x[1], x[2]) + polygamma(x[1], 1) + dot({x[0], 0.0}, {0.0, x[1]});
  };
  BOOST_TEST(runs_of(cost, Vector{{0.5, 1.25, -0.75}}) == 1);
}

BOOST_AUTO_TEST_CASE(a_written_zero_absorbs_and_a_computed_one_does_not) {
  const Vector x{{inf, 0.0}};
  BOOST_TEST(value_and_gradient([](ExprSpan p) { return p[0] * 0.0 + p[1]; }, x).first == 0.0);
  BOOST_TEST(std::isnan(value_and_gradient([](ExprSpan p) { return p[0] * p[1]; }, x).first));
  BOOST_TEST(std::isnan(value_and_gradient([](ExprSpan p) { return p[0] * floor(p[1]); }, x).first));
  BOOST_TEST(std::isnan(
      value_and_gradient([](ExprSpan p) { return p[0] * select(p[1] < 1.0, 0.0, 1.0); }, x).first));
}

BOOST_AUTO_TEST_CASE(an_arm_not_taken_contributes_nothing_and_a_real_nan_stays) {
  const Vector zero{{0.0, 2.0}};
  const auto arm = [](ExprSpan x) {
    const Expr root = sqrt(x[0]), shared = 1.0 / x[0];
    return select(x[0] > 0.0, root * shared, x[1]) + max(x[1], shared * 0.5 - shared);
  };
  BOOST_TEST((value_and_gradient([](ExprSpan x) { return select(x[0] > 0.0, sqrt(x[0]), x[1]); }, zero).second ==
              Vector{{0.0, 1.0}}));
  // Reached with an adjoint of 0: 0 times the infinite slope of the root is NaN.
  BOOST_TEST(std::isnan(value_and_gradient([](ExprSpan x) { return sqrt(x[0]) * (x[1] - 2.0); }, zero).second[0]));
  BOOST_TEST(std::isnan(value_and_gradient([](ExprSpan x) { return sqrt(x[0]) * -(x[1] - 2.0); }, zero).second[0]));
  const auto [value, gradient] = value_and_gradient(arm, zero);
  const auto [expected, expected_gradient] = record(2, arm).value_and_gradient(zero);
  BOOST_TEST(same_bits(value, expected));
  for (const Index i : {0, 1}) BOOST_TEST(same_bits(gradient[i], expected_gradient[i]), gradient[i]);
}

BOOST_AUTO_TEST_CASE(a_constant_and_an_unused_parameter_have_slope_0) {
  const Vector x{{1.0, 2.0}};
  const auto [value, gradient] = value_and_gradient([](ExprSpan) { return Expr(3.0); }, x);
  BOOST_TEST(value == 3.0);
  BOOST_TEST((gradient == Vector{{0.0, 0.0}}));
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return round(p[0]) + p[1]; }, x).second == Vector{{0.0, 1.0}}));
  BOOST_TEST(value_and_gradient([](ExprSpan) { return 2.5; }, Vector()).first == 2.5);
}

BOOST_AUTO_TEST_CASE(what_no_tape_holds_is_recorded_as_a_graph) {
  const Matrix data{{1.0, 2.0}, {3.0, -1.0}, {0.5, 4.0}};
  const Vector x{{0.5, 1.25}};
  const UnaryOp twice = define_op("twice", [](double a) { return 2.0 * a; },
                                  [](Expr, Expr, Expr zbar) { return 2.0 * zbar; });
  const Function inner = record(2, [](ExprSpan p) { return p[0] * exp(p[1]); });
  BOOST_TEST(runs_of([&](ExprSpan p) {
               return exp(p[0]) * mean_over_rows(Columns(data), [&](Row row) { return square(row[0] * p[0] - row[1] * p[1]); });
             }, x) == 2);
  BOOST_TEST(runs_of([](ExprSpan p) { return softmax(p)[0] * p[1]; }, x) == 2);
  BOOST_TEST(runs_of([&](ExprSpan p) { return twice(p[0]) * p[1]; }, x) == 2);
  BOOST_TEST(runs_of([&](ExprSpan p) { return inner({p[1], p[0]}) + p[0]; }, x) == 2);
  BOOST_TEST(runs_of([](ExprSpan p) { return p[0] * argument(3.0); }, x) == 2);
  BOOST_TEST(runs_of([](ExprSpan p) {
               ExprMatrix a(2, 2);
               a << p[0], 2.0, 1.0, p[1];
               return det(a);
             }, x) == 2);
  // Also where the cost catches what the tape threw.
  BOOST_TEST(runs_of([&](ExprSpan p) {
               std::optional<Expr> result;
               try {
                 result = twice(p[0]);
               } catch (...) {
                 result = p[1];
               }
               return *result;
             }, x) == 2);
}

BOOST_AUTO_TEST_CASE(functions_of_numbers_may_be_called_and_recorded_inside) {
  const Vector x{{0.5, 1.25}};
  const auto cost = [](ExprSpan p) {
    const Function f = record(1, [](ExprSpan q) { return q[0] > 1.0 ? square(q[0]) : q[0]; });
    const double inside = value_and_gradient([](ExprSpan q) { return sin(q[0]); }, Vector{{2.0}}).second[0];
    return p[0] * f.value(Vector{{3.0}}) + p[1] * inside;
  };
  BOOST_TEST(runs_of(cost, x) == 1);
}

BOOST_AUTO_TEST_CASE(an_expr_is_refused_beside_and_after_its_tape) {
  const Vector x{{1.0}};
  std::optional<Expr> kept;
  value_and_gradient([&](ExprSpan p) { return *(kept = p[0] * 2.0); }, x);
  check_refused([&] { *kept + 1.0; }, {"used after its recording"});
  check_refused([&] { exp(*kept); }, {"used after its recording"});
  check_refused([&] { value_and_gradient([&](ExprSpan p) { return p[0] * *kept; }, x); }, {"lives in the recording"});
  check_refused([&] { value_and_gradient([&](ExprSpan) { return *kept; }, x); }, {"recording"});
  check_refused([&] { record(1, [&](ExprSpan p) { return p[0] + *kept; }); }, {"lives in the recording"});
  check_refused([&] {
        value_and_gradient(
            [&](ExprSpan p) {
              value_and_gradient([&](ExprSpan q) { return p[0] * q[0]; }, x);
              return p[0];
            },
            x);
      },
      {"lives in the recording"});
  check_refused([&] {
        value_and_gradient(
            [&](ExprSpan p) {
              record(1, [&](ExprSpan q) { return p[0] * q[0]; });
              return p[0];
            },
            x);
      },
      {"lives in the recording"});
}

BOOST_AUTO_TEST_CASE(what_the_cost_throws_reaches_the_caller_and_leaves_no_recording) {
  struct Odd {};
  const Vector x{{1.0}};
  std::optional<Expr> kept;
  BOOST_CHECK_THROW(value_and_gradient([&](ExprSpan p) -> Expr {
                      kept = p[0] + 1.0;
                      throw Odd();
                    }, x),
                    Odd);
  check_refused([&] { *kept + 1.0; }, {"no recording is in progress"});
  check_refused([] { argument(); }, {"no recording is in progress"});
  BOOST_TEST(value_and_gradient([](ExprSpan p) { return square(p[0]); }, x).second[0] == 2.0);
}

BOOST_AUTO_TEST_CASE(the_callable_is_not_copied) {
  const auto cost = [factor = std::make_unique<double>(3.0)](ExprSpan p) { return *factor * p[0]; };
  BOOST_TEST(value_and_gradient(cost, Vector{{2.0}}).first == 6.0);
}

BOOST_AUTO_TEST_CASE(long_tapes_span_chunks) {
  constexpr int steps = 200'000;
  const auto cost = [](ExprSpan x) {
    Expr a = x[0];
    for (int i = 0; i < steps; ++i) a = a + x[1] * (i % 2 == 0 ? 1.0 : 2.0);
    return a;
  };
  const auto [value, gradient] = value_and_gradient(cost, Vector{{1.0, 2.0}});
  BOOST_TEST(value == 1.0 + 3.0 * steps);
  BOOST_TEST((gradient == Vector{{1.0, 1.5 * steps}}));
}

BOOST_AUTO_TEST_CASE(operations_of_many_operands_span_chunks) {
  constexpr int terms = 1000, rounds = 300;
  const auto cost = [](ExprSpan x) {
    Expr total = 0.0;
    for (int i = 0; i < rounds; ++i) {
      const std::vector<Expr> all(terms, x[i % 2] * 2.0);
      total = fma(x[0], x[1], total) + sum(all);
    }
    return total;
  };
  const auto [value, gradient] = value_and_gradient(cost, Vector{{3.0, 5.0}});
  BOOST_TEST(value == rounds * 15.0 + rounds * terms * 8.0);
  BOOST_TEST((gradient == Vector{{rounds * 5.0 + rounds * terms, rounds * 3.0 + rounds * terms}}));
}

// A shift is no operation of its own on the tape: neither where it is used nor where it is the output.
BOOST_AUTO_TEST_CASE(what_is_as_steep_as_its_operand_shares_its_adjoint) {
  const Vector x{{0.5, 2.0}};
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return p[0] + 3.0; }, x).second == Vector{{1.0, 0.0}}));
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return (p[0] + 1.0) * (p[0] - 1.0) * p[1]; }, x).second == Vector{{2.0, -0.75}}));
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return 3.0 - (1.0 - p[0]) + abs(p[1]) * max(p[0], p[1] - 1.0); }, x).second ==
              Vector{{1.0, 3.0}}));
  // In an arm that is not taken the shifted value passes nothing on: the root's slope at 0 is infinite.
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return select(p[1] > 0.0, p[1], sqrt(p[0] - 0.5) + 1.0); }, x).second ==
              Vector{{0.0, 1.0}}));
}

// The adjoints' memory is kept for the thread's next sweep, which finds nothing of this one in it.
BOOST_AUTO_TEST_CASE(a_sweep_leaves_nothing_to_the_next) {
  const auto chain = [](int length, int output) {
    return [=](ExprSpan x) {
      Expr a = x[0], kept = a;
      for (int i = 0; i < length; ++i) {
        a = a * x[1];
        if (i == output) kept = a;
      }
      return kept;
    };
  };
  const Vector x{{3.0, 1.0}};
  for (const int length : {1000, 10, 2000, 3, 5000})
    for (const int output : {length - 1, length / 2, 0, -1, length - 1}) {
      const auto [value, gradient] = value_and_gradient(chain(length, output), x);
      BOOST_TEST(value == 3.0);
      BOOST_TEST((gradient == Vector{{1.0, 3.0 * (output + 1)}}), length << ", " << output << ": " << gradient.transpose());
    }
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return floor(p[0]) + 0.0 * p[1]; }, x).second == Vector{{0.0, 0.0}}));
  BOOST_TEST((value_and_gradient([](ExprSpan p) { return p[1]; }, x).second == Vector{{0.0, 1.0}}));
}

BOOST_AUTO_TEST_CASE(threads_have_tapes_of_their_own) {
  std::vector<double> slopes(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < slopes.size(); ++t)
    threads.emplace_back([t, &slopes] {
      const auto cost = [](ExprSpan x) {
        Expr a = x[0];
        for (int i = 0; i < 10'000; ++i) a = a * 1.0001;
        return a * x[0];
      };
      for (int i = 0; i < 20; ++i) slopes[t] = value_and_gradient(cost, Vector{{1.0 + static_cast<double>(t)}}).second[0];
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < slopes.size(); ++t) {
    double power = 1.0;
    for (int i = 0; i < 10'000; ++i) power *= 1.0001;
    BOOST_TEST(std::abs(slopes[t] / (2.0 * (1.0 + static_cast<double>(t)) * power) - 1.0) < 1e-11);
  }
}

BOOST_AUTO_TEST_CASE(select_of_equal_literals_is_that_literal_as_in_a_graph) {
  const auto cost = [](ExprSpan x) { return sqrt(x[0]) * select(x[1] > 1.0, 0.0, 0.0) + x[1]; };
  const auto [value, gradient] = value_and_gradient(cost, Vector{{0.0, 2.0}});
  BOOST_TEST(value == 2.0);
  BOOST_TEST(gradient[0] == 0.0);  // 0 times the infinite slope of sqrt, were it a value
  BOOST_TEST(gradient[1] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
