// Arms that were not taken contribute nothing, at every order; a NaN that is real stays.

#include "evaluate.hpp"

#include <rappel/autodiff/function.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace rappel::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A cost of one variable and what it and its derivatives of order 1, 2 and 3 are at x.
struct Arm {
  const char* what;
  Expr (*cost)(const Expr& x);
  double x;
  std::vector<double> expected;
};

bool close(double computed, double expected) {
  if (std::isnan(expected)) return std::isnan(computed);
  // Exact where nothing may come through; else at most 8 roundings, none of which cancels.
  return std::abs(computed - expected) <= 8 * 0x1p-53 * std::abs(expected);
}

std::vector<NodeId> orders_of(Cost& cost, int order) {
  std::vector<NodeId> nodes = {cost.output};
  for (int k = 0; k < order; ++k) nodes.push_back(cost.gradient(nodes.back())[0]);
  return nodes;
}

void check(const Arm& arm, const std::string& where, const std::vector<double>& computed) {
  for (std::size_t k = 0; k < arm.expected.size(); ++k)
    BOOST_TEST(close(computed[k], arm.expected[k]), arm.what << where << " at " << arm.x << ": order " << k
                                                             << " is " << computed[k] << ", not "
                                                             << arm.expected[k]);
}

// As written, after the passes, and for a table of one row on every instruction set.
void check_arms(const std::vector<Arm>& arms) {
  for (const Arm& arm : arms) {
    const int order = static_cast<int>(arm.expected.size()) - 1;
    Cost cost = scalar_cost(1, [&](ExprSpan x) { return arm.cost(x[0]); });
    const std::vector<NodeId> nodes = orders_of(cost, order);
    check(arm, "", evaluate<double>(cost.graph, nodes, {{arm.x}}));
    check(arm, " simplified", run({cost.graph, nodes, {}}, {{arm.x}}, *detail::scalar_kernels()));
    const auto [value, gradient] =
        value_and_gradient([&](ExprSpan x) { return arm.cost(x[0]); }, Vector{{arm.x}});
    const std::vector<double> once = {value, gradient[0]};
    for (std::size_t k = 0; k < std::min(once.size(), arm.expected.size()); ++k)
      BOOST_TEST(close(once[k], arm.expected[k]), arm.what << " used once at " << arm.x << ": order " << k << " is "
                                                           << once[k] << ", not " << arm.expected[k]);
    Cost rows = rows_cost(1, 1, [&](ExprSpan w, ExprSpan row) { return arm.cost(w[0] + row[0]); });
    const std::vector<NodeId> by_row = orders_of(rows, order);
    for (const detail::KernelTable* kernels : detail::available_kernels())
      check(arm, std::string(" by row on ") + detail::name_of(kernels->instruction_set),
            run({rows.graph, by_row, {}}, {{arm.x}, {{0.0}}}, *kernels));
  }
}

BOOST_AUTO_TEST_SUITE(gates)

