#pragma once

// A table of cells with named columns: what read_csv gives.

#include <rappel/autodiff/rows.hpp>
#include <rappel/core.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rappel {

namespace detail {
struct TableData;
}

// Immutable; copies share the data.
//
// A cell is missing if it is empty, blank, NA, or NaN or null in any letter case, whether quoted or not.
// Blanks around a number, a level of a text column or one of these words do not count. A number is what
// std::from_chars reads of the whole cell (exactly rounded), with a leading '+' allowed.
//
// A column is a number column if more than half of the cells that are not missing are numbers (inf and
// numbers too large or too small for a double are, here). What else is in it is an error as soon as the
// column is used, and not before.
class Table {
 public:
  explicit Table(std::shared_ptr<const detail::TableData> data);

  Index num_rows() const;
  Index num_columns() const;
  const std::vector<std::string>& names() const;
  const std::string& file() const;  // as it was named when read

  // Throws std::invalid_argument that names the nearest existing column.
  Index column_index(std::string_view name) const;
  bool has_column(std::string_view name) const;

  // These throw std::invalid_argument for a row or a column that does not exist.
  bool is_number(Index column) const;
  bool is_missing(Index row, Index column) const;
  std::string_view cell(Index row,
                        Index column) const;  // as written, but for quotes; valid as long as the data
  Index line(Index row) const;                // of the file, where the row begins; from 1

  // One value a row, NaN where missing. Throws DataError if a cell is neither missing nor a finite number,
  // naming the first such; so it does for every text column.
  ConstSpan numbers(Index column) const;

  // Number columns by name, NaN where a cell is missing: all of them, or those named. Shares the data: may
  // outlive the Table. Throws as `numbers` and `column_index` do.
  Columns columns() const;
  Columns columns(std::span<const std::string> names) const;

  // "houses.csv:17: column beds", the beginning of a message about a cell, and "houses.csv: column beds", of
  // one about a column.
  std::string where(Index row, Index column) const;
  std::string where(Index column) const;

 private:
  std::size_t checked_column(Index column) const;
  std::size_t checked_row(Index row) const;

  std::shared_ptr<const detail::TableData> data_;
};

}  // namespace rappel
