#include <rappel/autodiff/rows.hpp>

#include "function_impl.hpp"

#include <algorithm>

namespace rappel {

// Here, not in each file of a user.
Columns::Columns() = default;
Columns::Columns(const Columns&) = default;
Columns::Columns(Columns&&) noexcept = default;
Columns& Columns::operator=(const Columns&) = default;
Columns& Columns::operator=(Columns&&) noexcept = default;
Columns::~Columns() = default;

Columns Columns::from_views(std::vector<std::string> names, std::vector<ColumnView> columns, Index num_rows,
                            std::shared_ptr<const void> owner) {
  if (!names.empty() && names.size() != columns.size())
    throw std::invalid_argument("Columns::from: " + std::to_string(names.size()) + " names, " +
                                std::to_string(columns.size()) + " columns");
  Columns result;
  result.names_ = std::move(names);
  result.columns_ = std::move(columns);
  result.num_rows_ = num_rows;
  if (owner) result.owners_.push_back(std::move(owner));
  return result;
}

Columns Columns::unbound(std::vector<std::string> names, Index num_columns) {
  Columns result;
  result.names_ = std::move(names);
  result.columns_.resize(static_cast<std::size_t>(num_columns));
  result.bound_ = false;
  return result;
}

void Columns::add(ColumnView first, Index rows, Index cols, Index stride) {
  if (!columns_.empty() && rows != num_rows_)
    throw std::invalid_argument("Columns: a part has " + std::to_string(rows) +
                                " rows, the parts before it have " + std::to_string(num_rows_));
  num_rows_ = rows;
  for (Index c = 0; c < cols; ++c) columns_.push_back(first.from_row(c * stride));
}

Expr Row::operator[](std::string_view name) const {
  const auto found = std::ranges::find(*names_, name);
  if (found != names_->end()) return columns_[static_cast<std::size_t>(found - names_->begin())];
  std::string known;
  for (const std::string& n : *names_) known += (known.empty() ? "" : ", ") + n;
  throw std::invalid_argument(
      "Row: there is no column " + std::string(name) + "; " +
      (known.empty() ? "the columns have no names, use numbers" : "the columns are " + known));
}

namespace detail {
namespace {

CostRecording& row_recording() {
  Recording& recording = Recording::required("a sum, mean or map over rows");
  if (recording.tables == nullptr)
    throw std::invalid_argument("rows cannot be recorded here: no cost is being recorded");
  if (recording.in_rows)
    throw std::invalid_argument(
        "row functions do not nest: a row cost called sum_over_rows, mean_over_rows or map_rows");
  return *recording.tables;
}

std::vector<Expr> column_exprs(RowSet rows, Index count) {
  Recording& recording = *Recording::innermost();
  std::vector<Expr> columns;
  for (Index c = 0; c < count; ++c) columns.push_back(recording.expr(recording.builder().column(rows, c)));
  return columns;
}

}  // namespace

RowScope::RowScope(const Columns& columns)
    : rows_(row_recording().add(columns)),
      row_(column_exprs(rows_, columns.num_columns()),
           Recording::innermost()->tables->columns[rows_.index].names()) {
  Recording::innermost()->in_rows = true;
}

RowScope::~RowScope() { Recording::innermost()->in_rows = false; }

Expr RowScope::sum(const Expr& value, const Location& at) const {
  Recording& recording = *Recording::innermost();
  recording.locate(at);
  return recording.expr(recording.builder().reduce_rows(Reduce::sum, rows_, recording.node(value)));
}

Expr RowScope::mean(const Expr& value, const Location& at) const {
  Recording& recording = *Recording::innermost();
  recording.tables->needs_rows[rows_.index] = true;
  return div(sum(value, at), recording.expr(recording.builder().num_rows(rows_)), at);
}

Expr RowScope::max(const Expr& value, const Location& at) const {
  Recording& recording = *Recording::innermost();
  recording.locate(at);
  return recording.expr(recording.builder().reduce_rows(Reduce::max, rows_, recording.node(value)));
}

Condition RowScope::any(const Condition& condition, const Location& at) const {
  Recording& recording = *Recording::innermost();
  recording.locate(at);
  return Condition(recording.expr(
      recording.builder().reduce_rows(Reduce::any, rows_, recording.node(condition.value()))));
}

}  // namespace detail

std::vector<Expr> gather(ExprSpan values, const Expr& index, Index width, Location at) {
  if (width < 1 || values.size() == 0 || values.size() % width != 0)
    throw std::invalid_argument("gather: " + std::to_string(values.size()) + " values do not divide into groups of " +
                                std::to_string(width));
  detail::Recording& recording = detail::Recording::required("gather");
  recording.locate(at);
  std::vector<NodeId> operands{recording.builder().constant(static_cast<double>(width)), recording.node(index)};
  for (const Expr& e : values) operands.push_back(recording.node(e));
  const NodeId first = recording.builder().gather(operands);
  std::vector<Expr> result;
  for (NodeId j = 0; j < static_cast<NodeId>(width); ++j) result.push_back(recording.expr(first + j));
  return result;
}

}  // namespace rappel
