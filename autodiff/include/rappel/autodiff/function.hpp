#pragma once

// Function: a recorded cost, replayed at any parameters.

#include <rappel/autodiff/accuracy.hpp>
#include <rappel/autodiff/diagnosis.hpp>
#include <rappel/autodiff/rows.hpp>

#include <Eigen/SparseCore>
#include <concepts>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace rappel {

using SparseMatrix = Eigen::SparseMatrix<double>;  // column-major, indices of 32 bits

// A point to look at, not kept; none by default.
class PointView {
 public:
  PointView() = default;
  PointView(const Vector& x) : PointView(span_of(x)) {}
  PointView(ConstSpan x) : x_(x), given_(true) {}
  bool given() const { return given_; }
  ConstSpan x() const { return x_; }

 private:
  ConstSpan x_;
  bool given_ = false;
};

struct RecordOptions {
  int threads = 1;           // >= 1: used by costs over many rows; results do not depend on it
  bool exact_zeros = false;  // true: keep 0 * x, 0 / x and x + 0 as written (see PassOptions)
  // Bytes, >= 0. Where rows need the result of a sum over rows, what was computed of them before is stored if
  // it fits, else computed again; results do not depend on it.
  Index workspace_limit = default_workspace_limit;
  // Of a cost that branches on values. A point to record at; else it is recorded at its first call.
  PointView at = {};
  Index max_recordings = 256;  // >= 1: those kept, one for each way that the branches went; the oldest goes
};

// Of a cost that branches on values, over all Functions made of it.
struct BranchStatistics {
  Index calls = 0;       // that looked for a recording
  Index recordings = 0;  // made
  Index kept = 0;
};

enum class Format { binary, json };  // of a Function saved

// A Function that was loaded from a file came to a branch that it has not recorded. what() names the source line.
class guard_violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a recording holds.
struct FunctionStatistics {
  Index nodes = 0, parameters = 0, arguments = 0, columns = 0, guards = 0;
  Index bytes = 0;                          // of the graph
  std::map<std::string, Index> operations;  // by name: nodes
  BranchStatistics branches;
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

  // The function with the branches that its cost takes at x, recorded if need be; itself if it does not branch.
  Function at(const Vector& x) const { return at(span_of(x)); }
  Function at(ConstSpan x) const;
  BranchStatistics branch_statistics() const;  // zeros if it does not branch

  // x has dimension() entries, else std::invalid_argument. A NaN or an infinity is a result like others.
  double value(const Vector& x) const { return value(span_of(x)); }
  double value(ConstSpan x) const;

  // Those of a cost that returned several, or one for each row of a Function recorded from map_rows.
  Index num_values() const;
  bool has_values_by_row() const;  // recorded from map_rows
  Vector values(const Vector& x) const {
    const Function f = at(x);
    Vector result(f.num_values());
    f.values(span_of(x), span_of(result));
    return result;
  }
  void values(ConstSpan x, MutableSpan result) const;

  // At many points, one a row: num_points x num_values(). A cost without rows runs over them in lanes, like a row
  // cost over data, on RecordOptions::threads threads. Throws std::invalid_argument if the points are not of
  // dimension() columns, or the values are by row.
  template <class Points>
  requires(Points::ColsAtCompileTime != 1) Matrix values(const Eigen::MatrixBase<Points>& points) const {
    const Matrix x = points;
    Vector first(x.rows() == 0 ? 0 : x.cols());
    for (Index i = 0; i < first.size(); ++i) first[i] = x(0, i);
    Matrix result(x.rows(), (x.rows() == 0 ? *this : at(first)).num_values());
    values_at(x.rows(), {x.data(), static_cast<std::size_t>(x.size())},
              {result.data(), static_cast<std::size_t>(result.size())});
    return result;
  }
  void values_at(Index num_points, ConstSpan points, MutableSpan result) const;  // both column-major

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

  // The gradient of a value as a Function of dimension() values; so are derivatives of any order had, see
  // operator(). Throws std::invalid_argument if there are several values.
  Function gradient() const;

