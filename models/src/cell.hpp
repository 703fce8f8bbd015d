#pragma once

// What a cell of a table says.

#include <string_view>

namespace rappel {

enum class CellKind {
  missing,       // empty, blank, NA, or NaN or null in any letter case
  number,        // finite
  not_finite,    // inf or infinity in any letter case
  out_of_range,  // a number whose size no double has
  text
};

struct CellValue {
  CellKind kind = CellKind::missing;
  double number = 0.0;  // NaN unless the kind is number
};

CellValue read_cell(std::string_view cell);

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Without the blanks at both ends.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace rappel
