#pragma once

#include <cstdint>

// The formulas of ops.def as templates over the type that they run on: lanes of doubles, 50-digit numbers, Expr.
// A type brings, found by its namespace: arithmetic, comparisons, select(condition, a, b), math_exp .. math_tanh,
// math_pow, math_floor, and fma(a, b, c) rounded once. Included by files compiled for one instruction set: all here
// is a template over the caller's own type, so that no copy is shared between sets.

namespace rappel::formulas {

// e / (1 + e)^2 for 0 <= e <= 1; the rounding of 1 + e and of its square is carried along (plainly: 3.2 ulp).
template <class T>
T ratio_to_square(const T& e) {
  const T s = T(1.0) + e;
  const T s_low = e - (s - T(1.0));  // exact, since e <= 1
  const T p = s * s;
  const T p_low = fma(s, s, -p) + T(2.0) * (s * s_low);
  const T q = e / p;
  return q + (fma(-q, p, e) - q * p_low) / p;
}

// 4e / (1 + e)^2 with e = exp(-2|x|); at most 2 ulp. From |x| = 300 on that is 4e, and e is kept in the normal range:
// it is exp(-2(|x| - 91)), scaled in the end (plainly: 3.7 ulp where e is subnormal).
template <class T>
T sech2_value(const T& x) {
  const T size = math_abs(x);
  const T e = math_exp(T(-2.0) * select(size > T(300.0), size - T(91.0), size));
  return select(size > T(300.0), T(0x1.58c5dc99e4ae4p-261), T(4.0)) * ratio_to_square(e);
}

// Where a type knows no faster way for 0 <= a <= 1.
template <class T>
T log1p_of_unit(const T& a) {
  return math_log1p(a);
}

// x / y for 1 <= y <= 4, likewise.
template <class T>
T quotient_by_unit(const T& x, const T& y) {
  return x / y;
}

// a * b + c, contracted where the type is.
template <class T>
T multiply_add(const T& a, const T& b, const T& c) {
  return a * b + c;
}

// What rounding lost of a + b, whose sum is given: exact (Knuth 1969, 4.2.2, theorem B).
template <class T>
T lost_in_sum(const T& a, const T& b, const T& sum) {
  const T back = sum - a;
  return (a - (sum - back)) + (b - back);
}

// b where one is NaN, and where both are 0.
template <class T>
T least(const T& a, const T& b) {
  return select(a < b, a, b);
}
template <class T>
T most(const T& a, const T& b) {
  return select(a > b, a, b);
}

// exp(x) for x <= 0 where a type knows no faster way; and exp(x + low), low what rounding left of x: 0 for x = -infinity, whatever low is.
template <class T>
T exp_of_nonpositive(const T& x) {
  return math_exp(x);
}
template <class T>
T exp_of_nonpositive(const T& x, const T& low) {
  const T e = math_exp(x);
  return fma(e, most(low, T(-1.0)), e);
}

// The value of a polynomial by Horner's rule for even and for odd powers: two chains of operations that wait for one
// another, each half as long. Coefficients of 1, x, x^2, ..
template <class T, int Count>
T polynomial_by_halves(const double (&coefficients)[Count], const T& x) {
  const T square = x * x;
  T half[2] = {T(coefficients[Count - 1 - (Count - 1) % 2]), T(coefficients[Count - 1 - Count % 2])};
  for (int k = Count - 3; k >= 0; --k) half[k % 2] = multiply_add(half[k % 2], square, T(coefficients[k]));
  return multiply_add(half[1], x, half[0]);
}

// log(1 + a) for 0 <= a <= 1, NaN for NaN; at most 1 ulp. With s = a / (2 + a): a - (a^2/2 - s (a^2/2 + R(s^2))), as in
// fdlibm's log1p; s^2 R interpolates 2 atanh(s)/s - 2 at Chebyshev's points of s^2 <= 1/9, its error below 2^-56 of the
// logarithm. A third of the time of SLEEF's log1p, which takes any argument.
template <class T>
T log1p_by_polynomial(const T& a) {
  const T s = quotient_by_unit(a, T(2.0) + a), w = s * s;
  constexpr double coefficients[] = {0.6666666666666666,  0.40000000000014585, 0.2857142856710876,  0.22222222717427864,
                                     0.18181789436132859, 0.15385570064958623, 0.13314144209654935, 0.12001072809590713,
                                     0.08800738486144674, 0.16164045611943534};
  const T half_square = T(0.5) * a * a;
  return a - (half_square - s * multiply_add(polynomial_by_halves(coefficients, w), w, half_square));
}

// 2^(i/16) and what its rounding lost.
struct SixteenthPowers {
  static constexpr double high[16] = {
      0x1p+0,                0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0, 0x1.306fe0a31b715p+0,
      0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0, 0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0,
      0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0, 0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0,
      0x1.ea4afa2a490dap+0};
  static constexpr double low[16] = {
      0.0,                     0x1.8a62e4adc610bp-54,  -0x1.19041b9d78a76p-55, 0x1.9b07eb6c70573p-54,
      0x1.6f46ad23182e4p-55,  0x1.ada0911f09ebcp-55,  0x1.d4397afec42e2p-56,  0x1.6324c054647adp-54,
      -0x1.bdd3413b26456p-54, -0x1.41577ee04992fp-55, 0x1.6e9f156864b27p-54,  0x1.c7c46b071f2bep-56,
      0x1.7a1cd345dcc81p-54,  0x1.11065895048ddp-55,  0x1.2ed02d75b3707p-55,  -0x1.e9c23179c2893p-54};
};

// x = k log(2) + r, k = x / log(2) rounded to sixteenths; log2_high has trailing zeros, so that k times it is exact. exp(r) = 1 + r +
// r^2 q(r), |r| <= 0.0217; q interpolates at Chebyshev's points, its error below 2^-62. Of the q of one term less the largest error of
// r^2 q is least: 2^-56.
struct ExpBySixteenths {
  static constexpr double per_log2 = 0x1.71547652b82fep+0, log2_high = 0x1.62e42fefa0000p-1, log2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double rounds_to_sixteenths = 0x1.8p48;  // added, and in the last four bits of the sum then: which sixteenth
  static constexpr double coefficients[] = {0.5000000000000001,   0.16666666666666669,   0.041666666663595475,
                                            0.00833333333299209, 0.0013889063440690236, 0.0001984146378750897};
  static constexpr double fewer_coefficients[] = {0.5000000000000006, 0.1666666666441787, 0.041666666659656106, 0.00833347192323944,
                                                  0.0013889128996711192};
};

// exp(x + low) for -746 <= x <= 710 or NaN and types that pick one of sixteen numbers and scale by powers of two in one instruction; at
// most 0.65 ulp. exp(x) = 2^k exp(r): the floor of k by scaling, the rest from a table in two parts (Tang 1989).
template <class T, class... Low>
__attribute__((always_inline)) inline T exp_in_range(const T& x, const Low&... low) {
  using Exp = ExpBySixteenths;
  const T shifted = fma(x, T(Exp::per_log2), T(Exp::rounds_to_sixteenths)), k = shifted - T(Exp::rounds_to_sixteenths);
  const T r = (fma(-k, T(Exp::log2_low), fma(-k, T(Exp::log2_high), x)) + ... + low);
  const T p = fma(r * r, polynomial_by_halves(Exp::fewer_coefficients, r), r);
  const T high_part = pick_of_16(SixteenthPowers::high, shifted), low_part = pick_of_16(SixteenthPowers::low, shifted);
  return scale_by_power_of_two(high_part + fma(high_part, p, low_part), k);  // which takes the floor
}

// The same, right beyond the range. NaN stays.
template <class T>
__attribute__((always_inline)) inline T exp_by_scaling(const T& x) {
  return exp_in_range(least(T(710.0), most(T(-746.0), x)));
}
template <class T, class... Low>  // low is at most an ulp of x, where exp(x) is not 0
__attribute__((always_inline)) inline T exp_of_nonpositive_by_scaling(const T& x, const Low&... low) {
  return exp_in_range(most(T(-746.0), x), nearer_to_zero(low, T(0x1p-20))...);
}

template <class T>
T softplus_value(const T& x, const T& a) {  // a = exp(-|x|)
  return most(T(0.0), x) + log1p_of_unit(a);
}

// 1 / (1 + exp(-x)) with a = exp(-|x|); at most 2 ulp. Below -1 as a - a^2 / (1 + a), where the rounding of the quotient
// counts less than in a / (1 + a) (2.2 ulp).
template <class T>
T sigmoid_value(const T& x, const T& a) {
  const T q = quotient_by_unit(select(x < T(0.0), a, T(1.0)), T(1.0) + a);
  return select(x < T(-1.0), multiply_add(-a, q, a), q);
}

template <class T>
T huber_value(const T& x, const T& delta) {
  const T size = math_abs(x);
  return select(size <= delta, (T(0.5) * x) * x, delta * (size - T(0.5) * delta));
}

// x where |x| <= delta, else delta sign(x): x between -delta and delta, unless delta is negative or NaN. least and most give their second
// operand where it is NaN, or where both are zeros.
template <class T>
T huber_slope_value(const T& x, const T& delta) {
  const T beyond = select(x > T(0.0), delta, select(x < T(0.0), -delta, delta * x));
  return select(T(0.0) <= delta, most(-delta, least(delta, x)), beyond);
}

// NaN if an operand is; y where they are equal.
template <class T>
T maximum(const T& x, const T& y) {
  return select(x == x, most(x, y), x);
}
template <class T>
T minimum(const T& x, const T& y) {
  return select(x == x, least(x, y), x);
}

// exp(x - y) for x <= y: what the difference loses in rounding (Knuth's two-sum) is put back, since exp multiplies it by
// the size of the difference (left out: 30 ulp where x - y is about -40). Not for x = y infinite.
template <class T>
T exp_of_difference(const T& x, const T& y) {
  const T d = x - y, back = d - x;
  const T low = (x - (d - back)) - (y + back);
  return exp_of_nonpositive(d, low);  // low is NaN where one is infinite: then d is -infinity, or NaN itself
}

// (x1 .. xn) -> their largest m, the sum of all e_k but the first largest, e_k = exp(x_k - m): get(k) is an operand, put(k, value) a
// result. Summing all but the first largest keeps log1p of it accurate where one operand dominates; in two parts (Dekker 1971).
template <class T, class Get, class Put>
void shifted_exps(std::uint32_t n, Get get, Put put) {
  T largest = get(0);
  for (std::uint32_t k = 1; k < n; ++k) largest = most(T(get(k)), largest);  // the first if it is NaN; of others the sum will be
  T high(0.0), low(0.0), passed(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const T x = get(k), other = exp_of_difference(x, largest);
    put(2 + k, select(x == largest, T(1.0), other));
    const T added = select(x == largest, passed, other);
    passed = select(x == largest, T(1.0), passed);
    if (k == 0) {
      high = added;
      continue;
    }
    const T more = most(added, high), less = least(high, added), sum = more + less;  // NaN if one is
    const T lost = less - (sum - more);
    low = k == 1 ? lost : low + lost;
    high = sum;
  }
  put(0, largest);
  put(1, high + low);
}

// (x1 .. xn, and the results of shifted_exps) -> e_k / sum of all, 0 where all are -infinity: times the reciprocal of the sum in two
// parts, so that each quotient rounds once.
template <class T, class Get, class Put>
void softmax(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = (num_operands - 2) / 2;
  const T largest = get(n), rest = get(n + 1), one(1.0), zero = rest - rest;  // or NaN
  const T total = rest + one, rounded_off = lost_in_sum(rest, one, total);
  const T high = select(largest == T(-__builtin_inf()), zero, one / total);
  const T low = high * (fma(-high, total, one) - high * rounded_off);
  for (std::uint32_t k = 0; k < n; ++k) {
    const T e = get(n + 2 + k);
    put(k, fma(e, high, e * low));
  }
}

// The share of the adjoint that x takes in min(x, y): at a tie each takes half.
template <class T>
T share_of_smaller(const T& x, const T& y) {
  return select(x < y, T(1.0), select(x == y, T(0.5), T(0.0)));
}

inline constexpr struct Always {} always;

#define RAPPEL_UNARY(name, symbol, formula, derivative, ...) \
  struct name##_op {                                               \
    template <class T>                                          \
    static T value(const T& x) {                                \
      return formula;                                           \
    }                                                           \
    template <class T>                                          \
    static T partial([[maybe_unused]] const T& x, [[maybe_unused]] const T& z) { \
      return derivative;                                        \
    }                                                           \
  };
