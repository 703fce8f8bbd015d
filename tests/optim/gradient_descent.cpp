// What gradient descent must show, on costs whose largest curvature L is known.

#include "lambda_objective.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace rappel::test {
namespace {

constexpr double L = 4.0;  // of bowl()

// Mean over the rows (1, 2), (2, 3) of (w x + b - y)^2 / 2.
auto two_rows() {
  return objective(2, [](const Vector& p, Vector& g) {
    const double r1 = p[0] + p[1] - 2.0, r2 = 2.0 * p[0] + p[1] - 3.0;
    g[0] = (r1 + 2.0 * r2) / 2.0;
    g[1] = (r1 + r2) / 2.0;
    return (r1 * r1 + r2 * r2) / 4.0;
  });
}

struct Watched {
  Result result;
  std::vector<double> costs;  // the start first
};

Watched watch(const Bowl& cost, const GradientDescentOptions& options, const StoppingOptions& stopping = {}) {
  std::vector<double> costs;
  const Result r = minimize(cost, Vector::Zero(cost.dimension()), gradient_descent(options), stopping,
                            [&](const Progress& p) { costs.push_back(p.value); });
  return {r, costs};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_descent_must)

BOOST_AUTO_TEST_CASE(creep_downhill_at_every_one_of_100_tiny_steps_and_advise_a_higher_rate) {
  const Watched w = watch(bowl(), {.learning_rate = 1e-6 / L}, {.max_iterations = 100});
  BOOST_TEST_REQUIRE(w.costs.size() == 101u);
  for (std::size_t k = 1; k < w.costs.size(); ++k) BOOST_TEST(w.costs[k] < w.costs[k - 1]);
  BOOST_TEST(w.result.reason == StopReason::iteration_limit);
  BOOST_TEST(w.result.iterations == 100);
  BOOST_TEST(!w.result.converged());
  BOOST_TEST(advice(w.result).find("raise the learning rate") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(diverge_within_10_iterations_at_a_rate_too_high_and_return_the_best_point) {
  const Watched w = watch(bowl(), {.learning_rate = 2.5 / L});
  BOOST_TEST(w.result.reason == StopReason::diverged);
  BOOST_TEST(w.result.iterations <= 10);
  BOOST_TEST(!w.result.converged());
  BOOST_TEST(advice(w.result) == "lower the learning rate");
  BOOST_TEST(w.result.value == *std::min_element(w.costs.begin(), w.costs.end()));
  Vector gradient(3);
  BOOST_TEST(bowl().value_and_gradient(w.result.x, gradient) == w.result.value);
  BOOST_TEST((gradient == w.result.gradient));
}

BOOST_AUTO_TEST_CASE(not_move_at_a_minimum) {
  const Result r = minimize(bowl(), bowl().c, gradient_descent({.learning_rate = 0.1}));
  BOOST_TEST(r.reason == StopReason::gradient_tolerance);
  BOOST_TEST(r.iterations == 0);
  BOOST_TEST(r.evaluations == 1);
  BOOST_TEST((r.x == bowl().c));
}

BOOST_AUTO_TEST_CASE(take_the_hand_computed_steps_moving_all_parameters_at_once) {
  // By hand, rate 1/2, every number exact in binary: the gradients are (-4, -2.5), (2.875, 1.75) and
  // (-2.03125, -1.28125).
  const std::vector<Vector> expected = {Vector{{2.0, 1.25}}, Vector{{0.5625, 0.375}},
                                        Vector{{1.578125, 1.015625}}};
  std::vector<Vector> at;
  minimize(two_rows(), Vector::Zero(2), gradient_descent({.learning_rate = 0.5}), {.max_iterations = 3},
           [&](const Progress& p) { at.push_back(vector_of(p.x)); });
  BOOST_TEST_REQUIRE(at.size() == 4u);
  for (std::size_t k = 0; k < 3; ++k)
    BOOST_TEST((at[k + 1] - expected[k]).lpNorm<Eigen::Infinity>() <= 1e-15);

  // One parameter after the other: b at the new w.
  Vector gradient(2), x = Vector::Zero(2);
  two_rows().value_and_gradient(x, gradient);
  x[0] -= 0.5 * gradient[0];
  two_rows().value_and_gradient(x, gradient);
  x[1] -= 0.5 * gradient[1];
  BOOST_TEST(std::abs(x[1] - at[1][1]) > 1e-3);
}

BOOST_AUTO_TEST_CASE(end_in_the_valley_it_starts_in) {
  const auto valleys = objective(1, [](const Vector& w, Vector& g) {
    const double u = w[0] * w[0] - 1.0;
    g[0] = 4.0 * u * w[0];
    return u * u;
  });
  const Method method = gradient_descent({.learning_rate = 0.05});
  // |g| <= 1e-8 * 1.5 and the curvature is 8.
  BOOST_TEST(std::abs(minimize(valleys, Vector{{-0.5}}, method).x[0] + 1.0) <= 2e-9);
  BOOST_TEST(std::abs(minimize(valleys, Vector{{0.5}}, method).x[0] - 1.0) <= 2e-9);
}

BOOST_AUTO_TEST_CASE(converge_at_a_fixed_rate_since_the_gradient_shrinks) {
  std::vector<double> moves;
  const Result r =
      minimize(bowl(), Vector::Zero(3), gradient_descent({.learning_rate = 0.1}), {}, [&](const Progress& p) {
        BOOST_TEST((p.iteration == 0 || p.step == 0.1));
        moves.push_back(p.step_norm);
      });
  BOOST_TEST(r.reason == StopReason::gradient_tolerance);
  BOOST_TEST(moves.back() < 1e-7 * moves.at(1));
  // |g| <= 1e-8 * |g(start)| = 4e-8, and the smallest curvature is 0.5.
  BOOST_TEST((r.x - bowl().c).lpNorm<Eigen::Infinity>() <= 8e-8);
  BOOST_TEST(r.evaluations == r.iterations + 1);
}

BOOST_AUTO_TEST_CASE(follow_the_heavy_ball_recurrence_with_momentum) {
  const Bowl cost = bowl();
  std::vector<Vector> at;
  minimize(cost, Vector::Zero(3), gradient_descent({.learning_rate = 0.1, .momentum = 0.5}),
           {.max_iterations = 5}, [&](const Progress& p) { at.push_back(vector_of(p.x)); });
  BOOST_TEST_REQUIRE(at.size() == 6u);
  for (std::size_t k = 2; k < at.size(); ++k) {
    Vector gradient(3);
    cost.value_and_gradient(at[k - 1], gradient);
    const Vector expected = at[k - 1] - 0.1 * gradient + 0.5 * (at[k - 1] - at[k - 2]);
    // A handful of roundings at size 3.
    BOOST_TEST((at[k] - expected).lpNorm<Eigen::Infinity>() <= 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(be_faster_with_momentum_in_a_narrow_valley) {
  const Bowl narrow{Vector{{100.0, 1.0}}, Vector{{1.0, 1.0}}};
  const Watched plain = watch(narrow, {.learning_rate = 0.018});
  const Watched ball = watch(narrow, {.learning_rate = 0.018, .momentum = 0.8});
  BOOST_TEST(plain.result.converged());
  BOOST_TEST(ball.result.converged());
  BOOST_TEST(2 * ball.result.iterations < plain.result.iterations);
}

BOOST_AUTO_TEST_CASE(survive_a_rate_far_too_high_with_backtracking) {
  const Watched w = watch(bowl(), {.learning_rate = 1000.0, .backtracking = true});
  BOOST_TEST(w.result.converged());
  for (std::size_t k = 1; k < w.costs.size(); ++k) BOOST_TEST(w.costs[k] <= w.costs[k - 1]);
  BOOST_TEST(w.result.evaluations > w.result.iterations + 1);
}

BOOST_AUTO_TEST_CASE(go_on_with_backtracking_where_momentum_points_uphill) {
  const Bowl narrow{Vector{{100.0, 1.0}}, Vector{{1.0, 1.0}}};
  const Watched w = watch(narrow, {.learning_rate = 1.0, .momentum = 0.95, .backtracking = true});
  BOOST_TEST(w.result.converged());
}

BOOST_AUTO_TEST_CASE(use_the_rates_of_a_schedule) {
  std::vector<double> steps;
  const Schedule decay = [](Index iteration) { return 0.4 / (1.0 + static_cast<double>(iteration)); };
  minimize(bowl(), Vector::Zero(3), gradient_descent({.schedule = decay}), {.max_iterations = 3},
           [&](const Progress& p) { steps.push_back(p.step); });
  BOOST_TEST(steps == (std::vector<double>{0.0, 0.4, 0.4 / 2.0, 0.4 / 3.0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(end_at_the_limit_if_the_rate_is_too_low_to_move_at_all) {
  const Watched w = watch(bowl(), {.learning_rate = 1e-300}, {.max_iterations = 50});
  BOOST_TEST(w.result.reason == StopReason::iteration_limit);
  BOOST_TEST(advice(w.result).find("raise the learning rate") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
