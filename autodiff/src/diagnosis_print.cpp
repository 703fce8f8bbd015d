#include <rappel/autodiff/diagnosis.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <sstream>

namespace rappel {
namespace {

std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  std::ostringstream text;
  text << value;
  return text.str();
}

bool is_infix(const std::string& operation) { return operation.find_first_of("+-*/<=") != std::string::npos; }

std::string call_of(const Diagnosis& d) {
  if (d.operands.empty()) return d.operation;
  if (is_infix(d.operation) && d.operands.size() == 2)
    return text_of(d.operands[0]) + " " + d.operation + " " + text_of(d.operands[1]);
  std::string text = d.operation + "(";
  const std::size_t shown = std::min<std::size_t>(d.operands.size(), 6);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + text_of(d.operands[i]);
  return text + (shown < d.operands.size() ? ", ..)" : ")");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Diagnosis& d) {
  if (d.ok()) return out << "every value and every derivative is finite";
  if (d.row >= 0) out << "row " << d.row << ": ";
  if (d.found == Diagnosis::Found::constant) {
    out << "a constant is " << text_of(d.result);
    return d.file.empty() ? out : out << ", used at " << d.file << ":" << d.line;
  }
  if (d.found == Diagnosis::Found::parameter)
    return out << "parameter " << d.place << " is " << text_of(d.result);
  if (d.found == Diagnosis::Found::argument)
    return out << "argument " << d.place << " is " << text_of(d.result);
  if (d.found == Diagnosis::Found::data) {
    out << "column ";
    d.column.empty() ? out << d.place : out << d.column;
    return out << " is " << text_of(d.result);
  }
  if (d.found == Diagnosis::Found::gradient) out << "in the gradient: ";
  out << call_of(d) << " is " << text_of(d.result);
  if (!d.file.empty()) out << ", at " << d.file << ":" << d.line;
  if (!d.hint.empty()) out << "; " << d.hint;
  return out;
}

}  // namespace rappel
