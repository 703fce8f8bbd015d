#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rappel {

struct Dependence {
  std::size_t column;           // is a linear combination of the constant and
  std::vector<std::size_t> on;  // these columns before it; of the constant alone if empty
};

// The first column of X (rows x columns, column-major, finite) that is a linear combination of a constant and
// the columns before it, but for the rounding of its cells; none if there is no such column.
//
// Every cell is taken to be a decimal number of at least 15 digits (what spreadsheets and R write), so to be
// wrong by up to 5e-15 of itself; a column of integers is exact. So neither units nor a large common offset
// matter, a column that differs from a combination by a millionth of its spread is independent, and one whose
// difference the digits cannot show is not.
std::optional<Dependence> find_dependence(std::span<const double> X, std::size_t rows, std::size_t columns);

}  // namespace rappel
