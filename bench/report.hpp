#pragma once

// Google Benchmark's console output, shortened to medians, then tables of ratios of medians, all from this
// one run.

#include <benchmark/benchmark.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
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

// A row of the table of costs over rows: its benches are name/rappel, name/loop, name/expert and name/best. A
// goal of 0 is none.
struct RowGoal {
  std::string name;                 // with the size
  double expert = 0.0, best = 0.0;  // rappel / expert and rappel / best
  double best_of_loop = 0.0;        // best / loop: a slower `best` is a bug of the bench
};

// Any other figure with a goal: nanoseconds a node, bytes, a ratio of two libraries.
struct Figure {
  std::string what;
  double measured = std::numeric_limits<double>::quiet_NaN();  // NaN: not measured
  double goal = std::numeric_limits<double>::quiet_NaN();      // at most; NaN: none, for comparison
  std::string unit = {};
  bool at_least = false;  // the goal is a lower bound

  const char* verdict() const {
    if (std::isnan(measured)) return "not measured";
    if (std::isnan(goal)) return "";
    return (at_least ? measured >= goal : measured <= goal) ? "reached" : "missed";
  }
};

class RatioReporter : public benchmark::ConsoleReporter {
 public:
  // Also writes all runs as JSON to `out`, unless that is empty.
  explicit RatioReporter(const std::string& out) : ConsoleReporter(isatty(1) ? OO_ColorTabular : OO_None) {
    if (out.empty()) return;
    file_.open(out);
    if (!file_) std::fprintf(stderr, "cannot write %s\n", out.c_str()), std::exit(1);
    json_.SetOutputStream(&file_);
  }

  bool ReportContext(const Context& context) override {
    if (begun_) return true;
    begun_ = true;
    if (file_.is_open()) json_.ReportContext(context);
    const bool go_on = ConsoleReporter::ReportContext(context);
    name_field_width_ = 56;  // for the names of all groups
    return go_on;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> shown;
    for (const Run& run : runs) {
      // Of the calling thread, so that who else is on the machine counts less; but of those that ask for real
      // time.
      const bool real = run.run_name.time_type == "real_time";
      if (run.run_type == Run::RT_Iteration && !run.error_occurred)
        seconds_[run.run_name.function_name].push_back(
            (real ? run.real_accumulated_time : run.cpu_accumulated_time) /
            static_cast<double>(run.iterations));
      if (run.repetitions == 1 || run.aggregate_name == "median") shown.push_back(run);
    }
    if (!shown.empty()) ConsoleReporter::ReportRuns(shown);
    if (file_.is_open()) json_.ReportRuns(runs);
  }

  // After the last group.
  void finish() {
    if (begun_ && file_.is_open()) json_.Finalize();
  }

  // The median over the repetitions; 0 if that benchmark did not run.
  double median(const std::string& name) const {
    const auto found = seconds_.find(name);
    if (found == seconds_.end()) return 0.0;
    std::vector<double> s = found->second;
    std::nth_element(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(s.size() / 2), s.end());
    return s[s.size() / 2];
  }
  // Of medians; 0 if one of them did not run.
  double ratio(const std::string& name, const std::string& baseline) const {
    const double time = median(name), base = median(baseline);
    return base > 0.0 ? time / base : 0.0;
  }

  void print(const std::vector<RowGoal>& rows) const {
    std::printf("\n%-42s %10s %28s %28s %18s\n", "cost over rows, value and gradient", "rappel us",
                "rappel / expert (goal)", "rappel / best (goal)", "best / loop");
    for (const RowGoal& row : rows) {
      const double time = median(row.name + "/rappel");
      if (time == 0.0) continue;
      std::printf("%-42s %10.1f %28s %28s %18s\n", row.name.c_str(), 1e6 * time,
                  outcome(ratio(row.name + "/rappel", row.name + "/expert"), row.expert).c_str(),
                  outcome(ratio(row.name + "/rappel", row.name + "/best"), row.best).c_str(),
                  outcome(ratio(row.name + "/best", row.name + "/loop"), row.best_of_loop).c_str());
    }
  }

