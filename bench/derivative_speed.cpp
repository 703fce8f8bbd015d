// Value and gradient against code written by hand: derivative_speed [Google Benchmark's options]. Without
// --benchmark_filter it also measures peak memory, by running itself for several numbers of rows.

#include "matrices_and_lookups.hpp"
#include "report.hpp"
#include "support/count_allocations.hpp"

#include <rappel/autodiff.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace {

using namespace rappel;
using bench::Goal;

struct Problem {
  Matrix X;  // rows x features
  Vector y;  // 0 or 1
  Vector w;  // where the gradient is taken: weights, then the intercept
};

Problem make_problem(Index m, Index n) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Problem p{Matrix(m, n), Vector(m), Vector(n + 1)};
  for (double& x : p.X.reshaped()) x = normal(random);
  for (double& w : p.w) w = normal(random) / std::sqrt(static_cast<double>(n));
  for (Index r = 0; r < m; ++r) p.y[r] = normal(random) < p.X.row(r).dot(p.w.head(n)) ? 1.0 : 0.0;
  return p;
}

// What somebody who knows Eigen writes: one pass of dense algebra each way, one exponential a row.
class Expert {
 public:
  explicit Expert(const Problem& p) : p_(p), z_(p.X.rows()), e_(p.X.rows()), residual_(p.X.rows()) {}

  double value_and_gradient(const Vector& w, Vector& gradient) {
    const Index n = p_.X.cols();
    const double m = static_cast<double>(p_.X.rows());
    z_.noalias() = p_.X * w.head(n);
    z_.array() += w[n];
    e_ = (-z_.array().abs()).exp();
    const double value =
        (z_.array().max(0.0) + (1.0 + e_.array()).log() - p_.y.array() * z_.array()).sum() / m;
    residual_ = (z_.array() < 0.0).select(e_.array(), 1.0) / (1.0 + e_.array()) - p_.y.array();
    gradient.head(n).noalias() = p_.X.transpose() * residual_ / m;
    gradient[n] = residual_.sum() / m;
    return value;
  }

 private:
  const Problem& p_;
  Vector z_, e_, residual_;
};

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The obvious code: for each row, then for each feature.
double loop_value_and_gradient(const RowMajor& X, const Vector& y, const Vector& w, Vector& gradient) {
  const Index m = X.rows(), n = X.cols();
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < m; ++r) {
    double z = w[n];
    for (Index j = 0; j < n; ++j) z += X(r, j) * w[j];
    const double e = std::exp(-std::abs(z));
    value += std::max(z, 0.0) + std::log1p(e) - y[r] * z;
    const double residual = (z < 0.0 ? e : 1.0) / (1.0 + e) - y[r];
    for (Index j = 0; j < n; ++j) gradient[j] += residual * X(r, j);
    gradient[n] += residual;
  }
  gradient /= static_cast<double>(m);
  return value / static_cast<double>(m);
}

// z by dot, or term by term, as everybody writes it first.
enum class Written { by_dot, by_loop };

Function record_logistic(const Problem& p, Written written = Written::by_dot) {
  const Index n = p.X.cols();
  return record(n + 1, [&](ExprSpan w) {
    return mean_over_rows(Columns(p.X, p.y), [&](const Row& row) {
      Expr z = w[n];
      if (written == Written::by_dot)
        z = dot(w.first(n), row.first(n)) + z;
      else
        for (Index j = 0; j < n; ++j) z += w[j] * row[j];
      return softplus(z) - row[n] * z;
    });
  });
}

// Both compute the same, or the figures mean nothing.
void check_equal(double a, const Vector& ga, double b, const Vector& gb) {
  if (std::abs(a - b) <= 1e-11 * std::abs(a) && (ga - gb).norm() <= 1e-10 * ga.norm() + 1e-15) return;
  std::fprintf(stderr, "derivative_speed: the results differ\n");
  std::exit(1);
}

