// Line searches, on functions of one variable and along descents.

#include "lambda_objective.hpp"
#include "more_garbow_hillstrom.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace rappel::test {
namespace {

using Curve = std::pair<double, double> (*)(double t);  // value and slope

LineFunction line_of(Curve curve, double rounding = 0.0) {
  const auto at = [curve](double t) {
    const auto [value, slope] = curve(t);
    return LinePoint{t, value, slope};
  };
  return {at, at(0.0), rounding};
}

bool strong_wolfe_holds(const LineFunction& line, const LinePoint& p, const WolfeOptions& o) {
  return p.value <= line.start.value + o.decrease * p.step * line.start.slope &&
         std::abs(p.slope) <= o.curvature * std::abs(line.start.slope);
}

// More and Thuente (1994), Line Search Algorithms with Guaranteed Sufficient Decrease, ACM TOMS 20(3):
// functions 1 and 2, and 4 with beta1 = 0.001, beta2 = 0.01.
std::pair<double, double> more_thuente_1(double t) {
  const double q = t * t + 2.0;
  return {-t / q, (t * t - 2.0) / (q * q)};
}
std::pair<double, double> more_thuente_2(double t) {
  const double u = t + 0.004;
  return {std::pow(u, 5) - 2.0 * std::pow(u, 4), 5.0 * std::pow(u, 4) - 8.0 * std::pow(u, 3)};
}
std::pair<double, double> more_thuente_4(double t) {
  const double b1 = 0.001, b2 = 0.01;
  const auto gamma = [](double b) { return std::sqrt(1.0 + b * b) - b; };
  const double left = std::hypot(1.0 - t, b2), right = std::hypot(t, b1);
  return {gamma(b1) * left + gamma(b2) * right, gamma(b1) * (t - 1.0) / left + gamma(b2) * t / right};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(strong_wolfe_search)

BOOST_AUTO_TEST_CASE(meets_both_conditions_from_any_first_step) {
  for (const Curve curve : {more_thuente_1, more_thuente_2, more_thuente_4}) {
    const LineFunction line = line_of(curve);
    for (const WolfeOptions& options : {WolfeOptions{}, WolfeOptions{.decrease = 1e-3, .curvature = 0.1}}) {
      for (const double first : {1e-3, 1e-1, 1e1, 1e3}) {
        const StepResult r = strong_wolfe(options)(line, first);
        BOOST_TEST(r.accepted);
        BOOST_TEST(strong_wolfe_holds(line, r.point, options));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(takes_the_first_step_if_it_is_good) {
  int evaluations = 0;
  const LineFunction line{[&](double t) {
                            ++evaluations;
                            return LinePoint{t, (t - 1.0) * (t - 1.0), 2.0 * (t - 1.0)};
                          },
                          {0.0, 1.0, -2.0}};
  BOOST_TEST(strong_wolfe()(line, 1.0).point.step == 1.0);
  BOOST_TEST(evaluations == 1);
}

BOOST_AUTO_TEST_CASE(comes_back_from_where_the_cost_is_not_finite) {
  // -log(1 - t) - 3 t: NaN from 1 on, minimum at 2/3.
  const LineFunction line = line_of([](double t) {
    return std::pair(-std::log(1.0 - t) - 3.0 * t, t < 1.0 ? 1.0 / (1.0 - t) - 3.0 : NAN);
  });
  const WolfeOptions tight{.decrease = 1e-4, .curvature = 1e-3};
  const StepResult r = strong_wolfe(tight)(line, 100.0);
  BOOST_TEST(r.accepted);
  // |phi'| <= 1e-3 * 2 and phi'' = 9 at the minimum.
  BOOST_TEST(std::abs(r.point.step - 2.0 / 3.0) <= 3e-4);
}

BOOST_AUTO_TEST_CASE(accepts_nothing_uphill_or_where_the_slope_lies) {
  const LineFunction uphill = line_of([](double t) { return std::pair(t, 1.0); });
  BOOST_TEST(!strong_wolfe()(uphill, 1.0).accepted);
  const LineFunction lie = line_of([](double t) { return std::pair(1.0 + t, -1.0); }, 1e-15);
  BOOST_TEST(!strong_wolfe()(lie, 1.0).accepted);
  BOOST_TEST(!backtracking()(lie, 1.0).accepted);
}

BOOST_AUTO_TEST_CASE(gives_up_the_curvature_condition_if_the_cost_falls_for_ever) {
  const LineFunction line = line_of([](double t) { return std::pair(-t, -1.0); });
  const StepResult r = strong_wolfe()(line, 1.0);
  BOOST_TEST(r.accepted);
  BOOST_TEST(r.point.step > 1e6);
}

BOOST_AUTO_TEST_CASE(trusts_slopes_where_values_differ_by_rounding_alone) {
  // 1e12 + (t - 1)^2 in doubles: the parabola is below the spacing there.
  const auto at = [](double t) {
    return LinePoint{t, 1e12 + 1e-6 * (t - 1.0) * (t - 1.0), 2e-6 * (t - 1.0)};
  };
  const LineFunction line{at, at(0.0), 1e-3};
  const StepResult r = strong_wolfe({.decrease = 1e-4, .curvature = 0.1})(line, 50.0);
  BOOST_TEST(r.accepted);
  BOOST_TEST(std::abs(r.point.step - 1.0) <= 0.1);
}

BOOST_AUTO_TEST_CASE(meets_both_conditions_at_every_step_of_the_test_problems) {
  const WolfeOptions options;
  for (const LeastSquares& problem : more_garbow_hillstrom) {
    Index steps = 0, misses = 0;
    const LineSearch checked = [&, search = strong_wolfe(options)](const LineFunction& line, double first) {
      const StepResult r = search(line, first);
      ++steps;
      // Near the end of a descent the values are asked for less than their rounding.
      const bool resolved = -options.decrease * r.point.step * line.start.slope > line.rounding;
      if (r.accepted && resolved && !strong_wolfe_holds(line, r.point, options)) ++misses;
      return r;
    };
    minimize(problem, Eigen::Map<const Vector>(problem.start.data(), problem.dimension()),
             line_search_method(lbfgs_direction(10), checked));
    BOOST_TEST_CONTEXT(problem.name) {
      BOOST_TEST(steps > 0);
      BOOST_TEST(misses == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(backtracking_search)

BOOST_AUTO_TEST_CASE(halves_the_first_step_until_the_cost_decreases_enough) {
  // (t - 1)^2: t < 2 (1 - 1e-4) decreases enough.
  const LineFunction line = line_of([](double t) { return std::pair((t - 1) * (t - 1), 2.0 * (t - 1.0)); });
  BOOST_TEST(backtracking()(line, 16.0).point.step == 1.0);
  BOOST_TEST(backtracking()(line, 1.5).point.step == 1.5);
  BOOST_TEST(backtracking({.shrink = 0.1})(line, 16.0).point.step == 16.0 * 0.1);
}

BOOST_AUTO_TEST_CASE(gives_up_when_its_evaluations_are_used) {
  const LineFunction line = line_of([](double t) { return std::pair((t - 1) * (t - 1), 2.0 * (t - 1.0)); });
  BOOST_TEST(!backtracking({.max_evaluations = 3})(line, 16.0).accepted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