#define RAPPEL_UNARY_AUX(name, symbol, aux, formula, derivative, ...) \
  struct name##_op {                                                        \
    template <class T>                                                   \
    static T value([[maybe_unused]] const T& x, const T& a) {            \
      return formula;                                                    \
    }                                                                    \
    template <class T>                                                   \
    static T partial([[maybe_unused]] const T& x, [[maybe_unused]] const T& z) { \
      return derivative;                                                 \
    }                                                                    \
  };
#define RAPPEL_BINARY(name, symbol, formula, dx, dy, ax, ay, ...) \
  struct name##_op {                                                    \
    template <class T>                                               \
    static T value(const T& x, const T& y) {                         \
      return formula;                                                \
    }                                                                \
    template <class T>                                               \
    static T partial_x([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z) { \
      return dx;                                                     \
    }                                                                \
    template <class T>                                               \
    static T partial_y([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z) { \
      return dy;                                                     \
    }                                                                \
    template <class T>                                               \
    static auto arm_x([[maybe_unused]] const T& x, [[maybe_unused]] const T& y) { \
      return ax;                                                     \
    }                                                                \
    template <class T>                                               \
    static auto arm_y([[maybe_unused]] const T& x, [[maybe_unused]] const T& y) { \
      return ay;                                                     \
    }                                                                \
  };
#define RAPPEL_TERNARY(name, symbol, formula, dx, dy, dz, ...)                                                       \
  struct name##_op {                                                                                                \
    template <class T>                                                                                              \
    static T value(const T& x, const T& y, const T& z) {                                                            \
      return formula;                                                                                               \
    }                                                                                                               \
    template <class T>                                                                                              \
    static T partial_x([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z,       \
                       [[maybe_unused]] const T& w) {                                                               \
      return dx;                                                                                                    \
    }                                                                                                               \
    template <class T>                                                                                              \
    static T partial_y([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z,       \
                       [[maybe_unused]] const T& w) {                                                               \
      return dy;                                                                                                    \
    }                                                                                                               \
    template <class T>                                                                                              \
    static T partial_z([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z,       \
                       [[maybe_unused]] const T& w) {                                                               \
      return dz;                                                                                                    \
    }                                                                                                               \
  };
#define RAPPEL_DERIVATIVES(name, symbol, formula, ...)         \
  struct name##_op {                                           \
    template <class T>                                         \
    static T value(const T& x, [[maybe_unused]] int k) {       \
      return formula;                                          \
    }                                                          \
  };
#include <rappel/autodiff/ops.def>

}  // namespace rappel::formulas
