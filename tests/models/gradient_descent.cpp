// What gradient descent must show, on real houses and through the whole engine.

#include "real_data.hpp"
#include "standardised.hpp"

#include <rappel/autodiff.hpp>
#include <rappel/models/fit.hpp>
#include <rappel/models/linear_regression.hpp>
#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

namespace rappel::test {
namespace {

struct Watched {
  Fit<LinearRegression> fit;
  std::vector<double> costs;  // of every iterate, the start first
};

Watched descend(double alpha, Index max_iterations) {
  const Problem p = houses();
  std::vector<double> costs;
  FitOptions options;
  options.method = gradient_descent({.learning_rate = alpha});
  options.stopping.max_iterations = max_iterations;
  options.observer = [&](const Progress& progress) { costs.push_back(progress.value); };
  auto result = fit(LinearRegression{}, p.X, p.y, options);
  return {std::move(result), std::move(costs)};
}

double largest_eigenvalue() { return Standardised(houses()).largest_eigenvalue(); }

// mean over the rows (1, 2), (2, 3) of (w x + b - y)^2 / 2
Function two_rows() {
  Matrix data(2, 2);
  data << 1, 2, 2, 3;
  const Columns columns(std::move(data));
  return record(2, [&](ExprSpan p) {
    return mean_over_rows(columns, [&](Row row) { return square(p[0] * row[0] + p[1] - row[1]) / 2.0; });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_descent_must)

BOOST_AUTO_TEST_CASE(creep_downhill_at_every_one_of_100_tiny_steps_and_report_the_limit) {
  const Watched w = descend(1e-6 / largest_eigenvalue(), 100);
  BOOST_TEST_REQUIRE(w.costs.size() >= 100u);
  for (std::size_t k = 1; k < w.costs.size(); ++k) BOOST_TEST(w.costs[k] < w.costs[k - 1]);
  BOOST_TEST((w.fit.result().reason == StopReason::iteration_limit));
  BOOST_TEST(w.fit.result().iterations == 100);
  BOOST_TEST(!w.fit.converged());
  BOOST_TEST(w.fit.summary().find("raise") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(diverge_within_10_iterations_if_alpha_is_too_large_and_return_the_best_point) {
  const Watched w = descend(2.5 / largest_eigenvalue(), 10000);
  BOOST_TEST((w.fit.result().reason == StopReason::diverged));
  BOOST_TEST(w.fit.result().iterations <= 10);
  BOOST_TEST(!w.fit.converged());
  BOOST_TEST(w.fit.summary().find("lower") != std::string::npos);
  BOOST_TEST(w.fit.result().value == *std::min_element(w.costs.begin(), w.costs.end()));
}

BOOST_AUTO_TEST_CASE(not_move_at_a_minimum) {
  const Function bowl = record(2, [](ExprSpan w) { return square(w[0] - 3.0) + square(w[1] + 1.0); });
  const Result r = minimize(bowl, Vector{{3.0, -1.0}}, gradient_descent({.learning_rate = 0.1}));
  BOOST_TEST(r.converged());
  BOOST_TEST(r.iterations == 0);
  BOOST_TEST((r.x == Vector{{3.0, -1.0}}));
}

BOOST_AUTO_TEST_CASE(take_the_hand_computed_steps_moving_all_parameters_at_once) {
  // By hand, alpha = 1/2, all numbers exact in binary: gradients (-4, -2.5), (2.875, 1.75), (-2.03125,
  // -1.28125).
  const std::vector<Vector> expected = {Vector{{2.0, 1.25}}, Vector{{0.5625, 0.375}},
                                        Vector{{1.578125, 1.015625}}};
  // w first, then b at the new w: b would become -0.25 in the first step, 1.5 away.
  const double one_after_the_other = -0.25;
  for (Index k = 1; k <= 3; ++k) {
    std::vector<double> at;
    const Function cost = two_rows();
    const Result r =
        minimize(cost, Vector::Zero(2), gradient_descent({.learning_rate = 0.5}), {.max_iterations = k},
                 [&](const Progress& p) { at.assign(p.x.begin(), p.x.end()); });
    BOOST_TEST(r.iterations == k);
    const Vector& x = expected[static_cast<std::size_t>(k - 1)];
    BOOST_TEST_REQUIRE(at.size() == 2u);
    BOOST_TEST(std::abs(at[0] - x[0]) <= 1e-15);
    BOOST_TEST(std::abs(at[1] - x[1]) <= 1e-15);
    if (k == 1) BOOST_TEST(std::abs(at[1] - one_after_the_other) > 1e-3);
  }
}

BOOST_AUTO_TEST_CASE(end_in_the_valley_it_starts_in) {
  const Function valleys = record(1, [](ExprSpan w) { return square(square(w[0]) - 1.0); });
  const Method method = gradient_descent({.learning_rate = 0.05});
  const Result left = minimize(valleys, Vector{{-0.5}}, method);
  const Result right = minimize(valleys, Vector{{0.5}}, method);
  // |gradient| <= 1e-6 * 1.5 (at most: the default tolerance), curvature 8.
  BOOST_TEST(std::abs(left.x[0] + 1.0) <= 1e-6);
  BOOST_TEST(std::abs(right.x[0] - 1.0) <= 1e-6);
}

BOOST_AUTO_TEST_CASE(converge_at_a_fixed_alpha_since_the_gradient_shrinks) {
  const Problem p = houses();
  const Standardised s(p);
  std::vector<double> steps;
  FitOptions options;
  options.method = gradient_descent({.learning_rate = 0.1});
  options.observer = [&](const Progress& progress) { steps.push_back(progress.step_norm); };
  const auto f = fit(LinearRegression{}, p.X, p.y, options);
  BOOST_TEST(f.converged());
  BOOST_TEST(steps.back() < 1e-6 * steps.at(1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
