#pragma once

// Sine and cosine of any double in a number type N: in 400 digits it is reduced modulo pi/2, so that huge
// arguments lose nothing. long double takes the C library's, which reduces exactly.

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>

namespace rappel::detail {

template <class N>
struct SinCos {
  N sin, cos;
};

inline SinCos<long double> sin_cos(const long double& x) { return {std::sin(x), std::cos(x)}; }

template <unsigned Digits>
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<Digits>,
                                           boost::multiprecision::et_off>;

// Finite x.
template <unsigned Digits>
SinCos<Wide<Digits>> sin_cos(const Wide<Digits>& x) {
  using N = Wide<Digits>;
  static const Wide<420> half_pi = boost::math::constants::half_pi<Wide<420>>();
  const Wide<420> wide(x);
  const Wide<420> quarters = floor(wide / half_pi + Wide<420>(0.5)), turns = floor(quarters / 4);
  const N rest(wide - quarters * half_pi);
  const N s = abs(rest) < N(1e-30) ? N(rest - rest * rest * rest / 6) : N(sin(rest)), c = cos(rest);
  switch (static_cast<int>(quarters - 4 * turns)) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

}  // namespace rappel::detail
