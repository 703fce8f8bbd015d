#pragma once

// Function: a recorded cost, replayed at any parameters.

#include <rappel/autodiff/accuracy.hpp>
#include <rappel/autodiff/diagnosis.hpp>
#include <rappel/autodiff/rows.hpp>

#include <functional>
#include <iosfwd>
#include <memory>
#include <type_traits>
#include <utility>

namespace rappel {

struct RecordOptions {
  int threads = 1;           // >= 1: used by costs over many rows; results do not depend on it
  bool exact_zeros = false;  // true: keep 0 * x, 0 / x and x + 0 as written (see PassOptions)
  // Bytes, >= 0. Where rows need the result of a sum over rows, what was computed of them before is stored if
  // it fits, else computed again; results do not depend on it.
  Index workspace_limit = default_workspace_limit;
};

// Immutable to its callers, cheap to copy, and may be called from many threads at once.
class Function {
 public:
  struct Impl;
  explicit Function(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  // Copies share what was recorded. A Function that was moved from stays what it was: it is copied.
  Function(const Function&) = default;
  Function& operator=(const Function&) = default;

  Index dimension() const;  // the number of parameters
  Index num_rows() const;   // of the table; 0 without one. Throws std::invalid_argument if there are several

  // x has dimension() entries, else std::invalid_argument. A NaN or an infinity is a result like others.
  double value(const Vector& x) const { return value(span_of(x)); }
  double value(ConstSpan x) const;

  // One value for each row, of a Function recorded from map_rows.
  Vector values(const Vector& x) const {
    Vector result(num_rows());
    values(span_of(x), span_of(result));
    return result;
  }
  void values(ConstSpan x, MutableSpan result) const;

  // The gradient has dimension() entries. With a vector of that size given, nothing is allocated.
  double value_and_gradient(const Vector& x, Vector& gradient) const {
    gradient.resize(dimension());
    return value_and_gradient(span_of(x), span_of(gradient));
  }
  double value_and_gradient(ConstSpan x, MutableSpan gradient) const;
  std::pair<double, Vector> value_and_gradient(const Vector& x) const {
    std::pair<double, Vector> result(0.0, Vector(dimension()));
    result.first = value_and_gradient(span_of(x), span_of(result.second));
    return result;
  }

  // Value and gradient at x, of map_rows the values, against the same graph in 50 digits. Takes some tenths
  // of a microsecond for each node, row and condition. Throws std::invalid_argument as value_and_gradient
  // does.
  Accuracy accuracy(const Vector& x, const AccuracyOptions& options = {}) const {
    return accuracy(span_of(x), options);
  }
  Accuracy accuracy(ConstSpan x, const AccuracyOptions& options = {}) const;

  // Where a NaN or an infinity in value, gradient or, of a Function recorded from map_rows, values comes
  // from: the first operation that is not finite though its operands are. Runs node by node, slowly.
  Diagnosis diagnose(const Vector& x) const { return diagnose(span_of(x)); }
  Diagnosis diagnose(ConstSpan x) const;

  // The same cost over other data: columns are found by name where both have names, else by place.
  // Throws std::invalid_argument if the cost has not one table, a name is missing, or the numbers of columns
  // differ.
  Function with_columns(const Columns& columns) const;

  const Graph& graph() const;
  void print(std::ostream& out) const;  // one line a node
  std::string to_dot() const;           // for graphviz

 private:
  std::shared_ptr<const Impl> impl_;
};

std::ostream& operator<<(std::ostream& out, const Function& f);

namespace detail {

Function record_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost,
                     const RecordOptions& options);
Function record_rows(Index num_parameters, const std::function<RowValues(ExprSpan)>& cost,
                     const RecordOptions& options);

}  // namespace detail

// Records cost(x) of num_parameters parameters: the callable is run once, on symbols. It returns an Expr, or
// the RowValues of map_rows. Throws std::invalid_argument for what cannot be recorded, and whatever `cost`
// throws.
template <class F>
requires std::invocable<F&, ExprSpan> Function record(Index num_parameters, F&& cost,
                                                      const RecordOptions& options = {}) {
  if constexpr (std::is_same_v<std::invoke_result_t<F&, ExprSpan>, RowValues>)
    return detail::record_rows(num_parameters, std::ref(cost), options);
  else
    return detail::record_cost(
        num_parameters, [&](ExprSpan x) -> Expr { return cost(x); }, options);
}

// Value and gradient at x of a cost that is used once.
template <class F>
requires std::invocable<F&, ExprSpan> std::pair<double, Vector> value_and_gradient(F&& cost,
                                                                                   const Vector& x) {
  return record(x.size(), cost).value_and_gradient(x);
}

}  // namespace rappel
