// Value and gradient against code written by hand: derivative_speed [--ratios FILE] [Google Benchmark's options], of
// which --benchmark_out=FILE writes JSON. Without --benchmark_filter it also measures peak memory, by running itself for
// several numbers of rows.

#include "matrices_and_lookups.hpp"
#include "row_costs.hpp"
#include "session.hpp"
#include "support/count_allocations.hpp"

#include <rappel/autodiff.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace {

using namespace rappel;
using bench::Goal;

// A scalar recurrence in which no two nodes are equal: seven operations a step, constants not counted.
constexpr int num_trace_steps = 14286, num_trace_nodes = 7 * num_trace_steps;
Expr long_trace(ExprSpan x) {
  Expr a = x[0], b = x[1];
  for (int i = 0; i < num_trace_steps; ++i) {
    const double c = 1.0 + 1e-6 * i;
    const Expr next = sin(a * c) + b;
    b = a * 0.5 - tanh(b + c);
    a = next;
  }
  return a * b;
}

void record_trace(benchmark::State& state) {
  Index nodes = 0;
  const Vector x{{0.5, 0.25}};
  Vector gradient(2);
  for (auto _ : state) {
    const Function f = record(2, long_trace);
    benchmark::DoNotOptimize(f.value_and_gradient(x, gradient));  // differentiates and lowers, then runs once
    nodes = f.graph().size();
  }
  state.counters["nodes"] = static_cast<double>(nodes);
}

void rosenbrock(benchmark::State& state) {
  const Function f =
      record(2, [](ExprSpan x) { return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0]); });
  const Vector x{{-1.2, 1.0}};
  Vector gradient(2);
  f.value_and_gradient(x, gradient);  // the workspace of this thread grows once
  const long before = test::num_allocations();
  for (auto _ : state) {
    benchmark::DoNotOptimize(f.value_and_gradient(x, gradient));
    benchmark::ClobberMemory();
  }
  // Google Benchmark itself allocates nothing between the iterations.
  state.counters["allocations"] = static_cast<double>(test::num_allocations() - before);
}

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
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    logistic_once(m);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const long less = usage.ru_maxrss - static_cast<long>(m) * 3 * 8 / 1024;
    const bool written = write(ends[1], &less, sizeof less) == static_cast<ssize_t>(sizeof less);
    _exit(written ? 0 : 1);
  }
  long less = -1;
  if (read(ends[0], &less, sizeof less) != static_cast<ssize_t>(sizeof less)) less = -1;
  close(ends[0]), close(ends[1]);
  waitpid(child, nullptr, 0);
  return less;
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
  if (!session.options().filtered) print_memory();  // before anything else makes this process large

  std::vector<bench::RowGoal> rows;
  for (const bench::Comparison& cost : bench::row_costs()) {
    session.run(group_of(cost));
    rows.push_back(cost.goal);
  }
  std::vector<Goal> goals;
  bench::run_matrices_and_lookups(session, goals);
  session.run({bench::Bench{"trace", record_trace, benchmark::kMillisecond},
               bench::Bench{"rosenbrock", rosenbrock, benchmark::kNanosecond}});
  benchmark::Shutdown();

  bench::RatioReporter& reporter = session.reporter();
  reporter.finish();
  reporter.print(rows);
  reporter.print(goals);
  reporter.print_time("trace of 1e5 nodes: recorded, merged, differentiated, lowered, run", "trace",
                      num_trace_nodes, 600.0);
  reporter.print_time("rosenbrock: value and gradient", "rosenbrock", 1, 100.0);
  const std::string& path = session.options().ratios;
  if (path.empty() || reporter.write_ratios(path, rows, goals)) return 0;
  std::fprintf(stderr, "derivative_speed: cannot write %s\n", path.c_str());
  return 1;
}
