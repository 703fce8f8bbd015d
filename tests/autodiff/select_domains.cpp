// select with a function out of its domain in the arm that is not taken: nothing of it comes through, value
// and three orders of derivatives, on every path; a NaN that is real stays.

#include "everywhere.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.69314718055994530942;

BOOST_AUTO_TEST_SUITE(select_domains)

BOOST_AUTO_TEST_CASE(each_function_out_of_its_domain_in_the_arm_not_taken) {
  const auto root = [](const Expr& x) { return select(x > 0.0, sqrt(x), square(x)); };
  const auto logarithm = [](const Expr& x) { return select(x > 0.0, log(x), cube(x)); };
  const auto quotient = [](const Expr& x) { return select(x == 0.0, 1.0 + x, sin(x) / x); };
  const auto power = [](const Expr& x) { return select(x > 0.0, pow(x, 2.5), 3.0 * x); };
  const auto power_by_y = [](const Expr& x) { return select(x > 0.0, pow(x, x), x); };
  const auto angle = [](const Expr& x) { return select(x == 0.0, 5.0 * x, atan2(x, x * x)); };
  const auto both = [](const Expr& x) { return select(x > 0.0, log(x), sqrt(-x)); };
  check_orders_everywhere({
      {"sqrt", root, -3.0, {9.0, -6.0, 2.0, 0.0}},
      {"sqrt", root, 0.0, {0.0, 0.0, 2.0, 0.0}},
      {"sqrt", root, 4.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"log", logarithm, -2.0, {-8.0, 12.0, -12.0, 6.0}},
      {"log", logarithm, 0.0, {0.0, 0.0, 0.0, 6.0}},
      {"log", logarithm, 2.0, {ln2, 0.5, -0.25, 0.25}},
      {"sin(x) / x", quotient, 0.0, {1.0, 1.0, 0.0, 0.0}},
      {"pow(x, 2.5)", power, -4.0, {-12.0, 3.0, 0.0, 0.0}},
      {"pow(x, 2.5)", power, 0.0, {0.0, 3.0, 0.0, 0.0}},
      {"pow(x, 2.5)", power, 4.0, {32.0, 20.0, 7.5, 0.9375}},
      {"pow(x, x)", power_by_y, -1.5, {-1.5, 1.0, 0.0, 0.0}},
      {"pow(x, x)", power_by_y, 0.0, {0.0, 1.0, 0.0, 0.0}},
      // (1 + log x)' = 1/x: 1, 1, 2, 3 at 1.
      {"pow(x, x)", power_by_y, 1.0, {1.0, 1.0, 2.0, 3.0}},
      {"atan2(x, x^2)", angle, 0.0, {0.0, 5.0, 0.0, 0.0}},
      {"log or sqrt", both, -4.0, {2.0, -0.25, -1.0 / 32.0, -3.0 / 256.0}},
      {"log or sqrt", both, 2.0, {ln2, 0.5, -0.25, 0.25}},
  });
}

