// The calculus of ops.def and of the reverse sweep, in 50 digits: derivatives of order 1 to 3, each by one
// more sweep, equal central differences of the order below, for every operation of the table.

#include "evaluate.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <sstream>

namespace rappel::test {
namespace {

// Where every operation is defined and smooth: no kink, pole or tie is closer than 0.01.
std::vector<double> smooth_points(double lowest, double highest, int count) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> sizes(0.1, 3.0);
  std::vector<double> points;
  while (static_cast<int>(points.size()) < count) {
    const double x = (random() % 2 ? 1.0 : -1.0) * sizes(random);
    if (x > lowest + 0.1 && x < highest - 0.1) points.push_back(x);
  }
  return points;
}

// Partials by log 2, 2 / sqrt(pi) and the like have these constants as doubles.
bool has_rounded_constant(const std::string& name) {
  for (const char* op : {"exp2", "log2", "log10", "cbrt", "cbrt_slope", "erf", "erfc"})
    if (name == op) return true;
  return false;
}

// With a step of 1e-13 the difference is off by 1e-26 times a third derivative, here below 1e6 times the
// first.
void check_close(const Real& derivative, const Real& difference, const std::string& what) {
  const Real error = math_abs(derivative - difference);
  const Real tolerance = has_rounded_constant(what.substr(0, what.find(' '))) ? Real(0x1p-52) : Real(1e-18);
  BOOST_TEST((error <= tolerance * (Real(1.0) + math_abs(difference))),
             what << ": derivative " << derivative.v << ", difference " << difference.v);
}

// All derivatives of `cost` up to the given order at x, against differences of those one order below.
void check_derivatives(const std::string& what, Cost cost, const std::vector<std::vector<double>>& points,
                       int order) {
  std::vector<std::pair<NodeId, std::vector<NodeId>>> gradients;  // of a node
  std::vector<NodeId> lower = {cost.output};
  for (int k = 1; k <= order; ++k) {
    std::vector<NodeId> next;
    for (const NodeId n : lower) {
      gradients.emplace_back(n, cost.gradient(n));
      next.insert(next.end(), gradients.back().second.begin(), gradients.back().second.end());
    }
    lower = std::move(next);
  }
  const Real h(1e-13);
  for (const auto& point : points) {
    Inputs<Real> at{{point.begin(), point.end()}};
    const auto here = evaluate_nodes(cost.graph, at);
    for (std::size_t i = 0; i < point.size(); ++i) {
      Inputs<Real> above = at, below = at;
      above.parameters[i] = above.parameters[i] + h;
      below.parameters[i] = below.parameters[i] - h;
      const auto up = evaluate_nodes(cost.graph, above), down = evaluate_nodes(cost.graph, below);
      std::ostringstream where;
      where << what << " by operand " << i << " at " << point[0];
      for (const auto& [n, gradient] : gradients)
        check_close(here[gradient[i]][0], (up[n][0] - down[n][0]) / (h + h), where.str());
    }
  }
}

// Operands inside of the domain of an operation of two.
std::pair<double, double> inside(Op op, double x, double y) {
  const double a = std::abs(x), b = std::abs(y);
  switch (op) {
    case Op::log_beta:
    case Op::digamma_difference:
    case Op::trigamma_difference:
      return {a, b};
    case Op::log_diff_exp:
    case Op::log_diff_exp_slope:
      return {x + b + 0.1, x};
    case Op::huber:
    case Op::xlogy:
    case Op::xlog1py:
      return {x, b};
    default:
      return {x, y};
  }
}

// Of and, or: conditions are 0 or 1, anything else is no operand for them.
Expr operand_of(Op op, const Expr& x) {
  return op == Op::logical_and || op == Op::logical_or ? less(0.0, x) : x;
}

constexpr double inf = std::numeric_limits<double>::infinity();

BOOST_AUTO_TEST_SUITE(partials)

#define RAPPEL_UNARY_DERIVATIVES(name, lowest, highest)                                         \
  BOOST_AUTO_TEST_CASE(derivatives_of_##name##_match_differences) {                             \
    std::vector<std::vector<double>> points;                                                    \
    for (const double x : smooth_points(lowest, highest, 20)) points.push_back({x});            \
    check_derivatives(#name, scalar_cost(1, [](ExprSpan x) { return name(x[0]); }), points, 3); \
  }
#define RAPPEL_UNARY(name, symbol, formula, derivative, lowest, highest, ...) \
  RAPPEL_UNARY_DERIVATIVES(name, lowest, highest)
#define RAPPEL_UNARY_AUX(name, symbol, aux, formula, derivative, lowest, highest, ...) \
  RAPPEL_UNARY_DERIVATIVES(name, lowest, highest)
#define RAPPEL_BINARY(name, ...)                                                                         \
  BOOST_AUTO_TEST_CASE(derivatives_of_##name##_match_differences) {                                      \
    const std::vector<double> x = smooth_points(-inf, inf, 20);                                          \
    std::vector<std::vector<double>> points;                                                             \
    for (std::size_t i = 1; i < x.size(); ++i) {                                                         \
      const auto [a, b] = inside(Op::name, x[i - 1], x[i]);                                              \
      points.push_back({a, b});                                                                          \
    }                                                                                                    \
    check_derivatives(                                                                                   \
        #name,                                                                                           \
        scalar_cost(                                                                                     \
            2, [](ExprSpan w) { return name(operand_of(Op::name, w[0]), operand_of(Op::name, w[1])); }), \
        points, 3);                                                                                      \
  }
#include <rappel/autodiff/ops.def>
#undef RAPPEL_UNARY_DERIVATIVES

BOOST_AUTO_TEST_CASE(derivatives_of_powers_match_differences) {
  for (const double c : {-2.0, -0.5, 0.0, 0.1, 1.0, 2.0, 3.0, 7.3}) {
    std::vector<std::vector<double>> points;
    for (const double x : smooth_points(c == std::floor(c) ? -inf : 0.0, inf, 10)) points.push_back({x});
    check_derivatives("pow", scalar_cost(1, [&](ExprSpan x) { return pow(x[0], c); }), points, 3);
  }
}

BOOST_AUTO_TEST_CASE(derivatives_of_operations_of_many_operands_match_differences) {
  const std::vector<std::vector<double>> points = {{0.3, -1.2, 0.7}, {1.5, 0.4, -0.2}, {-2.0, -2.5, 3.0}};
  check_derivatives("sum", scalar_cost(3, [](ExprSpan x) { return square(sum(x)); }), points, 3);
  check_derivatives("dot",
                    scalar_cost(3,
                                [](ExprSpan x) {
                                  return exp(dot(x, {x[1], x[2], x[0]}));
                                }),
                    points, 3);
  check_derivatives("logsumexp", scalar_cost(3, [](ExprSpan x) { return logsumexp(x); }), points, 3);
  check_derivatives("logsumexp",
                    scalar_cost(3,
                                [](ExprSpan x) {
                                  return logsumexp({x[0] * x[1], x[2], 1.0});
                                }),
                    points, 3);
  check_derivatives("select",
                    scalar_cost(3, [](ExprSpan x) { return select(x[0] < x[1], x[0] * x[2], exp(x[1])); }),
                    points, 3);
}

BOOST_AUTO_TEST_CASE(derivatives_of_a_composition_match_differences) {
  const std::vector<std::vector<double>> points = {{0.3, -1.2, 0.7}, {1.5, 0.4, -0.2}, {-2.0, -2.5, 3.0}};
  check_derivatives("composition",
                    scalar_cost(3,
                                [](ExprSpan x) {
                                  const Expr a = tanh(x[0] * x[1]) + softplus(x[2]);
                                  const Expr b = log1p(square(x[1] - x[2])) / (2.0 + sin(x[0]));
                                  return sigmoid(a * b) + max(a, b) * sqrt(1.0 + square(a));
                                }),
                    points, 3);
}

// Independent of differences.
BOOST_AUTO_TEST_CASE(third_derivatives_equal_closed_forms) {
  struct Row {
    const char* name;
    Expr (*cost)(const Expr& x);
    Real (*third)(const Real& x);
  };
  const Row rows[] = {
      {"sin", [](const Expr& x) { return sin(x); }, [](const Real& x) { return -cos(x); }},
      {"x^5", [](const Expr& x) { return square(square(x)) * x; },
       [](const Real& x) { return Real(60.0) * x * x; }},
      {"pow 5", [](const Expr& x) { return pow(x, 5.0); }, [](const Real& x) { return Real(60.0) * x * x; }},
      {"1/x", [](const Expr& x) { return 1.0 / x; },
       [](const Real& x) { return Real(-6.0) / (x * x * x * x); }},
      {"exp(2x)", [](const Expr& x) { return exp(2.0 * x); },
       [](const Real& x) { return Real(8.0) * exp(Real(2.0) * x); }},
      {"log", [](const Expr& x) { return log(x); }, [](const Real& x) { return Real(2.0) / (x * x * x); }},
      {"x log x", [](const Expr& x) { return x * log(x); },
       [](const Real& x) { return Real(-1.0) / (x * x); }},
  };
  for (const Row& row : rows) {
    Cost cost = scalar_cost(1, [&](ExprSpan x) { return row.cost(x[0]); });
    NodeId n = cost.output;
    for (int k = 0; k < 3; ++k) n = cost.gradient(n)[0];
    for (const double x : {0.3, 1.7, 4.0}) {
      const Real computed = evaluate<Real>(cost.graph, {n}, {{x}})[0], exact = row.third(x);
      BOOST_TEST((math_abs(computed - exact) <= Real(1e-45) * math_abs(exact)), row.name << " at " << x);
      const double in_doubles = evaluate<double>(cost.graph, {n}, {{x}})[0];
      // A handful of roundings, none of which cancels.
      BOOST_TEST(ulp_error(in_doubles, exact) <= 8.0, row.name << " at " << x);
    }
  }
}

BOOST_AUTO_TEST_CASE(derivatives_over_rows_match_the_sum_of_the_rows_derivatives) {
  Cost cost = rows_cost(
      2, 2, [](ExprSpan w, ExprSpan row) { return softplus(w[0] * row[0] + w[1]) * row[1] + square(w[0]); });
  const std::vector<NodeId> gradient = cost.gradient();
  const std::vector<NodeId> hessian = cost.gradient(gradient[0]);
  const Inputs<Real> inputs{{Real(0.3), Real(-0.8)},
                            {{Real(1.0), Real(-2.0), Real(0.5)}, {Real(0.2), Real(1.0), Real(-3.0)}}};
  std::vector<Real> expected(4, Real(0.0));
  for (std::size_t r = 0; r < 3; ++r) {
    const Real x = inputs.columns[0][r], y = inputs.columns[1][r], w0 = inputs.parameters[0];
    const Real p = sigmoid(w0 * x + inputs.parameters[1]), q = p * (Real(1.0) - p);
    expected[0] = expected[0] + p * x * y + Real(2.0) * w0;
    expected[1] = expected[1] + p * y;
    expected[2] = expected[2] + q * x * x * y + Real(2.0);
    expected[3] = expected[3] + q * x * y;
  }
  const auto computed =
      evaluate<Real>(cost.graph, {gradient[0], gradient[1], hessian[0], hessian[1]}, inputs);
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST((math_abs(computed[i] - expected[i]) <= Real(1e-45)), i);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
