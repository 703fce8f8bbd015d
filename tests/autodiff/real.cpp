#include "real.hpp"

#include <algorithm>
#include <cmath>

namespace rappel::test {
namespace {

using Number = Real::Number;
// Enough for the largest double modulo pi/2, and 70 digits behind the point.
using Wide =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<400>, boost::multiprecision::et_off>;

// x = quarter * pi/2 + rest, |rest| <= pi/4.
struct Reduced {
  int quarter;  // modulo 4
  Number rest;
};

Reduced reduced(const Real& x) {
  static const Wide half_pi = boost::math::constants::half_pi<Wide>();
  const Wide wide(x.v);
  const Wide quarters = floor(wide / half_pi + Wide(0.5));
  const Wide turns = floor(quarters / 4);
  return {static_cast<int>(quarters - 4 * turns), Number(wide - quarters * half_pi)};
}

Real sine(const Reduced& r) {
  switch (r.quarter) {
    case 0:
      return Real(sin(r.rest));
    case 1:
      return Real(cos(r.rest));
    case 2:
      return Real(Number(-sin(r.rest)));
    default:
      return Real(Number(-cos(r.rest)));
  }
}

bool is_integer(const Real& y) { return !is_inf(y) && floor(y.v) == y.v; }
bool is_odd(const Real& y) { return is_integer(y) && !is_integer(y / Real(2.0)); }
bool is_negative(const Real& x) { return signbit(x.v); }

}  // namespace

Real math_sin(const Real& x) {
  if (is_nan(x) || is_inf(x)) return real_nan;
  return math_abs(x) < Real(1e-30) ? x - x * x * x / Real(6.0) : sine(reduced(x));
}

Real math_cos(const Real& x) {
  if (is_nan(x) || is_inf(x)) return real_nan;
  Reduced r = reduced(x);
  r.quarter = (r.quarter + 1) % 4;
  return sine(r);
}

Real math_pow(const Real& x, const Real& y) {
  if (y == Real(0.0) || x == Real(1.0)) return 1.0;
  if (is_nan(x) || is_nan(y)) return real_nan;
  const bool negative = is_negative(x) && is_odd(y);
  if (x == Real(0.0) || is_inf(x)) {
    const Real size = (x == Real(0.0)) == (y > Real(0.0)) ? Real(0.0) : real_inf;
    return negative ? -size : size;
  }
  if (x < Real(0.0) && !is_integer(y)) return real_nan;
  const Real size = math_exp(y * math_log(math_abs(x)));
  return negative ? -size : size;
}

Real power_value(const Real& x, double c, double k) {
  Real factor = 1.0, exponent = c;
  for (double i = 0.0; i < k; i += 1.0) {
    factor = factor * exponent;
    exponent = exponent - Real(1.0);
  }
  if (factor == Real(0.0)) return is_nan(x) ? x : factor;
  return factor * math_pow(x, exponent);
}

double ulp_error(double computed, const Real& exact) {
  const double wrong = std::numeric_limits<double>::infinity();
  if (is_nan(exact)) return std::isnan(computed) ? 0.0 : wrong;
  if (std::isnan(computed)) return wrong;
  if (exact == Real(0.0)) return computed == 0.0 ? 0.0 : wrong;
  const Number limit = ldexp(Number(1.0), 1024);
  const Number e = std::clamp<Number>(exact.v, -limit, limit);
  const Number c = std::isinf(computed) ? Number(std::signbit(computed) ? -limit : limit) : Number(computed);
  int exponent;
  frexp(e, &exponent);  // e = m 2^exponent, 1/2 <= |m| < 1
  const int spacing = std::clamp(exponent - 53, -1074, 971);
  return static_cast<double>(ldexp(Number(abs(c - e)), -spacing));
}

}  // namespace rappel::test
