#pragma once

// The gamma function, its logarithm and derivatives, and log_beta. Source: DLMF chapter 5.

#include "special_numbers.hpp"

#include <boost/math/special_functions/binomial.hpp>
#include <boost/math/special_functions/cos_pi.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/sin_pi.hpp>
#include <boost/math/special_functions/trigamma.hpp>

namespace rappel::detail::special {

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

// d^k / dx^k of pi cot(pi x): pi^(k+1) Q_k(cot(pi x)), Q_0(c) = c, Q_(k+1) = -(1 + c^2) Q_k'.
template <class N>
N cot_pi_derivative(const N& x, int k) {
  const N pi = boost::math::constants::pi<N>(), rest = from_nearest_integer(x);
  const N c = boost::math::cos_pi(rest, quiet) / boost::math::sin_pi(rest, quiet);
  std::vector<N> q = {N(0), N(1)};
  N factor = pi;
  for (int n = 0; n < k; ++n) {
    std::vector<N> next(q.size() + 1, N(0));
    for (std::size_t d = 1; d < q.size(); ++d) {
      next[d - 1] -= N(d) * q[d];
      next[d + 1] -= N(d) * q[d];
    }
    q = std::move(next);
    factor *= pi;
  }
  N value = 0;
  for (std::size_t d = q.size(); d-- > 0;) value = value * c + q[d];
  return factor * value;
}

// psi^(k); DLMF 5.15.6 below 0.
template <class N>
Terms<N> polygamma_terms(const N& x, int k) {
  using std::floor, std::abs;
  if (!(x >= -1e16)) return {nan_of<N>()};  // every double there is a pole
  if (x == inf_of<N>()) return {k == 0 ? x : N(0)};
  if (!(x > 0) && floor(x) == x)  // -1 / x near 0
    return {k % 2 == 1 ? inf_of<N>() : x == 0 ? N(-1 / x) : nan_of<N>()};
  if (k > 0 && x > (is_wide<N> ? 200 : 40) + k)
    return {k % 2 == 1 ? polygamma_expansion(x, k) : N(-polygamma_expansion(x, k))};
  if (x > 0) {
    if (k == 0) return {boost::math::digamma(x, quiet)};
    return {k == 1 ? boost::math::trigamma(x, quiet) : boost::math::polygamma(k, x, quiet)};
  }
  Terms<N> sum = polygamma_terms(N(1 - x), k);
  if (k % 2 == 1) sum.value = -sum.value;
  sum.size = abs(sum.value);
  sum += -cot_pi_derivative(x, k);
  return sum;
}

// Gamma^(n+1) = sum of binomial(n, i) Gamma^(i) psi^(n-i).
template <class N>
Terms<N> tgamma_terms(const N& x, int k) {
  using std::abs, std::floor;
  if (!(x > 0) && floor(x) == x)
    return {x != 0 ? nan_of<N>() : k % 2 == 0 ? N(1 / x) : N(-inf_of<N>())};  // 1 / x near 0
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
  const N total = x + y, lost = x > y ? N(y - (total - x)) : N(x - (total - y));  // the rounding of x + y
  sum += -polygamma_terms(total, k).value;
  if (lost != 0) sum += -lost * polygamma_terms(total, k + 1).value;
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

// p <= q are the operands in order. Where q is large the logarithms of Gamma(q) and Gamma(p + q) are
// subtracted in form.
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

}  // namespace rappel::detail::special
