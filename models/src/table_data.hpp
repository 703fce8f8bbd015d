#pragma once

// What a Table holds. Made by the parser, then never changed.

#include <rappel/core.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rappel::detail {

struct ColumnData {
  std::vector<double> values;  // one a row, NaN where the cell is no finite number
  Index num_missing = 0;
  Index num_numbers = 0;  // finite, infinite or out of range
  Index first_bad = -1;   // the first row whose cell is neither missing nor a finite number
};

struct TableData {
  std::string file;
  std::string text;                     // of the file; quoted cells are unquoted in place
  std::vector<std::string_view> cells;  // into `text`, by rows
  std::vector<Index> lines;             // one a row
  std::vector<std::string> names;
  std::vector<ColumnData> columns;
};

}  // namespace rappel::detail
