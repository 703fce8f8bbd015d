#pragma once

// Tables of figures.

#include "report.hpp"

#include <cmath>
#include <limits>

namespace rappel::bench {

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN(), no_goal = not_measured;

inline void print_figures(const char* title, const std::vector<Figure>& figures) {
  if (figures.empty()) return;
  std::printf("\n%-76s %10s %10s\n", title, "measured", "goal");
  for (const Figure& f : figures) {
    const auto number = [](double x) {
      char text[32] = "";
      if (!std::isnan(x)) std::snprintf(text, sizeof text, std::abs(x) < 0.1 ? "%.4f" : std::abs(x) < 100.0 ? "%.2f" : "%.0f", x);
      return std::string(text);
    };
    std::printf("%-76s %10s %10s %-10s %s\n", f.what.c_str(), number(f.measured).c_str(), number(f.goal).c_str(),
                f.unit.c_str(), f.verdict());
  }
}

// time of `name` / time of `baseline`: not measured if the baseline did not run. Nothing if `name` did not run.
inline void add_ratio(std::vector<Figure>& figures, const RatioReporter& reporter, const std::string& name,
                      const std::string& baseline, double goal) {
  const double time = reporter.median(name), other = reporter.median(baseline);
  if (time > 0.0) figures.push_back({name + " / " + baseline, other > 0.0 ? time / other : not_measured, goal});
}

}  // namespace rappel::bench
