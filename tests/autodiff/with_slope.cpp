// Scalar functions that come with their slopes, against 50 digits.

#include "with_slope.hpp"

#include "inputs.hpp"
#include "random_graphs.hpp"
#include "real.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace rappel::test {
namespace {

using detail::WithSlope;

// Of any size, and beside multiples of pi/2, where the reduction of sin and cos cancels.
std::vector<double> points() {
  std::vector<double> x = unary_inputs(20'000);
  std::mt19937_64 random(5);
  for (int i = 0; i < 4'000; ++i) {
    const double near = std::nearbyint(std::ldexp(1.0, i % 27) * static_cast<double>(random() >> 11) * 0x1p-53) * 0x1.921fb54442d18p+0;
    for (const double y : {near, std::nextafter(near, 0.0), std::nextafter(near, 1e300)}) x.push_back(y);
  }
  // The sixteenths of log 2 between which exp's reduction changes its step.
  for (int k = 0; k < 900; ++k) x.push_back((k + 0.5) * 0x1.62e42fefa39efp-6);
  for (const double y : {0x1p-27, 1e8, 1e9, 299.99999, 300.0, 300.00001, 22.0}) x.push_back(y), x.push_back(-y);
  return x;
}

struct Errors {
  double of_value = 0.0, of_slope = 0.0;
  void add(const WithSlope& computed, const Real& value, const Real& slope) {
    of_value = std::max(of_value, ulp_error(computed[0], value));
    of_slope = std::max(of_slope, ulp_error(computed[1], slope));
  }
};

BOOST_AUTO_TEST_SUITE(with_slope)

BOOST_AUTO_TEST_CASE(tanh_and_its_slope_hold_their_bounds) {
  Errors near, far;
  for (const double x : points())
    (std::abs(x) < 300.0 ? near : far).add(detail::tanh_with_slope(x), math_tanh(Real(x)), sech2_value(Real(x)));
  BOOST_TEST(near.of_value <= 0.9);
  BOOST_TEST(near.of_slope <= 0.6);
  BOOST_TEST(far.of_value <= 0.5);
  BOOST_TEST(far.of_slope <= 1.6);
}

BOOST_AUTO_TEST_CASE(sin_and_cos_hold_their_bounds) {
  Errors all;
  for (const double x : points())
    if (std::isfinite(x)) all.add(detail::sin_with_slope(x), math_sin(Real(x)), math_cos(Real(x)));
  BOOST_TEST(all.of_value <= 0.8);
  BOOST_TEST(all.of_slope <= 0.8);
}

BOOST_AUTO_TEST_CASE(bits_are_the_same_without_the_instruction_for_multiply_add) {
  for (const double x : points()) {
    const WithSlope t = detail::tanh_with_slope(x), plain_t = detail::without_fma::tanh_with_slope(x);
    const WithSlope s = detail::sin_with_slope(x), plain_s = detail::without_fma::sin_with_slope(x);
    BOOST_TEST((same_bits(t[0], plain_t[0]) && same_bits(t[1], plain_t[1])), x);
    BOOST_TEST((same_bits(s[0], plain_s[0]) && same_bits(s[1], plain_s[1])), x);
  }
}

BOOST_AUTO_TEST_CASE(zeros_infinities_and_nan) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double zero : {0.0, -0.0}) {
    const WithSlope t = detail::tanh_with_slope(zero), s = detail::sin_with_slope(zero);
    BOOST_TEST((same_bits(t[0], zero) && t[1] == 1.0 && same_bits(s[0], zero) && s[1] == 1.0));
  }
  for (const double x : {inf, -inf}) {
    const WithSlope t = detail::tanh_with_slope(x), s = detail::sin_with_slope(x);
    BOOST_TEST((t[0] == std::copysign(1.0, x) && same_bits(t[1], 0.0) && std::isnan(s[0]) && std::isnan(s[1])));
  }
  const WithSlope t = detail::tanh_with_slope(nan), s = detail::sin_with_slope(nan);
  BOOST_TEST((std::isnan(t[0]) && std::isnan(t[1]) && std::isnan(s[0]) && std::isnan(s[1])));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
