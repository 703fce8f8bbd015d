#pragma once

// Costs over rows of data: Columns, Row and the functions that run a row cost over a table.

#include <rappel/autodiff/expr.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rappel {

inline constexpr Index default_workspace_limit = 32 << 20;  // bytes, see RecordOptions

// The numbers of a column: doubles, or floats, which become doubles as they are read. Owns nothing.
class ColumnView {
 public:
  ColumnView() = default;  // no data
  ColumnView(const double* data) : data_(data) {}
  ColumnView(const float* data) : data_(data), is_float_(true) {}
  explicit operator bool() const { return data_ != nullptr; }
  bool operator==(const ColumnView&) const = default;  // the same place
  double operator[](Index row) const {
    return is_float_ ? static_cast<double>(static_cast<const float*>(data_)[row]) : static_cast<const double*>(data_)[row];
  }
  ColumnView from_row(Index row) const { return is_float_ ? ColumnView(floats() + row) : ColumnView(doubles() + row); }
  // Null where the numbers are of the other type.
  const double* doubles() const { return is_float_ ? nullptr : static_cast<const double*>(data_); }
  const float* floats() const { return is_float_ ? static_cast<const float*>(data_) : nullptr; }

 private:
  const void* data_ = nullptr;
  bool is_float_ = false;
};

namespace detail {

// Storage whose columns are contiguous, so that it can be borrowed: Matrix, Vector, and Map or Ref of them, of double or
// float.
template <class T>
concept ColumnStorage = requires(const T& t) {
  { t.data() } -> std::convertible_to<ColumnView>;
  { t.outerStride() } -> std::convertible_to<Index>;
}
&&!bool(T::IsRowMajor && T::ColsAtCompileTime != 1 && T::RowsAtCompileTime != 1) &&
    T::InnerStrideAtCompileTime == 1 && T::RowsAtCompileTime != 1;

template <class T>
concept OwnedStorage = ColumnStorage<T> && std::derived_from<T, Eigen::PlainObjectBase<T>>;

// An lvalue is borrowed, an object that owns its memory may be moved in; other temporaries do not compile.
template <class T>
concept ColumnsPart = (std::is_lvalue_reference_v<T> && ColumnStorage<std::remove_cvref_t<T>>) ||
                      (!std::is_reference_v<T> && !std::is_const_v<T> && OwnedStorage<T>);

}  // namespace detail

// A table, each column contiguous doubles or floats, num_rows long. Costs over it are computed in double: floats take
// half the memory and the time to read it, and give the bits that the same numbers as doubles do. Borrows what is given as
// an lvalue: it must outlive every Function recorded over it. `Columns::copy` copies, `Columns(std::move(X), y)` takes X.
class Columns {
 public:
  Columns();
  Columns(const Columns&);
  Columns(Columns&&) noexcept;
  Columns& operator=(const Columns&);
  Columns& operator=(Columns&&) noexcept;
  ~Columns();

  // The columns of the parts, side by side. Throws std::invalid_argument if their numbers of rows differ.
  template <class... Parts>
  requires(sizeof...(Parts) > 0 && (detail::ColumnsPart<Parts> && ...)) explicit Columns(Parts&&... parts)
      : Columns() {
    (append(std::forward<Parts>(parts)), ...);
  }

  template <class... Parts>
  static Columns copy(const Parts&... parts) {
    return Columns(Eigen::Matrix<typename Parts::Scalar, Eigen::Dynamic, Eigen::Dynamic>(parts)...);
  }

  // Named columns (or none of them), each num_rows long; `owner`, if any, is kept alive as long as this or a copy of it.
  // Throws std::invalid_argument if there is not one name for each column.
  template <std::convertible_to<ColumnView> Column = ColumnView>
  static Columns from(std::vector<std::string> names, const std::vector<Column>& columns, Index num_rows,
                      std::shared_ptr<const void> owner = {}) {
    return from_views(std::move(names), {columns.begin(), columns.end()}, num_rows, std::move(owner));
  }

  // Names (or none) and a number of columns without data, as of a Function that was loaded from a file.
  static Columns unbound(std::vector<std::string> names, Index num_columns);

  bool bound() const { return bound_; }
  Index num_rows() const { return num_rows_; }
  Index num_columns() const { return static_cast<Index>(columns_.size()); }
  ColumnView column(Index i) const { return columns_[static_cast<std::size_t>(i)]; }
  const std::vector<std::string>& names() const { return names_; }  // empty if the columns have no names

 private:
  static Columns from_views(std::vector<std::string> names, std::vector<ColumnView> columns, Index num_rows,
                            std::shared_ptr<const void> owner);
  template <class Part>
  void append(Part&& part) {
    if constexpr (std::is_lvalue_reference_v<Part>) {
      add(part.data(), part.rows(), part.cols(), part.outerStride());
    } else {
      auto owned = std::make_shared<const Part>(std::move(part));
      add(owned->data(), owned->rows(), owned->cols(), owned->outerStride());
      owners_.push_back(std::move(owned));
    }
  }
  void add(ColumnView first, Index rows, Index cols, Index stride);

  std::vector<ColumnView> columns_;
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<const void>> owners_;
  Index num_rows_ = 0;
  bool bound_ = true;
};

