#pragma once

// Functions that have no SIMD form, one double at a time: evaluated in long double and, where terms nearly
// cancel, in 90 digits. So each is within 4 ulp, close to a zero too. Out of its domain a function is NaN; no
// exception leaves.

namespace rappel::detail::special {

double sin_of_huge(double x);
double cos_of_huge(double x);
double tan_of_huge(double x);
double lgamma(double x);                         // log |Gamma|; inf at its poles 0, -1, ..
double polygamma(double x, int k);               // k = 0: digamma; at a pole NaN, at 0 as -1/x; for odd k inf
double digamma_difference(double x, double y);   // digamma(x) - digamma(x + y), x, y > 0
double trigamma_difference(double x, double y);  // likewise
double log_beta(double x, double y);             // x, y > 0
double tgamma_derivative(double x, int k);       // NaN at its poles, +-inf at +-0
double erf_inv(double x);
double erf_inv_slope(double x);
double normal_quantile(double p);
double normal_quantile_slope(double p);
double normal_log_cdf_derivative(double x, int k);  // of order k >= 0, as all that follow
double log_erfc_derivative(double x, int k);
double log_diff_exp(double x, double y);
double sinc_derivative(double x, int k);
double bessel_j0_derivative(double x, int k);
double bessel_y0_derivative(double x, int k);
double bessel_i0_derivative(double x, int k);
// d^(k + j) / dx^k dy^j of x^y.
double pow_derivative(double x, double y, int k, int j);
template <int K>
double over_power(double x, double y);  // x / y^K, K = 2, 3

}  // namespace rappel::detail::special
