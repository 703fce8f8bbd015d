#pragma once

#include <string>

namespace rappel {

// At most `digits` significant digits, trailing zeros dropped: 58481.75, 0.001, 6.1e-104.
std::string format_number(double value, int digits = 7);

}  // namespace rappel
