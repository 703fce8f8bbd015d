#pragma once

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

template <class T>
T softplus_value(const T& x, const T& a) {  // a = exp(-|x|)
  return select(x > T(0.0), x, select(x == x, T(0.0), x)) + log1p_of_unit(a);
}

// 1 / (1 + exp(-x)) with a = exp(-|x|); at most 2 ulp. Below -1 as a - a^2 / (1 + a), where the rounding of the quotient
// counts less than in a / (1 + a) (2.2 ulp).
template <class T>
T sigmoid_value(const T& x, const T& a) {
  const T q = select(x < T(0.0), a, T(1.0)) / (T(1.0) + a);
  return select(x < T(-1.0), a - a * q, q);
}

// NaN if an operand is.
template <class T>
T maximum(const T& x, const T& y) {
  return select(x > y, x, select(x <= y, y, x + y));
}
template <class T>
T minimum(const T& x, const T& y) {
  return select(x < y, x, select(x >= y, y, x + y));
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