template <class F>
void run(benchmark::State& state, Index n, F value_and_gradient) {
  Vector gradient(n + 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(value_and_gradient(gradient));
    benchmark::ClobberMemory();
  }
}

void register_logistic(Index m, Index n) {
  const std::string name = "logistic/" + std::to_string(m) + "x" + std::to_string(n) + "/";
  benchmark::RegisterBenchmark((name + "expert").c_str(), [m, n](benchmark::State& state) {
    const Problem p = make_problem(m, n);
    Expert expert(p);
    run(state, n, [&](Vector& g) { return expert.value_and_gradient(p.w, g); });
  });
  const auto rappel = [m, n](benchmark::State& state, Written written) {
    const Problem p = make_problem(m, n);
    const Function cost = record_logistic(p, written);
    Vector g(n + 1), expert_g(n + 1);
    check_equal(Expert(p).value_and_gradient(p.w, expert_g), expert_g, cost.value_and_gradient(p.w, g), g);
    run(state, n, [&](Vector& gradient) { return cost.value_and_gradient(p.w, gradient); });
  };
  benchmark::RegisterBenchmark((name + "rappel").c_str(), rappel, Written::by_dot);
  if (n == 10) benchmark::RegisterBenchmark((name + "rappel_by_loop").c_str(), rappel, Written::by_loop);
  benchmark::RegisterBenchmark((name + "loop").c_str(), [m, n](benchmark::State& state) {
    const Problem p = make_problem(m, n);
    const RowMajor X = p.X;
    run(state, n, [&](Vector& g) { return loop_value_and_gradient(X, p.y, p.w, g); });
  });
}

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

void trace(benchmark::State& state) {
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
BENCHMARK(trace)->Unit(benchmark::kMillisecond);

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
BENCHMARK(rosenbrock);

// Peak resident set of a process that computes the logistic cost of m x 2, less the data, in kB.
long peak_less_data(Index m) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const Problem p = make_problem(m, 2);
    const Function cost = record_logistic(p);
    Vector gradient(3);
    benchmark::DoNotOptimize(cost.value_and_gradient(p.w, gradient));
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
              highest - lowest < 1024 ? "reached" : "not reached");
}

}  // namespace

int main(int argc, char** argv) {
  bool everything = true;
  for (int i = 1; i < argc; ++i)
    everything = everything && std::strncmp(argv[i], "--benchmark_filter", 18) != 0;
  if (everything) print_memory();  // before anything else makes this process large

  const std::vector<std::pair<Index, Index>> sizes = {{1024, 5}, {100352, 10}, {100352, 50}, {1003520, 20}};
  std::vector<Goal> goals;
  for (const auto& [m, n] : sizes) {
    register_logistic(m, n);
    const std::string name = "logistic/" + std::to_string(m) + "x" + std::to_string(n) + "/";
    goals.push_back({name + "rappel", name + "expert", m == 1024 ? 1.3 : 1.0});
    if (m == 100352 && n == 10) {
      goals.push_back({name + "rappel_by_loop", name + "expert", 1.0});
      goals.push_back({name + "expert", name + "loop", 0.4});
    }
  }
  bench::register_gaussian_process(goals);
  bench::register_row_jacobian(goals);
  bench::register_matrix_factorisation(goals);
  // Pairs are compared: their repetitions are interleaved, so that a neighbour's load falls on both.
  char interleave[] = "--benchmark_enable_random_interleaving=true",
       repetitions[] = "--benchmark_repetitions=7";
  std::vector<char*> arguments = {argv[0], interleave, repetitions};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  bench::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  reporter.print(goals);
  reporter.print_time("trace of 1e5 nodes: recorded, merged, differentiated, lowered, run", "trace",
                      num_trace_nodes, 600.0);
  reporter.print_time("rosenbrock: value and gradient", "rosenbrock", 1, 100.0);
  return 0;
}
