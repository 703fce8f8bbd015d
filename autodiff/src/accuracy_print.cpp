#include <rappel/autodiff/accuracy.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <ostream>
#include <tuple>

namespace rappel {
namespace {

constexpr std::size_t max_lines = 20;

// Of outputs without a condition: not known.
double excess(const OutputAccuracy& output) {
  if (std::isnan(output.condition)) return -1.0;
  return output.ulp / (output.condition > 1.0 ? output.condition : 1.0);
}

std::string text_of(const char* format, double value) {
  if (std::isnan(value)) return "nan";
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

void print_line(std::ostream& out, const OutputAccuracy& output, std::size_t name_width) {
  std::string name = output.name;
  name.resize(std::max(name_width, name.size()), ' ');
  out << name << padded(text_of("%.17g", output.computed), 26) << padded(output.exact_digits, 33)
      << padded(std::isnan(output.ulp) ? "" : text_of("%.3g", output.ulp), 10)
      << padded(std::isnan(output.condition) ? "" : text_of("%.3g", output.condition), 11) << "  "
      << name_of(output.verdict) << "\n";
}

void print_loss(std::ostream& out, const OutputAccuracy& output) {
  const LossyNode& lossy = output.loses_most;
  if (lossy.node == no_node || (output.ulp <= 4.0 && output.verdict != AccuracyVerdict::off)) return;
  out << output.name << ": ";
  if (lossy.overflows)
    out << lossy.operation << " (n" << lossy.node << ") is beyond the largest double";
  else
    out << text_of("%.3g", std::min(std::log10(output.ulp), 16.0)) << " of 16 digits are lost, "
        << text_of("%.0f", 100.0 * lossy.share) << " % by the rounding of " << lossy.operation << " (n"
        << lossy.node << ")";
  const bool by_row = output.name.starts_with("row ");
  if (lossy.row >= 0 && !by_row) out << ", " << (lossy.overflows ? "at row " : "most at row ") << lossy.row;
  out << "\n";
}

std::vector<std::size_t> shown_outputs(const Accuracy& accuracy) {
  std::vector<std::size_t> order(accuracy.outputs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() <= max_lines) return order;
  const auto rank = [&](std::size_t i) {  // what is off, the value, then the largest errors
    const OutputAccuracy& output = accuracy.outputs[i];
    return std::tuple(output.verdict == AccuracyVerdict::off, output.name == "value",
                      std::isnan(output.ulp) ? -1.0 : output.ulp);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) > rank(b); });
  order.resize(max_lines);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

bool Accuracy::ok() const {
  return std::none_of(outputs.begin(), outputs.end(),
                      [](const OutputAccuracy& output) { return output.verdict == AccuracyVerdict::off; });
}

Index Accuracy::worst() const {
  Index worst = -1;
  double most = -1.0;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (excess(outputs[i]) > most) {
      worst = static_cast<Index>(i);
      most = excess(outputs[i]);
    }
  return worst;
}

const char* name_of(AccuracyVerdict verdict) {
  switch (verdict) {
    case AccuracyVerdict::ok:
      return "ok";
    case AccuracyVerdict::off:
      return "off";
    default:
      return "not checked";
  }
}

std::ostream& operator<<(std::ostream& out, const Accuracy& accuracy) {
  const auto shown = shown_outputs(accuracy);
  std::size_t width = 6;
  for (const std::size_t i : shown) width = std::max(width, accuracy.outputs[i].name.size());
  std::string title = "output";
  title.resize(width, ' ');
  out << title << padded("computed", 26) << padded("exact", 33) << padded("ulp", 10)
      << padded("condition", 11) << "  verdict\n";
  for (const std::size_t i : shown) print_line(out, accuracy.outputs[i], width);
  if (shown.size() < accuracy.outputs.size())
    out << "and " << accuracy.outputs.size() - shown.size() << " more that are less in error\n";
  for (const std::size_t i : shown) print_loss(out, accuracy.outputs[i]);
  for (const std::string& operation : accuracy.not_checked)
    out << "not checked: " << operation << " has no 50-digit form\n";
  const bool all_close = std::all_of(accuracy.outputs.begin(), accuracy.outputs.end(),
                                     [](const OutputAccuracy& output) { return output.ulp <= 4.0; });
  out << (!accuracy.ok() ? "off: further from 50 digits than 4 ulp times the condition"
          : all_close    ? "ok: within 4 ulp of 50 digits"
                         : "ok: within 4 ulp times the condition of 50 digits; what is lost, the cost as "
                           "written loses");
  if (!accuracy.instruction_set.empty()) out << " (" << accuracy.instruction_set << " kernels)";
  return out << "\n";
}

}  // namespace rappel
