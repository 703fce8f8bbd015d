#pragma once

// Maclaurin series to as many terms as N needs below 1/16: what keeps the digits of sin(x) - x. Made from
// definitions by the arithmetic of power series.

#include "number.hpp"

#include <boost/math/constants/constants.hpp>

#include <vector>

namespace rappel::accuracy {

template <class N>
class Series {
 public:
  // Coefficients shrink by 16 a term, or better; those of some functions grow first.
  static constexpr int size = std::numeric_limits<N>::digits / 4 + 12;

  Series() : c_(size, N(0)) {}
  template <class F>
  static Series of(const F& coefficient) {
    Series s;
    for (int k = 0; k < size; ++k) s.c_[static_cast<std::size_t>(k)] = coefficient(k);
    return s;
  }

  N operator[](int k) const { return c_[static_cast<std::size_t>(k)]; }
  N& operator[](int k) { return c_[static_cast<std::size_t>(k)]; }

  friend Series operator+(const Series& a, const Series& b) {
    return of([&](int k) { return N(a[k] + b[k]); });
  }
  friend Series operator*(const N& a, const Series& b) {
    return of([&](int k) { return N(a * b[k]); });
  }
  friend Series operator*(const Series& a, const Series& b) {
    return of([&](int k) {
      N total = 0;
      for (int i = 0; i <= k; ++i) total += a[i] * b[k - i];
      return total;
    });
  }
  friend Series operator/(const Series& a, const Series& b) {
    Series q;
    for (int k = 0; k < size; ++k) {
      N rest = a[k];
      for (int i = 0; i < k; ++i) rest -= q[i] * b[k - i];
      q[k] = rest / b[0];
    }
    return q;
  }

  // From the constant term on: the three lowest as terms of their own would gain nothing but for the first
  // two.
  Terms<N> terms(const N& v) const { return {c_[0], N(c_[1] * v), tail(v)}; }
  // Without the terms 0 and 1.
  N tail(const N& v) const {
    N total = 0;
    for (int k = size - 1; k >= 2; --k) total = total * v + c_[static_cast<std::size_t>(k)];
    return total * v * v;
  }
  N value(const N& v) const { return c_[0] + (c_[1] * v + tail(v)); }

 private:
  std::vector<N> c_;
};

template <class N>
Series<N> integral(const Series<N>& s, const N& constant = N(0)) {
  return Series<N>::of([&](int k) { return k == 0 ? constant : N(s[k - 1] / k); });
}
// s(c x^step).
template <class N>
Series<N> stretched(const Series<N>& s, const N& c, int step = 1) {
  N power = 1;
  int i = 0;
  return Series<N>::of([&](int k) -> N {
    if (k % step != 0) return 0;
    const N result = s[i++] * power;
    power *= c;
    return result;
  });
}
template <class N>
Series<N> exp_series() {
  N c = 1;
  return Series<N>::of([&](int k) { return k == 0 ? c : N(c /= k); });
}
// (1 + x)^a.
template <class N>
Series<N> binomial_series(const N& a) {
  N c = 1;
  return Series<N>::of([&](int k) { return k == 0 ? c : N(c *= (a - (k - 1)) / k); });
}
template <class N>
Series<N> one() {
  return Series<N>::of([](int k) { return N(k == 0 ? 1 : 0); });
}
template <class N>
Series<N> identity() {
  return Series<N>::of([](int k) { return N(k == 1 ? 1 : 0); });
}
template <class N>
Series<N> odd_part(const Series<N>& s) {
  return Series<N>::of([&](int k) { return k % 2 == 1 ? s[k] : N(0); });
}
template <class N>
Series<N> even_part(const Series<N>& s) {
  return Series<N>::of([&](int k) { return k % 2 == 0 ? s[k] : N(0); });
}
// Of exp_series: x^k / k! with the signs of cosine and sine.
template <class N>
Series<N> alternating(const Series<N>& s) {
  return Series<N>::of([&](int k) { return k / 2 % 2 == 0 ? s[k] : N(-s[k]); });
}
template <class N>
Series<N> gaussian_series() {  // exp(-x^2)
  return stretched(exp_series<N>(), N(-1), 2);
}
template <class N>
Series<N> erf_series() {
  return N(boost::math::constants::two_div_root_pi<N>()) * integral(gaussian_series<N>());
}
template <class N>
Series<N> atan_series() {  // the integral of 1 / (1 + x^2)
  return integral(stretched(binomial_series(N(-1)), N(1), 2));
}

}  // namespace rappel::accuracy
