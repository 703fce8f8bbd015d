// The functions of exact.hpp by their definitions, and by special_exact.hpp where that takes more digits.

#include "exact.hpp"
#include "special_exact.hpp"

namespace rappel::exact {
namespace {

using detail::special::Exact;
using Number = Real::Number;
namespace special = detail::special;

Exact wide(const Real& x) { return Exact(x.v); }
Real narrow(const Exact& x) { return Real(Number(x)); }

// f of a finite number.
template <class F>
Real finite(const Real& x, const Real& at_minus_inf, const Real& at_inf, const F& f) {
  if (is_nan(x)) return x;
  if (is_inf(x)) return x > Real(0.0) ? at_inf : at_minus_inf;
  return Real(Number(f(x.v)));
}

Real constant(const Number& x) { return Real(x); }
Real ln2() { return constant(boost::math::constants::ln_two<Number>()); }
Real root_two() { return constant(boost::math::constants::root_two<Number>()); }

// x^n for n >= 0
Real whole_power(const Real& x, int n) {
  Real value(1.0);
  for (int i = 0; i < n; ++i) value = value * x;
  return value;
}

// The k-th derivative of exp(-scale x^2 / 2) is this times it.
Real hermite(const Real& x, const Real& scale, int k) {
  Real before(0.0), value(1.0);
  for (int i = 0; i < k; ++i) {
    const Real next = -scale * (x * value + Real(i) * before);
    before = value;
    value = next;
  }
  return value;
}

// The n-th derivative of the sigmoid as a polynomial of it.
Real sigmoid_derivative(const Real& s, int n) {
  std::vector<Real> p(static_cast<std::size_t>(n) + 2, Real(0.0));
  p[1] = 1.0;
  for (int i = 0; i < n; ++i)
    for (std::size_t d = p.size() - 1; d >= 1; --d)
      p[d] = Real(static_cast<double>(d)) * p[d] - Real(static_cast<double>(d) - 1.0) * p[d - 1];
  Real value(0.0);
  for (std::size_t d = p.size(); d-- > 0;) value = value * s + p[d];
  return value;
}

}  // namespace

Real math_exp2(const Real& x) { return math_exp(x * ln2()); }
Real math_log2(const Real& x) { return math_log(x) / ln2(); }
Real math_log10(const Real& x) { return math_log(x) / constant(boost::math::constants::ln_ten<Number>()); }
Real math_cbrt(const Real& x) {
  if (is_nan(x) || is_inf(x) || x == Real(0.0)) return x;
  const Real size = math_exp(math_log(math_abs(x)) / Real(3.0));
  return x < Real(0.0) ? -size : size;
}
Real cbrt_slope_value(const Real& x) {
  const Real z = math_cbrt(x);
  return Real(1.0) / (Real(3.0) * z * z);
}
Real math_tan(const Real& x) { return math_sin(x) / math_cos(x); }
Real math_asin(const Real& x) { return math_abs(x) <= Real(1.0) ? Real(Number(asin(x.v))) : real_nan; }
Real math_acos(const Real& x) { return math_abs(x) <= Real(1.0) ? Real(Number(acos(x.v))) : real_nan; }
Real math_atan(const Real& x) {
  const Real quarter = constant(boost::math::constants::half_pi<Number>());
  return finite(x, -quarter, quarter, [](const Number& v) { return Number(atan(v)); });
}
Real math_atan2(const Real& y, const Real& x) {
  if (is_nan(x) || is_nan(y)) return real_nan;
  const Real pi = constant(boost::math::constants::pi<Number>());
  const bool below = signbit(y.v), left = signbit(x.v);
  Real angle = real_nan;  // of |y|, |x|
  if (is_inf(x) && is_inf(y))
    angle = pi / Real(4.0);
  else if (is_inf(x) || y == Real(0.0))
    angle = 0.0;
  else
    angle = x == Real(0.0) ? pi / Real(2.0) : math_atan(math_abs(y) / math_abs(x));
  if (left) angle = pi - angle;
  return below ? -angle : angle;
}
Real math_atanh(const Real& x) {
  if (!(math_abs(x) <= Real(1.0))) return real_nan;
  return (math_log1p(x) - math_log1p(-x)) / Real(2.0);
}
Real asinh_value(const Real& x) {
  const Real size = math_abs(x);
  if (is_nan(x) || is_inf(x)) return x;
  // log(x + sqrt(x^2 + 1)) = log1p(x + x^2 / (1 + sqrt(x^2 + 1)))
  const Real square = size * size;
  const Real value = math_log1p(size + square / (Real(1.0) + math_sqrt(square + Real(1.0))));
  return x < Real(0.0) ? -value : value;
}
Real acosh_value(const Real& x) {
  if (is_inf(x)) return x > Real(0.0) ? x : real_nan;
  const Real above = x - Real(1.0);
  return math_log1p(above + math_sqrt(above * (x + Real(1.0))));
}
Real acosh_slope_value(const Real& x) { return Real(1.0) / math_sqrt((x - Real(1.0)) * (x + Real(1.0))); }
Real atan_slope_value(const Real& x) { return Real(1.0) / (Real(1.0) + x * x); }
Real sinh_value(const Real& x) {
  if (is_inf(x)) return x;
  return (math_expm1(x) - math_expm1(-x)) / Real(2.0);
}
Real cosh_value(const Real& x) { return (math_exp(x) + math_exp(-x)) / Real(2.0); }
Real math_floor(const Real& x) {
  return finite(x, x, x, [](const Number& v) { return Number(floor(v)); });
}
Real math_ceil(const Real& x) {
  return finite(x, x, x, [](const Number& v) { return Number(ceil(v)); });
}
Real math_trunc(const Real& x) { return x < Real(0.0) ? math_ceil(x) : math_floor(x); }
Real math_round(const Real& x) {
  return x < Real(0.0) ? math_ceil(x - Real(0.5)) : math_floor(x + Real(0.5));
}
Real math_rint(const Real& x) {
  if (is_nan(x) || is_inf(x)) return x;
  const Real below = math_floor(x), rest = x - below;
  const Real half = below / Real(2.0);
  const bool odd = !(half == math_floor(half));
  return rest > Real(0.5) || (rest == Real(0.5) && odd) ? below + Real(1.0) : below;
}
Real math_copysign(const Real& x, const Real& y) {
  const Real size(Number(abs(x.v)));
  return signbit(y.v) ? -size : size;
}
Real math_fmod(const Real& x, const Real& y) {
  if (is_nan(x) || is_nan(y) || is_inf(x) || y == Real(0.0)) return real_nan;
  if (is_inf(y)) return x;
  // Exact in whole multiples of y: 2,100 bits hold any quotient of two doubles.
  using Long = detail::Wide<700>;
  const Long a(x.v), b(y.v), quotient = trunc(Long(a / b));
  return Real(Number(Long(a - quotient * b)));
}
Real math_remainder(const Real& x, const Real& y) {
  const Real r = math_fmod(x, y), size = math_abs(y), twice = Real(2.0) * math_abs(r);
  if (is_nan(r) || is_inf(y)) return r;
  const Real quotient = math_rint((x - r) / y), half = quotient / Real(2.0);
  const bool odd = !(half == math_trunc(half));
  if (twice < size || (twice == size && !odd)) return r;
  return r < Real(0.0) ? r + size : r - size;
}
Real math_erf(const Real& x) {
  return finite(x, -1.0, 1.0, [](const Number& v) { return special::exact_erf(Exact(v)); });
}
Real math_erfc(const Real& x) {
  return finite(x, 2.0, 0.0, [](const Number& v) { return special::exact_erfc(Exact(v)); });
}
Real hypot(const Real& x, const Real& y) {
  if (is_inf(x) || is_inf(y)) return real_inf;
  return math_sqrt(x * x + y * y);
}

Real gaussian_derivative_value(const Real& x, int k) {
  if (is_inf(x)) return 0.0;
  return hermite(x, Real(2.0), k) * math_exp(-(x * x));
}
Real normal_pdf_derivative_value(const Real& x, int k) {
  if (is_inf(x)) return 0.0;
  return hermite(x, Real(1.0), k) * math_exp(-(x * x) / Real(2.0)) *
         constant(boost::math::constants::one_div_root_two_pi<Number>());
}
Real normal_cdf_value(const Real& x) { return math_erfc(-x / root_two()) / Real(2.0); }
Real normal_log_cdf_derivative_value(const Real& x, int k) {
  return narrow(special::exact_normal_log_cdf_derivative(wide(x), k));
}
Real log_erfc_derivative_value(const Real& x, int k) {
  return narrow(special::exact_log_erfc_derivative(wide(x), k));
}
Real normal_quantile_value(const Real& p) { return narrow(special::exact_normal_quantile(wide(p))); }
Real normal_quantile_slope_value(const Real& p) {
  const Real z = normal_quantile_value(p);
  return constant(boost::math::constants::root_two_pi<Number>()) * math_exp(z * z / Real(2.0));
}
Real erf_inv_value(const Real& x) { return narrow(special::exact_erf_inv(wide(x))); }
Real erf_inv_slope_value(const Real& x) {
  const Real z = erf_inv_value(x);
  return constant(boost::math::constants::root_pi<Number>()) * math_exp(z * z) / Real(2.0);
}
Real silu_derivative_value(const Real& x, int k) {
  if (is_nan(x)) return x;
  if (is_inf(x)) return k == 0 ? (x > Real(0.0) ? x : Real(0.0)) : Real(k == 1 && x > Real(0.0) ? 1.0 : 0.0);
  const Real s = sigmoid_value(x, Real());
  const Real value = x * sigmoid_derivative(s, k);
  return k == 0 ? value : value + Real(k) * sigmoid_derivative(s, k - 1);
}
Real gelu_derivative_value(const Real& x, int k) {
  if (is_nan(x)) return x;
  if (is_inf(x)) return k == 0 ? (x > Real(0.0) ? x : Real(0.0)) : Real(k == 1 && x > Real(0.0) ? 1.0 : 0.0);
  if (k == 0) return x * normal_cdf_value(x);
  if (k == 1) return normal_cdf_value(x) + x * normal_pdf_derivative_value(x, 0);
  return x * normal_pdf_derivative_value(x, k - 1) + Real(k) * normal_pdf_derivative_value(x, k - 2);
}
Real log_cosh_value(const Real& x) {
  const Real size = math_abs(x), half = math_expm1(size);
  if (is_inf(size)) return size;
  if (size < Real(1.0)) return math_log1p(half * half / (Real(2.0) * (half + Real(1.0))));
  return size - ln2() + math_log1p(math_exp(Real(-2.0) * size));
}
Real smooth_step_value(const Real& t) {
  if (t <= Real(0.0)) return 0.0;
  return t >= Real(1.0) ? Real(1.0) : t * t * (Real(3.0) - Real(2.0) * t);
}
Real smooth_step_slope_value(const Real& t) {
  if (t <= Real(0.0) || t >= Real(1.0)) return 0.0;
  return is_nan(t) ? t : Real(6.0) * t * (Real(1.0) - t);
}
Real logit_value(const Real& p) {
  const Real t = Real(2.0) * p - Real(1.0);
  return math_abs(t) < Real(0.5) ? math_log1p(t) - math_log1p(-t) : math_log(p) - math_log1p(-p);
}
Real log1mexp_value(const Real& x) {
  if (x > Real(0.0)) return real_nan;
  return x > Real(-1.0) ? math_log(-math_expm1(x)) : math_log1p(-math_exp(x));
}
Real log_diff_exp_value(const Real& x, const Real& y) {
  if (x == real_inf && y < x) return x;
  return x + log1mexp_value(y - x);
}
Real log_diff_exp_slope_value(const Real& x, const Real& y) {
  return x < y ? real_nan : Real(-1.0) / math_expm1(x - y);
}
Real sinc_value(const Real& x) {
  if (is_inf(x)) return 0.0;
  return x == Real(0.0) ? Real(1.0) : math_sin(x) / x;
}
Real sinc_derivative_value(const Real& x, int k) {
  return narrow(special::exact_sinc_derivative(wide(x), k));
}
Real lgamma_value(const Real& x) { return is_inf(x) ? real_inf : narrow(special::exact_lgamma(wide(x))); }
Real tgamma_derivative_value(const Real& x, int k) {
  if (is_nan(x) || is_inf(x)) return x > Real(0.0) ? x : real_nan;
  if (x > Real(1e4)) return real_inf;
  return x < Real(-1e4) && !(math_floor(x) == x) ? Real(0.0)
                                                 : narrow(special::exact_tgamma_derivative(wide(x), k));
}
Real polygamma_value(const Real& x, int k) {
  if (is_inf(x)) return x < Real(0.0) ? real_nan : k == 0 ? x : Real(0.0);
  return narrow(special::exact_polygamma(wide(x), k));
}
Real digamma_difference_value(const Real& x, const Real& y) {
  return narrow(special::exact_polygamma_difference(wide(x), wide(y), 0));
}
Real trigamma_difference_value(const Real& x, const Real& y) {
  return narrow(special::exact_polygamma_difference(wide(x), wide(y), 1));
}
Real log_beta_value(const Real& x, const Real& y) {
  return narrow(special::exact_log_beta(wide(x), wide(y)));
}
Real bessel_j0_derivative_value(const Real& x, int k) {
  return narrow(special::exact_bessel_j0_derivative(wide(x), k));
}
Real bessel_y0_derivative_value(const Real& x, int k) {
  return narrow(special::exact_bessel_y0_derivative(wide(x), k));
}
Real bessel_i0_derivative_value(const Real& x, int k) {
  return narrow(special::exact_bessel_i0_derivative(wide(x), k));
}

// d^(k + j) / dx^k dy^j of x^y; by y NaN at (0, 0) and for x < 0; at x = 0 the limit from above.
Real power_value(const Real& x, const Real& y, int k, int j) {
  if (j > 0) {
    if (x < Real(0.0) || (is_inf(y) && x == Real(0.0)) || is_nan(x) || is_nan(y)) return real_nan;
    if (x < real_inf && !is_inf(y)) return narrow(special::exact_pow_derivative(wide(x), wide(y), k, j));
    return k == 0 ? math_pow(x, y) * math_log(x) : real_nan;
  }
  Real factor = 1.0, exponent = y;
  for (int i = 0; i < k; ++i) {
    factor = factor * exponent;
    exponent = exponent - Real(1.0);
  }
  if (factor == Real(0.0)) return is_nan(x) ? x : factor;
  return factor * math_pow(x, exponent);
}

Real over_square_sum_value(const Real& x, const Real& y) {
  if (is_inf(x) || is_inf(y)) return is_nan(x) || is_nan(y) ? real_nan : Real(0.0);
  return x / (x * x + y * y);
}
Real difference_over_square_sum_value(const Real& x, const Real& y) {
  if (is_inf(x) || is_inf(y)) return is_nan(x) || is_nan(y) ? real_nan : Real(0.0);
  return (x * x - y * y) / whole_power(x * x + y * y, 2);
}
Real product_over_square_sum_value(const Real& x, const Real& y) {
  if (is_inf(x) || is_inf(y)) return is_nan(x) || is_nan(y) ? real_nan : Real(0.0);
  return x * y / whole_power(x * x + y * y, 2);
}
Real over_square_value(const Real& x, const Real& y, const Real&) { return x / (y * y); }
Real over_cube_value(const Real& x, const Real& y, const Real&) { return x / (y * y * y); }

}  // namespace rappel::exact
