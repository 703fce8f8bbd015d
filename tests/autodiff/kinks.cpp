// The written conventions at kinks, ties, poles and infinities: value and gradient, as a cost of parameters
// alone and by rows on every instruction set.

#include "evaluate.hpp"

#include <rappel/autodiff/function.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Kink {
  const char* what;
  Expr (*cost)(ExprSpan x);
  std::vector<double> x;
  double value;
  std::vector<double> gradient;
};

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void check(const Kink& kink, const std::string& where, const std::vector<double>& results) {
  BOOST_TEST(same(results[0], kink.value),
             kink.what << where << ": value " << results[0] << ", not " << kink.value);
  for (std::size_t i = 0; i < kink.x.size(); ++i)
    BOOST_TEST(same(results[i + 1], kink.gradient[i]), kink.what << where << ": derivative " << i << " is "
                                                                 << results[i + 1] << ", not "
                                                                 << kink.gradient[i]);
}

std::vector<double> value_and_gradient_of(Cost cost, const Inputs<double>& inputs,
                                          const detail::KernelTable& kernels) {
  Traced traced{{}, {cost.output}, {}};
  for (const NodeId g : cost.gradient()) traced.outputs.push_back(g);
  traced.graph = std::move(cost.graph);
  return run(traced, inputs, kernels);
}

void check_everywhere(const std::vector<Kink>& kinks) {
  for (const Kink& kink : kinks) {
    const auto n = static_cast<Index>(kink.x.size());
    check(kink, "", value_and_gradient_of(scalar_cost(n, kink.cost), {kink.x}, *detail::scalar_kernels()));
    const auto [value, gradient] = value_and_gradient(kink.cost, Eigen::Map<const Vector>(kink.x.data(), n));
    std::vector<double> once = {value};
    once.insert(once.end(), gradient.begin(), gradient.end());
    check(kink, " used once", once);
    // x + 0 with a 0 from the data: the same, in the body.
    const auto by_row = [&](ExprSpan w, ExprSpan row) {
      std::vector<Expr> x;
      for (const Expr& w_i : w) x.push_back(w_i + row[0]);
      return kink.cost(x);
    };
    for (const detail::KernelTable* kernels : detail::available_kernels())
      check(kink, std::string(" by row on ") + detail::name_of(kernels->instruction_set),
            value_and_gradient_of(rows_cost(n, 1, by_row), {kink.x, {{0.0}}}, *kernels));
  }
}

BOOST_AUTO_TEST_SUITE(kinks)

BOOST_AUTO_TEST_CASE(abs_and_sign_are_flat_at_zero) {
  check_everywhere({
      {"abs", [](ExprSpan x) { return abs(x[0]); }, {0.0}, 0.0, {0.0}},
      {"abs", [](ExprSpan x) { return abs(x[0]); }, {-2.0}, 2.0, {-1.0}},
      {"abs", [](ExprSpan x) { return abs(x[0]); }, {inf}, inf, {1.0}},
      {"abs", [](ExprSpan x) { return abs(x[0]); }, {nan}, nan, {nan}},
      {"sign", [](ExprSpan x) { return sign(x[0]); }, {0.0}, 0.0, {0.0}},
      {"sign", [](ExprSpan x) { return sign(x[0]); }, {-inf}, -1.0, {0.0}},
  });
}

BOOST_AUTO_TEST_CASE(ties_of_min_and_max_share_the_adjoint_equally) {
  check_everywhere({
      {"min", [](ExprSpan x) { return min(x[0], x[1]); }, {1.0, 1.0}, 1.0, {0.5, 0.5}},
      {"max", [](ExprSpan x) { return max(x[0], x[1]); }, {1.0, 1.0}, 1.0, {0.5, 0.5}},
      {"max", [](ExprSpan x) { return max(x[0], x[1]); }, {inf, inf}, inf, {0.5, 0.5}},
      {"min", [](ExprSpan x) { return min(x[0], x[1]); }, {1.0, 2.0}, 1.0, {1.0, 0.0}},
      {"max", [](ExprSpan x) { return max(x[0], x[1]); }, {1.0, 2.0}, 2.0, {0.0, 1.0}},
      {"max of max",
       [](ExprSpan x) { return max(max(x[0], x[1]), x[2]); },
       {1.0, 1.0, 1.0},
       1.0,
       {0.25, 0.25, 0.5}},
      {"max(x, 0)", [](ExprSpan x) { return max(x[0], 0.0); }, {0.0}, 0.0, {0.5}},
      {"clamp", [](ExprSpan x) { return min(max(x[0], 0.0), 1.0); }, {1.0}, 1.0, {0.5}},
  });
}

