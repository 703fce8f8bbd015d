#include "cell.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace rappel {

namespace {

// `lower` is in lower case.
bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

bool is_missing_word(std::string_view text) {
  return text == "NA" || equals_ignoring_case(text, "nan") || equals_ignoring_case(text, "null");
}

CellKind kind_of_word(std::string_view text, std::string_view without_sign) {
  if (is_missing_word(text)) return CellKind::missing;
  const bool infinite =
      equals_ignoring_case(without_sign, "inf") || equals_ignoring_case(without_sign, "infinity");
  return infinite ? CellKind::not_finite : CellKind::text;
}

}  // namespace

CellValue read_cell(std::string_view cell) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string_view text = trimmed(cell);
  if (text.empty()) return {CellKind::missing, nan};
  const bool has_sign = text.front() == '+' || text.front() == '-';
  const std::string_view unsigned_text = text.substr(has_sign ? 1 : 0);
  // from_chars reads words too (nan(..), inf); the words of a table are read here.
  const char first = unsigned_text.empty() ? 'x' : unsigned_text.front();
  if (!(first == '.' || (first >= '0' && first <= '9'))) return {kind_of_word(text, unsigned_text), nan};

  double magnitude = 0.0;
  const char* const end = unsigned_text.data() + unsigned_text.size();
  const std::from_chars_result result = std::from_chars(unsigned_text.data(), end, magnitude);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return {CellKind::text, nan};
  if (result.ec == std::errc::result_out_of_range) return {CellKind::out_of_range, nan};
  return {CellKind::number, text.front() == '-' ? -magnitude : magnitude};
}

}  // namespace rappel
