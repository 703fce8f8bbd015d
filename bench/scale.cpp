#include "scale.hpp"

#include "support/child.hpp"
#include "traces/costs.hpp"

#include <rappel/autodiff.hpp>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

namespace rappel::bench {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median_of(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

// Seconds a call: the median of five measurements of at least a tenth of a second, or of one call.
double seconds_a_call(const std::function<void()>& call) {
  const double first = seconds_of(call);
  const int calls = std::max(1, static_cast<int>(0.1 / std::max(first, 1e-7)));
  std::vector<double> times;
  for (int i = 0; i < 5; ++i)
    times.push_back(seconds_of([&] {
                      for (int c = 0; c < calls; ++c) call();
                    }) / calls);
  return median_of(times);
}

// Entries of either sign that repeat only after a prime number of them.
Matrix table_of(Index rows, Index columns) {
  Matrix X(rows, columns);
  Index i = 0;
  for (double& x : X.reshaped()) x = static_cast<double>(i++ % 1009) / 504.5 - 1.0;
  return X;
}

Function logistic(const Columns& X, int threads) {
  return record(X.num_columns(),
                [&](ExprSpan w) {
                  return mean_over_rows(X, [&](Row row) {
                    const Expr z = dot(w, row);
                    return softplus(z) - select(row[0] > 0.0, z, 0.0);
                  });
                },
                {.threads = threads});
}

Function squares(const Columns& X, int threads) {
  return record(X.num_columns(),
                [&](ExprSpan w) {
                  return mean_over_rows(X, [&](Row row) { return square(dot(w, row) - 1.0); });
                },
                {.threads = threads});
}

// Thirty elementary functions for each number that is read.
Function recurrence(const Columns& X, int threads) {
  return record(2,
                [&](ExprSpan w) {
                  return mean_over_rows(X, [&](Row row) {
                    Expr a = row[0];
                    for (int i = 0; i < 15; ++i) a = tanh(w[0] * a + sin(w[1] * a));
                    return square(a);
                  });
                },
                {.threads = threads});
}

// All that there is to do is to read: each thread sums its half, in as many accumulators as it takes.
double read_all(const Matrix& X, int threads) {
  const auto part = [&](int t) {
    const Index size = X.size() / threads;
    return Eigen::Map<const Eigen::ArrayXd>(X.data() + t * size, size).sum();
  };
  double other = 0.0;
  std::thread second;
  if (threads == 2) second = std::thread([&] { other = part(1); });
  const double mine = part(0);
  if (second.joinable()) second.join();
  return mine + other;
}

int num_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// Two threads against one. Bound by memory is what takes less than twice the time that reading the data takes.
void threads_gain(const char* name, Function (*cost)(const Columns&, int), Index rows, Index columns,
                  std::vector<Figure>& figures) {
  const std::string what = std::string(name) + " " + std::to_string(rows) + "x" + std::to_string(columns) + ", ";
  if (num_processors() < 2) {
    figures.push_back({what + "two threads against one", not_measured, 1.85, "times", true});
    return;
  }
  const Matrix X = table_of(rows, columns);
  const Function one = cost(Columns(X), 1), two = cost(Columns(X), 2);
  const Vector w = Vector::LinSpaced(one.dimension(), 0.3, -0.2);
  Vector gradient(w.size()), other(w.size());
  double value = one.value_and_gradient(w, gradient);
  if (two.value_and_gradient(w, other) != value || other != gradient) {
    std::fprintf(stderr, "derivative_speed: %s two threads give other bits than one\n", what.c_str());
    std::exit(1);
  }
  std::vector<double> ones, gains, reads, read_gains;  // interleaved
  for (int i = 0; i < 15; ++i) {
    const double t1 = seconds_of([&] { value += one.value_and_gradient(w, gradient); });
    const double t2 = seconds_of([&] { value += two.value_and_gradient(w, gradient); });
    const double r1 = seconds_of([&] { value += read_all(X, 1); });
    const double r2 = seconds_of([&] { value += read_all(X, 2); });
    ones.push_back(t1), gains.push_back(t1 / t2), reads.push_back(r1), read_gains.push_back(r1 / r2);
  }
  benchmark::DoNotOptimize(value);
  const double seconds = median_of(ones), reading = median_of(reads), read_gain = median_of(read_gains);
  const bool bound = seconds < 2.0 * reading;
  std::printf("%-44s one thread %8.2f ms, to read alone %8.2f ms, of which two threads gain %.2f\n", what.c_str(),
              1e3 * seconds, 1e3 * reading, read_gain);
  figures.push_back({what + "two threads against one", median_of(gains),
                     bound ? 0.95 * read_gain : seconds >= 2e-3 ? 1.85 : no_goal, bound ? "times, bound by memory" : "times",
                     true});
}

// The same numbers as floats and as doubles: the same bits, in less time.
void floats_gain(const char* name, Function (*cost)(const Columns&, int), Index rows, Index columns,
                 std::vector<Figure>& figures) {
  const std::string what = std::string(name) + " " + std::to_string(rows) + "x" + std::to_string(columns) +
                           ", time with float columns / with double";
  const Eigen::MatrixXf X = table_of(rows, columns).cast<float>();
  const Matrix wide_X = X.cast<double>();
  const Function narrow = cost(Columns(X), 1), wide = cost(Columns(wide_X), 1);
  const Vector w = Vector::LinSpaced(columns, 0.3, -0.2);
  Vector gradient(w.size()), other(w.size());
  double value = narrow.value_and_gradient(w, gradient);
  if (wide.value_and_gradient(w, other) != value || other != gradient) {
    std::fprintf(stderr, "derivative_speed: %s: floats give other bits than doubles\n", what.c_str());
    std::exit(1);
  }
  std::vector<double> ratios;  // interleaved
  for (int i = 0; i < 15; ++i) {
    const double t = seconds_of([&] { value += wide.value_and_gradient(w, gradient); });
    ratios.push_back(seconds_of([&] { value += narrow.value_and_gradient(w, gradient); }) / t);
  }
  benchmark::DoNotOptimize(value);
  figures.push_back({what, median_of(ratios), no_goal});
}

// From a thousand to 10^8 rows of one column. Time in nanoseconds a row, memory less the data in MB.
void rows_by_decade(std::vector<Figure>& figures) {
  std::printf("\nlogistic cost, one column\n%12s %12s %24s\n", "rows", "ns a row", "peak less data, MB");
  std::vector<double> times;
  double highest = 0.0;
  for (Index rows = 1'000; rows <= 100'000'000; rows *= 10) {
    const auto run = [rows](bool memory) {
      return test::in_child([&] {
        const Matrix X = table_of(rows, 1);
        const Function f = logistic(Columns(X), 1);
        const Vector w{{0.7}};
        Vector gradient(1);
        const auto call = [&] { f.value_and_gradient(w, gradient); };
        if (!memory) return 1e9 / static_cast<double>(rows) * seconds_a_call(call);
        call();
        return (test::peak_resident_bytes() - 8.0 * static_cast<double>(rows)) / 1e6;
      });
    };
    const double ns = run(false), megabytes = run(true);
    std::printf("%12ld %12.3f %24.1f\n", static_cast<long>(rows), ns, megabytes);
    times.push_back(ns);
    highest = std::max(highest, megabytes);
  }
  // The first decade holds what a call costs; between 10^6 and 10^8 the data leave the caches.
  figures.push_back({"time a row at 1e8 rows / at 1e5", times[5] / times[2], 1.5});
  figures.push_back({"time a row at 1e8 rows / at 1e7", times[5] / times[4], 1.2});
  figures.push_back({"peak resident set less data, 1e3 to 1e8 rows, the highest", highest, 64.0, "MB"});
}

void parameters_by_decade(std::vector<Figure>& figures) {
  std::printf("\nlogistic cost\n%12s %12s %16s %24s\n", "rows", "parameters", "ns an entry", "to read alone, ns");
  std::vector<double> times;
  const auto time = [&](Index rows, Index n) {
    const Matrix X = table_of(rows, n);
    const Function f = logistic(Columns(X), 1);
    const Vector w = Vector::LinSpaced(n, -0.1, 0.1);
    Vector gradient(n);
    const double ns = 1e9 / static_cast<double>(X.size());
    times.push_back(ns * seconds_a_call([&] { f.value_and_gradient(w, gradient); }));
    const double reading = ns * seconds_a_call([&] { benchmark::DoNotOptimize(read_all(X, 1)); });
    std::printf("%12ld %12ld %16.3f %24.3f\n", static_cast<long>(rows), static_cast<long>(n), times.back(), reading);
  };
  for (const Index n : {10, 100, 1000}) time(20'000, n);
  time(200'000, 100);
  figures.push_back({"time an entry with 1000 parameters / with 100, 20,000 rows", times[2] / times[1], 1.5});
  // Both beyond the caches: what is left is the number of parameters.
  figures.push_back({"time an entry with 1000 parameters / with 100, 20,000,000 entries", times[2] / times[3], 1.5});

  std::printf("\nRosenbrock, replayed\n%12s %16s\n", "parameters", "ns a parameter");
  times.clear();
  for (const int n : {1'000, 10'000, 100'000}) {
    const Rosenbrock cost{n};
    const Function f = record(n, [&](ExprSpan x) { return cost(x); });
    const std::vector<double> start = cost.start();
    const Vector x = Eigen::Map<const Vector>(start.data(), n);
    Vector gradient(n);
    times.push_back(1e9 / n * seconds_a_call([&] { f.value_and_gradient(x, gradient); }));
    std::printf("%12d %16.2f\n", n, times.back());
  }
  figures.push_back({"Rosenbrock, time a parameter at 1e5 parameters / at 1e3", times[2] / times[0], 1.5});
}

// Recorded, differentiated, lowered and run once.
void nodes_by_decade(std::vector<Figure>& figures) {
  std::printf("\na trace recorded, differentiated, lowered, run once\n%12s %12s\n", "nodes", "ns a node");
  std::vector<double> times;
  for (const int nodes : {100'000, 1'000'000, 10'000'000}) {
    const double ns = test::in_child([nodes] {
      const LongTrace cost = LongTrace::of_nodes(nodes);
      return 1e9 / nodes * seconds_of([&] {
               const Function f = record(2, [&](ExprSpan x) { return cost(x); });
               benchmark::DoNotOptimize(f.value_and_gradient(Vector{{0.5, 0.25}}));
             });
    });
    std::printf("%12d %12.0f\n", nodes, ns);
    times.push_back(ns);
  }
  figures.push_back({"recording: time a node at 1e7 nodes / at 1e6", times[2] / times[1], 1.25});
}

}  // namespace

std::vector<Figure> measure_scale() {
  std::vector<Figure> figures;
  rows_by_decade(figures);
  nodes_by_decade(figures);
  parameters_by_decade(figures);
  std::printf("\n");
  threads_gain("logistic cost", logistic, 1'000'000, 20, figures);
  threads_gain("mean squared error", squares, 100'000, 100, figures);
  threads_gain("recurrence of 30 functions", recurrence, 100'000, 1, figures);
  floats_gain("logistic cost", logistic, 1'000'000, 20, figures);
  floats_gain("mean squared error", squares, 1'000'000, 20, figures);
  return figures;
}

}  // namespace rappel::bench