  // d value_i / d x_j: num_values() x dimension(). By rows or by columns, whichever are fewer.
  Matrix jacobian(const Vector& x) const {
    const Function f = at(x);
    Matrix result(f.num_values(), f.dimension());
    f.jacobian(span_of(x), {result.data(), static_cast<std::size_t>(result.size())});
    return result;
  }
  void jacobian(ConstSpan x, MutableSpan result) const;  // column-major

  // J v by one forward sweep, u^T J by one reverse sweep.
  Vector jacobian_vector(const Vector& x, const Vector& direction) const {
    const Function f = at(x);
    Vector result(f.num_values());
    f.jacobian_vector(span_of(x), span_of(direction), span_of(result));
    return result;
  }
  void jacobian_vector(ConstSpan x, ConstSpan direction, MutableSpan result) const;
  Vector vector_jacobian(const Vector& x, const Vector& weights) const {
    Vector result(dimension());
    vector_jacobian(span_of(x), span_of(weights), span_of(result));
    return result;
  }
  void vector_jacobian(ConstSpan x, ConstSpan weights, MutableSpan result) const;

  // Of a value: dimension() x dimension(), symmetric to the bit; over rows in one pass, in memory that does
  // not grow with them.
  Matrix hessian(const Vector& x) const { return at(x).gradient().jacobian(x); }
  Vector hessian_vector(const Vector& x, const Vector& direction) const {
    return at(x).gradient().vector_jacobian(x, direction);
  }

  // The same where most entries are zero, which the graph tells whatever x is: entries that it cannot tell stand
  // as numbers, zero or not. Rows (or columns) that share no column (row) are swept together, num_sweeps() in all;
  // of a Hessian, which is symmetric to the bit, fewer (a star colouring). Coloured by ColPack where rappel was
  // built with it, else greedily. Of values by row: see row_jacobian.
  // (Templates, so that Eigen's sparse code is compiled only where it is used. So are row_jacobian and what it returns: Place
  // is Index.)
  template <class = void>
  SparseMatrix sparse_jacobian(const Vector& x) const;
  template <class = void>
  SparseMatrix sparse_hessian(const Vector& x) const { return at(x).gradient().sparse_jacobian(x); }
  // Which entries those are, in the order of Eigen::SparseMatrix: those of column j are at outer[j] to outer[j + 1].
  struct Sparsity {
    Index num_rows, num_columns;
    std::vector<int> outer, inner;
  };
  const Sparsity& sparsity() const;                            // valid while the Function lives
  void sparse_jacobian(ConstSpan x, MutableSpan values) const;  // by entry
  Index num_sweeps() const;

  // Of residuals r by row (map_rows) with Jacobian J, in one pass over the rows: J^T J (column-major), J^T r,
  // and r^T r / 2, which is returned. Nocedal and Wright, Numerical Optimization, section 10.3.
  struct GaussNewton {
    double value;
    Vector gradient;
    Matrix hessian;
  };
  GaussNewton gauss_newton(const Vector& x) const {
    GaussNewton result{0.0, Vector(dimension()), Matrix(dimension(), dimension())};
    result.value = gauss_newton(span_of(x), span_of(result.gradient),
                                {result.hessian.data(), static_cast<std::size_t>(result.hessian.size())});
    return result;
  }
  double gauss_newton(ConstSpan x, MutableSpan gradient, MutableSpan hessian) const;

  // Of residuals by row (map_rows), k values a row: their derivatives by the parameters that a row depends on,
  // looked up by gather or shared by all rows, L of them: blocks by row, in one pass in lanes.
  template <class Place>
  struct RowJacobianOf {
    Matrix values;  // num_rows x k L: of value j by the l-th parameter of the row in column j L + l
    Eigen::Matrix<Place, Eigen::Dynamic, Eigen::Dynamic> parameters;  // num_rows x L: which parameter that is

