#pragma once

// Google Benchmark's console output, then a table of ratios of medians, all from this one run.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace rappel::bench {

// `name` shall take at most `goal` times as long as `baseline`.
struct Goal {
  std::string name;
  std::string baseline;
  double goal;
};

class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration && !run.error_occurred)
        seconds_[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                       static_cast<double>(run.iterations));
    }
  }

  // The median over the repetitions; 0 if that benchmark did not run.
  double median(const std::string& name) const {
    const auto found = seconds_.find(name);
    if (found == seconds_.end()) return 0.0;
    std::vector<double> s = found->second;
    std::nth_element(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(s.size() / 2), s.end());
    return s[s.size() / 2];
  }

  void print(const std::vector<Goal>& goals) const {
    std::printf("\n%-64s %8s %8s\n", "ratio of medians of this run", "ratio", "goal");
    for (const Goal& g : goals) {
      const double time = median(g.name), baseline = median(g.baseline);
      if (time == 0.0 || baseline == 0.0) continue;
      const double ratio = time / baseline;
      std::printf("%-64s %8.2f %8.2f  %s\n", (g.name + " / " + g.baseline).c_str(), ratio, g.goal,
                  ratio <= g.goal ? "reached" : "not reached");
    }
  }

  // Nanoseconds a call, or a node: the median time over `count`.
  void print_time(const char* what, const std::string& name, int count, double goal) const {
    const double ns = 1e9 * median(name) / count;
    if (ns > 0.0)
      std::printf("%-64s %5.0f ns %5.0f ns  %s\n", what, ns, goal, ns <= goal ? "reached" : "not reached");
  }

 private:
  std::map<std::string, std::vector<double>> seconds_;
};

}  // namespace rappel::bench