BOOST_AUTO_TEST_CASE(min_and_max_are_nan_if_an_operand_is) {
  for (const std::vector<double>& x : {std::vector{nan, 1.0}, {1.0, nan}, {nan, nan}, {nan, inf}}) {
    Cost cost = scalar_cost(2, [](ExprSpan w) { return min(w[0], w[1]) + max(w[0], w[1]); });
    BOOST_TEST(std::isnan(evaluate<double>(cost.graph, {cost.output}, {x})[0]));
    const ByRow smaller(2, [](ExprSpan w) { return min(w[0], w[1]); });
    const ByRow larger(2, [](ExprSpan w) { return max(w[0], w[1]); });
    for (const detail::KernelTable* kernels : detail::available_kernels()) {
      BOOST_TEST(std::isnan(smaller.values(*kernels, {{x[0]}, {x[1]}})[0]));
      BOOST_TEST(std::isnan(larger.values(*kernels, {{x[0]}, {x[1]}})[0]));
    }
  }
}

BOOST_AUTO_TEST_CASE(powers_at_zero_and_of_negative_numbers) {
  check_everywhere({
      {"pow(0, 0)", [](ExprSpan x) { return pow(x[0], 0.0); }, {0.0}, 1.0, {0.0}},
      {"pow(0, 1)", [](ExprSpan x) { return pow(x[0], 1.0); }, {0.0}, 0.0, {1.0}},
      {"pow(0, 2)", [](ExprSpan x) { return pow(x[0], 2.0); }, {0.0}, 0.0, {0.0}},
      {"pow(0, 0.5)", [](ExprSpan x) { return pow(x[0], 0.5); }, {0.0}, 0.0, {inf}},
      {"pow(0, 0.1)", [](ExprSpan x) { return pow(x[0], 0.1); }, {0.0}, 0.0, {inf}},
      {"pow(0, -1)", [](ExprSpan x) { return pow(x[0], -1.0); }, {0.0}, inf, {-inf}},
      {"pow(-2, 2)", [](ExprSpan x) { return pow(x[0], 2.0); }, {-2.0}, 4.0, {-4.0}},
      {"pow(-2, 3)", [](ExprSpan x) { return pow(x[0], 3.0); }, {-2.0}, -8.0, {12.0}},
      {"pow(-2, -1)", [](ExprSpan x) { return pow(x[0], -1.0); }, {-2.0}, -0.5, {-0.25}},
      {"pow(-8, 0.1)", [](ExprSpan x) { return pow(x[0], 0.1); }, {-8.0}, nan, {nan}},
      // 1e-20 - 1 rounds to -1, an integer; the derivative of a NaN is NaN all the same.
      {"pow(-8, 1e-20)", [](ExprSpan x) { return pow(x[0], 1e-20); }, {-8.0}, nan, {nan}},
      {"pow(nan, 2)", [](ExprSpan x) { return pow(x[0], 2.0); }, {nan}, nan, {nan}},
  });
}

BOOST_AUTO_TEST_CASE(where_a_derivative_is_infinite_it_says_so) {
  check_everywhere({
      {"sqrt(0)", [](ExprSpan x) { return sqrt(x[0]); }, {0.0}, 0.0, {inf}},
      {"sqrt(-1)", [](ExprSpan x) { return sqrt(x[0]); }, {-1.0}, nan, {nan}},
      {"log(0)", [](ExprSpan x) { return log(x[0]); }, {0.0}, -inf, {inf}},
      {"log1p(-1)", [](ExprSpan x) { return log1p(x[0]); }, {-1.0}, -inf, {inf}},
      {"1/0", [](ExprSpan x) { return 1.0 / x[0]; }, {0.0}, inf, {-inf}},
  });
}

BOOST_AUTO_TEST_CASE(limits_at_infinity) {
  check_everywhere({
      {"exp", [](ExprSpan x) { return exp(x[0]); }, {-inf}, 0.0, {0.0}},
      {"tanh", [](ExprSpan x) { return tanh(x[0]); }, {inf}, 1.0, {0.0}},
      {"tanh", [](ExprSpan x) { return tanh(x[0]); }, {-inf}, -1.0, {0.0}},
      {"softplus", [](ExprSpan x) { return softplus(x[0]); }, {inf}, inf, {1.0}},
      {"softplus", [](ExprSpan x) { return softplus(x[0]); }, {-inf}, 0.0, {0.0}},
      {"softplus", [](ExprSpan x) { return softplus(x[0]); }, {1000.0}, 1000.0, {1.0}},
      {"sigmoid", [](ExprSpan x) { return sigmoid(x[0]); }, {inf}, 1.0, {0.0}},
      {"sigmoid", [](ExprSpan x) { return sigmoid(x[0]); }, {-inf}, 0.0, {0.0}},
  });
}

BOOST_AUTO_TEST_CASE(logsumexp_at_infinity) {
  const auto two = [](ExprSpan x) { return logsumexp(x); };
  check_everywhere({
      {"logsumexp", two, {inf, inf, 0.0}, inf, {0.5, 0.5, 0.0}},
      {"logsumexp", two, {-inf, -inf}, -inf, {0.0, 0.0}},
      {"logsumexp", two, {-inf, 1.0}, 1.0, {0.0, 1.0}},
      {"logsumexp", two, {inf, -inf}, inf, {1.0, 0.0}},
      {"logsumexp", two, {nan, 1.0}, nan, {nan, nan}},
      {"logsumexp", two, {-inf}, -inf, {0.0}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