    // The same as num_values x num_parameters triplets (row, column, value), value j of row r in row
    // j num_rows + r, as in values(): what Eigen::SparseMatrix::setFromTriplets takes. Calls add(row, column, value).
    template <class Add>
    void for_each(Add&& add) const {
      const Index rows = values.rows(), width = parameters.cols();
      for (Index c = 0; c < values.cols(); ++c)
        for (Index r = 0; r < rows; ++r) add(c / width * rows + r, parameters(r, c % width), values(r, c));
    }
  };
  using RowJacobian = RowJacobianOf<Index>;
  // Throws std::invalid_argument for a Function that is not of rows, and where gather looks up what is no parameter.
  template <std::same_as<Index> Place = Index>
  RowJacobianOf<Place> row_jacobian(const Vector& x) const {
    const Function f = at(x);
    const Index rows = f.num_rows(), width = f.num_row_parameters();
    RowJacobianOf<Place> result{Matrix(rows, rows == 0 ? 0 : f.num_values() / rows * width), {}};
    result.parameters.resize(rows, width);
    f.row_jacobian(span_of(x), {result.values.data(), static_cast<std::size_t>(result.values.size())},
                   {result.parameters.data(), static_cast<std::size_t>(result.parameters.size())});
    return result;
  }
  // Column-major. `parameters` may be empty: where indices are columns they do not change from call to call.
  void row_jacobian(ConstSpan x, MutableSpan values, std::span<Index> parameters) const;
  Index num_row_parameters() const;                                                       // L

  // The function at Exprs of the recording in progress, its tables included: Functions are made of Functions.
  // Arguments stay bound to their values. Throw std::invalid_argument for a wrong number of Exprs, an
  // argument without a value, values by row, and rows inside of rows.
  Expr operator()(ExprSpan x) const;            // of a value
  std::vector<Expr> outputs(ExprSpan x) const;  // of any number of values

  // The same with these values of the arguments: no recording. Throws std::invalid_argument if there are not
  // num_arguments() of them.
  Function with(const Vector& arguments) const { return with(span_of(arguments)); }
  Function with(ConstSpan arguments) const;
  Index num_arguments() const;

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

  // The same cost over other data, one for each table: columns are found by name where both have names, else by
  // place. Throws std::invalid_argument if there are not so many tables, a name is missing, or the numbers of
  // columns differ.
  Function with_columns(const Columns& columns) const;
  Function with_columns(const std::vector<Columns>& columns) const;

  // Of a cost that branches: as it was recorded last. Throw std::invalid_argument if it was not yet; print says
  // so instead.
  // Graph, guards, values of arguments, and of a cost that branches all recordings kept; of data the names of columns,
  // so that a cost over rows has none when loaded until with_columns. Throws std::invalid_argument for an operation
  // of define_op, root or argmin, which are code, and std::runtime_error if `out` fails. What was loaded gives the
  // same bits, and derivatives of every order; where a branch turns that no recording took it throws guard_violation.
  // Binary takes about a third of JSON's bytes. A file that was damaged or changed is refused by load with the place:
  // std::invalid_argument. `options` but for exact_zeros and at, which the file decides.
  void save(std::ostream& out, Format format = Format::binary) const;
  static Function load(std::istream& in, const RecordOptions& options = {});

  // The same graphs, guards and arguments over the same columns, by address; of costs that branch, the same
  // recordings kept.
  friend bool operator==(const Function& a, const Function& b);

  // Of a cost that branches: of its last recording, as graph().
  FunctionStatistics statistics() const;
  const Graph& graph() const;           // valid until the Function is called again
  void print(std::ostream& out) const;  // one line a node
  std::string to_dot() const;           // for graphviz

 private:
  std::shared_ptr<const Impl> impl_;
};

template <class>
SparseMatrix Function::sparse_jacobian(const Vector& x) const {
  const Function f = at(x);
  SparseMatrix result;
  if (f.has_values_by_row()) {
    const RowJacobian rows = f.row_jacobian(x);
    std::vector<Eigen::Triplet<double>> entries;
    entries.reserve(static_cast<std::size_t>(rows.values.size()));
    rows.for_each([&](Index i, Index j, double value) {
      entries.emplace_back(static_cast<int>(i), static_cast<int>(j), value);
    });
    result.resize(f.num_values(), f.dimension());
    result.setFromTriplets(entries.begin(), entries.end());
    return result;
  }
  const Sparsity& pattern = f.sparsity();
  result.resize(pattern.num_rows, pattern.num_columns);
  result.resizeNonZeros(static_cast<Index>(pattern.inner.size()));
  std::copy(pattern.outer.begin(), pattern.outer.end(), result.outerIndexPtr());
  std::copy(pattern.inner.begin(), pattern.inner.end(), result.innerIndexPtr());
  f.sparse_jacobian(span_of(x), {result.valuePtr(), pattern.inner.size()});
  return result;
}

