// Gradients of small functions, by hand.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace rappel;

BOOST_AUTO_TEST_SUITE(gradient)

BOOST_AUTO_TEST_CASE(value_and_gradient_of_a_small_function_equal_the_formulas) {
  const Function f = record(2, [](ExprSpan x) { return sin(x[0]) * x[1] + exp(x[1]); });
  const auto [value, g] = f.value_and_gradient(Vector{{0.5, 2.0}});
  // 2 ulp of the largest term: three roundings, each of at most 1 ulp, none cancels.
  BOOST_TEST(std::abs(value - (std::sin(0.5) * 2.0 + std::exp(2.0))) <= 4e-15);
  BOOST_TEST(std::abs(g(0) - std::cos(0.5) * 2.0) <= 1e-15);
  BOOST_TEST(std::abs(g(1) - (std::sin(0.5) + std::exp(2.0))) <= 4e-15);
}

BOOST_AUTO_TEST_CASE(a_long_chain_of_scalar_nodes_has_its_exact_slope) {
  // x -> x / 2 + 1, n times: the slope is 2^-n exactly, and the fixed point is 2.
  for (const int n : {1, 50, 1000}) {
    const Function f = record(1, [n](ExprSpan x) {
      Expr z = x[0];
      for (int i = 0; i < n; ++i) z = z / 2.0 + 1.0;
      return z;
    });
    const auto [value, g] = f.value_and_gradient(Vector{{2.0}});
    BOOST_TEST(value == 2.0);
    BOOST_TEST(g[0] == std::ldexp(1.0, -n));
  }
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_used_many_times_gathers_all_its_slopes) {
  const Function f = record(2, [](ExprSpan x) {
    Expr z = 0.0;
    for (int i = 1; i <= 100; ++i) z += static_cast<double>(i) * x[0] * (i % 2 == 0 ? x[1] : x[0]);
    return z;
  });
  // Odd numbers up to 99 add to 2500, even ones up to 100 to 2550; all is exact.
  const auto [value, g] = f.value_and_gradient(Vector{{3.0, 2.0}});
  BOOST_TEST(value == 2500.0 * 9.0 + 2550.0 * 6.0);
  BOOST_TEST(g[0] == 2.0 * 2500.0 * 3.0 + 2550.0 * 2.0);
  BOOST_TEST(g[1] == 2550.0 * 3.0);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_is_the_sum_of_gradients) {
  const auto a = [](ExprSpan x) { return exp(x[0]) * x[1]; };
  const auto b = [](ExprSpan x) { return square(x[0] - x[1]); };
  const Vector x{{0.25, -3.0}};
  const Vector both = value_and_gradient([&](ExprSpan p) { return a(p) + b(p); }, x).second;
  const Vector sum = value_and_gradient(a, x).second + value_and_gradient(b, x).second;
  BOOST_TEST((both - sum).cwiseAbs().maxCoeff() <= 8.0 * 0x1p-53 * 10.0);  // of size 10, three roundings each
}

BOOST_AUTO_TEST_SUITE_END()
