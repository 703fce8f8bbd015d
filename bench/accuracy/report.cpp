#include "report.hpp"
#include "report_text.hpp"

#include <iomanip>
#include <ostream>

namespace rappel::accuracy {
namespace {

constexpr const char* order_names[] = {"value", "first", "second"};

std::string json_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "\"";
}
std::string json_number(double x) { return std::isfinite(x) ? exactly(x) : json_text(exactly(x)); }

void write_worst_lines(std::ostream& out, const Measurement& m) {
  for (int order = 0; order < 3; ++order) {
    if (!exceeds(m, order, m.bound(order))) continue;
    const Worst& w = m.worst(order)->worst;
    out << "  " << name_of_output(w.output, w.x.size()) << " is off by " << short_number(w.ulp) << " ulp on "
        << m.worst(order)->path << " at " << operands(w) << ": " << exactly(w.computed) << ", exact "
        << w.exact << '\n';
  }
}

}  // namespace

void write_table(std::ostream& out, const Report& report, bool details) {
  out << "Largest error in ulp, 99th percentile, bound; of value, first and second partials, over all "
         "paths.\n"
      << std::left << std::setw(18) << "operation" << std::right << std::setw(9) << "points" << std::setw(30)
      << "value" << std::setw(30) << "first" << std::setw(30) << "second" << '\n';
  for (const Measurement& m : report.measurements) {
    out << std::left << std::setw(18) << m.subject->name << std::right << std::setw(9) << m.num_points;
    for (int order = 0; order < 3; ++order) {
      const Cell* cell = m.worst(order);
      out << std::setw(12) << (cell ? short_number(cell->worst.ulp) : "-") << std::setw(10)
          << short_number(largest_percentile(m, order)) << std::setw(8) << m.bound(order);
    }
    out << (m.holds() ? "" : "  EXCEEDED") << '\n';
    write_worst_lines(out, m);
    if (m.without_reference > 0) out << "  at " << m.without_reference << " points the reference failed\n";
    if (!details) continue;
    for (const Cell& cell : m.cells)
      out << "    " << std::left << std::setw(14) << name_of(cell.region) << std::setw(10) << cell.path
          << std::setw(8) << order_names[cell.order] << std::right << std::setw(10) << cell.count
          << std::setw(12) << short_number(cell.worst.ulp) << std::setw(10)
          << short_number(cell.percentile_99) << "  at " << operands(cell.worst) << '\n';
  }
  if (!report.measurements.empty()) {
    out << "Paths: " << joined(report.measurements.front().paths);
    if (const auto& absent = report.measurements.front().paths_not_run; !absent.empty())
      out << "; not run on this processor: " << joined(absent);
    out << '\n';
  }
  if (!report.missing.empty()) out << "Not in the library: " << joined(report.missing) << '\n';
  if (report.comparisons.empty()) return;
  out << "\nFirst derivatives by other means: median and 99th percentile of the error in ulp\n";
  for (const Comparison& c : report.comparisons) {
    out << c.subject << " (" << c.num_points << " points):";
    for (const Errors& e : c.methods) {
      if (e.state == "measured")
        out << "  " << e.method << ' ' << short_number(e.median) << ' ' << short_number(e.percentile_99)
            << ';';
    }
    out << '\n';
  }
  if (!report.comparisons.front().methods.empty())
    for (const Errors& e : report.comparisons.front().methods)
      if (e.state == "not found") out << e.method << ": not measured (not found when this was built)\n";
}

void write_csv(std::ostream& out, const Report& report) {
  out << "operation,region,path,order,count,largest_ulp,percentile_99_ulp,bound_ulp,worst_output,worst_x,"
         "worst_y,worst_z,"
         "computed,exact\n";
  for (const Measurement& m : report.measurements) {
    for (const Cell& cell : m.cells) {
      const Worst& w = cell.worst;
      out << m.subject->name << ',' << name_of(cell.region) << ',' << cell.path << ',' << cell.order << ','
          << cell.count << ',' << exactly(w.ulp) << ',' << exactly(cell.percentile_99) << ','
          << m.bound(cell.order) << ',' << name_of_output(w.output, w.x.size());
      for (std::size_t i = 0; i < 3; ++i) out << ',' << (i < w.x.size() ? exactly(w.x[i]) : "");
      out << ',' << exactly(w.computed) << ',' << w.exact << '\n';
    }
    for (const std::string& path : m.paths_not_run)
      out << m.subject->name << ",," << path << ",not run,,,,,,,,,,\n";
  }
}

void write_json(std::ostream& out, const Report& report) {
  out << "{\"points\": " << report.options.points << ", \"seed\": " << report.options.seed
      << ", \"operations\": [";
  const char* separator = "\n";
  for (const Measurement& m : report.measurements) {
    out << separator << " {\"name\": " << json_text(m.subject->name)
        << ", \"holds\": " << (m.holds() ? "true" : "false") << ", \"bounds\": [" << m.bound(0) << ", "
        << m.bound(1) << ", " << m.bound(2) << "], \"paths_not_run\": [";
    for (std::size_t i = 0; i < m.paths_not_run.size(); ++i)
      out << (i ? ", " : "") << json_text(m.paths_not_run[i]);
    out << "], \"cells\": [";
    const char* inner = "\n";
    for (const Cell& cell : m.cells) {
      out << inner << "  {\"region\": " << json_text(name_of(cell.region))
          << ", \"path\": " << json_text(cell.path) << ", \"order\": " << cell.order
          << ", \"count\": " << cell.count << ", \"largest_ulp\": " << json_number(cell.worst.ulp)
          << ", \"percentile_99_ulp\": " << json_number(cell.percentile_99)
          << ", \"output\": " << json_text(name_of_output(cell.worst.output, cell.worst.x.size()))
          << ", \"at\": [";
      for (std::size_t i = 0; i < cell.worst.x.size(); ++i)
        out << (i ? ", " : "") << json_number(cell.worst.x[i]);
      out << "], \"computed\": " << json_number(cell.worst.computed)
          << ", \"exact\": " << json_text(cell.worst.exact) << "}";
      inner = ",\n";
    }
    out << "]}";
    separator = ",\n";
  }
  out << "],\n\"comparisons\": [";
  separator = "\n";
  for (const Comparison& c : report.comparisons)
    for (const Errors& e : c.methods) {
      out << separator << " {\"name\": " << json_text(c.subject) << ", \"method\": " << json_text(e.method)
          << ", \"state\": " << json_text(e.state) << ", \"points\": " << e.count
          << ", \"median_ulp\": " << json_number(e.median)
          << ", \"percentile_99_ulp\": " << json_number(e.percentile_99)
          << ", \"largest_ulp\": " << json_number(e.largest) << "}";
      separator = ",\n";
    }
  out << "]}\n";
}

}  // namespace rappel::accuracy
