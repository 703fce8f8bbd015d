// Every reason to stop.

#include "lambda_objective.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

namespace rappel::test {
namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

// x^2 / 2 + offset, the gradient multiplied by `sign`.
auto parabola(double offset = 0.0, double sign = 1.0) {
  return objective(1, [=](const Vector& x, Vector& g) {
    g[0] = sign * x[0];
    return x[0] * x[0] / 2.0 + offset;
  });
}

const Method one_step_too_long = gradient_descent({.learning_rate = 2.5});

}  // namespace

BOOST_AUTO_TEST_SUITE(stopping)

BOOST_AUTO_TEST_CASE(gradient_tolerance_is_relative_to_the_gradient_at_the_start) {
  const Method half = gradient_descent({.learning_rate = 0.5});  // halves the gradient
  for (const double start : {1e-150, 1.0, 1e150}) {
    const Result r = minimize(parabola(), Vector{{start}}, half, {.gradient_tolerance = 0x1p-7});
    BOOST_TEST(r.reason == StopReason::gradient_tolerance);
    BOOST_TEST(r.iterations == 7);
  }
}

BOOST_AUTO_TEST_CASE(gradient_scale_makes_a_start_that_is_nearly_a_minimum_converge) {
  const Result r = minimize(parabola(), Vector{{1e-12}}, lbfgs(), {.gradient_scale = 1.0});
  BOOST_TEST(r.reason == StopReason::gradient_tolerance);
  BOOST_TEST(r.iterations == 0);
}

BOOST_AUTO_TEST_CASE(a_start_where_the_gradient_is_0_is_converged) {
  for (const Method& method : {lbfgs(), gradient_descent()}) {
    const Result r = minimize(parabola(), Vector{{0.0}}, method);
    BOOST_TEST(r.reason == StopReason::gradient_tolerance);
    BOOST_TEST(r.iterations == 0);
    BOOST_TEST(r.x[0] == 0.0);
  }
}

