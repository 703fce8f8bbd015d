// Value and gradient against code written by hand: derivative_speed [--ratios FILE] [--scale] [Google Benchmark's
// options], of which --benchmark_out=FILE writes JSON. Without --benchmark_filter it also measures peak memory, by running
// itself for several numbers of rows; with --scale, or without --benchmark_filter and --benchmark_min_time, also how time
// and memory grow.

#include "matrices_and_lookups.hpp"
#include "row_costs.hpp"
#include "scale.hpp"
#include "session.hpp"
#include "support/child.hpp"
#include "traces.hpp"

#include <rappel/autodiff.hpp>

#include <algorithm>
#include <cstdio>

namespace {

using namespace rappel;
using bench::Goal;

// Peak resident set of a process that computes the logistic cost of m x 2, less the data, in kB.
void logistic_once(Index m) {
  Matrix X(m, 2);
  Vector y(m), gradient(3);
  for (Index r = 0; r < m; ++r) {
    const double t = static_cast<double>(r % 1000) / 500.0 - 1.0;
    X(r, 0) = t, X(r, 1) = t * t, y[r] = r % 3 == 0 ? 1.0 : 0.0;
  }
  const Function cost = record(3, [&](ExprSpan w) {
    return mean_over_rows(Columns(X, y), [&](Row row) {
      const Expr z = w[0] * row[0] + w[1] * row[1] + w[2];
      return softplus(z) - row[2] * z;
    });
  });
  benchmark::DoNotOptimize(cost.value_and_gradient(Vector{{0.5, -0.25, 0.1}}, gradient));
}

long peak_less_data(Index m) {
  const double bytes = test::in_child([m] { return logistic_once(m), test::peak_resident_bytes(); });
  return static_cast<long>(bytes / 1024.0) - static_cast<long>(m) * 3 * 8 / 1024;
}

void print_memory() {
  std::printf("\npeak resident set less data, logistic cost, 2 features\n");
  long lowest = 0, highest = 0;
  for (const Index m : {100'000, 1'000'000, 10'000'000}) {
    const long kb = peak_less_data(m);
    std::printf("%10ld rows %8ld kB\n", static_cast<long>(m), kb);
    lowest = lowest == 0 ? kb : std::min(lowest, kb);
    highest = std::max(highest, kb);
  }
  std::printf("largest difference %ld kB (goal: under 1024)  %s\n", highest - lowest,
              highest - lowest < 1024 ? "reached" : "missed");
}

}  // namespace

int main(int argc, char** argv) {
  bench::Session session(argc, argv);
  const bench::SessionOptions& options = session.options();
  const bool everything = !options.filtered;
  if (everything) print_memory();  // before anything else makes this process large
  const std::vector<bench::Figure> memory = everything ? bench::trace_memory() : std::vector<bench::Figure>();
  const bool scaled = options.scale || (everything && !options.brief);
  const std::vector<bench::Figure> scale = scaled ? bench::measure_scale() : std::vector<bench::Figure>();

  std::vector<bench::RowGoal> rows;
  for (const bench::Comparison& cost : bench::row_costs()) {
    session.run(group_of(cost));
    rows.push_back(cost.goal);
  }
  std::vector<Goal> goals;
  bench::run_matrices_and_lookups(session, goals);
  bench::run_traces(session);
  benchmark::Shutdown();

  bench::RatioReporter& reporter = session.reporter();
  reporter.finish();
  reporter.print(rows);
  reporter.print(goals);
  std::vector<bench::Figure> figures = bench::trace_figures(reporter, memory);
  bench::print_figures("one scalar trace", figures);
  bench::print_figures("scale", scale);
  figures.insert(figures.end(), scale.begin(), scale.end());
  bench::print_figures("the same by other libraries: time of rappel / theirs", bench::peer_figures(reporter));
  const std::string& path = options.ratios;
  if (path.empty() || reporter.write_ratios(path, rows, goals, figures)) return 0;
  std::fprintf(stderr, "derivative_speed: cannot write %s\n", path.c_str());
  return 1;
}
