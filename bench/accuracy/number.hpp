#pragma once

// What references are written in. A reference says what a public function of Expr is, as a template over the
// number type: in about 34 digits for every point (Filter), in 100 for those that matter (Exact). It is never
// the formula of ops.def: it is the definition, or Boost.Math's function.

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <span>

namespace rappel::accuracy {

// 113 bits, for which Boost.Math has rational approximations. Exponents are 32 bits: what a double cannot
// hold is there.
using Filter = boost::multiprecision::number<
    boost::multiprecision::cpp_bin_float<113, boost::multiprecision::digit_base_2>,
    boost::multiprecision::et_off>;
using Exact =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>, boost::multiprecision::et_off>;

// x = quarter * pi/2 + rest, |rest| <= pi/4; quarter modulo 4. For any finite double.
template <class N>
struct Reduced {
  int quarter;
  N rest;
};
template <class N>
Reduced<N> reduced(double x);
extern template Reduced<Filter> reduced<Filter>(double);
extern template Reduced<Exact> reduced<Exact>(double);

// The double x moved by h. References choose their branch by x alone, so that the points of a difference
// share it.
template <class N>
struct Operand {
  using Number = N;
  double x;
  N h;
  N v;                               // x + h, rounded to N
  std::optional<Reduced<N>>* turns;  // of x; kept from one point of a difference to the next

  const Reduced<N>& reduced_x() const {
    if (!*turns) *turns = reduced<N>(x);
    return **turns;
  }
};

// The function as a sum of terms that are differenced one by one: where f is 1 - 1e-200, or x + x^3/6 at
// 1e-200, the small term keeps its digits. Terms are smooth, each on the scale that the subject states.
template <class N>
struct Terms {
  static constexpr int capacity = 6;
  std::array<N, capacity> term;
  int size = 0;
  Terms(std::initializer_list<N> terms) {
    for (const N& t : terms) term[static_cast<std::size_t>(size++)] = t;
  }
  N sum() const {
    N total = 0;
    for (int i = 0; i < size; ++i) total += term[static_cast<std::size_t>(i)];
    return total;
  }
};

template <class N>
using ReferenceIn = Terms<N> (*)(std::span<const Operand<N>>);

struct Reference {
  ReferenceIn<Filter> filter = nullptr;
  ReferenceIn<Exact> exact = nullptr;
};

// From a generic lambda without captures that takes so many operands.
template <int operands, class F>
Reference reference(F) {
  const auto in = [](auto zero) -> ReferenceIn<decltype(zero)> {
    using N = decltype(zero);
    return [](std::span<const Operand<N>> x) -> Terms<N> {
      if constexpr (operands == 1)
        return F{}(x[0]);
      else if constexpr (operands == 2)
        return F{}(x[0], x[1]);
      else
        return F{}(x[0], x[1], x[2]);
    };
  };
  return {in(Filter()), in(Exact())};
}

template <class O>
using number_of = typename std::remove_cvref_t<O>::Number;

// x + h, or `limit` with the sign of x in the place of a larger x: what references take the exponential of.
// There it is 0 or infinite as a double, its derivatives too.
template <class N>
N bounded(const Operand<N>& x, double limit = 1e5) {
  return std::fabs(x.x) <= limit ? x.v : N(N(std::copysign(limit, x.x)) + x.h);
}
template <class N>
N log1p_of(const N& x) {  // the series 2 atanh(x / (2 + x)) below 1/16
  if (abs(x) > N(0.0625)) return log(N(1 + x));
  const N t = x / (2 + x), square = t * t;
  N power = t, total = t;
  for (int k = 3; power != 0; k += 2) {
    power *= square;
    const N term = power / k;
    if (abs(term) <= abs(total) * std::numeric_limits<N>::epsilon() / 16) break;
    total += term;
  }
  return 2 * total;
}

// The exponents of scales: on which length around x the function is smooth.
inline int size_of(double x) { return x == 0.0 ? -1200 : std::ilogb(x); }
inline int distance_to(double x, std::initializer_list<double> points) {
  int least = 2000;
  for (const double p : points) least = std::min(least, size_of(x - p));
  return least;
}
inline bool is_small(double x) { return std::fabs(x) < 0.0625; }
inline int unit(double) { return 0; }
inline int relative(double x) { return size_of(x); }
inline int unit_or_small(double x) { return is_small(x) ? size_of(x) : 0; }
inline int inside_one(double x) { return is_small(x) ? size_of(x) : distance_to(x, {-1.0, 1.0}); }
inline int relative_to_own(std::span<const double> x, std::size_t i) { return size_of(x[i]); }
// exp(-x^2) and its like.
inline int gaussian_scale(double x) { return is_small(x) ? size_of(x) : -std::clamp(size_of(x) + 1, 0, 40); }

}  // namespace rappel::accuracy
