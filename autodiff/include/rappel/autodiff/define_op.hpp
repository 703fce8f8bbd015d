#pragma once

// Operations of one's own, used like those of the table.

#include <rappel/autodiff/expr.hpp>

#include <array>
#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rappel {

namespace detail {

struct CustomOp;

// What is known of an operation; all but `value` may be empty. Called from any thread, several at once: they must
// be pure.
struct CustomForms {
  std::function<void(ConstSpan x, MutableSpan z)> value;
  // What the results' adjoints give to each operand, made of operations.
  std::function<std::vector<Expr>(ExprSpan x, ExprSpan z, ExprSpan zbar)> adjoint;
  // The same in numbers: first derivatives only.
  std::function<void(ConstSpan x, ConstSpan z, ConstSpan zbar, MutableSpan xbar)> adjoint_value;
  // The value over rows: x and z are blocks of so many.
  std::function<void(const double* const* x, double* const* z, Index rows)> rows;
  // The value in decimal digits, for Function::accuracy; see exact_op.hpp.
  std::function<std::vector<std::string>(const std::vector<std::string>& x)> digits;
  Index first_read = 0;           // operands before are not read by the value, and may hold anything there
  std::vector<Index> shape = {};  // of one of the library's: with its name all that it takes to make it anew
};

std::shared_ptr<const CustomOp> define_op(std::string name, Index num_operands, Index num_results,
                                          CustomForms forms);
std::vector<Expr> apply(const std::shared_ptr<const CustomOp>& op, ExprSpan x, Location at);

}  // namespace detail

// Further forms of an operation, each optional.
struct OpForms {
  // The value over rows at once: x[i] and z[j] point to so many numbers of operand i and result j. Without it the
  // value is called for each row.
  std::function<void(const double* const* x, double* const* z, Index rows)> rows = {};
  // The value in 50 digits, by exact_form of <rappel/autodiff/exact_op.hpp>. Without it f.accuracy names the
  // operation as not checked.
  std::function<std::vector<std::string>(const std::vector<std::string>& x)> exact = {};
};

// An operation of one operand.
class UnaryOp {
 public:
  explicit UnaryOp(std::shared_ptr<const detail::CustomOp> op) : op_(std::move(op)) {}
  Expr operator()(const Expr& x, Location at = Location::here()) const { return detail::apply(op_, {x}, at)[0]; }

 private:
  std::shared_ptr<const detail::CustomOp> op_;
};

class BinaryOp {
 public:
  explicit BinaryOp(std::shared_ptr<const detail::CustomOp> op) : op_(std::move(op)) {}
  Expr operator()(const Expr& x, const Expr& y, Location at = Location::here()) const {
    return detail::apply(op_, {x, y}, at)[0];
  }

 private:
  std::shared_ptr<const detail::CustomOp> op_;
};

// Of any fixed numbers of operands and results.
class NaryOp {
 public:
  explicit NaryOp(std::shared_ptr<const detail::CustomOp> op) : op_(std::move(op)) {}
  std::vector<Expr> operator()(ExprSpan x, Location at = Location::here()) const {
    return detail::apply(op_, x, at);
  }

 private:
  std::shared_ptr<const detail::CustomOp> op_;
};

// z = value(x), with an adjoint of one's own: adjoint(x, z, zbar) is what the adjoint zbar of z gives to x. Given
// in Expr (Expr, Expr, Expr -> Expr) there are derivatives of every order; given in double (double, double, double
// -> double) first derivatives, and asking for others throws std::invalid_argument. A NaN is a result like others;
// an exception of `value` reaches the caller of the Function. All must be pure and may be called from several
// threads at once. Two uses of one operation on one operand are one node.
template <class Value, class Adjoint>
requires std::convertible_to<std::invoke_result_t<Value&, double>, double>
UnaryOp define_op(std::string name, Value value, Adjoint adjoint, OpForms more = {}) {
  detail::CustomForms forms{
      [value](ConstSpan x, MutableSpan z) { z[0] = value(x[0]); }, {}, {}, std::move(more.rows), std::move(more.exact)};
  if constexpr (std::invocable<Adjoint&, Expr, Expr, Expr>)
    forms.adjoint = [adjoint](ExprSpan x, ExprSpan z, ExprSpan zbar) -> std::vector<Expr> {
      return {adjoint(x[0], z[0], zbar[0])};
    };
  else
    forms.adjoint_value = [adjoint](ConstSpan x, ConstSpan z, ConstSpan zbar, MutableSpan xbar) {
      xbar[0] = adjoint(x[0], z[0], zbar[0]);
    };
  return UnaryOp(detail::define_op(std::move(name), 1, 1, std::move(forms)));
}

// z = value(x, y). adjoint(x, y, z, zbar) gives what goes to x and to y: std::array<Expr, 2>, or of double.
template <class Value, class Adjoint>
requires std::convertible_to<std::invoke_result_t<Value&, double, double>, double>
BinaryOp define_op(std::string name, Value value, Adjoint adjoint, OpForms more = {}) {
  detail::CustomForms forms{[value](ConstSpan x, MutableSpan z) { z[0] = value(x[0], x[1]); },
                            {},
                            {},
                            std::move(more.rows),
                            std::move(more.exact)};
  if constexpr (std::invocable<Adjoint&, Expr, Expr, Expr, Expr>)
    forms.adjoint = [adjoint](ExprSpan x, ExprSpan z, ExprSpan zbar) -> std::vector<Expr> {
      const std::array<Expr, 2> xbar = adjoint(x[0], x[1], z[0], zbar[0]);
      return {xbar[0], xbar[1]};
    };
  else
    forms.adjoint_value = [adjoint](ConstSpan x, ConstSpan z, ConstSpan zbar, MutableSpan xbar) {
      const std::array<double, 2> made = adjoint(x[0], x[1], z[0], zbar[0]);
      xbar[0] = made[0], xbar[1] = made[1];
    };
  return BinaryOp(detail::define_op(std::move(name), 2, 1, std::move(forms)));
}

// value(x, z) fills the results z. The adjoint gives one Expr for each operand: adjoint(ExprSpan x, ExprSpan z,
// ExprSpan zbar) -> std::vector<Expr>; or fills them: adjoint(ConstSpan x, ConstSpan z, ConstSpan zbar, MutableSpan
// xbar). Throws std::invalid_argument for less than one operand or result.
template <class Value, class Adjoint>
requires std::invocable<Value&, ConstSpan, MutableSpan>
NaryOp define_op(std::string name, Index num_operands, Index num_results, Value value, Adjoint adjoint,
                 OpForms more = {}) {
  detail::CustomForms forms{std::move(value), {}, {}, std::move(more.rows), std::move(more.exact)};
  if constexpr (std::invocable<Adjoint&, ExprSpan, ExprSpan, ExprSpan>)
    forms.adjoint = std::move(adjoint);
  else
    forms.adjoint_value = std::move(adjoint);
  return NaryOp(detail::define_op(std::move(name), num_operands, num_results, std::move(forms)));
}

// x, of which no derivative is taken: the adjoint ends here.
Expr stop_gradient(const Expr& x, Location at = Location::here());

// A parameter that is held where it is; the same.
inline Expr fixed(const Expr& x, Location at = Location::here()) { return stop_gradient(x, at); }

}  // namespace rappel
