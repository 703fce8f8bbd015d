#include "rappel/models/table.hpp"

#include "cell.hpp"
#include "table_data.hpp"

#include "rappel/models/data_error.hpp"
#include "rappel/models/nearest_name.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace rappel {

namespace {

std::size_t checked(const char* what, Index i, std::size_t size, const std::string& file) {
  if (i >= 0 && static_cast<std::size_t>(i) < size) return static_cast<std::size_t>(i);
  throw std::invalid_argument(file + " has " + std::to_string(size) + " " + what + "s, there is no " + what +
                              " " + std::to_string(i) + " (they count from 0)");
}

// Why `cell` cannot be used as a number, and what to do.
std::string complaint(std::string_view cell, bool in_number_column) {
  const std::string correct = "correct the cell, or leave it empty if the value is not known";
  switch (read_cell(cell).kind) {
    case CellKind::not_finite:
      return in_quotes(cell) + " is not finite; " + correct;
    case CellKind::out_of_range:
      return in_quotes(cell) + " is beyond the range of double precision; " + correct;
    default:
      break;
  }
  return in_quotes(cell) + " is not a number; " +
         (in_number_column ? correct : "the column holds text, and a number is needed here");
}

// "x;y" as the only name, say.
std::string separator_advice(const std::vector<std::string>& names) {
  if (names.size() != 1) return {};
  const std::size_t at = names[0].find_first_of(";\t|,");
  return at == std::string::npos ? "" : "; the file has one column: is another separator meant?";
}

}  // namespace

Table::Table(std::shared_ptr<const detail::TableData> data) : data_(std::move(data)) {}

Index Table::num_rows() const { return static_cast<Index>(data_->lines.size()); }
Index Table::num_columns() const { return static_cast<Index>(data_->names.size()); }
const std::vector<std::string>& Table::names() const { return data_->names; }
const std::string& Table::file() const { return data_->file; }

std::size_t Table::checked_column(Index column) const {
  return checked("column", column, data_->names.size(), data_->file);
}
std::size_t Table::checked_row(Index row) const {
  return checked("row", row, data_->lines.size(), data_->file);
}

bool Table::has_column(std::string_view name) const {
  return std::find(names().begin(), names().end(), name) != names().end();
}

Index Table::column_index(std::string_view name) const {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found != names().end()) return found - names().begin();
  throw std::invalid_argument(file() + " has no column " + in_quotes(name) + "; the nearest is " +
                              in_quotes(nearest_name(name, names())) + separator_advice(names()));
}

bool Table::is_number(Index column) const {
  const detail::ColumnData& data = data_->columns[checked_column(column)];
  return 2 * data.num_numbers > num_rows() - data.num_missing;
}

std::string_view Table::cell(Index row, Index column) const {
  return data_->cells[checked_row(row) * data_->names.size() + checked_column(column)];
}

bool Table::is_missing(Index row, Index column) const {
  const std::string_view text = cell(row, column);
  const double value = data_->columns[static_cast<std::size_t>(column)].values[static_cast<std::size_t>(row)];
  return std::isnan(value) && read_cell(text).kind == CellKind::missing;
}

Index Table::line(Index row) const { return data_->lines[checked_row(row)]; }

ConstSpan Table::numbers(Index column) const {
  const detail::ColumnData& data = data_->columns[checked_column(column)];
  if (data.first_bad < 0) return data.values;
  throw DataError(where(data.first_bad, column) + ": " +
                  complaint(cell(data.first_bad, column), is_number(column)));
}

Columns Table::columns() const {
  std::vector<std::string> number_columns;
  for (Index c = 0; c < num_columns(); ++c) {
    if (is_number(c)) number_columns.push_back(names()[static_cast<std::size_t>(c)]);
  }
  return columns(number_columns);
}

Columns Table::columns(std::span<const std::string> selected) const {
  std::vector<const double*> pointers;
  for (const std::string& name : selected) pointers.push_back(numbers(column_index(name)).data());
  return Columns::from({selected.begin(), selected.end()}, std::move(pointers), num_rows(), data_);
}

std::string Table::where(Index row, Index column) const {
  return file() + ":" + std::to_string(line(row)) + ": column " + printable(names()[checked_column(column)]);
}

std::string Table::where(Index column) const {
  return file() + ": column " + printable(names()[checked_column(column)]);
}

}  // namespace rappel
