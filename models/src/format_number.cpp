#include "format_number.hpp"

#include <cmath>
#include <locale>
#include <sstream>

namespace rappel {

std::string format_number(double value, int digits) {
  if (std::isnan(value)) return "NA";
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(digits);
  out << value;
  return out.str();
}

}  // namespace rappel
