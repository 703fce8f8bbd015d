#include "special.hpp"

#include "special_bessel.hpp"
#include "special_exact.hpp"
#include "special_gamma.hpp"
#include "special_terms.hpp"

namespace rappel::detail::special {
namespace {

// f in long double, again in 90 digits where its terms nearly cancel: 6 bits of the 11 that long double has
// to spare.
template <class F>
double careful(const F& f) {
  const Terms<long double> fast = f(0.0L);
  const bool lost = std::isfinite(fast.value) && !(std::abs(fast.value) >= 0x1p-6L * fast.size);
  return lost ? static_cast<double>(f(Exact(0)).value) : static_cast<double>(fast.value);
}

}  // namespace

double sin_of_huge(double x) { return static_cast<double>(std::sin(static_cast<long double>(x))); }
double cos_of_huge(double x) { return static_cast<double>(std::cos(static_cast<long double>(x))); }
double tan_of_huge(double x) { return static_cast<double>(std::tan(static_cast<long double>(x))); }
double lgamma(double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return std::abs(x);
  if (x > 1e305) return x * (std::log(x) - 1.0);
  return careful([&](auto n) { return lgamma_terms(decltype(n)(x)); });
}
double polygamma(double x, int k) {
  if (std::isnan(x) || (std::isinf(x) && x < 0.0)) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(x)) return k == 0 ? x : 0.0;
  return careful([&](auto n) { return polygamma_terms(decltype(n)(x), k); });
}
double digamma_difference(double x, double y) {
  return careful([&](auto n) { return polygamma_difference_terms(decltype(n)(x), decltype(n)(y), 0); });
}
double trigamma_difference(double x, double y) {
  return careful([&](auto n) { return polygamma_difference_terms(decltype(n)(x), decltype(n)(y), 1); });
}
double log_beta(double x, double y) {
  return careful([&](auto n) { return log_beta_terms(decltype(n)(x), decltype(n)(y)); });
}
double tgamma_derivative(double x, int k) {
  if (std::isnan(x) || x == std::numeric_limits<double>::infinity()) return x;
  if (x < -1e4 && std::isfinite(x) && x != std::floor(x)) return 0.0;
  if (x > 1e4) return std::numeric_limits<double>::infinity();
  return careful([&](auto n) { return tgamma_terms(decltype(n)(x), k); });
}
double erf_inv(double x) { return static_cast<double>(erf_inv_of(static_cast<long double>(x))); }
double erf_inv_slope(double x) { return static_cast<double>(erf_inv_slope_of(static_cast<long double>(x))); }
double normal_quantile(double p) {
  return static_cast<double>(normal_quantile_of(static_cast<long double>(p)));
}
double normal_quantile_slope(double p) {
  return static_cast<double>(normal_quantile_slope_of(static_cast<long double>(p)));
}
double normal_log_cdf_derivative(double x, int k) {
  return careful([&](auto n) { return normal_log_cdf_terms(decltype(n)(x), k); });
}
double log_erfc_derivative(double x, int k) {
  return careful([&](auto n) { return log_erfc_terms(decltype(n)(x), k); });
}
double log_diff_exp(double x, double y) {
  return careful([&](auto n) {
    using N = decltype(n);
    using std::exp, std::log;
    const N d = N(y) - N(x);
    Terms<N> sum{N(0)};
    sum += N(x);
    sum += d > N(-0.5) ? N(log(-boost::math::expm1(d, quiet))) : boost::math::log1p(N(-exp(d)), quiet);
    return sum;
  });
}
double sinc_derivative(double x, int k) {
  return careful([&](auto n) { return sinc_terms(decltype(n)(x), k); });
}
double bessel_j0_derivative(double x, int k) {
  return careful([&](auto n) { return bessel_derivative_terms(decltype(n)(x), false, k); });
}
double bessel_y0_derivative(double x, int k) {
  return careful([&](auto n) { return bessel_derivative_terms(decltype(n)(x), true, k); });
}
double bessel_i0_derivative(double x, int k) {
  return careful([&](auto n) { return bessel_i0_terms(decltype(n)(x), k); });
}
double pow_derivative(double x, double y, int k, int j) {
  if (x < 0.0 && j == 0 && y == std::floor(y)) {
    const double size = pow_derivative(-x, y, k, 0);
    return std::fmod(y - k, 2.0) == 0.0 ? size : -size;
  }
  return careful([&](auto n) { return pow_terms(decltype(n)(x), decltype(n)(y), k, j); });
}

template <int K>
double over_power(double x, double y) {
  long double value = x;
  for (int i = 0; i < K; ++i) value /= y;
  return static_cast<double>(value);
}
template double over_power<2>(double x, double y);
template double over_power<3>(double x, double y);

// --- in 90 digits ---

Exact exact_lgamma(const Exact& x) { return lgamma_terms(x).value; }
Exact exact_tgamma_derivative(const Exact& x, int k) { return tgamma_terms(x, k).value; }
Exact exact_polygamma(const Exact& x, int k) { return polygamma_terms(x, k).value; }
Exact exact_polygamma_difference(const Exact& x, const Exact& y, int k) {
  return polygamma_difference_terms(x, y, k).value;
}
Exact exact_log_beta(const Exact& x, const Exact& y) { return log_beta_terms(x, y).value; }
Exact exact_erf(const Exact& x) { return boost::math::erf(x, quiet); }
Exact exact_erfc(const Exact& x) { return boost::math::erfc(x, quiet); }
Exact exact_erf_inv(const Exact& x) { return erf_inv_of(x); }
Exact exact_normal_quantile(const Exact& p) { return normal_quantile_of(p); }
Exact exact_normal_log_cdf_derivative(const Exact& x, int k) { return normal_log_cdf_terms(x, k).value; }
Exact exact_log_erfc_derivative(const Exact& x, int k) { return log_erfc_terms(x, k).value; }
Exact exact_sinc_derivative(const Exact& x, int k) { return sinc_terms(x, k).value; }
Exact exact_bessel_j0_derivative(const Exact& x, int k) { return bessel_derivative_terms(x, false, k).value; }
Exact exact_bessel_y0_derivative(const Exact& x, int k) { return bessel_derivative_terms(x, true, k).value; }
Exact exact_bessel_i0_derivative(const Exact& x, int k) { return bessel_i0_terms(x, k).value; }
Exact exact_pow_derivative(const Exact& x, const Exact& y, int k, int j) {
  return pow_terms(x, y, k, j).value;
}

}  // namespace rappel::detail::special
