#pragma once

// Real: a number of 50 digits for which the formulas of ops.def compile; what f.accuracy replays a graph
// with. Exponents are unbounded for our purposes: nothing under- or overflows that a double can start from.

#include "formulas.hpp"

#include <rappel/autodiff/ops_enum.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <limits>
#include <vector>

namespace rappel::exact {

struct Real {
  using Number =
      boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>, boost::multiprecision::et_off>;
  Number v;
  Real(double x = 0.0) : v(x) {}
  explicit Real(const Number& x) : v(x) {}
  friend Real operator+(const Real& a, const Real& b) { return Real(Number(a.v + b.v)); }
  friend Real operator-(const Real& a, const Real& b) { return Real(Number(a.v - b.v)); }
  friend Real operator*(const Real& a, const Real& b) { return Real(Number(a.v * b.v)); }
  friend Real operator/(const Real& a, const Real& b) { return Real(Number(a.v / b.v)); }
  friend Real operator-(const Real& a) { return Real(Number(-a.v)); }
  friend bool operator<(const Real& a, const Real& b) { return a.v < b.v; }
  friend bool operator<=(const Real& a, const Real& b) { return a.v <= b.v; }
  friend bool operator>(const Real& a, const Real& b) { return a.v > b.v; }
  friend bool operator>=(const Real& a, const Real& b) { return a.v >= b.v; }
  friend bool operator==(const Real& a, const Real& b) { return a.v == b.v; }
};

inline const Real real_inf(std::numeric_limits<double>::infinity());
inline const Real real_nan(std::numeric_limits<double>::quiet_NaN());

inline bool is_nan(const Real& x) { return !(x == x); }
inline bool is_inf(const Real& x) { return x == real_inf || x == -real_inf; }

inline Real select(bool c, const Real& a, const Real& b) { return c ? a : b; }
inline Real math_fma(const Real& a, const Real& b, const Real& c) { return a * b + c; }
inline Real math_abs(const Real& x) { return x < Real(0.0) ? -x : x == Real(0.0) ? Real(0.0) : x; }
inline Real math_sqrt(const Real& x) {
  if (is_nan(x) || x < Real(0.0)) return real_nan;
  return x == real_inf ? x : Real(sqrt(x.v));
}

// exp(+-1e6) is beyond all doubles, also after a few multiplications.
inline Real math_exp(const Real& x) {
  if (is_nan(x)) return x;
  if (x > Real(1e6)) return real_inf;
  return x < Real(-1e6) ? Real(0.0) : Real(exp(x.v));
}

// The series below 1e-3; above it the subtraction costs 3 digits of 50.
inline Real math_expm1(const Real& x) {
  if (!(math_abs(x) < Real(1e-3))) return math_exp(x) - Real(1.0);
  Real term = x, total = x;
  for (int k = 2; k <= 17; ++k) total = total + (term = term * x / Real(k));
  return total;
}

inline Real math_log(const Real& x) {
  if (is_nan(x) || x < Real(0.0)) return real_nan;
  if (x == Real(0.0)) return -real_inf;
  return x == real_inf ? x : Real(log(x.v));
}

inline Real math_log1p(const Real& x) {
  if (!(math_abs(x) < Real(1e-3))) return math_log(Real(1.0) + x);
  Real power = x, total = x;
  for (int k = 2; k <= 17; ++k) total = total + (power = -(power * x)) / Real(k);
  return total;
}

inline Real math_tanh(const Real& x) {
  const Real e = math_expm1(Real(-2.0) * math_abs(x));
  const Real t = -e / (Real(2.0) + e);
  return x < Real(0.0) ? -t : t;
}

Real math_sin(const Real& x);  // for any double
Real math_cos(const Real& x);
Real math_pow(const Real& x, const Real& y);  // as C's pow, at signed zeros too

// What the formulas reach by ways that suit doubles is taken from its definition here.
inline Real sech2_value(const Real& x) {
  const Real e = math_exp(-math_abs(x));
  const Real cosh = (Real(1.0) / e + e) / Real(2.0);
  return Real(1.0) / (cosh * cosh);
}
inline Real sigmoid_value(const Real& x, const Real&) { return Real(1.0) / (Real(1.0) + math_exp(-x)); }
inline Real softplus_value(const Real& x, const Real& a) {
  return (x > Real(0.0) ? x : Real(0.0)) + math_log1p(a);
}
Real power_value(const Real& x, const Real& y, int k, int j);

inline Real log1p_value(const Real& x) { return math_log1p(x); }
Real math_exp2(const Real& x);
Real math_log2(const Real& x);
Real math_log10(const Real& x);
Real math_cbrt(const Real& x);
Real math_tan(const Real& x);
Real math_asin(const Real& x);
Real math_acos(const Real& x);
Real math_atan(const Real& x);
Real math_atan2(const Real& y, const Real& x);
Real math_atanh(const Real& x);
Real asinh_value(const Real& x);
Real acosh_value(const Real& x);
Real sinh_value(const Real& x);
Real cosh_value(const Real& x);
Real math_floor(const Real& x);
Real math_ceil(const Real& x);
Real math_trunc(const Real& x);
Real math_round(const Real& x);
Real math_rint(const Real& x);
Real math_copysign(const Real& x, const Real& y);
Real math_fmod(const Real& x, const Real& y);
Real math_remainder(const Real& x, const Real& y);
Real math_erf(const Real& x);
Real math_erfc(const Real& x);
Real hypot(const Real& x, const Real& y);
Real cbrt_slope_value(const Real& x);
Real atan_slope_value(const Real& x);
Real acosh_slope_value(const Real& x);
Real gaussian_derivative_value(const Real& x, int k);
Real normal_pdf_derivative_value(const Real& x, int k);
Real normal_cdf_value(const Real& x);
Real normal_log_cdf_derivative_value(const Real& x, int k);
Real log_erfc_derivative_value(const Real& x, int k);
Real normal_quantile_value(const Real& p);
Real normal_quantile_slope_value(const Real& p);
Real erf_inv_value(const Real& x);
Real erf_inv_slope_value(const Real& x);
Real silu_derivative_value(const Real& x, int k);
Real gelu_derivative_value(const Real& x, int k);
Real log_cosh_value(const Real& x);
Real smooth_step_value(const Real& t);
Real smooth_step_slope_value(const Real& t);
Real logit_value(const Real& p);
Real log1mexp_value(const Real& x);
Real log_diff_exp_value(const Real& x, const Real& y);
Real log_diff_exp_slope_value(const Real& x, const Real& y);
Real sinc_value(const Real& x);
Real sinc_derivative_value(const Real& x, int k);
Real lgamma_value(const Real& x);
Real tgamma_derivative_value(const Real& x, int k);
Real polygamma_value(const Real& x, int k);
Real digamma_difference_value(const Real& x, const Real& y);
Real trigamma_difference_value(const Real& x, const Real& y);
Real log_beta_value(const Real& x, const Real& y);
Real bessel_j0_derivative_value(const Real& x, int k);
Real bessel_y0_derivative_value(const Real& x, int k);
Real bessel_i0_derivative_value(const Real& x, int k);
Real over_square_sum_value(const Real& x, const Real& y);
Real difference_over_square_sum_value(const Real& x, const Real& y);
Real over_square_value(const Real& x, const Real& y, const Real& z);
Real over_cube_value(const Real& x, const Real& y, const Real& z);
Real product_over_square_sum_value(const Real& x, const Real& y);

using formulas::always;
// The operations by name, as the partials of ops.def call them.
#define RAPPEL_UNARY(name, ...) \
  inline Real name(const Real& x) { return formulas::name##_op::value(x); }
#define RAPPEL_UNARY_AUX(name, symbol, aux, ...) \
  inline Real name(const Real& x) { return formulas::name##_op::value(x, aux(x)); }
#define RAPPEL_BINARY(name, ...) \
  inline Real name(const Real& x, const Real& y) { return formulas::name##_op::value(x, y); }
#define RAPPEL_TERNARY(name, ...)                                 \
  inline Real name(const Real& x, const Real& y, const Real& z) { \
    return formulas::name##_op::value(x, y, z);                   \
  }
#define RAPPEL_DERIVATIVES(name, ...) \
  inline Real name(const Real& x, int order) { return formulas::name##_op::value(x, order); }
#include <rappel/autodiff/ops.def>

// |computed - exact| in units of the spacing of doubles at the exact result, 2^-1074 below the normal range;
// infinite if an exact 0 is not 0, a NaN is missing or wrong, or a sign at infinity differs. Results from
// 2^1024 on are infinite ones.
double ulp_error(double computed, const Real& exact);

// The results of an operation with formulas, or one of those named "structure" that works row by row.
std::vector<Real> results_of(Op op, const std::vector<Real>& operands);

}  // namespace rappel::exact
