// Parts of one's own beside ours, each in a few lines.

#include "lambda_objective.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

namespace rappel::test {
namespace {

using View = Eigen::Map<const Vector>;

// Newton's direction for a Bowl, over views of the spans it is given.
struct DiagonalNewton : Direction {
  explicit DiagonalNewton(Vector diagonal) : h(std::move(diagonal)) {}
  void compute(const Iterate&, const Iterate& current, MutableSpan direction) override {
    Eigen::Map<Vector>(direction.data(), h.size()) =
        -View(current.gradient.data(), h.size()).cwiseQuotient(h);
  }
  Vector h;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(parts)

BOOST_AUTO_TEST_CASE(a_direction_of_ones_own) {
  const DirectionFactory newton = [](Index) { return std::make_unique<DiagonalNewton>(bowl().h); };
  for (const LineSearch& search : {fixed_step(), backtracking(), strong_wolfe()}) {
    const Result r = minimize(bowl(), Vector::Zero(3), line_search_method(newton, search));
    BOOST_TEST(r.converged());
    BOOST_TEST(r.iterations == 1);
    BOOST_TEST((r.x == bowl().c));
  }
}

BOOST_AUTO_TEST_CASE(a_line_search_of_ones_own) {
  // The exact minimiser of a quadratic along the line, from two slopes.
  const LineSearch exact = [](const LineFunction& line, double first) {
    const double curvature = (line.at(first).slope - line.start.slope) / first;
    return StepResult{true, line.at(-line.start.slope / curvature)};
  };
  const Result r = minimize(bowl(), Vector::Zero(3), line_search_method(steepest_descent(), exact));
  BOOST_TEST(r.converged());
  BOOST_TEST(r.evaluations == 2 * r.iterations + 1);
}

BOOST_AUTO_TEST_CASE(a_line_search_may_accept_a_trial_that_was_not_its_last) {
  const LineSearch looks_further = [](const LineFunction& line, double) {
    const LinePoint good = line.at(0.2);
    line.at(5.0);
    return StepResult{true, good};
  };
  const Result r = minimize(bowl(), Vector::Zero(3), line_search_method(steepest_descent(), looks_further));
  BOOST_TEST(r.converged());
  BOOST_TEST(r.evaluations == 3 * r.iterations + 1);
}

BOOST_AUTO_TEST_CASE(a_schedule_of_ones_own) {
  const Schedule warm_up = [](Index k) { return k < 10 ? 0.01 : 0.3; };
  BOOST_TEST(minimize(bowl(), Vector::Zero(3), gradient_descent({.schedule = warm_up})).converged());
}

BOOST_AUTO_TEST_CASE(a_failed_search_restarts_the_direction_once) {
  struct Forgetful : Direction {
    explicit Forgetful(int& restarts) : count(restarts) {}
    void compute(const Iterate&, const Iterate& current, MutableSpan d) override {
      const double sign = std::exchange(forgot, false) ? -1.0 : 1.0;  // uphill, until told
      for (std::size_t j = 0; j < d.size(); ++j) d[j] = sign * current.gradient[j];
    }
    bool restart() override { return ++count, forgot = true; }
    int& count;
    bool forgot = false;
  };
  int restarts = 0;
  const DirectionFactory factory = [&](Index) { return std::make_unique<Forgetful>(restarts); };
  const Result r = minimize(bowl(), Vector::Zero(3), line_search_method(factory, strong_wolfe()));
  BOOST_TEST(r.converged());
  BOOST_TEST(restarts == r.iterations);

  const LineSearch never = [](const LineFunction&, double) { return StepResult{}; };
  restarts = 0;
  const Result failed = minimize(bowl(), Vector::Zero(3), line_search_method(factory, never));
  BOOST_TEST(failed.reason == StopReason::line_search_failed);
  BOOST_TEST(restarts == 1);
}

BOOST_AUTO_TEST_CASE(a_method_of_ones_own) {
  const Method start_again = [](const MinimizeCall& call) {
    std::vector<double> first(call.x.size());
    Outcome outcome = gradient_descent({.learning_rate = 0.2})(
        {call.objective, call.start, {.max_iterations = 5}, call.observer, first, call.gradient});
    const Index iterations = outcome.iterations;
    outcome = lbfgs()({call.objective, first, call.stopping, call.observer, call.x, call.gradient});
    outcome.iterations += iterations;
    return outcome;
  };
  const Result r = minimize(rosenbrock(), Vector{{0.9, 0.8}}, start_again);
  BOOST_TEST(r.converged());
}

BOOST_AUTO_TEST_CASE(an_observer_sees_the_start_and_every_step) {
  std::vector<Progress> seen;
  Vector last;
  const Result r = minimize(bowl(), Vector::Zero(3), lbfgs(), {}, [&](const Progress& p) {
    if (!seen.empty()) {
      const Vector x = vector_of(p.x);
      double distance = 0.0;
      for (Index j = 0; j < 3; ++j) distance = std::hypot(distance, x[j] - last[j]);
      BOOST_TEST(std::abs(p.step_norm - distance) <= 1e-15 * 10.0);  // |x| < 10
      BOOST_TEST(p.evaluations > seen.back().evaluations);
      BOOST_TEST(p.seconds >= seen.back().seconds);
      BOOST_TEST(p.step > 0.0);
    }
    Vector gradient(3);
    BOOST_TEST(bowl().value_and_gradient(vector_of(p.x), gradient) == p.value);
    BOOST_TEST((gradient == vector_of(p.gradient)));
    BOOST_TEST(p.gradient_norm == gradient.lpNorm<Eigen::Infinity>());
    BOOST_TEST(p.iteration == static_cast<Index>(seen.size()));
    last = vector_of(p.x);
    seen.push_back(p);
  });
  BOOST_TEST(seen.size() == static_cast<std::size_t>(r.iterations) + 1u);
  BOOST_TEST(seen.back().evaluations == r.evaluations);
  BOOST_TEST((last == r.x));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
