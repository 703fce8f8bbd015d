// logsumexp and softmax against 50 digits on every instruction set: far from 0, the plain formulas lose
// hundreds of ulp.

#include "evaluate.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <random>

namespace rappel::test {
namespace {

// Rows of n numbers around `center`, some close together, some far below the largest.
Table random_rows(std::size_t n, double center, double spread) {
  std::mt19937_64 random(5);
  Table table(n, std::vector<double>(300));
  for (auto& column : table)
    for (double& x : column)
      x = center +
          spread * std::uniform_real_distribution<double>(-1.0, 1.0)(random) * (random() % 3 ? 1.0 : 0.01);
  return table;
}

std::vector<Real> exact_row(const Table& table, std::size_t r, Real& value) {
  std::vector<Real> shares;
  Real total;
  for (const auto& column : table) {
    shares.push_back(math_exp(Real(column[r])));
    total = total + shares.back();
  }
  for (Real& share : shares) share = share / total;
  value = math_log(total);
  return shares;
}

// The i-th partial as a formula of the row.
Expr share_of(ExprSpan x, Index i) {
  detail::Recording& recording = *detail::Recording::innermost();
  detail::Builder& builder = recording.builder();
  std::vector<NodeId> nodes;
  for (const Expr& e : x) nodes.push_back(recording.node(e));
  const NodeId parts = builder.node(Op::shifted_exps, nodes);
  for (NodeId k = 0; k < static_cast<NodeId>(x.size()) + 2; ++k) nodes.push_back(parts + k);
  return recording.expr(builder.node(Op::softmax, nodes) + static_cast<NodeId>(i));
}

double value_error(double computed, const Real& exact, double largest) {
  // Where the largest operand and log(1 + rest) cancel, what is left has the error of the larger one.
  const double size = std::max({std::abs(largest), std::abs(computed), std::abs(computed - largest)});
  const double spacing = std::nextafter(size, std::numeric_limits<double>::infinity()) - size;
  return static_cast<double>((math_abs(Real(computed) - exact) / Real(spacing)).v);
}

double largest_of(const Table& table, std::size_t r) {
  double largest = table[0][r];
  for (const auto& column : table) largest = std::max(largest, column[r]);
  return largest;
}

BOOST_AUTO_TEST_SUITE(log_sum_exp)

BOOST_AUTO_TEST_CASE(value_and_shares_are_accurate_far_from_zero) {
  for (const auto& [center, spread] : {std::pair{0.0, 1.0},
                                       {0.0, 30.0},
                                       {1000.0, 1.0},
                                       {1000.0, 5.0},
                                       {-1000.0, 40.0},
                                       {1e5, 3.0},
                                       {0.0, 700.0}})
    for (const std::size_t n : {1u, 2u, 3u, 10u}) {
      const Table table = random_rows(n, center, spread);
      const auto size = static_cast<Index>(n);
      const ByRow value(size, [](ExprSpan x) { return logsumexp(x); });
      std::vector<Real> exact(300);
      std::vector<std::vector<Real>> shares(300);
      for (std::size_t r = 0; r < 300; ++r) shares[r] = exact_row(table, r, exact[r]);
      for (const detail::KernelTable* kernels : detail::available_kernels()) {
        const std::vector<double> values = value.values(*kernels, table);
        double worst = 0.0, worst_share = 0.0;
        for (std::size_t r = 0; r < 300; ++r) {
          worst = std::max(worst, value_error(values[r], exact[r], largest_of(table, r)));
        }
        for (Index i = 0; i < std::min<Index>(size, 3); ++i) {
          const ByRow share(size, [&](ExprSpan x) { return share_of(x, i); });
          const std::vector<double> computed = share.values(*kernels, table);
          for (std::size_t r = 0; r < 300; ++r)
            worst_share =
                std::max(worst_share, ulp_error(computed[r], shares[r][static_cast<std::size_t>(i)]));
        }
        const char* name = detail::name_of(kernels->instruction_set);
        BOOST_TEST_MESSAGE(name << " " << n << " around " << center << ": " << worst << ", shares "
                                << worst_share);
        const double bound =
            2.5 + 0.1 * static_cast<double>(n);  // n - 1 roundings of the sum, seldom of one sign
        BOOST_TEST(worst <= 2.0,
                   name << ", " << n << " operands around " << center << ": " << worst << " ulp");
        BOOST_TEST(worst_share <= bound,
                   name << ", " << n << " operands around " << center << ": " << worst_share << " ulp");
      }
    }
}

BOOST_AUTO_TEST_CASE(a_dominated_operand_still_counts) {
  const ByRow value(2, [](ExprSpan x) { return logsumexp(x); });
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    // log(1 + e^-40) = e^-40: adding up 1 + e^-40 first would leave 0.
    BOOST_TEST(ulp_error(value.values(*kernels, {{0.0}, {-40.0}})[0], math_log1p(math_exp(-40.0))) <= 2.0);
    BOOST_TEST(value.values(*kernels, {{710.0}, {-800.0}})[0] == 710.0);
    BOOST_TEST(value.values(*kernels, {{-1e300}, {1e300}})[0] == 1e300);
  }
}

// The gradient through a recorded cost is the softmax, and its sum 1.
BOOST_AUTO_TEST_CASE(the_gradient_is_the_softmax) {
  const std::vector<double> x = {1000.25, 999.0, 1001.5, 300.0};
  Cost cost = scalar_cost(4, [](ExprSpan w) { return logsumexp(w); });
  const std::vector<double> gradient = evaluate<double>(cost.graph, cost.gradient(), {x});
  Table table;
  for (const double w : x) table.push_back({w});
  Real value;
  const std::vector<Real> shares = exact_row(table, 0, value);
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(ulp_error(gradient[i], shares[i]) <= 2.0, i);
}

BOOST_AUTO_TEST_CASE(second_derivatives_are_those_of_softmax) {
  Cost cost = scalar_cost(3, [](ExprSpan w) { return logsumexp(w); });
  const std::vector<NodeId> g = cost.gradient();
  const Inputs<Real> at{{Real(0.5), Real(-1.0), Real(2.0)}};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<NodeId> row = cost.gradient(g[i]);
    const std::vector<Real> p = evaluate(cost.graph, g, at), computed = evaluate(cost.graph, row, at);
    for (std::size_t j = 0; j < 3; ++j) {
      const Real expected = p[i] * (Real(i == j ? 1.0 : 0.0) - p[j]);
      BOOST_TEST((math_abs(computed[j] - expected) <= Real(1e-45)));
    }
  }
}

BOOST_AUTO_TEST_CASE(no_operand_is_an_error_and_one_is_itself) {
  BOOST_CHECK_THROW(logsumexp(std::vector<Expr>()), std::invalid_argument);
  BOOST_TEST(logsumexp({-3.25}).constant() == -3.25);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