// The columns of a row as Exprs, by number or by name. Valid while its row function runs.
class Row {
 public:
  Row(std::vector<Expr> columns, const std::vector<std::string>& names)
      : columns_(std::move(columns)), names_(&names) {}
  Index size() const { return static_cast<Index>(columns_.size()); }
  const Expr* begin() const { return columns_.data(); }
  const Expr* end() const { return columns_.data() + columns_.size(); }
  // Each throws std::invalid_argument outside of the row, or for an unknown name.
  Expr operator[](Index i) const { return span()[i]; }
  Expr operator[](std::string_view name) const;
  Expr operator[](const char* name) const { return (*this)[std::string_view(name)]; }
  Expr operator[](int i) const { return span()[i]; }
  ExprSpan first(Index n) const { return span().first(n); }
  ExprSpan last(Index n) const { return span().last(n); }
  ExprSpan subspan(Index offset, Index n) const { return span().subspan(offset, n); }
  operator ExprSpan() const { return span(); }

 private:
  ExprSpan span() const { return ExprSpan(columns_); }
  std::vector<Expr> columns_;
  const std::vector<std::string>* names_;
};

// One value or several for each row, the result of map_rows.
class RowValues {
 public:
  explicit RowValues(std::vector<Expr> values, RowSet rows) : values_(std::move(values)), rows_(rows) {}
  const std::vector<Expr>& values() const { return values_; }
  RowSet rows() const { return rows_; }

 private:
  std::vector<Expr> values_;
  RowSet rows_;
};

namespace detail {

// A row function at work: from begin to its end the recording knows that a row is being recorded.
class RowScope {
 public:
  explicit RowScope(const Columns& columns);  // throws if no recording is in progress, or rows would nest
  ~RowScope();
  RowScope(const RowScope&) = delete;
  RowScope& operator=(const RowScope&) = delete;
  const Row& row() const { return row_; }
  RowSet rows() const { return rows_; }
  Expr sum(const Expr& value, const Location& at) const;
  Expr mean(const Expr& value, const Location& at) const;
  Expr max(const Expr& value, const Location& at) const;
  Condition any(const Condition& condition, const Location& at) const;

 private:
  RowSet rows_;
  Row row_;
};

}  // namespace detail

// The sum, or the mean, of cost(row) over the rows of `columns`, in a fixed order: the bits do not depend on
// the number of threads. `cost` is called once, on symbols, and may use the results of other sums over rows,
// of the same table or of another: sum((x - mean)^2), say. Throw std::invalid_argument outside of a cost and
// where rows nest. A mean over no rows throws when it is computed.
template <class F>
Expr sum_over_rows(const Columns& columns, F&& cost, Location at = Location::here()) {
  const detail::RowScope scope(columns);
  return scope.sum(cost(scope.row()), at);
}
template <class F>
Expr mean_over_rows(const Columns& columns, F&& cost, Location at = Location::here()) {
  const detail::RowScope scope(columns);
  return scope.mean(cost(scope.row()), at);
}

// The largest, or the smallest, of cost(row): -inf and inf over no rows, NaN if a row's is. Rows that tie share
// the adjoint equally.
template <class F>
Expr max_over_rows(const Columns& columns, F&& cost, Location at = Location::here()) {
  const detail::RowScope scope(columns);
  return scope.max(cost(scope.row()), at);
}
template <class F>
Expr min_over_rows(const Columns& columns, F&& cost, Location at = Location::here()) {
  const detail::RowScope scope(columns);
  return neg(scope.max(neg(cost(scope.row()), at), at), at);
}

// Whether condition(row) holds for a row; over no rows it does not.
template <class F>
Condition any_over_rows(const Columns& columns, F&& condition, Location at = Location::here()) {
  const detail::RowScope scope(columns);
  return scope.any(condition(scope.row()), at);
}

// The entries index * width, index * width + 1, .. of `values`, uniform ones, where the index varies by row: one
// parameter (or `width` of them) for each user, say. A column as an index is checked when it is bound, by record and
// with_columns: std::invalid_argument names the row of one that is not whole or out of range. Where an index that is
// computed is so, the result is NaN. The adjoint adds in the order of the rows, so its bits do not depend on the number
// of threads. Throws std::invalid_argument if width does not divide the number of values, the values vary, or the
// index does not.
std::vector<Expr> gather(ExprSpan values, const Expr& index, Index width, Location at = Location::here());
inline Expr gather(ExprSpan values, const Expr& index, Location at = Location::here()) {
  return gather(values, index, 1, at)[0];
}

// value(row) for each row: what a Function recorded from it computes by values(). It may give several
// (std::vector, std::array or an Eigen vector of Expr): the first of all rows, then the second of all rows.
template <class F>
RowValues map_rows(const Columns& columns, F&& value) {
  const detail::RowScope scope(columns);
  if constexpr (std::is_convertible_v<std::invoke_result_t<F&, const Row&>, Expr>) {
    return RowValues({value(scope.row())}, scope.rows());
  } else {
    const auto values = value(scope.row());
    return RowValues(std::vector<Expr>(values.begin(), values.end()), scope.rows());
  }
}

}  // namespace rappel
