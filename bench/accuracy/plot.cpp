#include "plot.hpp"

#include <cstdio>
#include <map>
#include <sstream>
#include <stdexcept>

namespace rappel::accuracy {
namespace {

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

// Of a logarithmic axis: exact results are drawn at its lower end.
constexpr double least = 0.05;
std::string shown(double ulp) {
  std::ostringstream out;
  out << std::min(std::max(ulp, least), 1e17);
  return out.str();
}

std::string terminal_for(const std::string& path) {
  const std::string ending = path.substr(std::min(path.rfind('.'), path.size()));
  if (ending == ".svg") return "svg noenhanced size 1100,520 font ',13' background '#ffffff'";
  if (ending == ".png") return "pngcairo noenhanced size 1100,520 font ',11'";
  if (ending == ".pdf") return "pdfcairo noenhanced size 11,5.2 font ',11'";
  throw std::runtime_error("--plot " + path + ": its name must end in .svg, .png or .pdf");
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

struct Picture {
  std::map<int, std::vector<double>> by_step;
  std::vector<std::string> methods;  // in their order
  std::map<std::string, std::vector<double>> by_method;
};

Picture gathered(const Report& report) {
  Picture picture;
  for (const Comparison& c : report.comparisons) {
    for (const auto& [k, ulp] : c.by_step) picture.by_step[k].push_back(ulp);
    for (const Errors& e : c.methods) {
      if (e.state != "measured") continue;
      if (picture.by_method.count(e.method) == 0) picture.methods.push_back(e.method);
      picture.by_method[e.method].push_back(e.median);
    }
  }
  return picture;
}

std::string commands(const std::string& path, const Report& report) {
  const Picture picture = gathered(report);
  const std::string what = report.comparisons.size() == 1
                               ? report.comparisons[0].subject
                               : std::to_string(report.comparisons.size()) + " operations";
  std::string text =
      "set terminal " + terminal_for(path) + "\nset output " + quoted(path) +
      "\nset multiplot layout 1,2\nset grid\nset logscale y\nset format y '10^{%L}'\n"
      "set yrange [0.04:1e18]\nset ylabel 'error of the first derivative, ulp (median)'\n$steps << end\n";
  text.replace(text.find("10^{%L}"), 7, "1e%L");
  for (const auto& [k, ulps] : picture.by_step) text += std::to_string(-k) + " " + shown(median(ulps)) + "\n";
  text += "end\n$bars << end\n";
  for (const std::string& method : picture.methods)
    text += "\"" + method + "\" " + shown(median(picture.by_method.at(method))) + "\n";
  text += "end\nset title " + quoted(what + ": by the step of a central difference") +
          "\nset xlabel 'log2 of step / |x|'\nplot $steps using 1:2 with linespoints pt 7 ps 0.4 title "
          "'central difference', " +
          shown(median(picture.by_method.at("rappel"))) + " with lines lw 2 title 'rappel'\n";
  text += "set title " + quoted(what + ": by method") +
          "\nunset xlabel\nset style fill solid 0.6\nset boxwidth 0.7\nset xtics rotate by -35\nunset key\n"
          "plot $bars using 0:2:xtic(1) with boxes\nunset multiplot\nset output\n";
  return text;
}

}  // namespace

void plot(const std::string& path, const Report& report) {
  if (report.comparisons.empty())
    throw std::runtime_error("--plot: no operation of one operand was measured");
  const std::string text = commands(path, report);
  std::FILE* gnuplot = popen("gnuplot -d", "w");
  const bool written = gnuplot != nullptr && std::fwrite(text.data(), 1, text.size(), gnuplot) == text.size();
  if (gnuplot == nullptr || pclose(gnuplot) != 0 || !written)
    throw std::runtime_error("--plot " + path + ": gnuplot is not installed (Debian: gnuplot-nox) or failed");
}

}  // namespace rappel::accuracy
