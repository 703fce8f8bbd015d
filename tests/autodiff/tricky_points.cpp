// Kinks, poles and ends of domains: value, gradient and Hessian, active and constant operands, on every path.
// The numbers are the conventions of DESIGN section 4: a limit where there is one, infinite where a
// derivative is, NaN where the function has none, 0 or an equal share at a kink.

#include "everywhere.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.69314718055994530942;

Expr power(ExprSpan x) { return pow(x[0], x[1]); }
Expr smaller(ExprSpan x) { return min(x[0], x[1]); }
Expr larger(ExprSpan x) { return max(x[0], x[1]); }
Expr clamped(ExprSpan x) { return clamp(x[0], x[1], x[2]); }

BOOST_AUTO_TEST_SUITE(tricky_points)

// d/dx = y x^(y-1), d/dy = x^y log x, d2 = y (y-1) x^(y-2), x^(y-1) (1 + y log x), x^y log(x)^2, as x falls
// to 0.
BOOST_AUTO_TEST_CASE(powers_of_zero) {
  check_everywhere({
      // x^0 is 1 for all x; in y it jumps from 1 to 0.
      {"pow(0, 0)", power, {0.0, 0.0}, 1.0, {0.0, nan}, {0.0, nan, nan}},
      {"pow(0, 1)", power, {0.0, 1.0}, 0.0, {1.0, 0.0}, {0.0, -inf, 0.0}},
      {"pow(0, 2)", power, {0.0, 2.0}, 0.0, {0.0, 0.0}, {2.0, 0.0, 0.0}},
      {"pow(0, 3)", power, {0.0, 3.0}, 0.0, {0.0, 0.0}, {0.0, 0.0, 0.0}},
      {"pow(0, 0.5)", power, {0.0, 0.5}, 0.0, {inf, 0.0}, {-inf, -inf, 0.0}},
      {"pow(0, 1.5)", power, {0.0, 1.5}, 0.0, {0.0, 0.0}, {inf, 0.0, 0.0}},
      {"pow(0, -0.5)", power, {0.0, -0.5}, inf, {-inf, -inf}, {inf, inf, inf}},
      {"pow(0, 1.25)", power, {0.0, 1.25}, 0.0, {0.0, 0.0}, {inf, 0.0, 0.0}},
      {"pow(0, -1)", power, {0.0, -1.0}, inf, {-inf, -inf}, {inf, inf, inf}},
  });
}

// An integer power of a negative number has derivatives in x, and none in y: beside the integer it is not
// real.
BOOST_AUTO_TEST_CASE(powers_of_negative_numbers) {
  check_everywhere({
      {"pow(-2, 3)", power, {-2.0, 3.0}, -8.0, {12.0, nan}, {-12.0, nan, nan}},
      {"pow(-2, 2)", power, {-2.0, 2.0}, 4.0, {-4.0, nan}, {2.0, nan, nan}},
      {"pow(-2, 0)", power, {-2.0, 0.0}, 1.0, {0.0, nan}, {0.0, nan, nan}},
      {"pow(-2, -1)", power, {-2.0, -1.0}, -0.5, {-0.25, nan}, {-0.25, nan, nan}},
      {"pow(-2, 3.5)", power, {-2.0, 3.5}, nan, {nan, nan}, {nan, nan, nan}},
  });
}

