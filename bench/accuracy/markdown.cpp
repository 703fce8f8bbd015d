#include "report.hpp"
#include "report_text.hpp"

#include <fstream>
#include <ostream>
#include <string>

namespace rappel::accuracy {
namespace {

bool exceeds_goal(const Measurement& m) {
  if (m.subject->size != nullptr) return true;  // in part measured against something larger
  for (int order = 0; order < 3; ++order)
    if (exceeds(m, order, m.goal(order)) || m.bound(order) > m.goal(order)) return true;
  return false;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "a processor of unknown name";
}

void write_markdown_row(std::ostream& out, const Measurement& m, bool with_place) {
  out << "| " << m.subject->name << " | " << m.num_points;
  for (int order = 0; order < 3; ++order) {
    const Cell* cell = m.worst(order);
    out << " | " << (cell ? short_number(cell->worst.ulp) : "") << " | "
        << short_number(largest_percentile(m, order)) << " | " << m.bound(order);
  }
  if (with_place) {
    const Cell* place = nullptr;
    for (int order = 0; order < 3 && place == nullptr; ++order)
      if (exceeds(m, order, m.goal(order))) place = m.worst(order);
    if (place != nullptr)
      out << " | " << name_of_output(place->worst.output, place->worst.x.size()) << " at "
          << operands(place->worst) << " (" << place->path << ") | ";
    else
      out << " | | ";
    out << m.subject->reason;
  }
  out << " |\n";
}

void write_markdown_table(std::ostream& out, const std::vector<const Measurement*>& rows, bool with_place) {
  out << "| operation | points | value: largest | 99 % | bound | first: largest | 99 % | bound | second: "
         "largest | 99 "
         "% | bound |"
      << (with_place ? " worst at | reason |" : "") << "\n|---|---|---|---|---|---|---|---|---|---|---|"
      << (with_place ? "---|---|" : "") << '\n';
  for (const Measurement* m : rows) write_markdown_row(out, *m, with_place);
}

void write_markdown_comparisons(std::ostream& out, const Report& report) {
  if (report.comparisons.empty()) return;
  out << "\n## First derivatives by other means\n\nMedian and 99th percentile of the error in ulp, on "
         "points of moderate size and where the operation cancels. Differences are taken of rappel's own "
         "values, central "
         "ones with the best of 52 steps at each point; peers and the complex step are given the formula as "
         "people "
         "write it, such as 1 / (1 + exp(-x)).\n\n| operation | points |";
  for (const Errors& e : report.comparisons.front().methods) out << ' ' << e.method << " |";
  out << "\n|---|---|";
  for (std::size_t i = 0; i < report.comparisons.front().methods.size(); ++i) out << "---|";
  out << '\n';
  for (const Comparison& c : report.comparisons) {
    out << "| " << c.subject << " | " << c.num_points << " |";
    for (const Errors& e : c.methods) {
      if (e.state == "measured")
        out << ' ' << short_number(e.median) << ", " << short_number(e.percentile_99) << " |";
      else
        out << (e.state == "not found" ? " not measured |" : " - |");
    }
    out << '\n';
  }
}

void write_markdown_conventions(std::ostream& out) {
  out << "\n## Conventions at kinks, poles, ends and infinities\n\n| operation | at | value | first | second "
         "|\n|---|---|---|---|---|\n";
  const auto entry = [](const std::optional<double>& x) { return x ? exactly(*x) : std::string("-"); };
  for (const Convention& c : conventions()) {
    std::string at, first, second;
    for (const double x : c.x) at += (at.empty() ? "" : ", ") + exactly(x);
    for (std::size_t i = 1; i < c.jet.size(); ++i) {
      std::string& text = order_of(i, c.x.size()) == 1 ? first : second;
      text += (text.empty() ? "" : ", ") + entry(c.jet[i]);
    }
    out << "| " << c.name << " | " << at << " | " << entry(c.jet[0]) << " | " << first << " | " << second
        << " |\n";
  }
}

}  // namespace

void write_markdown(std::ostream& out, const Report& report) {
  std::vector<const Measurement*> above, within;
  for (const Measurement& m : report.measurements) (exceeds_goal(m) ? above : within).push_back(&m);
  out << "# Accuracy\n\nErrors in ulp, the spacing of doubles at the exact result (2^-1074 below the normal "
         "range): the "
         "largest over all points and\npaths, the 99th percentile of the worst region and path, and the "
         "bound that the "
         "library states and its tests hold. First and\nsecond partials are measured as recorded and "
         "differentiated. The goal: value "
         "and first partials 2 ulp (gamma, Bessel and quantile\nfamilies 4), second partials 8. References "
         "have "
         "100 digits and are made from definitions or Boost.Math, their derivatives\nby central "
         "differences.\n\nMade by\n\n"
         "    build/release/bin/accuracy --points "
      << report.options.points << " --seed " << report.options.seed << " --markdown docs/accuracy.md\n";
  if (!report.measurements.empty()) {
    out << "\non " << processor() << ". Paths: " << joined(report.measurements.front().paths) << ".";
    if (const auto& absent = report.measurements.front().paths_not_run; !absent.empty())
      out << " Not run, since the processor lacks them: " << joined(absent) << ".";
    out << '\n';
  }
  out << "\n## Operations that exceed the goal\n\n";
  if (above.empty())
    out << "None.\n";
  else
    write_markdown_table(out, above, true);
  out << "\n## Operations within the goal\n\n";
  write_markdown_table(out, within, false);
  write_markdown_comparisons(out, report);
  write_markdown_conventions(out);
}

}  // namespace rappel::accuracy
