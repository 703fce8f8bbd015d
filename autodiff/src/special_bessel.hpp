#pragma once

// Bessel functions of order 0 and 1 and their derivatives. Source: DLMF chapter 10.

#include "special_numbers.hpp"

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/binomial.hpp>

#include <vector>

namespace rappel::detail::special {

template <class N>
struct OrderZeroAndOne {
  N zero, one;
  N size;  // what cancelled: the amplitude
};

// DLMF 10.2.2, 10.8.1 below 70 and Hankel's expansion 10.17.3 above (90 digits; long double takes Boost's).
template <class N>
OrderZeroAndOne<N> bessel_by_expansion(const N& x, bool second_kind) {
  using std::abs, std::log, std::sqrt;
  const N pi = boost::math::constants::pi<N>(), eps = std::numeric_limits<N>::epsilon();
  if (x < 70) {
    const N half = x / 2, w = -half * half;
    N term = 1, harmonic = 0, j0 = 0, j1 = 0, y0 = 0, y1 = 0;
    for (int k = 0; k < 400; ++k) {
      j0 += term;
      j1 += term / (k + 1);
      y0 += term * harmonic;
      y1 += term / (k + 1) * (2 * harmonic + N(1) / (k + 1));
      if (k > half && abs(term) < eps * N(1e-10)) break;
      harmonic += N(1) / (k + 1);
      term *= w / (N(k + 1) * N(k + 1));
    }
    j1 *= half;
    if (!second_kind) return {j0, j1, 0};
    const N g = log(half) + boost::math::constants::euler<N>();
    return {2 / pi * (g * j0 - y0), -2 / (pi * x) + 2 / pi * g * j1 - half / pi * y1, 0};
  }
  const SinCos<N> at = sin_cos(x);
  const N amplitude = sqrt(1 / (pi * x));
  N results[2];
  for (int order = 0; order < 2; ++order) {
    N term = 1, p = 0, q = 0;
    const int mu = 4 * order * order;
    for (int k = 0; k < 400; ++k) {
      (k % 2 ? q : p) += k % 4 < 2 ? term : N(-term);
      const N next = term * (mu - (2 * k + 1) * (2 * k + 1)) / (8 * x * (k + 1));
      if (abs(next) > abs(term) || abs(next) < eps) break;
      term = next;
    }
    // sqrt 2 times cos and sin of x - pi/4 - order pi/2
    const N c = order == 0 ? N(at.cos + at.sin) : N(at.sin - at.cos),
            s = order == 0 ? N(at.sin - at.cos) : N(-at.sin - at.cos);
    results[order] = amplitude * (second_kind ? N(p * s + q * c) : N(p * c - q * s));
  }
  return {results[0], results[1], 0};
}

template <class N>
OrderZeroAndOne<N> bessel_of(const N& x, bool second_kind) {
  using std::sqrt;
  if constexpr (is_wide<N>) {
    return bessel_by_expansion(x, second_kind);
  } else {
    const N size = x > 1 ? N(sqrt(1 / x)) : N(1);
    if (second_kind)
      return {boost::math::cyl_neumann(0, x, quiet), boost::math::cyl_neumann(1, x, quiet), size};
    return {boost::math::cyl_bessel_j(0, x, quiet), boost::math::cyl_bessel_j(1, x, quiet), size};
  }
}

// The k-th derivative of J0 (of Y0): f0, -f1, f1/x - f0, then x f^(n+2) = -((n+1) f^(n+1) + x f^(n) + n
// f^(n-1)).
template <class N>
Terms<N> bessel_derivative_terms(const N& given, bool second_kind, int k) {
  using std::abs;
  if (!(given == given)) return {given};
  if (second_kind && !(given > 0)) return {given < 0 ? nan_of<N>() : k % 2 == 0 ? -inf_of<N>() : inf_of<N>()};
  if (abs(given) == inf_of<N>()) return {N(0)};
  const N x = abs(given), sign = given < 0 && k % 2 == 1 ? -1 : 1;
  if (k > 2 && !is_wide<N>) return {N(0), N(1)};  // left to 90 digits
  if (!second_kind && k >= 2 && x < N(1e-8)) {  // x^k / k! coefficients of J0: 1 - x^2/4 + x^4/64 - x^6/2304
    const N series[] = {-N(0.5) + 3 * x * x / 16, 3 * x / 8 - 5 * x * x * x / 96, N(0.375) - 5 * x * x / 32};
    if (k <= 4) return {sign * series[k - 2]};
  }
  const OrderZeroAndOne<N> f = bessel_of(x, second_kind);
  if (k == 0) return {f.zero, f.size};
  if (k == 1) return {sign * -f.one, !second_kind && x < 1 ? N(0) : f.size};
  std::vector<N> d = {f.zero, -f.one, f.one / x - f.zero};
  N size = f.size == 0 ? N(0) : f.size + abs(f.one / x);
  for (int n = 1; n + 2 <= k; ++n)
    d.push_back(-(N(n + 1) * d[unsigned(n + 1)] + x * d[unsigned(n)] + N(n) * d[unsigned(n - 1)]) / x);
  return {sign * d[unsigned(k)], size};
}

// I_n: DLMF 10.25.2 below 150, 10.40.1 above.
template <class N>
N bessel_i_of(int n, const N& x) {
  using std::abs, std::exp, std::sqrt;
  if constexpr (!is_wide<N>) {
    return boost::math::cyl_bessel_i(n, x, quiet);
  } else {
    const N eps = std::numeric_limits<N>::epsilon();
    N term = 1, sum = 0;
    if (x < 150) {
      for (int i = 1; i <= n; ++i) term *= x / (2 * i);
      for (int k = 0; k < 2000; ++k) {
        sum += term;
        if (term < sum * eps) break;
        term *= x * x / (N(4) * (k + 1) * (k + 1 + n));
      }
      return sum;
    }
    for (int k = 0; k < 400; ++k) {
      sum += term;
      const N next = -term * (4 * n * n - (2 * k + 1) * (2 * k + 1)) / (8 * x * (k + 1));
      if (abs(next) > abs(term) || abs(next) < eps) break;
      term = next;
    }
    return sum * exp(x) / sqrt(2 * boost::math::constants::pi<N>() * x);
  }
}

// I0^(k) = 2^-k sum of binomial(k, i) I_(k - 2i): terms of one sign.
template <class N>
Terms<N> bessel_i0_terms(const N& given, int k) {
  using std::abs;
  if (!(given == given)) return {given};
  const N x = abs(given), sign = given < 0 && k % 2 == 1 ? -1 : 1;
  if (x == inf_of<N>() || x > N(1e5)) return {sign * inf_of<N>()};
  N sum = 0;
  for (int i = 0; i <= k; ++i)
    sum += boost::math::binomial_coefficient<N>(unsigned(k), unsigned(i)) * bessel_i_of(abs(k - 2 * i), x);
  for (int i = 0; i < k; ++i) sum /= 2;
  return {sign * sum};
}

}  // namespace rappel::detail::special
