#pragma once

// Expr: a value in the recording in progress, or a plain constant. Copying it, `auto`, const and lambdas are
// safe: an Expr is a number of a node, and says so when it is used beside or after its recording.

#include <rappel/autodiff/graph.hpp>

#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace rappel {

class Condition;

class Expr {
 public:
  Expr(double value = 0.0) : value_(value) {}

  bool is_constant() const { return generation_ == 0; }
  double constant() const { return value_; }  // of a constant
  NodeId node() const { return node_; }       // of a recorded value
  std::uint32_t generation() const { return generation_; }
  static Expr recorded(std::uint32_t generation, NodeId node);

  Expr& operator+=(const Expr& y);
  Expr& operator-=(const Expr& y);
  Expr& operator*=(const Expr& y);
  Expr& operator/=(const Expr& y);

 private:
  double value_ = 0.0;
  std::uint32_t generation_ = 0;  // of its recording; 0 for a constant
  NodeId node_ = 0;
};

// The outcome of a comparison: 1 or 0 by row. In `select` it is a node. As a bool it would be a branch of the
// recording, which has no single answer: converting a recorded one throws std::invalid_argument and says
// `select`.
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
// ended.
#define RAPPEL_UNARY(name, ...) Expr name(const Expr& x);
#define RAPPEL_UNARY_AUX(name, ...) Expr name(const Expr& x);
#define RAPPEL_BINARY(name, ...) Expr name(const Expr& x, const Expr& y);
#define RAPPEL_TERNARY(name, ...) Expr name(const Expr& x, const Expr& y, const Expr& z);
#define RAPPEL_DERIVATIVES(name, ...) Expr name(const Expr& x, int order);
#include <rappel/autodiff/ops.def>

inline Expr operator+(const Expr& x) { return x; }
inline Expr operator-(const Expr& x) { return neg(x); }
inline Expr operator+(const Expr& x, const Expr& y) { return add(x, y); }
inline Expr operator-(const Expr& x, const Expr& y) { return sub(x, y); }
inline Expr operator*(const Expr& x, const Expr& y) { return mul(x, y); }
inline Expr operator/(const Expr& x, const Expr& y) { return div(x, y); }
inline Expr& Expr::operator+=(const Expr& y) { return *this = *this + y; }
inline Expr& Expr::operator-=(const Expr& y) { return *this = *this - y; }
inline Expr& Expr::operator*=(const Expr& y) { return *this = *this * y; }
inline Expr& Expr::operator/=(const Expr& y) { return *this = *this / y; }

inline Condition operator<(const Expr& x, const Expr& y) { return Condition(less(x, y)); }
inline Condition operator>(const Expr& x, const Expr& y) { return Condition(less(y, x)); }
inline Condition operator<=(const Expr& x, const Expr& y) { return Condition(less_equal(x, y)); }
inline Condition operator>=(const Expr& x, const Expr& y) { return Condition(less_equal(y, x)); }
inline Condition operator==(const Expr& x, const Expr& y) { return Condition(equal(x, y)); }
inline Condition operator!=(const Expr& x, const Expr& y) { return Condition(logical_not(equal(x, y))); }
inline Condition operator!(const Condition& c) { return Condition(logical_not(c.value())); }
inline Condition operator&(const Condition& c, const Condition& d) {
  return Condition(logical_and(c.value(), d.value()));
}
inline Condition operator|(const Condition& c, const Condition& d) {
  return Condition(logical_or(c.value(), d.value()));
}

// a where the condition holds, else b. The arm not taken contributes nothing to a derivative, not even a NaN.
Expr select(const Condition& condition, const Expr& a, const Expr& b);

// Made of the above. At their kinks: relu'(0) = 0, leaky_relu'(0) = slope, elu'(0) = alpha; clamp passes half of the
// adjoint at each end; fdim(x, y) = max(x - y, 0) has none where x = y.
inline Expr relu(const Expr& x) { return select(x <= 0.0, 0.0, x); }
inline Expr leaky_relu(const Expr& x, const Expr& slope = 0.01) { return select(x <= 0.0, slope * x, x); }
inline Expr elu(const Expr& x, const Expr& alpha = 1.0) { return select(x <= 0.0, alpha * expm1(x), x); }
inline Expr log_sigmoid(const Expr& x) { return -softplus(-x); }
inline Expr clamp(const Expr& x, const Expr& low, const Expr& high) { return min(max(x, low), high); }
inline Expr fdim(const Expr& x, const Expr& y) { return select(x <= y, 0.0, x - y); }

// x^y, also for x < 0 if y is an integer; pow(0, 0) = 1. By y it has derivative 0 at x = 0 < y, and NaN at (0, 0) and
// for x < 0.
Expr pow(const Expr& x, const Expr& y);

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
    if (!inside)
      throw std::invalid_argument("ExprSpan: " + std::to_string(i) + " is outside of a span of " +
                                  std::to_string(size_));
    return i;
  }
  const Expr* data_ = nullptr;
  Index size_ = 0;
};

// x1*y1 + x2*y2 + .. and x1 + x2 + ..; each one node. dot throws std::invalid_argument if the sizes differ.
Expr dot(ExprSpan x, ExprSpan y);
Expr sum(ExprSpan x);

// sqrt(x1^2 + x2^2 + ..) without overflow of the squares; its gradient at 0 is 0.
Expr norm(ExprSpan x);
inline Expr hypot(const Expr& x, const Expr& y, const Expr& z) { return norm({x, y, z}); }

// exp(x_i) / (exp(x1) + exp(x2) + ..), one for each operand.
std::vector<Expr> softmax(ExprSpan x);

// log(exp(x1) + exp(x2) + ..) without overflow. Operands of +inf share the gradient equally; -inf everywhere
// gives -inf with gradient 0. Throws std::invalid_argument for no operand.
Expr logsumexp(ExprSpan x);

}  // namespace rappel