std::ostream& operator<<(std::ostream& out, const Function& f);
std::ostream& operator<<(std::ostream& out, const FunctionStatistics& s);  // a line each

namespace detail {

// A cost that a Function keeps. It is never copied or moved: std::function would ask for that.
template <class Result>
class KeptCost {
 public:
  virtual ~KeptCost() = default;
  virtual Result operator()(ExprSpan x) = 0;
};

template <class Result, class F>
class KeptCostOf final : public KeptCost<Result> {
 public:
  template <class Given>
  explicit KeptCostOf(Given&& f) : f_(std::forward<Given>(f)) {}
  Result operator()(ExprSpan x) override {
    if constexpr (std::is_convertible_v<std::invoke_result_t<F&, ExprSpan>, Result>) {
      return f_(x);
    } else {
      const auto values = f_(x);
      return Result(values.begin(), values.end());
    }
  }

 private:
  F f_;
};

Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<Expr>> cost, const RecordOptions& options);
Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<std::vector<Expr>>> cost, const RecordOptions& options);
Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<RowValues>> cost, const RecordOptions& options);

}  // namespace detail

// A further argument of the cost under recording: a number that is set for each call by Function::with and
// not differentiated, a penalty or a target, say. Throws std::invalid_argument outside of a cost.
Expr argument();
Expr argument(double preset);  // until `with` gives another

// Records cost(x) of num_parameters parameters. It returns an Expr, several (std::vector, std::array or an
// Eigen vector of Expr), or the RowValues of map_rows. Throws std::invalid_argument for what cannot be
// recorded, and whatever `cost` throws.
//
// The callable is run once, on symbols without values. If it asks for one (a comparison used as bool), it is run
// anew at the point of the first call, and again wherever one of these branches, kept as guards, turns; a
// recording is kept for each way that they went. Derivatives of every order take the branches of their point. So
// a copy of the callable is kept, called under a lock: it must be pure, and what it captures by reference must
// outlive the Function.
template <class F>
requires std::invocable<F&, ExprSpan> Function record(Index num_parameters, F&& cost,
                                                      const RecordOptions& options = {}) {
  using Given = std::invoke_result_t<F&, ExprSpan>;
  using Result = std::conditional_t<std::is_same_v<Given, RowValues>, RowValues,
                                    std::conditional_t<std::is_convertible_v<Given, Expr>, Expr, std::vector<Expr>>>;
  using Kept = detail::KeptCostOf<Result, std::decay_t<F>>;
  return detail::record_kept(num_parameters, std::unique_ptr<detail::KeptCost<Result>>(new Kept(std::forward<F>(cost))), options);
}

namespace detail {

double value_and_gradient_once(const std::function<Expr(ExprSpan)>& cost, ConstSpan x, MutableSpan gradient);

}  // namespace detail

// Value and gradient at x of a cost that is used once: values are computed while it runs, comparisons are decided by
// them, and its operations are swept backwards once, 32 bytes for each. A cost that uses rows, scans, matrices or
// operations of the user's is recorded as by `record`; then it may be run twice, so it must be pure.
template <class F>
requires std::invocable<F&, ExprSpan> std::pair<double, Vector> value_and_gradient(F&& cost,
                                                                                   const Vector& x) {
  if constexpr (std::is_convertible_v<std::invoke_result_t<F&, ExprSpan>, Expr>) {
    std::pair<double, Vector> result(0.0, Vector(x.size()));
    result.first = detail::value_and_gradient_once([&cost](ExprSpan p) -> Expr { return cost(p); }, span_of(x),
                                                   span_of(result.second));
    return result;
  } else {
    return record(x.size(), cost, {.at = x}).value_and_gradient(x);
  }
}

}  // namespace rappel