BOOST_AUTO_TEST_CASE(a_gradient_that_rounding_keeps_from_its_tolerance_is_precision_reached) {
  // The gradient is a difference of two numbers near 1e8, so it is known to 1.5e-8 at best.
  const auto rough = objective(2, [](const Vector& x, Vector& g) {
    for (Index j = 0; j < 2; ++j) g[j] = (1e8 + x[j] + 0.3) - 1e8;
    return 1.0 + (x.array() + 0.3).square().sum() / 2.0;
  });
  for (const Method& method : {lbfgs(), gradient_descent({.learning_rate = 1.7, .backtracking = true})}) {
    const Result r = minimize(rough, Vector{{2.0, -5.0}}, method, {.gradient_tolerance = 1e-13});
    BOOST_TEST_CONTEXT(r) {
      BOOST_TEST(r.converged());
      BOOST_TEST(r.iterations < 200);
      BOOST_TEST((r.x.array() + 0.3).abs().maxCoeff() <= 1e-7);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cost_with_a_large_constant_ends_as_converged) {
  const Result r = minimize(parabola(1e10), Vector{{3.0}}, lbfgs(), {.gradient_tolerance = 0.0});
  BOOST_TEST(r.converged());
  BOOST_TEST(std::abs(r.x[0]) <= 1e-6);
}

BOOST_AUTO_TEST_CASE(a_gradient_of_the_wrong_sign_is_a_failure_and_never_converged) {
  for (const double offset : {0.0, 1e6}) {
    for (const Method& method : {lbfgs(), gradient_descent({.learning_rate = 1.0, .backtracking = true})}) {
      const Result r = minimize(parabola(offset, -1.0), Vector{{1.0}}, method);
      BOOST_TEST(r.reason == StopReason::line_search_failed);
      BOOST_TEST(!r.converged());
      BOOST_TEST(r.x[0] == 1.0);
      BOOST_TEST(advice(r).find("check the gradient") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_start_that_is_not_finite_is_reported_as_such) {
  const auto nan_value = objective(1, [](const Vector&, Vector& g) { return g[0] = 1.0, NaN; });
  const auto nan_gradient = objective(1, [](const Vector&, Vector& g) { return g[0] = NaN, 1.0; });
  const auto infinite = objective(1, [](const Vector&, Vector& g) { return g[0] = 1.0, HUGE_VAL; });
  for (const Method& method : {lbfgs(), gradient_descent()}) {
    for (const Result& r :
         {minimize(nan_value, Vector{{2.0}}, method), minimize(infinite, Vector{{2.0}}, method),
          minimize(nan_gradient, Vector{{2.0}}, method)}) {
      BOOST_TEST(r.reason == StopReason::not_finite);
      BOOST_TEST(r.evaluations == 1);
      BOOST_TEST(r.x[0] == 2.0);
      BOOST_TEST(!r.converged());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cost_that_turns_nan_diverged_if_steps_are_fixed) {
  const auto edge = objective(1, [](const Vector& x, Vector& g) {  // minimum at 0.01, NaN left of 0
    g[0] = 1.0 - 0.01 / x[0];
    return x[0] - 0.01 * std::log(x[0]);
  });
  const Result r = minimize(edge, Vector{{1.0}}, gradient_descent({.learning_rate = 0.4}));
  BOOST_TEST(r.reason == StopReason::diverged);
  BOOST_TEST(std::isfinite(r.value));
  BOOST_TEST(r.x[0] > 0.0);
  BOOST_TEST(minimize(edge, Vector{{1.0}}, lbfgs()).converged());
  BOOST_TEST(minimize(edge, Vector{{1.0}}, gradient_descent({.learning_rate = 0.4, .backtracking = true}))
                 .converged());
}

BOOST_AUTO_TEST_CASE(diverged_means_beyond_10_times_the_cost_of_the_start) {
  // x *= -1.5: costs 0.5, 1.125, 2.53, 5.70: the third step passes 10 * 0.5.
  const Result r = minimize(parabola(), Vector{{1.0}}, one_step_too_long);
  BOOST_TEST(r.reason == StopReason::diverged);
  BOOST_TEST(r.iterations == 3);
  BOOST_TEST(r.x[0] == 1.0);
}

BOOST_AUTO_TEST_CASE(a_start_that_costs_0_has_room_to_rise) {
  // Costs 0, then 3 times the fall that follows: with a scale of 0 the first rise would be a divergence.
  const auto bump = objective(1, [](const Vector& x, Vector& g) {
    g[0] = x[0] < 0.5 ? -1.0 : x[0] - 3.0;
    return x[0] < 0.5 ? 0.0 : (x[0] - 3.0) * (x[0] - 3.0) / 2.0;
  });
  BOOST_TEST(minimize(bump, Vector{{0.0}}, gradient_descent({.learning_rate = 0.9})).converged());
}

BOOST_AUTO_TEST_CASE(a_long_trial_of_a_line_search_is_not_a_divergence) {
  BOOST_TEST(
      minimize(parabola(), Vector{{1.0}}, gradient_descent({.learning_rate = 1e9, .backtracking = true}))
          .converged());
}

BOOST_AUTO_TEST_CASE(limits_are_1000_iterations_for_lbfgs_and_10000_for_gradient_descent) {
  const auto endless = objective(1, [](const Vector& x, Vector& g) { return g[0] = -1.0, -x[0]; });
  const LineSearch short_steps = [](const LineFunction& line, double) {
    return StepResult{true, line.at(1e-3)};
  };
  const Method method = line_search_method(lbfgs_direction(5), short_steps);
  BOOST_TEST(minimize(endless, Vector{{0.0}}, method).iterations == 1000);
  const Result r = minimize(endless, Vector{{0.0}}, gradient_descent());
  BOOST_TEST(r.iterations == 10000);
  BOOST_TEST(r.reason == StopReason::iteration_limit);
}

BOOST_AUTO_TEST_CASE(an_iteration_limit_of_0_only_looks_at_the_start) {
  const Result r = minimize(parabola(), Vector{{1.0}}, lbfgs(), {.max_iterations = 0});
  BOOST_TEST(r.reason == StopReason::iteration_limit);
  BOOST_TEST(r.evaluations == 1);
  BOOST_TEST(r.value == 0.5);
  BOOST_TEST(r.gradient[0] == 1.0);
}

BOOST_AUTO_TEST_CASE(a_rule_of_ones_own_stops) {
  const StoppingRule third = [](const Progress& p) {
    return p.iteration == 3 ? StopReason::stopped_by_rule : StopReason::none;
  };
  const Result r = minimize(parabola(), Vector{{1.0}}, gradient_descent(), {.rules = {third}});
  BOOST_TEST(r.reason == StopReason::stopped_by_rule);
  BOOST_TEST(r.iterations == 3);
  BOOST_TEST(!r.converged());
}

BOOST_AUTO_TEST_CASE(the_rules_that_ship_stop_by_time_and_by_value) {
  const Result value =
      minimize(parabola(), Vector{{1.0}}, gradient_descent(), {.rules = {value_at_most(0.25)}});
  BOOST_TEST(value.reason == StopReason::stopped_by_rule);
  BOOST_TEST(value.value <= 0.25);
  BOOST_TEST(value.iterations == 4);  // 0.9^8 / 2 is the first below 1/4
  const auto slow = objective(1, [](const Vector& x, Vector& g) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return g[0] = x[0], x[0] * x[0] / 2.0;
  });
  const Result time =
      minimize(slow, Vector{{1.0}}, gradient_descent({.learning_rate = 1e-3}), {.rules = {time_limit(0.05)}});
  BOOST_TEST(time.reason == StopReason::stopped_by_rule);
  BOOST_TEST(time.seconds >= 0.05);
  BOOST_TEST(time.iterations <= 10);
}

BOOST_AUTO_TEST_CASE(what_the_objective_throws_passes_through) {
  const auto throws = objective(1, [](const Vector& x, Vector& g) -> double {
    if (x[0] < 0.5) throw std::runtime_error("out of tape");
    return g[0] = 1.0, x[0];
  });
  BOOST_CHECK_THROW(minimize(throws, Vector{{1.0}}, lbfgs()), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