BOOST_AUTO_TEST_CASE(abs_and_copysign_at_both_zeros) {
  const auto size = [](ExprSpan x) { return abs(x[0]); };
  const auto signed_as = [](ExprSpan x) { return copysign(x[0], x[1]); };
  check_everywhere({
      {"abs(0)", size, {0.0}, 0.0, {0.0}, {0.0}},
      {"abs(-0)", size, {-0.0}, 0.0, {0.0}, {0.0}},
      // 1 / |x| tells the zeros apart.
      {"1 / abs(-0)", [](ExprSpan x) { return 1.0 / abs(x[0]); }, {-0.0}, inf, {nan}, {}},
      {"copysign(0, 1)", signed_as, {0.0, 1.0}, 0.0, {0.0, 0.0}, {0.0, 0.0, 0.0}},
      {"copysign(-0, -1)", signed_as, {-0.0, -1.0}, 0.0, {0.0, 0.0}, {0.0, 0.0, 0.0}},
      {"copysign(2, 0)", signed_as, {2.0, 0.0}, 2.0, {1.0, 0.0}, {0.0, 0.0, 0.0}},
      {"copysign(2, -0)", signed_as, {2.0, -0.0}, -2.0, {-1.0, 0.0}, {0.0, 0.0, 0.0}},
      {"copysign(-2, -0)", signed_as, {-2.0, -0.0}, -2.0, {1.0, 0.0}, {0.0, 0.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(ties_and_ends_share_the_adjoint) {
  const std::vector<double> flat2(3, 0.0), flat3(6, 0.0);
  check_everywhere({
      {"min, tie", smaller, {1.0, 1.0}, 1.0, {0.5, 0.5}, flat2},
      {"max, tie", larger, {1.0, 1.0}, 1.0, {0.5, 0.5}, flat2},
      {"max, tie of both zeros", larger, {-0.0, 0.0}, 0.0, {0.5, 0.5}, flat2},
      {"min, NaN", smaller, {nan, 1.0}, nan, {0.0, 0.0}, {}},
      {"clamp at its lower end", clamped, {0.0, 0.0, 1.0}, 0.0, {0.5, 0.5, 0.0}, flat3},
      {"clamp at its upper end", clamped, {1.0, 0.0, 1.0}, 1.0, {0.5, 0.0, 0.5}, flat3},
      {"clamp inside", clamped, {0.5, 0.0, 1.0}, 0.5, {1.0, 0.0, 0.0}, flat3},
      {"clamp outside", clamped, {2.0, 0.0, 1.0}, 1.0, {0.0, 0.0, 1.0}, flat3},
      // Both terms are taken at a tie, each with its own second derivative: half of (x^2)'' = 2.
      {"max(x^2, x) at 1", [](ExprSpan x) { return max(square(x[0]), x[0]); }, {1.0}, 1.0, {1.5}, {1.0}},
  });
}

BOOST_AUTO_TEST_CASE(roots_and_logarithms_at_zero) {
  check_everywhere({
      {"sqrt(0)", [](ExprSpan x) { return sqrt(x[0]); }, {0.0}, 0.0, {inf}, {-inf}},
      // The limit from inside of the domain, as at 0: 0.5 / -0 would send a descent the wrong way.
      {"sqrt(-0)", [](ExprSpan x) { return sqrt(x[0]); }, {-0.0}, 0.0, {inf}, {-inf}},
      {"cbrt(0)", [](ExprSpan x) { return cbrt(x[0]); }, {0.0}, 0.0, {inf}, {-inf}},
      {"cbrt(-0)", [](ExprSpan x) { return cbrt(x[0]); }, {-0.0}, 0.0, {inf}, {inf}},
      {"log(0)", [](ExprSpan x) { return log(x[0]); }, {0.0}, -inf, {inf}, {-inf}},
      {"log2(0)", [](ExprSpan x) { return log2(x[0]); }, {0.0}, -inf, {inf}, {-inf}},
      {"log10(0)", [](ExprSpan x) { return log10(x[0]); }, {0.0}, -inf, {inf}, {-inf}},
      {"log1p(-1)", [](ExprSpan x) { return log1p(x[0]); }, {-1.0}, -inf, {inf}, {-inf}},
      {"sqrt(-1)", [](ExprSpan x) { return sqrt(x[0]); }, {-1.0}, nan, {nan}, {nan}},
  });
}

// The bounds from below: 0 is a subgradient of a norm at 0, and the one that stops a descent there.
BOOST_AUTO_TEST_CASE(norms_and_angles_at_the_origin) {
  const auto length = [](ExprSpan x) { return norm(x); };
  check_everywhere({
      {"hypot(0, 0)", [](ExprSpan x) { return hypot(x[0], x[1]); }, {0.0, 0.0}, 0.0, {0.0, 0.0}, {}},
      {"hypot(0, 0, 0)",
       [](ExprSpan x) { return hypot(x[0], x[1], x[2]); },
       {0.0, 0.0, 0.0},
       0.0,
       {0.0, 0.0, 0.0},
       {}},
      {"norm of zeros", length, {0.0, 0.0, -0.0}, 0.0, {0.0, 0.0, 0.0}, {}},
      // By y alone this is y^2 / 6 further on: 1 / r.
      {"hypot(3, 0)",
       [](ExprSpan x) { return hypot(x[0], x[1]); },
       {3.0, 0.0},
       3.0,
       {1.0, 0.0},
       {0.0, 0.0, 1.0 / 3.0}},
      {"norm of one", length, {3.0, 0.0}, 3.0, {1.0, 0.0}, {0.0, 0.0, 1.0 / 3.0}},
      {"atan2(0, 0)",
       [](ExprSpan x) { return atan2(x[0], x[1]); },
       {0.0, 0.0},
       0.0,
       {nan, nan},
       {nan, nan, nan}},
      {"atan2(0, 1)",
       [](ExprSpan x) { return atan2(x[0], x[1]); },
       {0.0, 1.0},
       0.0,
       {1.0, 0.0},
       {0.0, -1.0, 0.0}},
      {"atan2(1, 0)",
       [](ExprSpan x) { return atan2(x[0], x[1]); },
       {1.0, 0.0},
       1.5707963267948966,
       {0.0, -1.0},
       {0.0, 1.0, 0.0}},
  });
}

BOOST_AUTO_TEST_CASE(inverse_functions_at_the_ends_of_their_domain) {
  constexpr double half_pi = 1.5707963267948966, pi = 3.1415926535897932;
  check_everywhere({
      {"asin(1)", [](ExprSpan x) { return asin(x[0]); }, {1.0}, half_pi, {inf}, {inf}},
      {"asin(-1)", [](ExprSpan x) { return asin(x[0]); }, {-1.0}, -half_pi, {inf}, {-inf}},
      {"acos(1)", [](ExprSpan x) { return acos(x[0]); }, {1.0}, 0.0, {-inf}, {-inf}},
      {"acos(-1)", [](ExprSpan x) { return acos(x[0]); }, {-1.0}, pi, {-inf}, {inf}},
      {"acosh(1)", [](ExprSpan x) { return acosh(x[0]); }, {1.0}, 0.0, {inf}, {-inf}},
      {"atanh(1)", [](ExprSpan x) { return atanh(x[0]); }, {1.0}, inf, {inf}, {inf}},
      {"atanh(-1)", [](ExprSpan x) { return atanh(x[0]); }, {-1.0}, -inf, {inf}, {-inf}},
      // 2 x / (1 - x^2)^2
      {"atanh(0)", [](ExprSpan x) { return atanh(x[0]); }, {0.0}, 0.0, {1.0}, {0.0}},
      {"logit(0)", [](ExprSpan x) { return logit(x[0]); }, {0.0}, -inf, {inf}, {-inf}},
      {"logit(1)", [](ExprSpan x) { return logit(x[0]); }, {1.0}, inf, {inf}, {inf}},
      {"erf_inv(1)", [](ExprSpan x) { return erf_inv(x[0]); }, {1.0}, inf, {inf}, {inf}},
      {"erf_inv(-1)", [](ExprSpan x) { return erf_inv(x[0]); }, {-1.0}, -inf, {inf}, {-inf}},
      {"normal_quantile(0)", [](ExprSpan x) { return normal_quantile(x[0]); }, {0.0}, -inf, {inf}, {-inf}},
      {"normal_quantile(1)", [](ExprSpan x) { return normal_quantile(x[0]); }, {1.0}, inf, {inf}, {inf}},
  });
}

BOOST_AUTO_TEST_CASE(quotients_and_products_that_are_0_over_0) {
  const auto weighted = [](ExprSpan x) { return xlogy(x[0], x[1]); };
  check_everywhere({
      {"x / x at 0", [](ExprSpan x) { return x[0] / x[0]; }, {0.0}, nan, {nan}, {nan}},
      {"1 / 0", [](ExprSpan x) { return 1.0 / x[0]; }, {0.0}, inf, {-inf}, {inf}},
      {"sin(x) / x at 0", [](ExprSpan x) { return sin(x[0]) / x[0]; }, {0.0}, nan, {nan}, {nan}},
      // 1 - x^2 / 6
      {"sinc(0)", [](ExprSpan x) { return sinc(x[0]); }, {0.0}, 1.0, {0.0}, {-1.0 / 3.0}},
      {"xlogy(0, 2)", weighted, {0.0, 2.0}, 0.0, {ln2, 0.0}, {0.0, 0.5, 0.0}},
      // x log(x) is 0 at 0, with a slope of -inf; an entropy of nothing does not change with y.
      {"xlogy(0, 0)", weighted, {0.0, 0.0}, 0.0, {-inf, 0.0}, {0.0, inf, 0.0}},
      {"xlogy(x, x) at 0", [](ExprSpan x) { return xlogy(x[0], x[0]); }, {0.0}, 0.0, {-inf}, {inf}},
      {"xlog1py(0, -1)",
       [](ExprSpan x) { return xlog1py(x[0], x[1]); },
       {0.0, -1.0},
       0.0,
       {-inf, 0.0},
       {0.0, inf, 0.0}},
  });
}

// The value of 1 - cos(x) has no digits there, as written; its derivatives have all.
BOOST_AUTO_TEST_CASE(one_minus_cosine_near_zero) {
  const auto cost = [](ExprSpan x) { return 1.0 - cos(x[0]); };
  check_everywhere({
      {"1 - cos(0)", cost, {0.0}, 0.0, {0.0}, {1.0}},
      {"1 - cos(1e-9)", cost, {1e-9}, 0.0, {1e-9}, {1.0}},
      {"1 - cos(1e-300)", cost, {1e-300}, 0.0, {1e-300}, {1.0}},
      // 2 sin(x/2)^2 has them: x^2 / 2.
      {"2 sin(x/2)^2",
       [](ExprSpan x) { return 2.0 * square(sin(x[0] / 2.0)); },
       {1e-9},
       5e-19,
       {1e-9},
       {1.0}},
  });
}

BOOST_AUTO_TEST_CASE(flat_sides_and_joints_of_activations) {
  check_everywhere({
      {"relu(0)", [](ExprSpan x) { return relu(x[0]); }, {0.0}, 0.0, {0.0}, {0.0}},
      {"leaky_relu(0)", [](ExprSpan x) { return leaky_relu(x[0]); }, {0.0}, 0.0, {0.01}, {0.0}},
      {"elu(0)", [](ExprSpan x) { return elu(x[0]); }, {0.0}, 0.0, {1.0}, {}},
      {"huber at delta", [](ExprSpan x) { return huber(x[0], x[1]); }, {2.0, 2.0}, 2.0, {2.0, 0.0}, {}},
      {"fdim, tie",
       [](ExprSpan x) { return fdim(x[0], x[1]); },
       {1.0, 1.0},
       0.0,
       {0.0, 0.0},
       {0.0, 0.0, 0.0}},
      {"smooth_step(0)", [](ExprSpan x) { return smooth_step(x[0]); }, {0.0}, 0.0, {0.0}, {6.0}},
      {"smooth_step(1)", [](ExprSpan x) { return smooth_step(x[0]); }, {1.0}, 1.0, {0.0}, {-6.0}},
      {"floor(2)", [](ExprSpan x) { return floor(x[0]); }, {2.0}, 2.0, {0.0}, {0.0}},
      {"rint(2.5)", [](ExprSpan x) { return rint(x[0]); }, {2.5}, 2.0, {0.0}, {0.0}},
      {"round(2.5)", [](ExprSpan x) { return round(x[0]); }, {2.5}, 3.0, {0.0}, {0.0}},
  });
}

// At a pole the slope is infinite with another sign on each side: NaN; at 0, as of 1 / x, the zeros have a
// sign.
BOOST_AUTO_TEST_CASE(lgamma_at_its_poles) {
  const auto cost = [](ExprSpan x) { return lgamma(x[0]); };
  const auto psi = [](ExprSpan x) { return digamma(x[0]); };
  const auto gamma = [](ExprSpan x) { return tgamma(x[0]); };
  check_everywhere({
      {"lgamma(0)", cost, {0.0}, inf, {-inf}, {inf}},
      {"lgamma(-0)", cost, {-0.0}, inf, {inf}, {inf}},
      {"lgamma(-1)", cost, {-1.0}, inf, {nan}, {inf}},
      {"lgamma(-2)", cost, {-2.0}, inf, {nan}, {inf}},
      {"digamma(0)", psi, {0.0}, -inf, {inf}, {-inf}},
      {"digamma(-0)", psi, {-0.0}, inf, {inf}, {inf}},
      {"digamma(-1)", psi, {-1.0}, nan, {inf}, {nan}},
      {"tgamma(0)", gamma, {0.0}, inf, {-inf}, {inf}},
      {"tgamma(-0)", gamma, {-0.0}, -inf, {-inf}, {-inf}},
      {"tgamma(-1)", gamma, {-1.0}, nan, {nan}, {nan}},
      {"lgamma(1)", cost, {1.0}, 0.0, {-0.57721566490153286061}, {1.6449340668482264365}},
      {"lgamma(2)", cost, {2.0}, 0.0, {0.42278433509846713939}, {0.64493406684822643647}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
