#pragma once

// Google Benchmark, run group by group: what is compared runs interleaved, so that a neighbour's load falls
// on all of it, and shares data that are made when the first of a group runs and freed after its last.

#include "report.hpp"

#include <benchmark/benchmark.h>

#include <functional>
#include <regex>
#include <string>
#include <vector>

namespace rappel::bench {

struct Bench {
  std::string name;
  std::function<void(benchmark::State&)> run;
  benchmark::TimeUnit unit = benchmark::kMicrosecond;
  bool real_time =
      false;  // true where several threads work: ratios are otherwise of the calling thread's processor time
};
using Group = std::vector<Bench>;

// Our own options, taken out of the arguments: --ratios FILE writes the tables as JSON, --scale measures how time and
// memory grow, which a full run does anyway. --benchmark_out too, since
// Google Benchmark would write one file a group.
struct SessionOptions {
  std::string ratios, out;
  bool filtered = false;  // --benchmark_filter was given
  bool brief = false;     // --benchmark_min_time was given
  bool scale = false;
};

class Session {
 public:
  // Ends the process with a message for an option that neither knows.
  Session(int argc, char** argv) : names_(split(argc, argv)), reporter_(options_.out) {
    std::vector<char*> pointers;
    for (std::string& argument : names_) pointers.push_back(argument.data());
    int count = static_cast<int>(pointers.size());
    benchmark::Initialize(&count, pointers.data());
    if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) std::exit(1);
  }

  const SessionOptions& options() const { return options_; }
  RatioReporter& reporter() { return reporter_; }

  // The benches whose names the filter selects.
  void run(const Group& group) {
    benchmark::ClearRegisteredBenchmarks();
    int selected = 0;
    for (const Bench& bench : group)
      if (selects(bench.name)) {
        benchmark::internal::Benchmark* const registered =
            benchmark::RegisterBenchmark(bench.name.c_str(), bench.run);
        registered->Unit(bench.unit);
        if (bench.real_time) registered->UseRealTime();
        ++selected;
      }
    if (selected > 0) benchmark::RunSpecifiedBenchmarks(&reporter_, ".");
    benchmark::ClearRegisteredBenchmarks();
  }

 private:
  std::vector<std::string> split(int argc, char** argv) {
    std::vector<std::string> kept = {argv[0], "--benchmark_enable_random_interleaving=true",
                                     "--benchmark_repetitions=7", "--benchmark_min_time=0.1"};
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const auto value_of = [&](const std::string& prefix, std::string& value) {
        if (argument.rfind(prefix, 0) != 0) return false;
        value = argument.substr(prefix.size());
        return true;
      };
      if (argument == "--scale")
        options_.scale = true;
      else if (argument == "--ratios" && i + 1 < argc)
        options_.ratios = argv[++i];
      else if (!value_of("--ratios=", options_.ratios) && !value_of("--benchmark_out=", options_.out) &&
               argument != "--benchmark_out_format=json")
        kept.push_back(argument);
      options_.filtered = options_.filtered || argument.rfind("--benchmark_filter", 0) == 0;
      options_.brief = options_.brief || argument.rfind("--benchmark_min_time", 0) == 0;
    }
    return kept;
  }

  bool selects(const std::string& name) const {
    std::string filter = benchmark::GetBenchmarkFilter();
    if (filter.empty() || filter == "all") return true;
    const bool without = filter[0] == '-';
    if (without) filter.erase(0, 1);
    return std::regex_search(name, std::regex(filter)) != without;
  }

  SessionOptions options_;
  std::vector<std::string> names_;  // of the options; Google Benchmark keeps pointers into argv
  RatioReporter reporter_;
};

}  // namespace rappel::bench
