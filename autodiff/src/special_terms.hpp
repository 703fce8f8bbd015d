#pragma once

// Special functions over a number type N (long double, 90 digits), each with the size of the terms it was made of, which
// says how many digits are left where they nearly cancel. Sources: DLMF (dlmf.nist.gov) chapters 5, 6, 7 and 10.

#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/binomial.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/cos_pi.hpp>
#include <boost/math/special_functions/sin_pi.hpp>
#include <boost/math/special_functions/trigamma.hpp>

#include "reduction.hpp"

#include <vector>

namespace rappel::detail::special {

namespace policies = boost::math::policies;
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
    policies::denorm_error<policies::ignore_error>, policies::evaluation_error<policies::ignore_error>,
    policies::rounding_error<policies::ignore_error>, policies::promote_float<false>, policies::promote_double<false>>;
inline constexpr Quiet quiet;

template <class N>
struct Terms {
  N value;
  N size = N(0);  // of the terms summed; 0: nothing cancels

  Terms& operator+=(const N& term) {
    using std::abs;
    value += term;
    size += abs(term);
    return *this;
  }
};

template <class N>
N nan_of() {
  return std::numeric_limits<N>::quiet_NaN();
}
template <class N>
N inf_of() {
  return std::numeric_limits<N>::infinity();
}
template <class N>
constexpr bool is_wide = std::numeric_limits<N>::digits > 64;

// --- gamma ---

template <class N>
N from_nearest_integer(const N& x) {
  using std::floor;
  const N below = floor(x), rest = x - below;
  return rest < N(0.5) ? rest : N(x - (below + 1));  // exact, where x + 1 would round
}

// DLMF 5.5.3 below 0: Gamma(x) Gamma(-x) = -pi / (x sin(pi x)).
template <class N>
Terms<N> lgamma_terms(const N& x) {
  using std::abs, std::floor, std::log;
  if (!(x == x)) return {x};
  if (x > 0) return {boost::math::lgamma(x, quiet)};
  if (floor(x) == x) return {inf_of<N>()};
  const N sine = boost::math::sin_pi(from_nearest_integer(x), quiet);
  Terms<N> sum{N(0)};
  sum += log(boost::math::constants::pi<N>() / abs(x * sine));
  sum += -boost::math::lgamma(N(-x), quiet);
  return sum;
}

// (-1)^(k+1) psi^(k) for large x, k >= 1: DLMF 5.15.8 and its derivatives.
template <class N>
N polygamma_expansion(const N& x, int k) {
  using std::abs;
  N factorial = 1, power = 1 / x;  // (k - 1)!, x^-k
  for (int i = 1; i < k; ++i) factorial *= i, power /= x;
  N sum = factorial * power + factorial * k * power / (2 * x), weight = factorial;  // (2j + k - 1)! / (2j)!
  for (int j = 1; j < 200; ++j) {
    power /= x * x;
    weight *= N(2 * j + k - 2) * N(2 * j + k - 1) / (N(2 * j - 1) * N(2 * j));
    const N term = boost::math::bernoulli_b2n<N>(j) * weight * power;
    sum += term;
    if (abs(term) < abs(sum) * std::numeric_limits<N>::epsilon()) break;
  }
  return sum;
}

// psi^(k); DLMF 5.15.6 below 0 for k = 0, 1; Boost's own reflection for k >= 2.
template <class N>
Terms<N> polygamma_terms(const N& x, int k) {
  using std::floor, std::abs;
  if (!(x >= -1e16)) return {nan_of<N>()};  // every double there is a pole
  if (x == inf_of<N>()) return {k == 0 ? x : N(0)};
  if (!(x > 0) && floor(x) == x) return {k % 2 == 1 ? inf_of<N>() : x == 0 ? N(-1 / x) : nan_of<N>()};  // -1 / x near 0
  if (k > 0 && x > (is_wide<N> ? 200 : 40) + k) return {k % 2 == 1 ? polygamma_expansion(x, k) : N(-polygamma_expansion(x, k))};
  if (k > 1) {
    const N value = boost::math::polygamma(k, x, quiet);
    if (x > 0) return {value};
    const N nearest = abs(x - floor(x + N(0.5)));
    return {value, abs(boost::math::polygamma(k, nearest, quiet)) + 1};
  }
  if (x > 0) return {k == 0 ? boost::math::digamma(x, quiet) : boost::math::trigamma(x, quiet)};
  const N pi = boost::math::constants::pi<N>(), rest = from_nearest_integer(x);
  const N sine = boost::math::sin_pi(rest, quiet), ratio = pi / sine, above = 1 - x;
  Terms<N> sum{N(0)};
  if (k == 0) {
    sum += boost::math::digamma(above, quiet);
    sum += -ratio * boost::math::cos_pi(rest, quiet);
  } else {
    sum += ratio * ratio;
    sum += -boost::math::trigamma(above, quiet);
  }
  return sum;
}

// Gamma^(n+1) = sum of binomial(n, i) Gamma^(i) psi^(n-i).
template <class N>
Terms<N> tgamma_terms(const N& x, int k) {
  using std::abs, std::floor;
  if (!(x > 0) && floor(x) == x) return {x != 0 ? nan_of<N>() : k % 2 == 0 ? N(1 / x) : N(-inf_of<N>())};  // 1 / x near 0
  std::vector<Terms<N>> gamma = {{boost::math::tgamma(x, quiet)}}, psi;
  for (int n = 0; n < k; ++n) {
    psi.push_back(polygamma_terms(x, n));
    if (psi.back().size == 0) psi.back().size = abs(psi.back().value);
    Terms<N> next{N(0)};
    for (int i = 0; i <= n; ++i) {
      const Terms<N>&a = gamma[unsigned(i)], &b = psi[unsigned(n - i)];
      const N weight = boost::math::binomial_coefficient<N>(unsigned(n), unsigned(i));
      next.value += weight * a.value * b.value;
      next.size += weight * (a.size == 0 ? N(abs(a.value)) : a.size) * b.size;
    }
    gamma.push_back(next);
  }
  return gamma.back();
}

// psi^(k)(x) - psi^(k)(x + y); by Taylor's series where y is small beside x.
template <class N>
Terms<N> polygamma_difference_terms(const N& x, const N& y, int k) {
  if (!(x > 0) || !(y > 0)) return {nan_of<N>()};
  if (y < x * N(1e-12)) {
    const N first = polygamma_terms(x, k + 1).value;
    return {-y * (first + y / 2 * polygamma_terms(x, k + 2).value)};
  }
  Terms<N> sum{N(0)};
  sum += polygamma_terms(x, k).value;
  sum += -polygamma_terms(N(x + y), k).value;
  return sum;
}

// lgamma(x) less Stirling's (x - 1/2) log x - x + log(2 pi) / 2, x >= 10: DLMF 5.11.1.
template <class N>
N stirling_rest(const N& x) {
  using std::abs;
  const N w = 1 / (x * x);
  N power = 1 / x, sum = 0;
  for (int k = 1; k < 60; ++k, power *= w) {
    const N term = boost::math::bernoulli_b2n<N>(k) / (2 * k * (2 * k - 1)) * power;
    sum += term;
    if (abs(term) < abs(sum) * std::numeric_limits<N>::epsilon()) break;
  }
  return sum;
}

// p <= q are the operands in order. Where q is large the logarithms of Gamma(q) and Gamma(p + q) are subtracted in form.
template <class N>
Terms<N> log_beta_terms(const N& x, const N& y) {
  using std::log;
  if (!(x >= 0) || !(y >= 0)) return {nan_of<N>()};
  const N p = x < y ? x : y, q = x < y ? y : x, s = p + q;
  if (p == 0) return {q < inf_of<N>() ? inf_of<N>() : nan_of<N>()};
  if (q == inf_of<N>()) return {-inf_of<N>()};
  Terms<N> sum{N(0)};
  const N large = is_wide<N> ? 60 : 20;
  if (q < large) {
    sum += boost::math::lgamma(p, quiet);
    sum += boost::math::lgamma(q, quiet);
    sum += -boost::math::lgamma(s, quiet);
    return sum;
  }
  // lgamma(q) - lgamma(p + q) = (q - 1/2) log(q / (p + q)) - p log(p + q) + p + the difference of the rests
  const N shrunk = -boost::math::log1p(N(p / q), quiet), rest = stirling_rest(q) - stirling_rest(s);
  if (p < large) {
    sum += boost::math::lgamma(p, quiet);
    sum += (q - N(0.5)) * shrunk + p;
    sum += -p * log(s);
    sum += rest;
    return sum;
  }
  sum += boost::math::constants::log_root_two_pi<N>();
  sum += -log(p) / 2;
  sum += p * log(p / s);
  sum += (q - N(0.5)) * shrunk;
  sum += stirling_rest(p) + rest;
  return sum;
}

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
    for (int i = 0; i <= n; ++i) next -= boost::math::binomial_coefficient<N>(unsigned(n), unsigned(i)) * m[unsigned(i)] * d[unsigned(n - i)];
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
  if (abs(x) < (k > 2 ? N(is_wide<N> ? 20 : 4 * k) : N(1))) {  // sum of (-1)^j x^(2j) / (2j + 1)!, differentiated
    Terms<N> sum{N(0)};
    const int first = (k + 1) / 2;
    N coefficient = first % 2 ? -1 : 1;  // of x^(2j - k): (2j)! / ((2j + 1)! (2j - k)!) = 1 / ((2j + 1) (2j - k)!)
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

// --- Bessel functions of order 0 and 1 ---

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
    const N c = order == 0 ? N(at.cos + at.sin) : N(at.sin - at.cos), s = order == 0 ? N(at.sin - at.cos) : N(-at.sin - at.cos);
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

// The k-th derivative of J0 (of Y0): f0, -f1, f1/x - f0, then x f^(n+2) = -((n+1) f^(n+1) + x f^(n) + n f^(n-1)).
template <class N>
Terms<N> bessel_derivative_terms(const N& given, bool second_kind, int k) {
  using std::abs;
  if (!(given == given)) return {given};
  if (second_kind && !(given > 0)) return {given == 0 && k < 2 ? (k == 0 ? -inf_of<N>() : inf_of<N>()) : nan_of<N>()};
  if (abs(given) == inf_of<N>()) return {N(0)};
  const N x = abs(given), sign = given < 0 && k % 2 == 1 ? -1 : 1;
  if (k > 2 && !is_wide<N>) return {N(0), N(1)};  // left to 90 digits
  if (!second_kind && k >= 2 && x < N(1e-8)) {    // x^k / k! coefficients of J0: 1 - x^2/4 + x^4/64 - x^6/2304
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
