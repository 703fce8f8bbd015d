#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace rappel {
namespace {

BOOST_AUTO_TEST_SUITE(gradient)

BOOST_AUTO_TEST_CASE(value_and_gradient_of_a_small_function_equal_the_formulas) {
  const Function f = record(2, [](ExprSpan x) { return sin(x[0]) * x[1] + exp(x[1]); });
  const auto [value, g] = f.value_and_gradient(Vector{{0.5, 2.0}});
  // 2 ulp of the largest term: three roundings, each of at most 1 ulp, none cancels.
  BOOST_TEST(std::abs(value - (std::sin(0.5) * 2.0 + std::exp(2.0))) <= 4e-15);
  BOOST_TEST(std::abs(g(0) - std::cos(0.5) * 2.0) <= 1e-15);
  BOOST_TEST(std::abs(g(1) - (std::sin(0.5) + std::exp(2.0))) <= 4e-15);
}

BOOST_AUTO_TEST_CASE(a_comparison_as_bool_says_select) {
  const auto branching = [](ExprSpan x) { return x[0] > 0.0 ? x[0] : Expr(0.0); };
  BOOST_CHECK_EXCEPTION(record(1, branching), std::invalid_argument,
                        [](const std::exception& e) { return std::string(e.what()).find("select(") != std::string::npos; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel
