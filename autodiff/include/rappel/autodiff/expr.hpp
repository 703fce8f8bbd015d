#pragma once

// Expr: a value in the recording in progress, or a plain constant. Copying it, `auto`, const and lambdas are
// safe: an Expr is a number of a node, and says so when it is used beside or after its recording.

#include <rappel/autodiff/graph.hpp>

#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace rappel {

class Condition;
class Operand;

class Expr {
 public:
  Expr(double value = 0.0) : value_(value) {}

  bool is_constant() const { return generation_ == 0; }
  double constant() const { return value_; }  // of a constant, or on a tape
  NodeId node() const { return node_; }       // of a recorded value
  std::uint32_t generation() const { return generation_; }
  static Expr recorded(std::uint32_t generation, NodeId node) {
    Expr e;
    e.generation_ = generation;
    e.node_ = node;
    return e;
  }
  static Expr on_tape(std::uint32_t generation, NodeId node, double value) {  // of value_and_gradient(cost, x)
    Expr e(value);
    e.generation_ = generation;
    e.node_ = node;
    return e;
  }

  Expr& operator+=(const Operand& y);
  Expr& operator-=(const Operand& y);
  Expr& operator*=(const Operand& y);
  Expr& operator/=(const Operand& y);

 private:
  double value_ = 0.0;
  std::uint32_t generation_ = 0;  // of its recording; 0 for a constant
  NodeId node_ = 0;
};

