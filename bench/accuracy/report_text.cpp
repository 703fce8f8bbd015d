#include "report_text.hpp"

#include <iomanip>
#include <sstream>

namespace rappel::accuracy {

std::string short_number(double x) {
  std::ostringstream out;
  if (x >= 1e4)
    out << std::setprecision(2) << std::scientific << x;
  else
    out << std::setprecision(x < 10.0 ? 2 : 1) << std::fixed << x;
  return std::isinf(x) ? "inf" : out.str();
}

std::string exactly(double x) {
  std::ostringstream out;
  out << std::setprecision(17) << x;
  return out.str();
}

std::string operands(const Worst& w) {
  std::string text;
  for (const double x : w.x) text += (text.empty() ? "" : ", ") + exactly(x);
  return text;
}

bool exceeds(const Measurement& m, int order, double limit) {
  const Cell* cell = m.worst(order);
  return cell != nullptr && !(cell->worst.ulp <= limit);
}

double largest_percentile(const Measurement& m, int order) {
  double largest = 0.0;
  for (const Cell& cell : m.cells)
    if (cell.order == order) largest = std::max(largest, cell.percentile_99);
  return largest;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace rappel::accuracy
