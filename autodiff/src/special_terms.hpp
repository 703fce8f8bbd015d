#pragma once

// The error function's and the normal distribution's logarithms and inverses, sin(x) / x, and powers. Source:
// DLMF chapters 4 and 7.

#include "special_numbers.hpp"

#include <boost/math/special_functions/binomial.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/log1p.hpp>

#include <vector>

namespace rappel::detail::special {

// --- the normal distribution ---

// m = phi(x) / Phi(x) and d = x + m; below -5 by the continued fraction of Mills' ratio, DLMF 7.9.
template <class N>
struct InverseMills {
  N m, d;
};
template <class N>
InverseMills<N> inverse_mills(const N& x) {
  using std::exp;
  if (x > -5) {
    const N cdf = boost::math::erfc(N(-x * boost::math::constants::one_div_root_two<N>()), quiet) / 2;
    const N m = boost::math::constants::one_div_root_two_pi<N>() * exp(-x * x / 2) / cdf;
    return {m, x + m};
  }
  const N s = -x;
  N tail = 0;  // 2 / (s + 3 / (s + ..
  const int terms = s > 1000 ? 40 : is_wide<N> ? 3000 : 220;
  for (int i = terms; i >= 2; --i) tail = i / (s + tail);
  const N d = 1 / (s + tail);
  return {s + d, d};
}

// m' = -m d, d' = 1 + m'; higher ones by Leibniz' rule.
template <class N>
N log_cdf_derivative(const N& x, int k) {
  using std::abs;
  const InverseMills<N> at = inverse_mills(x);
  if (k == 1) return at.m;
  if (k == 2) return -at.m * at.d;
  if (x < -1e6) {  // log Phi = -x^2 / 2 - log(-x) - .., the rest 1 / x^2 smaller
    N value = 1;
    for (int i = 1; i < k; ++i) value *= i / -x;
    return value / -x;
  }
  std::vector<N> m = {at.m}, d = {at.d};
  for (int n = 0; n + 1 < k; ++n) {
    N next = 0;
    for (int i = 0; i <= n; ++i)
      next -= boost::math::binomial_coefficient<N>(unsigned(n), unsigned(i)) * m[unsigned(i)] *
              d[unsigned(n - i)];
    m.push_back(next);
    d.push_back(n == 0 ? 1 + next : next);
  }
  return m.back();
}

template <class N>
N normal_log_cdf(const N& x) {
  using std::log;
  const N root = boost::math::constants::one_div_root_two<N>();
  if (x > 0) return boost::math::log1p(N(-boost::math::erfc(N(x * root), quiet) / 2), quiet);
  if (x > -5) return log(boost::math::erfc(N(-x * root), quiet) / 2);
  return -x * x / 2 - boost::math::constants::log_root_two_pi<N>() - log(inverse_mills(x).m);
}

template <class N>
Terms<N> normal_log_cdf_terms(const N& x, int k) {
  if (!(x == x)) return {x};
  if (x == inf_of<N>()) return {N(0)};
  if (x == -inf_of<N>()) return {k == 0 ? x : k == 1 ? -x : k == 2 ? N(-1) : N(0)};
  if (k == 0) return {normal_log_cdf(x)};
  return {log_cdf_derivative(x, k), k > 2 && !is_wide<N> ? inf_of<N>() : N(0)};
}

// log erfc(x) = log Phi(-sqrt 2 x) + log 2.
template <class N>
Terms<N> log_erfc_terms(const N& x, int k) {
  using std::log;
  if (!(x == x)) return {x};
  if (x == inf_of<N>()) return {k == 0 || k == 1 ? -x : k == 2 ? N(-2) : N(0)};
  if (x == -inf_of<N>()) return {k == 0 ? boost::math::constants::ln_two<N>() : N(0)};
  const N root = boost::math::constants::root_two<N>();
  if (k == 0) {
    if (x < N(0.5)) return {boost::math::log1p(N(-boost::math::erf(x, quiet)), quiet)};
    if (x < 4) return {log(boost::math::erfc(x, quiet))};
    return {-x * x - log(inverse_mills(N(-root * x)).m * boost::math::constants::root_half_pi<N>())};
  }
  N value = log_cdf_derivative(N(-root * x), k);
  for (int i = 0; i < k; ++i) value *= -root;
  return {value, k > 2 && !is_wide<N> ? inf_of<N>() : N(0)};
}

// --- inverses ---

template <class N>
N erf_inv_of(const N& x) {
  if (!(x >= -1 && x <= 1)) return nan_of<N>();
  if (x == 1 || x == -1) return x > 0 ? inf_of<N>() : -inf_of<N>();
  return boost::math::erf_inv(x, quiet);
}
template <class N>
N normal_quantile_of(const N& p) {
  if (!(p >= 0 && p <= 1)) return nan_of<N>();
  if (p == 0 || p == 1) return p > 0 ? inf_of<N>() : -inf_of<N>();
  const N root = boost::math::constants::root_two<N>();
  if (p > N(0.25) && p < N(0.75)) return root * boost::math::erf_inv(N(2 * p - 1), quiet);
  if (p < N(0.5)) return -root * boost::math::erfc_inv(N(2 * p), quiet);
  return root * boost::math::erfc_inv(N(2 * (1 - p)), quiet);
}
template <class N>
N erf_inv_slope_of(const N& x) {
  using std::exp;
  const N z = erf_inv_of(x);
  return boost::math::constants::root_pi<N>() / 2 * exp(z * z);
}
template <class N>
N normal_quantile_slope_of(const N& p) {
  using std::exp;
  const N z = normal_quantile_of(p);
  return boost::math::constants::root_two_pi<N>() * exp(z * z / 2);
}

// --- sin(x) / x ---

template <class N>
Terms<N> sinc_terms(const N& x, int k) {
  using std::abs;
  if (abs(x) == inf_of<N>()) return {N(0)};
  if (!(x == x)) return {x};
  if (abs(x) <
      (k > 2 ? N(is_wide<N> ? 20 : 4 * k) : N(1))) {  // sum of (-1)^j x^(2j) / (2j + 1)!, differentiated
    Terms<N> sum{N(0)};
    const int first = (k + 1) / 2;
    N coefficient =
        first % 2 ? -1 : 1;  // of x^(2j - k): (2j)! / ((2j + 1)! (2j - k)!) = 1 / ((2j + 1) (2j - k)!)
    N power = k % 2 ? x : N(1), factorial = 1;
    for (int j = first; j < first + 150; ++j) {
      const N term = coefficient * power / (factorial * (2 * j + 1));
      sum += term;
      if (abs(term) < abs(sum.size) * std::numeric_limits<N>::epsilon() * N(1e-6)) break;
      coefficient = -coefficient;
      power *= x * x;
      factorial *= N(2 * j - k + 1) * N(2 * j - k + 2);
    }
    return sum;
  }
  // x s^(k) + k s^(k-1) = sin^(k)
  const SinCos<N> at = sin_cos(x);
  const N sines[] = {at.sin, at.cos, -at.sin, -at.cos};
  Terms<N> value{at.sin / x, 0};
  for (int i = 1; i <= k; ++i) {
    const N a = sines[i % 4] / x, b = -i * value.value / x;
    value = {a + b, abs(a) + abs(b) + abs(i * value.size / x)};
  }
  return value;
}

// --- powers ---

// The limit of d^(k + j) / dx^k dy^j of x^y as x falls to 0, j > 0: the sign of the highest power of log x in
// x^(y - k) (falling(y, k) log(x)^j + ..), one lower where falling(y, k) is 0. NaN at y = 0, where x^y jumps.
template <class N>
N pow_derivative_at_zero(const N& y, int k, int j) {
  if (y == 0) return nan_of<N>();
  if (y > k) return N(0);
  bool negative = j % 2 == 1;
  for (int i = 0; i < k; ++i)
    if (y <= i) negative = !negative;
  return negative ? N(-inf_of<N>()) : inf_of<N>();
}

// falling(y, k) = y (y - 1) .. (y - k + 1) as a polynomial; its i-th derivatives weigh the powers of log x.
template <class N>
Terms<N> pow_terms(const N& x, const N& y, int k, int j) {
  using std::abs, std::log, std::pow;
  if (!(x == x) || !(y == y)) return {nan_of<N>()};
  if (x < 0) return {nan_of<N>()};
  if (x == 0) return {pow_derivative_at_zero(y, k, j)};
  std::vector<N> falling = {N(1)};  // by powers of y
  for (int i = 0; i < k; ++i) {
    falling.push_back(0);
    for (std::size_t d = falling.size() - 1; d > 0; --d) falling[d] = falling[d - 1] - i * falling[d];
    falling[0] *= -i;
  }
  const N logarithm = log(x);
  Terms<N> factor{N(0)};
  for (int i = 0; i <= j; ++i) {
    N value = 0, size = 0;
    for (std::size_t d = falling.size(); d-- > 0;) {
      value = value * y + falling[d];
      size = size * abs(y) + abs(falling[d]);
    }
    N weight = boost::math::binomial_coefficient<N>(unsigned(j), unsigned(i));
    for (int l = 0; l < j - i; ++l) weight *= logarithm;
    factor += value * weight;
    factor.size += (size - abs(value)) * abs(weight);
    for (std::size_t d = 0; d + 1 < falling.size(); ++d) falling[d] = N(d + 1) * falling[d + 1];
    falling.back() = 0;
  }
  const N power = pow(x, N(y - k));
  if (factor.value == 0) return {N(0), is_wide<N> ? N(0) : factor.size};
  return {factor.value * power, factor.size * power};
}

}  // namespace rappel::detail::special
