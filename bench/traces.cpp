#include "traces.hpp"

#include "support/child.hpp"
#include "peers/peer.hpp"
#include "support/count_allocations.hpp"
#include "traces/costs.hpp"
#include "traces/lstm_scan.hpp"

#include <rappel/autodiff.hpp>

#include <Eigen/LU>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>

namespace rappel::bench {
namespace {

// Made when it is first used: what a filter leaves out costs nothing.
template <class F>
auto lazy(F make) {
  struct State {
    std::once_flag once;
    std::shared_ptr<const std::invoke_result_t<F>> value;
  };
  return [state = std::make_shared<State>(), make]() -> const std::invoke_result_t<F>& {
    std::call_once(state->once, [&] { state->value = std::make_shared<const std::invoke_result_t<F>>(make()); });
    return *state->value;
  };
}

Vector vector_of(const std::vector<double>& x) {
  return Eigen::Map<const Vector>(x.data(), static_cast<Index>(x.size()));
}

// Value and gradient at x, two results that have to agree.
struct AtPoint {
  double value;
  Vector gradient;
};

void check_trace(const std::string& name, const AtPoint& a, const AtPoint& b, double tolerance) {
  const double scale = std::max(b.gradient.norm(), 1e-300);
  if (std::abs(a.value - b.value) <= tolerance * std::abs(b.value) && (a.gradient - b.gradient).norm() <= tolerance * scale)
    return;
  std::fprintf(stderr, "derivative_speed: the results of %s differ: value by %.2g, gradient by %.2g\n", name.c_str(),
               std::abs(a.value / b.value - 1.0), (a.gradient - b.gradient).norm() / scale);
  std::exit(1);
}

// run() is timed; prepare() comes before, each time that Google Benchmark calls: it makes and checks what is not there yet.
template <class F, class Prepare>
Bench bench_of(const std::string& name, F run, Prepare prepare) {
  return {name, [run, prepare](benchmark::State& state) mutable {
            prepare();
            for (auto _ : state) {
              benchmark::DoNotOptimize(run());
              benchmark::ClobberMemory();
            }
          }};
}
template <class F>
Bench bench_of(const std::string& name, F run) {
  return bench_of(name, run, [] {});
}

template <class Cost>
Function record_cost_of(const Cost& cost) {
  return record(cost.dimension(), [&](ExprSpan x) { return cost(x); });
}

// The value and gradient of a Function that is made when it is first used.
template <class Lazy>
Bench replay(const std::string& name, Lazy function, const Vector& x) {
  return bench_of(
      name, [=, gradient = Vector(x.size())]() mutable { return function().value_and_gradient(x, gradient); },
      [=] { return function().value_and_gradient(x); });
}

double rosenbrock_by_hand(const Vector& x, Vector& gradient) {
  double value = 0.0;
  gradient.setZero();
  for (Index i = 0; i + 1 < x.size(); ++i) {
    const double u = x[i + 1] - x[i] * x[i], v = 1.0 - x[i];
    value += 100.0 * u * u + v * v;
    gradient[i] -= 400.0 * u * x[i] + 2.0 * v;
    gradient[i + 1] += 200.0 * u;
  }
  return value;
}

Group rosenbrock(int n) {
  const std::string name = "rosenbrock/" + std::to_string(n) + "/";
  const Vector x = vector_of(Rosenbrock{n}.start());
  const auto f = lazy([n, x, name] {
    const Function made = record_cost_of(Rosenbrock{n});
    AtPoint hand{0.0, Vector(n)};
    hand.value = rosenbrock_by_hand(x, hand.gradient);
    const auto [value, gradient] = made.value_and_gradient(x);
    check_trace(name, {value, gradient}, hand, 1e-12);
    return made;
  });
  return {replay(name + "rappel", f, x),
          bench_of(name + "hand", [x, gradient = Vector(n)]() mutable { return rosenbrock_by_hand(x, gradient); })};
}

// The determinant in plain doubles; its gradient is that of Eigen's: det(A) A^-T.
Group determinant(int n) {
  const std::string name = "determinant/" + std::to_string(n) + "/";
  const Determinant cost{n};
  const Vector x = vector_of(cost.start());
  const auto f = lazy([cost, n, x, name] {
    const Function made = record_cost_of(cost);
    const Eigen::Map<const Matrix> transposed(x.data(), n, n);
    const double determinant = transposed.determinant();
    const Matrix gradient = determinant * transposed.inverse().transpose();
    const auto [value, computed] = made.value_and_gradient(x);
    // Sums of n! terms of either sign: what they lose against LU in cancellation.
    check_trace(name, {value, computed}, {determinant, gradient.reshaped()}, 1e-11);
    check_trace(name + "plain", {cost(x), computed}, {value, computed}, 1e-12);
    return made;
  });
  return {bench_of(name + "plain", [=] { return cost(x); }),
          bench_of(name + "record", [=] { return record_cost_of(cost).graph().size(); }), replay(name + "replay", f, x)};
}

Group lstm() {
  const Lstm cost = Lstm::of_steps(1000);
  const Vector x = vector_of(cost.start());
  const auto loop = lazy([cost, x] {
    const Function made = record_cost_of(cost);
    const auto [value, gradient] = made.value_and_gradient(x);
    check_trace("lstm/1000", {value, gradient}, {cost(x), gradient}, 1e-12);
    return made;
  });
  const auto scanned = lazy([cost, x, loop] {
    const Function made = record_lstm_scan(cost);
    const auto [value, gradient] = made.value_and_gradient(x);
    const auto [expected, expected_gradient] = loop().value_and_gradient(x);
    check_trace("lstm/1000/scan", {value, gradient}, {expected, expected_gradient}, 1e-11);  // summed in another order
    return made;
  });
  return {bench_of("lstm/1000/plain_value", [=] { return cost(x); }), replay("lstm/1000/rappel", loop, x),
          replay("lstm/1000/rappel_scan", scanned, x)};
}

// Recorded, differentiated, lowered and run once: what the first call of a Function costs.
Group recording(int nodes) {
  const LongTrace cost = LongTrace::of_nodes(nodes);
  const Vector x = vector_of(cost.start());
  return {bench_of("record/" + std::to_string(nodes) + "/rappel",
                   [=] { return record_cost_of(cost).value_and_gradient(x).first; })};
}

// rappel by the free function and replayed.
template <class Cost>
Group rappel_as_peer(const std::string& name, const Cost& cost, const Vector& x) {
  return {bench_of(name + "once/rappel",
                   [=] { return value_and_gradient([&](ExprSpan w) { return cost(w); }, x).first; }),
          replay(name + "replay/rappel", lazy([cost] { return record_cost_of(cost); }), x)};
}

// As rappel has it: a cost over rows.
Function record_over_rows(const LogisticLoop& cost) {
  const Index n = cost.features;
  using ByRow = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix table = Eigen::Map<const ByRow>(cost.table->data(), cost.rows, n + 1);
  return record(n + 1, [columns = Columns::copy(table), n](ExprSpan w) {
    return mean_over_rows(columns, [&](Row row) {
      const Expr z = dot(w.first(n), row.first(n)) + w[n];
      return softplus(z) - row[n] * z;
    });
  });
}
Group rappel_as_peer(const std::string& name, const LogisticLoop& cost, const Vector& x) {
  return {bench_of(name + "once/rappel", [=] { return record_over_rows(cost).value_and_gradient(x).first; }),
          replay(name + "replay/rappel", lazy([cost] { return record_over_rows(cost); }), x)};
}

template <class Cost>
Group beside_peers(const std::string& cost_name, const Cost& cost) {
  const std::string name = "peers/" + cost_name + "/";
  const Vector x = vector_of(cost.start());
  Group group = rappel_as_peer(name, cost, x);
  const auto expected = lazy([cost, x] {
    // In the numbers of no library: the plain value, and for the gradient rappel's.
    const Function f = [&] {
      if constexpr (std::is_same_v<Cost, LogisticLoop>)
        return record_over_rows(cost);
      else
        return record_cost_of(cost);
    }();
    auto [value, gradient] = f.value_and_gradient(x);
    check_trace("plain", {cost(x), gradient}, {value, gradient}, 1e-9);
    return AtPoint{value, std::move(gradient)};
  });
  for (const Peer& peer : peers())
    for (const auto& [way, derivatives] : {std::pair{"once/", &peer.once}, std::pair{"replay/", &peer.replayed}}) {
      const auto found = derivatives->find(cost_name);
      if (found == derivatives->end()) continue;
      const std::string full = name + way + peer.name;
      const auto d = std::make_shared<const Derivative>(found->second);  // shared: it holds the recording
      // Other roundings of exp, sin and tanh, a hundred thousand times. What is replayed is recorded here.
      const auto checked = lazy([=] {
        AtPoint result{0.0, Vector(x.size())};
        result.value = (*d)(span_of(x), span_of(result.gradient));
        check_trace(full, result, expected(), 1e-9);
        return result;
      });
      group.push_back(bench_of(
          full, [=, gradient = Vector(x.size())]() mutable { return (*d)(span_of(x), span_of(gradient)); }, checked));
    }
  return group;
}

// operator new in a hundred replays of Rosenbrock's function in two variables.
double allocations_of_replay() {
  const Function f = record_cost_of(Rosenbrock{2});
  const Vector x = vector_of(Rosenbrock{2}.start());
  Vector gradient(2);
  f.value_and_gradient(x, gradient);  // the workspace of this thread grows once
  const long before = test::num_allocations();
  for (int i = 0; i < 100; ++i) benchmark::DoNotOptimize(f.value_and_gradient(x, gradient));
  return static_cast<double>(test::num_allocations() - before);
}

}  // namespace

void run_traces(Session& session) {
  for (const int n : {2, 100, 1000}) session.run(rosenbrock(n));
  for (const int n : {8, 10}) session.run(determinant(n));
  session.run(lstm());
  for (const int nodes : {100'000, 1'000'000}) session.run(recording(nodes));
  for_each_peer_cost([&](const std::string& name, const auto& cost) { session.run(beside_peers(name, cost)); });
}

std::vector<Figure> trace_memory() {
  std::vector<Figure> figures;
  const LongTrace cost = LongTrace::of_nodes(1'000'000);
  const std::vector<double> start = cost.start();
  const Vector x = vector_of(start);
  const auto bytes = [&](auto work) { return test::peak_bytes_of(work) / cost.num_nodes(); };
  const auto by_rappel = [&] { benchmark::DoNotOptimize(value_and_gradient([&](ExprSpan w) { return cost(w); }, x)); };
  figures.push_back({"free value_and_gradient of 1e6 nodes, peak memory", bytes(by_rappel), 32.0, "B/node"});
  for (const Peer& peer : peers()) {
    const auto by_peer = [&] {
      std::vector<double> gradient(start.size());
      benchmark::DoNotOptimize(peer.once.at("trace/1e6")(start, gradient));
    };
    figures.push_back({"the same, " + peer.name, bytes(by_peer), not_measured, "B/node"});
  }
  const auto lstm = [](int steps, auto record_it) {
    return test::peak_bytes_of([=] {
      const Lstm l = Lstm::of_steps(steps);
      benchmark::DoNotOptimize(record_it(l).value_and_gradient(vector_of(l.start())));
    }) / 1024.0;
  };
  for (const int steps : {1000, 10000})
    figures.push_back({"lstm by scan, " + std::to_string(steps) + " steps, peak memory", lstm(steps, record_lstm_scan),
                       not_measured, "kB"});
  figures.push_back({"lstm as a loop, 1000 steps, peak memory", lstm(1000, record_cost_of<Lstm>), not_measured, "kB"});
  return figures;
}

std::vector<Figure> trace_figures(const RatioReporter& reporter, const std::vector<Figure>& memory) {
  std::vector<Figure> figures;
  const auto ratio = [&](const std::string& name, const std::string& baseline, double goal) {
    add_ratio(figures, reporter, name, baseline, goal);
  };
  if (const double seconds = reporter.median("rosenbrock/2/rappel"); seconds > 0.0) {
    figures.push_back({"rosenbrock/2/rappel, a call", 1e9 * seconds, 60.0, "ns"});
    figures.push_back({"rosenbrock/2/rappel, allocations in 100 calls", allocations_of_replay(), 0.0});
  }
  for (const char* name : {"rosenbrock/100/", "rosenbrock/1000/"}) ratio(name + std::string("rappel"), name + std::string("hand"), 1.5);
  for (const char* peer : {"ADOL-C", "CppAD", "Stan Math", "Sacado"})
    ratio("peers/trace/1e6/once/rappel", "peers/trace/1e6/once/" + std::string(peer), 1.0);
  ratio("lstm/1000/rappel", "lstm/1000/plain_value", 1.2);
  ratio("lstm/1000/rappel_scan", "lstm/1000/plain_value", 2.0);
  for (const std::string n : {"8", "10"}) {
    ratio("determinant/" + n + "/record", "determinant/" + n + "/plain", n == "10" ? 20.0 : not_measured);
    ratio("determinant/" + n + "/replay", "determinant/" + n + "/plain", n == "10" ? 0.01 : not_measured);
  }
  for (const auto& [nodes, goal] : {std::pair{100'000, 300.0}, std::pair{1'000'000, 400.0}}) {
    const std::string name = "record/" + std::to_string(nodes) + "/rappel";
    if (const double seconds = reporter.median(name); seconds > 0.0)
      figures.push_back({name + ", a node", 1e9 * seconds / LongTrace::of_nodes(nodes).num_nodes(), goal, "ns"});
  }
  figures.insert(figures.end(), memory.begin(), memory.end());
  return figures;
}

std::vector<Figure> peer_figures(const RatioReporter& reporter) {
  std::vector<Figure> figures;
  for_each_peer_cost([&](const std::string& cost_name, const auto&) {
    for (const char* way : {"once", "replay"})
      for (const char* peer : {"ADOL-C", "CppAD", "TMBad", "Stan Math", "Sacado", "Ceres Jet", "PyTorch"}) {
        const std::string name = "peers/" + cost_name + "/" + way + "/";
        const bool replays = std::string(peer) == "ADOL-C" || std::string(peer) == "CppAD" || std::string(peer) == "TMBad";
        if (std::string(way) == "once" || replays) add_ratio(figures, reporter, name + "rappel", name + peer, not_measured);
      }
  });
  return figures;
}

}  // namespace rappel::bench