  void print(const std::vector<Goal>& goals) const {
    std::printf("\n%-64s %8s %8s\n", "ratio of medians of this run", "ratio", "goal");
    for (const Goal& g : goals) {
      const double r = ratio(g.name, g.baseline);
      if (r > 0.0)
        std::printf("%-64s %8.2f %8.2f  %s\n", (g.name + " / " + g.baseline).c_str(), r, g.goal,
                    r <= g.goal ? "reached" : "missed");
    }
  }

  // Nanoseconds a call, or a node: the median time over `count`.
  void print_time(const char* what, const std::string& name, int count, double goal) const {
    const double ns = 1e9 * median(name) / count;
    if (ns > 0.0)
      std::printf("%-64s %5.0f ns %5.0f ns  %s\n", what, ns, goal, ns <= goal ? "reached" : "missed");
  }

  // {"seconds": {name: median}, "ratios": [{"name", "baseline", "ratio", "goal", "reached"}]};
  // what did not run is left out, and a goal that is none; "figures": [{"name", "measured", "goal", "unit", "verdict"}], of
  // which those not measured are null. False if the file cannot be written.
  bool write_ratios(const std::string& path, const std::vector<RowGoal>& rows, const std::vector<Goal>& goals,
                    const std::vector<Figure>& figures) const {
    std::vector<Goal> all;
    for (const RowGoal& row : rows) {
      all.push_back({row.name + "/rappel", row.name + "/expert", row.expert});
      all.push_back({row.name + "/rappel", row.name + "/best", row.best});
      all.push_back({row.name + "/best", row.name + "/loop", row.best_of_loop});
    }
    all.insert(all.end(), goals.begin(), goals.end());
    std::ofstream out(path);
    out << "{\n  \"seconds\": {";
    const char* separator = "\n";
    for (const auto& entry : seconds_) {
      out << separator << "    \"" << entry.first << "\": " << median(entry.first);
      separator = ",\n";
    }
    out << "\n  },\n  \"ratios\": [";
    separator = "\n";
    for (const Goal& g : all) {
      const double r = ratio(g.name, g.baseline);
      if (r == 0.0) continue;
      out << separator << "    {\"name\": \"" << g.name << "\", \"baseline\": \"" << g.baseline
          << "\", \"ratio\": " << r;
      if (g.goal > 0.0)
        out << ", \"goal\": " << g.goal << ", \"reached\": " << (r <= g.goal ? "true" : "false");
      out << "}";
      separator = ",\n";
    }
    out << "\n  ],\n  \"figures\": [";
    separator = "\n";
    for (const Figure& f : figures) {
      const auto number = [&](double x) -> std::ostream& { return std::isnan(x) ? out << "null" : out << x; };
      out << separator << "    {\"name\": \"" << f.what << "\", \"measured\": ";
      number(f.measured) << ", \"goal\": ";
      number(f.goal) << ", \"unit\": \"" << f.unit << "\", \"verdict\": \"" << f.verdict() << "\"}";
      separator = ",\n";
    }
    out << "\n  ]\n}\n";
    return static_cast<bool>(out.flush());
  }

 private:
  static std::string outcome(double ratio, double goal) {
    if (ratio == 0.0) return "";
    char text[64];
    if (goal == 0.0)
      std::snprintf(text, sizeof text, "%.3f", ratio);
    else
      std::snprintf(text, sizeof text, "%.2f (%.2f, %s)", ratio, goal, ratio <= goal ? "reached" : "missed");
    return text;
  }

  std::map<std::string, std::vector<double>> seconds_;
  std::ofstream file_;
  benchmark::JSONReporter json_;
  bool begun_ = false;
};

}  // namespace rappel::bench
