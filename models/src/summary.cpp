#include "rappel/models/summary.hpp"

#include "rappel/models/data_error.hpp"

#include "format_number.hpp"

#include <algorithm>
#include <cmath>

namespace rappel {

namespace {

using Cells = std::vector<std::string>;

// First column to the left, the others to the right, each as wide as its widest cell.
std::string format_table(const std::vector<Cells>& rows) {
  std::vector<std::size_t> width;
  for (const Cells& row : rows) {
    width.resize(std::max(width.size(), row.size()), 0);
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string gap(width[c] - row[c].size(), ' ');
      text += c == 0 ? row[c] + gap : "  " + gap + row[c];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string interval(const CoefficientStatistics& c) {
  return "[" + format_number(c.lower) + ", " + format_number(c.upper) + "]";
}

std::string p_value(double p) { return std::isnan(p) ? "NA" : p < 1e-99 ? "<1e-99" : format_number(p, 2); }

// The intercept first, as it is usually read.
std::string coefficient_table(const SummaryText& text, const Statistics& statistics) {
  const bool errors = statistics.without_standard_errors.empty();
  std::vector<Cells> rows = {{"", "coefficient"}};
  if (errors) {
    const Cells heads = {"std. error", statistics.ratio_name, "p", "95 % interval"};
    rows.front().insert(rows.front().end(), heads.begin(), heads.end());
  }
  const auto add = [&](const std::string& name, const CoefficientStatistics& c) {
    rows.push_back({name, format_number(c.estimate)});
    if (!errors) return;
    const Cells cells = {format_number(c.standard_error), format_number(c.ratio, 4), p_value(c.p_value),
                         interval(c)};
    rows.back().insert(rows.back().end(), cells.begin(), cells.end());
  };
  add("intercept", statistics.coefficients.back());
  for (std::size_t j = 0; j + 1 < statistics.coefficients.size(); ++j) {
    add(printable(text.feature_names.at(j)), statistics.coefficients[j]);
  }
  std::string table = format_table(rows);
  if (!errors) table += "No standard errors: " + statistics.without_standard_errors + ".\n";
  return table;
}

std::string measures_line(const Statistics& statistics) {
  std::string line;
  for (const Measure& m : statistics.measures) {
    line += (line.empty() ? "" : "   ") + m.name + " " + format_number(m.value);
  }
  return line + "\n";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

std::string count(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::string format_summary(const SummaryText& text, const Statistics* statistics) {
  std::string summary = text.title + ": " + printable(text.target) + " by " + joined(text.feature_names) +
                        "; " + count(text.num_rows, "row") + "\n";
  for (const std::string& note : text.notes) summary += note + "\n";
  if (!text.cost_formula.empty()) summary += "cost: " + text.cost_formula + "\n";
  summary += "\n";
  if (statistics != nullptr) {
    summary += coefficient_table(text, *statistics) + "\n" + measures_line(*statistics);
    if (!statistics->warning.empty()) summary += "Warning: " + statistics->warning + "\n";
  } else {
    summary += count(text.num_parameters, "parameter") + "\n";
  }
  return summary + (text.converged ? "converged: " : "NOT CONVERGED: ") + text.outcome + "; cost " +
         format_number(text.cost) + " after " + count(text.iterations, "iteration") + ", " +
         count(text.evaluations, "evaluation") + "\n" +
         (text.advice.empty() ? "" : "Advice: " + text.advice + "\n");
}

}  // namespace rappel