// An operand of +, -, *, / and comparisons, with the place where it stands in the source: made by conversion.
class Operand : public Expr {
 public:
  Operand(const Expr& x, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : Expr(x), at_{file, line} {}
  Operand(double x, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : Expr(x), at_{file, line} {}
  // What converts to an Expr, such as an inner product of Eigen's.
  template <class T>
  requires(std::is_convertible_v<const T&, Expr> && !std::is_base_of_v<Expr, T> && !std::is_arithmetic_v<T>)
      Operand(const T& x, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : Expr(static_cast<Expr>(x)), at_{file, line} {}
  const Location& at() const { return at_; }

 private:
  Location at_;
};

// The outcome of a comparison: 1 or 0 by row. In `select` it is a node. As a bool it is a branch of the cost:
// decided at the point of the recording and kept as a guard; where it turns, the cost is recorded anew (see
// record). One that varies by row has no single answer: converting it throws std::invalid_argument and says
// `select`. && and || keep their short circuit, so they branch; & and | do not.
class Condition {
 public:
  explicit Condition(const Expr& value) : value_(value) {}
  Condition(bool value) : value_(value ? 1.0 : 0.0) {}
  const Expr& value() const { return value_; }
  operator bool() const;
  template <class T>
  requires(!std::is_same_v<T, bool>) operator T() const = delete;

 private:
  Expr value_;
};

// Every function throws std::invalid_argument if an operand belongs to another recording or to one that
// ended. `at`, the caller's place, is what Function::diagnose names.
#define RAPPEL_UNARY(name, ...) Expr name(const Expr& x, Location at = Location::here());
#define RAPPEL_UNARY_AUX(name, ...) Expr name(const Expr& x, Location at = Location::here());
#define RAPPEL_BINARY(name, ...) Expr name(const Expr& x, const Expr& y, Location at = Location::here());
#define RAPPEL_TERNARY(name, ...) \
  Expr name(const Expr& x, const Expr& y, const Expr& z, Location at = Location::here());
#define RAPPEL_DERIVATIVES(name, ...) Expr name(const Expr& x, int order, Location at = Location::here());
#include <rappel/autodiff/ops.def>

inline Expr operator+(const Operand& x) { return x; }
inline Expr operator-(const Operand& x) { return neg(x, x.at()); }
inline Expr operator+(const Operand& x, const Operand& y) { return add(x, y, x.at()); }
inline Expr operator-(const Operand& x, const Operand& y) { return sub(x, y, x.at()); }
inline Expr operator*(const Operand& x, const Operand& y) { return mul(x, y, x.at()); }
inline Expr operator/(const Operand& x, const Operand& y) { return div(x, y, x.at()); }
inline Expr& Expr::operator+=(const Operand& y) { return *this = add(*this, y, y.at()); }
inline Expr& Expr::operator-=(const Operand& y) { return *this = sub(*this, y, y.at()); }
inline Expr& Expr::operator*=(const Operand& y) { return *this = mul(*this, y, y.at()); }
inline Expr& Expr::operator/=(const Operand& y) { return *this = div(*this, y, y.at()); }

inline Condition operator<(const Operand& x, const Operand& y) { return Condition(less(x, y, x.at())); }
inline Condition operator>(const Operand& x, const Operand& y) { return Condition(less(y, x, x.at())); }
inline Condition operator<=(const Operand& x, const Operand& y) {
  return Condition(less_equal(x, y, x.at()));
}
inline Condition operator>=(const Operand& x, const Operand& y) {
  return Condition(less_equal(y, x, x.at()));
}
inline Condition operator==(const Operand& x, const Operand& y) { return Condition(equal(x, y, x.at())); }
inline Condition operator!=(const Operand& x, const Operand& y) {
  return Condition(logical_not(equal(x, y, x.at()), x.at()));
}
inline Condition operator!(const Condition& c) { return Condition(logical_not(c.value())); }
inline Condition operator&(const Condition& c, const Condition& d) {
  return Condition(logical_and(c.value(), d.value()));
}
inline Condition operator|(const Condition& c, const Condition& d) {
  return Condition(logical_or(c.value(), d.value()));
}

// a where the condition holds, else b. The arm not taken contributes nothing to a derivative, not even a NaN.
Expr select(const Condition& condition, const Expr& a, const Expr& b, Location at = Location::here());

// Made of the above. At their kinks: relu'(0) = 0, leaky_relu'(0) = slope, elu'(0) = alpha; clamp passes half
// of the adjoint at each end; fdim(x, y) = max(x - y, 0) has none where x = y.
inline Expr relu(const Expr& x, Location at = Location::here()) {
  return select(Condition(less_equal(x, 0.0, at)), 0.0, x, at);
}
inline Expr leaky_relu(const Expr& x, const Expr& slope = 0.01, Location at = Location::here()) {
  return select(Condition(less_equal(x, 0.0, at)), mul(slope, x, at), x, at);
}
inline Expr elu(const Expr& x, const Expr& alpha = 1.0, Location at = Location::here()) {
  return select(Condition(less_equal(x, 0.0, at)), mul(alpha, expm1(x, at), at), x, at);
}
inline Expr log_sigmoid(const Expr& x, Location at = Location::here()) {
  return neg(softplus(neg(x, at), at), at);
}
inline Expr clamp(const Expr& x, const Expr& low, const Expr& high, Location at = Location::here()) {
  return min(max(x, low, at), high, at);
}
inline Expr fdim(const Expr& x, const Expr& y, Location at = Location::here()) {
  return select(Condition(less_equal(x, y, at)), 0.0, sub(x, y, at), at);
}

// x^y, also for x < 0 if y is an integer; pow(0, 0) = 1. By y it has derivative 0 at x = 0 < y, and NaN at
// (0, 0) and for x < 0.
Expr pow(const Expr& x, const Expr& y, Location at = Location::here());

// A view of Exprs with signed, checked indices. Borrows what it was made from.
class ExprSpan {
 public:
  ExprSpan() = default;
  ExprSpan(const Expr* data, Index size) : data_(data), size_(size) {}
  ExprSpan(const std::vector<Expr>& exprs) : ExprSpan(exprs.data(), static_cast<Index>(exprs.size())) {}
  ExprSpan(std::initializer_list<Expr> exprs) : ExprSpan(exprs.begin(), static_cast<Index>(exprs.size())) {}

  Index size() const { return size_; }
  const Expr* begin() const { return data_; }
  const Expr* end() const { return data_ + size_; }
  // Each throws std::invalid_argument outside of the span.
  const Expr& operator[](Index i) const { return data_[checked(i, i < size_ && i >= 0)]; }
  ExprSpan first(Index n) const { return {data_, checked(n, n >= 0 && n <= size_)}; }
  ExprSpan last(Index n) const { return {data_ + (size_ - checked(n, n >= 0 && n <= size_)), n}; }
  ExprSpan subspan(Index offset, Index n) const {
    checked(offset, offset >= 0 && n >= 0 && offset <= size_ - n);
    return {data_ + offset, n};
  }

 private:
  Index checked(Index i, bool inside) const {
    if (!inside) throw_outside(i);
    return i;
  }
  [[noreturn]] void throw_outside(Index i) const;
  const Expr* data_ = nullptr;
  Index size_ = 0;
};

// x1*y1 + x2*y2 + .. and x1 + x2 + ..; each one node. dot throws std::invalid_argument if the sizes differ.
Expr dot(ExprSpan x, ExprSpan y, Location at = Location::here());
Expr sum(ExprSpan x, Location at = Location::here());

// sqrt(x1^2 + x2^2 + ..) without overflow of the squares; its gradient at 0 is 0.
Expr norm(ExprSpan x, Location at = Location::here());
inline Expr hypot(const Expr& x, const Expr& y, Location at = Location::here()) { return norm({x, y}, at); }
inline Expr hypot(const Expr& x, const Expr& y, const Expr& z, Location at = Location::here()) {
  return norm({x, y, z}, at);
}

// exp(x_i) / (exp(x1) + exp(x2) + ..), one for each operand.
std::vector<Expr> softmax(ExprSpan x, Location at = Location::here());

// log(exp(x1) + exp(x2) + ..) without overflow. Operands of +inf share the gradient equally; -inf everywhere
// gives -inf with gradient 0. Throws std::invalid_argument for no operand.
Expr logsumexp(ExprSpan x, Location at = Location::here());

}  // namespace rappel