BOOST_AUTO_TEST_CASE(nested_arms_out_of_their_domains) {
  const auto nested = [](const Expr& x) {
    return select(x > 0.0, select(x > 1.0, sqrt(x - 1.0), log(x)), select(x < -1.0, log(-1.0 - x), 2.0 * x));
  };
  const auto of_an_arm = [](const Expr& x) {
    const Expr inner = select(x > 0.0, log(x), 0.0);
    return select(x > 1.0, sqrt(inner), x * x);
  };
  check_orders_everywhere({
      {"nested", nested, 5.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"nested", nested, 0.5, {-ln2, 2.0, -4.0, 16.0}},
      {"nested", nested, 0.0, {0.0, 2.0, 0.0, 0.0}},
      {"nested", nested, -1.0, {-2.0, 2.0, 0.0, 0.0}},
      {"nested", nested, -3.0, {ln2, -0.5, -0.25, -0.25}},
      {"sqrt of an arm", of_an_arm, 1.0, {1.0, 2.0, 2.0, 0.0}},
      {"sqrt of an arm", of_an_arm, 0.5, {0.25, 1.0, 2.0, 0.0}},
      {"sqrt of an arm", of_an_arm, -2.0, {4.0, -4.0, 2.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(a_value_shared_by_two_selects) {
  const auto sum = [](const Expr& x) {
    const Expr s = sqrt(x);
    return select(x > 0.0, s, 0.0) + select(x > 1.0, 3.0 * s, x);
  };
  const auto product = [](const Expr& x) {
    const Expr l = log(x);
    return select(x > 0.0, l, 2.0) * select(x > 0.5, l, x);
  };
  check_orders_everywhere({
      {"sum", sum, 4.0, {8.0, 1.0, -0.125, 3.0 / 64.0}},
      {"sum", sum, 0.25, {0.75, 2.0, -2.0, 12.0}},
      {"sum", sum, -2.0, {-2.0, 1.0, 0.0, 0.0}},
      {"sum", sum, 0.0, {0.0, 1.0, 0.0, 0.0}},
      // log(x)^2: 2 l/x, 2 (1 - l)/x^2, 2 (2 l - 3)/x^3.
      {"product", product, 1.0, {0.0, 0.0, 2.0, -6.0}},
      // x log(x): log(x) + 1, 1/x, -1/x^2.
      {"product", product, 0.25, {-0.5 * ln2, -0.38629436111989061883, 4.0, -16.0}},
      {"product", product, -3.0, {-6.0, 2.0, 0.0, 0.0}},
      {"product", product, 0.0, {0.0, 2.0, 0.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(a_nan_with_a_use_outside_stays) {
  const auto added = [](const Expr& x) {
    const Expr s = sqrt(x);
    return select(x > 0.0, s, 0.0) + s;
  };
  const auto multiplied = [](const Expr& x) {
    const Expr l = log(x);
    return select(x > 0.0, l, 1.0) * l;
  };
  const auto taken = [](const Expr& x) { return select(x < 0.0, sqrt(x), x); };
  check_orders_everywhere({
      {"added", added, 4.0, {4.0, 0.5, -1.0 / 16.0, 3.0 / 128.0}},
      {"added", added, -1.0, {nan, nan, nan, nan}},
      // Not NaN: sqrt by itself has these at 0.
      {"added", added, 0.0, {0.0, inf, -inf, inf}},
      {"multiplied", multiplied, 1.0, {0.0, 0.0, 2.0, -6.0}},
      {"the arm taken", taken, -1.0, {nan, nan, nan, nan}},
      {"the arm taken", taken, 1.0, {1.0, 1.0, 0.0, 0.0}},
  });
  Cost cost = scalar_cost(1, [&](ExprSpan x) { return multiplied(x[0]); });
  BOOST_TEST(std::isnan(evaluate<double>(cost.graph, {cost.output}, {{-1.0}})[0]));
}

// log(w) is the same for all rows: it takes part if some row takes its arm.
BOOST_AUTO_TEST_CASE(a_uniform_logarithm_under_a_varying_condition) {
  Cost cost = rows_cost(
      1, 1, [](ExprSpan w, ExprSpan row) { return select(row[0] > 0.0, row[0] * log(w[0]), square(w[0])); });
  std::vector<NodeId> nodes = {cost.output};
  while (nodes.size() < 4) nodes.push_back(cost.gradient(nodes.back())[0]);
  struct Rows {
    std::vector<double> rows;
    double w;
    std::vector<double> expected;
  };
  const std::vector<Rows> all = {
      {{-1.0, 0.0, -2.0}, -3.0, {27.0, -18.0, 6.0, 0.0}}, {{-1.0, 0.0, -2.0}, 0.0, {0.0, 0.0, 6.0, 0.0}},
      {{-1.0, 4.0, -2.0}, -3.0, {nan, nan, nan, nan}},    {{-1.0, 4.0, -2.0}, 1.0, {2.0, 8.0, 0.0, 8.0}},
      {{3.0, 1.0}, 2.0, {4.0 * ln2, 2.0, -1.0, 1.0}},
  };
  for (const Rows& r : all) {
    const auto check = [&](const std::string& where, const std::vector<double>& computed) {
      for (std::size_t k = 0; k < 4; ++k) {
        // 1/w at -3 is a number, whatever log(-3) is.
        const double expected = r.expected[k];
        if (k > 0 && std::isnan(expected)) continue;
        BOOST_TEST(within(computed[k], expected, 8.0), where << " at " << r.w << ": order " << k << " is "
                                                             << computed[k] << ", not " << expected);
      }
    };
    check("as written", evaluate<double>(cost.graph, nodes, {{r.w}, {r.rows}}));
    for (const detail::KernelTable* kernels : detail::available_kernels())
      check(detail::name_of(kernels->instruction_set),
            run({cost.graph, nodes, {}}, {{r.w}, {r.rows}}, *kernels));
  }
}

// Many rows, so that whole registers and a last block with masked lanes mix arms.
BOOST_AUTO_TEST_CASE(rows_in_both_arms_to_third_order) {
  Cost cost = rows_cost(1, 1, [](ExprSpan w, ExprSpan row) {
    const Expr z = w[0] * row[0];
    return select(z > 0.0, sqrt(z), select(z < -1.0, log(-z), pow(z, 3.0)));
  });
  std::vector<NodeId> nodes = {cost.output};
  while (nodes.size() < 4) nodes.push_back(cost.gradient(nodes.back())[0]);
  std::vector<double> rows;
  for (int r = 0; r < 300; ++r) rows.push_back(std::vector<double>{4.0, 0.0, -0.5, -2.0, 1.0}[r % 5]);
  // At w = 1, 60 times: 2 + 1 + 0 - 1/8 + log 2; 1/2 w^(-1/2) (2 + 1) - 3/8 + 1; ..
  const std::vector<double> expected = {60.0 * (2.875 + ln2), 60.0 * (1.5 - 0.375 + 1.0),
                                        60.0 * (-0.75 - 0.75 - 1.0), 60.0 * (1.125 - 0.75 + 2.0)};
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> computed = run({cost.graph, nodes, {}}, {{1.0}, {rows}}, *kernels);
    // 300 terms of few bits: sums round a few times.
    for (std::size_t k = 0; k < 4; ++k)
      BOOST_TEST(within(computed[k], expected[k], 16.0), k << ": " << computed[k] << ", not " << expected[k]);
  }
}

// The product is x; its factors have slopes that are infinite at 0. 0 * inf is no zero that may be assumed:
// the derivative is NaN, not the 0 that a careless product rule gives.
BOOST_AUTO_TEST_CASE(a_product_of_roots_at_zero_does_not_report_zero) {
  const auto powers = [](ExprSpan x) { return pow(x[0], 0.5) * pow(x[0], 0.5); };
  const auto roots = [](ExprSpan x) { return sqrt(x[0]) * sqrt(x[0]); };
  check_everywhere({
      {"pow(x, 0.5) * pow(x, 0.5)", powers, {0.0}, 0.0, {nan}, {nan}},
      {"sqrt(x) * sqrt(x)", roots, {0.0}, 0.0, {nan}, {nan}},
      {"pow(x, 0.5) * pow(x, 0.5)", powers, {4.0}, 4.0, {1.0}, {0.0}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
