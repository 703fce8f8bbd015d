#pragma once

#include "report.hpp"

namespace rappel::accuracy {

// A picture by gnuplot, svg, png or pdf by the ending of its name: the error of central differences against
// the step, rappel as the flat line, and a bar for each method. Of several operations, the median of their
// medians. Throws std::runtime_error where gnuplot is not installed or fails.
void plot(const std::string& path, const Report& report);

}  // namespace rappel::accuracy