BOOST_AUTO_TEST_CASE(an_arm_not_taken_contributes_nothing_at_any_order) {
  const auto root = [](const Expr& x) { return select(x > 0.0, sqrt(x), 0.0); };
  const auto logarithm = [](const Expr& x) { return select(x > 0.0, log(x), 2.0 * x); };
  check_arms({
      {"select(x > 0, sqrt(x), 0)", root, 4.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"select(x > 0, sqrt(x), 0)", root, -1.0, {0.0, 0.0, 0.0, 0.0}},
      {"select(x > 0, sqrt(x), 0)", root, 0.0, {0.0, 0.0, 0.0, 0.0}},
      {"select(x > 0, log(x), 2x)", logarithm, 2.0, {std::log(2.0), 0.5, -0.25, 0.25}},
      {"select(x > 0, log(x), 2x)", logarithm, -2.0, {-4.0, 2.0, 0.0, 0.0}},
      {"select(x > 0, log(x), 2x)", logarithm, 0.0, {0.0, 2.0, 0.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(the_second_arm_is_an_arm_too) {
  const auto root = [](const Expr& x) { return select(x <= 0.0, square(x), sqrt(x)); };
  check_arms({
      {"select(x <= 0, x^2, sqrt(x))", root, 4.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"select(x <= 0, x^2, sqrt(x))", root, -3.0, {9.0, -6.0, 2.0, 0.0}},
      {"select(x <= 0, x^2, sqrt(x))", root, 0.0, {0.0, 0.0, 2.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(values_shared_by_arms_and_by_the_outside) {
  const auto shared = [](const Expr& x) {
    const Expr s = sqrt(x);
    return select(x > 1.0, 2.0 * s, select(x > 0.0, s, 0.0));
  };
  const auto twice = [](const Expr& x) {
    const Expr s = sqrt(x);
    return select(x > 0.0, s * (1.0 + s), 0.0) + square(x);
  };
  const auto two_selects = [](const Expr& x) {
    const Expr s = sqrt(x);
    return select(x > 0.0, s, 1.0) * select(x > 2.0, s, 3.0);
  };
  check_arms({
      {"partly shared", shared, 4.0, {4.0, 0.5, -1.0 / 16.0, 3.0 / 128.0}},
      {"partly shared", shared, 0.25, {0.5, 1.0, -2.0, 12.0}},
      {"partly shared", shared, -1.0, {0.0, 0.0, 0.0, 0.0}},
      {"shared within an arm", twice, 4.0, {22.0, 9.25, 2.0 - 1.0 / 32.0, 3.0 / 256.0}},
      {"shared within an arm", twice, -1.0, {1.0, -2.0, 2.0, 0.0}},
      {"shared by two selects", two_selects, 4.0, {4.0, 1.0, 0.0}},
      {"shared by two selects", two_selects, 0.25, {1.5, 3.0, -6.0, 36.0}},
      {"shared by two selects", two_selects, -1.0, {3.0, 0.0, 0.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(nested_arms) {
  const auto nested = [](const Expr& x) {
    return select(x > 0.0, select(x > 1.0, sqrt(x - 1.0), log(x)), square(x));
  };
  const auto in_another = [](const Expr& x) {
    const Expr inner = select(x > 1.0, log(x - 1.0), x);
    return select(x > 0.0, sqrt(x) * inner, 3.0 * x);
  };
  check_arms({
      {"nested", nested, 5.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"nested", nested, 0.5, {std::log(0.5), 2.0, -4.0, 16.0}},
      {"nested", nested, 0.0, {0.0, 0.0, 2.0, 0.0}},
      {"nested", nested, -1.5, {2.25, -3.0, 2.0, 0.0}},
      {"an arm of an arm", in_another, 0.25, {0.125, 0.75, 1.5, -3.0}},
      {"an arm of an arm", in_another, -1.0, {-3.0, 3.0, 0.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(every_way_out_of_a_domain_stays_in_its_arm) {
  const auto quotient = [](const Expr& x) { return select(x == 0.0, 7.0 * x, 1.0 / x); };
  const auto power = [](const Expr& x) { return select(x > 0.0, pow(x, 2.5), square(x)); };
  const auto varying = [](const Expr& x) { return select(x > 0.0, pow(x, x), 1.0 + x); };
  const auto angle = [](const Expr& x) { return select(x == 0.0, 3.0 * x, atan2(x, x)); };
  const auto length = [](const Expr& x) { return select(x == 0.0, square(x), norm({x, 0.0, 0.0})); };
  const auto logs = [](const Expr& x) {
    const Expr l = log(x);
    return select(x > 0.0, l, 0.0) + select(x > 1.0, l * l, x);
  };
  check_arms({
      {"division", quotient, 0.0, {0.0, 7.0, 0.0, 0.0}},
      {"division", quotient, 2.0, {0.5, -0.25, 0.25, -0.375}},
      {"pow", power, 0.0, {0.0, 0.0, 2.0, 0.0}},
      {"pow", power, -2.0, {4.0, -4.0, 2.0, 0.0}},
      {"pow", power, 4.0, {32.0, 20.0, 7.5, 0.9375}},
      {"pow(x, x)", varying, 0.0, {1.0, 1.0, 0.0, 0.0}},
      {"pow(x, x)", varying, -2.0, {-1.0, 1.0, 0.0, 0.0}},
      {"atan2", angle, 0.0, {0.0, 3.0, 0.0, 0.0}},
      {"norm", length, 0.0, {0.0, 0.0, 2.0, 0.0}},
      {"log in two selects", logs, 0.0, {0.0, 1.0, 0.0, 0.0}},
      {"log in two selects", logs, -1.0, {-1.0, 1.0, 0.0, 0.0}},
  });
}

// What looks like a limit is none: 0 * inf and 0 / 0 are NaN, never a 0 that nobody computed.
BOOST_AUTO_TEST_CASE(products_and_quotients_of_limits_are_nan) {
  const auto product = [](const Expr& x) { return pow(x, 0.5) * pow(x, 0.5); };
  const auto quotient = [](const Expr& x) { return x / x; };
  check_arms({
      {"pow(x, 0.5) pow(x, 0.5)", product, 0.0, {0.0, nan, nan}},
      {"pow(x, 0.5) pow(x, 0.5)", product, 4.0, {4.0, 1.0, 0.0}},
      {"x / x", quotient, 0.0, {nan, nan}},
      {"x / x", quotient, 2.0, {1.0, 0.0, 0.0}},
      {"1 - cos(x)", [](const Expr& x) { return 1.0 - cos(x); }, 0.0, {0.0, 0.0, 1.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(operands_that_min_and_max_did_not_choose_are_arms) {
  const auto larger = [](const Expr& x) { return max(sqrt(x), 1.0); };
  const auto floored_log = [](const Expr& x) { return max(log(x), -1.0); };
  const auto smaller = [](const Expr& x) { return min(1.0 / x, 3.0 + x); };
  check_arms({
      {"max(sqrt(x), 1)", larger, 0.0, {1.0, 0.0, 0.0, 0.0}},
      {"max(sqrt(x), 1)", larger, 4.0, {2.0, 0.25, -1.0 / 32.0, 3.0 / 256.0}},
      {"max(log(x), -1)", floored_log, 0.0, {-1.0, 0.0, 0.0, 0.0}},
      {"min(1/x, 3 + x)", smaller, 0.0, {3.0, 1.0, 0.0, 0.0}},
      {"min(1/x, 3 + x)", smaller, 2.0, {0.5, -0.25, 0.25, -0.375}},
  });
}

BOOST_AUTO_TEST_CASE(a_nan_that_is_real_stays_visible) {
  const auto taken = [](const Expr& x) { return select(x > 0.0, sqrt(x - 5.0), 0.0); };
  check_arms({
      {"the arm taken is NaN", taken, 1.0, {nan, nan, nan, nan}},
      {"the arm not taken is NaN", taken, -1.0, {0.0, 0.0, 0.0, 0.0}},
      {"NaN times an arm",
       [](const Expr& x) { return select(x > 0.0, x, 1.0) * sqrt(x); },
       -1.0,
       {nan, nan, nan}},
      {"NaN beside an arm",
       [](const Expr& x) { return select(x > 0.0, sqrt(x), 0.0) + sqrt(x); },
       -1.0,
       {nan, nan, nan}},
  });
  // 0 * sqrt'(0) is 0 * inf, no zero that may be assumed.
  Cost cost = scalar_cost(2, [](ExprSpan x) { return x[0] * sqrt(x[1]); });
  BOOST_TEST(std::isnan(evaluate<double>(cost.graph, {cost.gradient()[1]}, {{0.0, 0.0}})[0]));
}

BOOST_AUTO_TEST_CASE(two_variables_in_nested_arms_have_exact_mixed_derivatives) {
  Cost cost = scalar_cost(2, [](ExprSpan x) {
    return select(x[0] > 0.0, select(x[1] > 0.0, sqrt(x[0]) * log(x[1]), x[0] * x[1]), square(x[1]));
  });
  const std::vector<NodeId> g = cost.gradient();
  const std::vector<NodeId> h0 = cost.gradient(g[0]), h1 = cost.gradient(g[1]);
  const std::vector<NodeId> third = cost.gradient(h0[1]);
  const std::vector<NodeId> all = {g[0], g[1], h0[0], h0[1], h1[0], h1[1], third[0], third[1]};
  const auto at = [&](double x, double y) { return evaluate<double>(cost.graph, all, {{x, y}}); };
  const std::vector<double> inner = at(4.0, -1.0), outer = at(-1.0, -2.0), both = at(4.0, 2.0);
  const double l = std::log(2.0);
  const std::vector<double> expected_inner = {-1.0, 4.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0};
  const std::vector<double> expected_outer = {0.0, -4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0};
  const std::vector<double> expected_both = {0.25 * l, 1.0,  -l / 32.0,   0.125,
                                             0.125,    -0.5, -1.0 / 64.0, -1.0 / 16.0};
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST(inner[i] == expected_inner[i], i);
    BOOST_TEST(outer[i] == expected_outer[i], i);
    BOOST_TEST(close(both[i], expected_both[i]), i << ": " << both[i]);
  }
}

// sqrt(w) is the same for all rows: its gate is open if any row takes the arm.
BOOST_AUTO_TEST_CASE(a_uniform_value_in_an_arm_of_rows_is_gated_by_any_row) {
  Cost cost = rows_cost(
      1, 1, [](ExprSpan w, ExprSpan row) { return select(row[0] > 0.0, row[0] * sqrt(w[0]), 0.0); });
  const std::vector<NodeId> nodes = orders_of(cost, 3);
  const auto at = [&](double w, std::vector<double> rows) {
    return evaluate<double>(cost.graph, nodes, {{w}, {std::move(rows)}});
  };
  const std::vector<double> none = at(-1.0, {-1.0, -2.0, 0.0}), one = at(-1.0, {-1.0, 2.0, 0.0}),
                            fine = at(4.0, {-1.0, 2.0, 1.0});
  const std::vector<double> expected = {6.0, 0.75, -3.0 / 32.0, 9.0 / 256.0};
  for (std::size_t k = 0; k < 4; ++k) {
    BOOST_TEST(none[k] == 0.0, "order " << k << " without a row in the arm: " << none[k]);
    BOOST_TEST(std::isnan(one[k]), "order " << k << " with a row in the arm: " << one[k]);
    BOOST_TEST(close(fine[k], expected[k]), "order " << k << ": " << fine[k]);
  }
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const Traced traced{cost.graph, {nodes[0], nodes[1]}, {}};
    BOOST_TEST(run(traced, {{-1.0}, {{-1.0, -2.0, 0.0}}}, *kernels) == std::vector<double>(2, 0.0));
    BOOST_TEST(std::isnan(run(traced, {{-1.0}, {{-1.0, 2.0, 0.0}}}, *kernels)[1]));
  }
}

BOOST_AUTO_TEST_CASE(a_uniform_log_under_a_varying_condition) {
  Cost cost = rows_cost(
      1, 1, [](ExprSpan w, ExprSpan row) { return select(row[0] > 0.0, row[0] * log(w[0]), row[0] * w[0]); });
  const std::vector<NodeId> nodes = orders_of(cost, 3);
  const std::vector<double> none = {0.0, -3.0, 0.0, 0.0},
                            some = {std::log(2.0) * 3.0 - 2.0, 0.5, -0.75, 0.75};
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> at_0 = run({cost.graph, nodes, {}}, {{0.0}, {{-1.0, -2.0, 0.0}}}, *kernels);
    const std::vector<double> at_2 = run({cost.graph, nodes, {}}, {{2.0}, {{-1.0, 3.0, 0.0}}}, *kernels);
    for (std::size_t k = 0; k < 4; ++k) {
      BOOST_TEST(at_0[k] == none[k], "order " << k << ": " << at_0[k]);
      BOOST_TEST(close(at_2[k], some[k]), "order " << k << ": " << at_2[k]);
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_in_different_arms_each_contribute_their_own) {
  Cost cost = rows_cost(1, 1, [](ExprSpan w, ExprSpan row) {
    const Expr z = w[0] * row[0];
    return select(z > 0.0, log(z), square(z));
  });
  const std::vector<NodeId> nodes = orders_of(cost, 3);
  const Inputs<double> inputs{{2.0}, {{1.0, -1.0, 3.0, -0.5}}};
  // log(w x)' = 1/w for two rows; (w x)^2 has x^2 (2w, 2, 0) for two.
  const std::vector<double> expected = {std::log(2.0) + std::log(6.0) + 4.0 + 1.0, 1.0 + 5.0, -0.5 + 2.5,
                                        0.5};
  const std::vector<double> computed = evaluate<double>(cost.graph, nodes, inputs);
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(close(computed[k], expected[k]), k << ": " << computed[k]);
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> by_kernels = run({cost.graph, nodes, {}}, inputs, *kernels);
    for (std::size_t k = 0; k < 4; ++k)
      BOOST_TEST(close(by_kernels[k], expected[k]), k << ": " << by_kernels[k]);
  }
}

// Many rows, so that whole registers and a last block with masked lanes mix arms.
BOOST_AUTO_TEST_CASE(rows_in_both_arms_to_third_order) {
  Cost cost = rows_cost(1, 1, [](ExprSpan w, ExprSpan row) {
    const Expr z = w[0] * row[0];
    return select(z > 0.0, sqrt(z), select(z < -1.0, log(-z), pow(z, 3.0)));
  });
  const std::vector<NodeId> nodes = orders_of(cost, 3);
  std::vector<double> rows;
  for (int r = 0; r < 300; ++r) rows.push_back(std::vector<double>{4.0, 0.0, -0.5, -2.0, 1.0}[r % 5]);
  // At w = 1, 60 times: 2 + 1 + 0 - 1/8 + log 2; 1/2 w^(-1/2) (2 + 1) - 3/8 + 1; ..
  const std::vector<double> expected = {60.0 * (2.875 + std::log(2.0)), 60.0 * (1.5 - 0.375 + 1.0),
                                        60.0 * (-0.75 - 0.75 - 1.0), 60.0 * (1.125 - 0.75 + 2.0)};
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> computed = run({cost.graph, nodes, {}}, {{1.0}, {rows}}, *kernels);
    for (std::size_t k = 0; k < 4; ++k)
      BOOST_TEST(close(computed[k], expected[k]), k << ": " << computed[k] << ", not " << expected[k]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
