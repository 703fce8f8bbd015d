// The operations of ops.def on Exprs: in a graph or on a tape, whose values and partials are the formulas of the scalar
// kernels.

#include "apply.hpp"
#include "literals.hpp"
#include "tape.hpp"

#include <bit>

#define RAPPEL_LANES 1
#include <math.h>
#include <sleef.h>

#include "formulas.hpp"
#include "special.hpp"
#include "with_slope.hpp"

namespace rappel {
namespace {
#include "lanes.hpp"
#include "lanes_functions.hpp"
#include "lanes_families.hpp"
#include "lanes_special.hpp"

// What partials are computed in: numbers that know whether they were written or come from parameters. As in a graph, a
// partial that is a literal 0 passes nothing on, and one that happens to be 0 does.
struct Number {
  double v;
  bool literal = true;
  explicit Number(double x) : v(x) {}
  Number(double x, bool written) : v(x), literal(written) {}
  explicit Number(const Expr& x) : v(x.constant()), literal(x.is_constant()) {}

  friend Number operator+(Number a, Number b) { return {a.v + b.v, a.literal && b.literal}; }
  friend Number operator-(Number a, Number b) { return {a.v - b.v, a.literal && b.literal}; }
  friend Number operator*(Number a, Number b) { return {a.v * b.v, a.literal && b.literal}; }
  friend Number operator/(Number a, Number b) { return {a.v / b.v, a.literal && b.literal}; }
  friend Number operator-(Number a) { return {-a.v, a.literal}; }
};
struct Truth {
  bool holds, literal;
};
inline Truth operator<(Number a, Number b) { return {a.v < b.v, a.literal && b.literal}; }
inline Truth operator<=(Number a, Number b) { return {a.v <= b.v, a.literal && b.literal}; }
inline Truth operator>(Number a, Number b) { return {a.v > b.v, a.literal && b.literal}; }
[[maybe_unused]] inline Truth operator>=(Number a, Number b) { return {a.v >= b.v, a.literal && b.literal}; }
inline Truth operator==(Number a, Number b) { return {a.v == b.v, a.literal && b.literal}; }
inline Number select(Truth c, Number a, Number b) {
  return {c.holds ? a.v : b.v, c.literal && (c.holds ? a.literal : b.literal)};
}

inline Lanes lanes(Number x) { return Lanes(x.v); }

#define RAPPEL_UNARY(name, ...) \
  [[maybe_unused]] Number name(Number x) { return {formulas::name##_op::value(lanes(x)).v, x.literal}; }
#define RAPPEL_UNARY_AUX(name, symbol, aux, ...)                                                          \
  [[maybe_unused]] Number name(Number x) {                                                                \
    return {formulas::name##_op::value(lanes(x), formulas::aux##_op::value(lanes(x))).v, x.literal};      \
  }
#define RAPPEL_BINARY(name, ...)                                                                  \
  [[maybe_unused]] Number name(Number x, Number y) {                                              \
    return {formulas::name##_op::value(lanes(x), lanes(y)).v, x.literal && y.literal};            \
  }
#define RAPPEL_TERNARY(name, ...)                                                                            \
  [[maybe_unused]] Number name(Number x, Number y, Number z) {                                               \
    return {formulas::name##_op::value(lanes(x), lanes(y), lanes(z)).v, x.literal && y.literal && z.literal}; \
  }
#define RAPPEL_DERIVATIVES(name, ...) \
  [[maybe_unused]] Number name(Number x, int k) { return {formulas::name##_op::value(lanes(x), k).v, x.literal}; }
#include <rappel/autodiff/ops.def>

[[maybe_unused]] Number hypot(Number x, Number y) {  // as norm({x, y})
  double values[] = {x.v, y.v, 0.0, 0.0}, result;
  detail::evaluate_scalar(Op::scaled_norm, {values, 2}, {values + 2, 2});
  detail::evaluate_scalar(Op::norm, values, {&result, 1});
  return {result, x.literal && y.literal};
}

bool passes(Number partial) { return !(partial.literal && partial.v == 0.0); }
bool holds(formulas::Always) { return true; }
bool holds(Truth t) { return t.holds; }

using Edge = detail::Tape::Edge;  // an operand's node, and the partial by it if there is one
template <class Partial>
Edge edge(const Expr& x, const Partial& partial) {
  if (detail::Tape::node_of(x) == 0) return {};
  const Number p = partial();
  return passes(p) ? Edge{detail::Tape::node_of(x), p.v} : Edge{};
}

template <class F>
Expr unary(detail::Tape& tape, Number z, const Expr& x) {
  const Edge by_x = edge(x, [&] { return F::partial(Number(x), z); });
  return tape.node(z.v, by_x.operand, by_x.partial);
}

template <class F>
Expr binary(detail::Tape& tape, Number z, const Expr& x, const Expr& y) {
  const Number a(x), b(y);
  const Edge by_x = holds(F::arm_x(a, b)) ? edge(x, [&] { return F::partial_x(a, b, z); }) : Edge();
  const Edge by_y = holds(F::arm_y(a, b)) ? edge(y, [&] { return F::partial_y(a, b, z); }) : Edge();
  return tape.node(z.v, by_x.operand, by_x.partial, by_y.operand, by_y.partial);
}

template <class F>
Expr ternary(detail::Tape& tape, Number w, const Expr& x, const Expr& y, const Expr& z) {
  const Number a(x), b(y), c(z);
  const Edge edges[] = {edge(x, [&] { return F::partial_x(a, b, c, w); }),
                        edge(y, [&] { return F::partial_y(a, b, c, w); }),
                        edge(z, [&] { return F::partial_z(a, b, c, w); })};
  return tape.node(w.v, edges);
}

// Of a binary operation on a literal.
template <class F>
Expr binary_of_literal(detail::Tape& tape, Op op, Number z, const Expr& x, const Expr& y) {
  const auto is = [&](int i, double value) {
    const Expr& e = i == 0 ? x : y;
    return e.is_constant() && std::bit_cast<std::uint64_t>(e.constant()) == std::bit_cast<std::uint64_t>(value);
  };
  switch (detail::literally(op, is, false)) {
    case detail::Literally::first:
      return x;
    case detail::Literally::second:
      return y;
    case detail::Literally::minus_first:
      return unary<formulas::neg_op>(tape, neg(Number(x)), x);
    case detail::Literally::minus_second:
      return unary<formulas::neg_op>(tape, neg(Number(y)), y);
    case detail::Literally::zero:
      return 0.0;
    case detail::Literally::one:
      return 1.0;
    case detail::Literally::nothing:
      break;
  }
  return binary<F>(tape, z, x, y);
}

}  // namespace

#define RAPPEL_UNARY(name, ...)                                                                                      \
  Expr name(const Expr& x, Location at) {                                                                            \
    if (detail::Tape* tape = detail::Tape::of(x)) return unary<formulas::name##_op>(*tape, name(Number(x)), x);      \
    return detail::apply(Op::name, x, at);                                                                           \
  }
#define RAPPEL_UNARY_AUX(name, symbol, aux, ...)                                                                     \
  Expr name(const Expr& x, Location at) {                                                                            \
    if (detail::Tape* tape = detail::Tape::of(x)) return unary<formulas::name##_op>(*tape, name(Number(x)), x);      \
    return detail::apply(Op::name, x, aux(x, at), at);                                                               \
  }
#define RAPPEL_BINARY(name, ...)                                                          \
  Expr name(const Expr& x, const Expr& y, Location at) {                                  \
    if (detail::Tape* tape = detail::Tape::of(x, y)) {                                    \
      const Number z = name(Number(x), Number(y));                                        \
      if (x.is_constant() || y.is_constant())                                             \
        return binary_of_literal<formulas::name##_op>(*tape, Op::name, z, x, y);          \
      return binary<formulas::name##_op>(*tape, z, x, y);                                 \
    }                                                                                     \
    return detail::apply(Op::name, x, y, at);                                             \
  }
#define RAPPEL_TERNARY(name, ...)                                                              \
  Expr name(const Expr& x, const Expr& y, const Expr& z, Location at) {                        \
    if (detail::Tape* tape = detail::Tape::of({x, y, z}))                                      \
      return ternary<formulas::name##_op>(*tape, name(Number(x), Number(y), Number(z)), x, y, z); \
    return detail::apply_nary(Op::name, {x, y, z}, at);                                        \
  }
#define RAPPEL_DERIVATIVES(name, ...)                                                     \
  Expr name(const Expr& x, int order, Location at) {                                      \
    if (order < 0) throw std::invalid_argument(#name ": order " + std::to_string(order)); \
    if (detail::Tape* tape = detail::Tape::of(x)) {                                       \
      const Edge by_x = edge(x, [&] { return name(Number(x), order + 1); });              \
      return tape->node(name(Number(x), order).v, by_x.operand, by_x.partial);            \
    }                                                                                     \
    return detail::apply_nary(Op::name, {x, Expr(order)}, at);                            \
  }
#include <rappel/autodiff/ops.def>

}  // namespace rappel
