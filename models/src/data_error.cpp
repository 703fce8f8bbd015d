#include "rappel/models/data_error.hpp"

namespace rappel {

std::string printable(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return line;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  if (text.size() <= longest) return "'" + printable(text) + "'";
  const auto continues_character = [&](std::size_t i) {  // 10xxxxxx in UTF-8
    return (static_cast<unsigned char>(text[i]) & 0xc0u) == 0x80u;
  };
  std::size_t cut = longest;
  while (cut > longest - 4 && continues_character(cut)) --cut;
  return "'" + printable(text.substr(0, cut)) + "..'";
}

}  // namespace rappel
