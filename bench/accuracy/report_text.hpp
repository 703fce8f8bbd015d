#pragma once

// How the reports write numbers.

#include "measure.hpp"

namespace rappel::accuracy {

std::string short_number(double x);  // two digits behind the point, or of the mantissa
std::string exactly(double x);       // 17 digits
std::string operands(const Worst& w);
std::string joined(const std::vector<std::string>& names);

bool exceeds(const Measurement& m, int order, double limit);
// The 99th percentile over all regions is not in the cells: the largest of the regions'.
double largest_percentile(const Measurement& m, int order);

}  // namespace rappel::accuracy
