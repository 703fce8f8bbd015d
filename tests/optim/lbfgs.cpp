// L-BFGS on problems with published minima.

#include "lambda_objective.hpp"
#include "more_garbow_hillstrom.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace rappel::test {
namespace {

Result solve(const LeastSquares& problem, const Method& method, const StoppingOptions& stopping) {
  return minimize(problem, Eigen::Map<const Vector>(problem.start.data(), problem.dimension()), method,
                  stopping);
}

// To the 6 digits that the paper prints. A minimum of 0 is reached to 1e-12: the cost is below the square of
// the gradient (1e-11 of that at the start) over the curvature, which leaves room for the singular ones.
bool is_one_of(double value, const std::vector<double>& minima) {
  return std::any_of(minima.begin(), minima.end(),
                     [&](double m) { return std::abs(value - m) <= (m == 0.0 ? 1e-12 : 5.1e-6 * m); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lbfgs_method)

BOOST_AUTO_TEST_CASE(reaches_the_published_minimum_of_every_problem) {
  for (const LeastSquares& problem : more_garbow_hillstrom) {
    const Result r = solve(problem, lbfgs(), {.gradient_tolerance = 1e-11});
    BOOST_TEST_CONTEXT(problem.name << ": " << r) {
      BOOST_TEST(r.converged());
      BOOST_TEST(is_one_of(r.value, problem.minima));
    }
  }
}

BOOST_AUTO_TEST_CASE(ends_by_itself_even_if_asked_for_a_gradient_of_0) {
  for (const LeastSquares& problem : more_garbow_hillstrom) {
    const Result r = solve(problem, lbfgs(), {.gradient_tolerance = 0.0});
    BOOST_TEST_CONTEXT(problem.name << ": " << r) { BOOST_TEST(r.converged()); }
  }
}

BOOST_AUTO_TEST_CASE(reaches_the_minimum_of_rosenbrock_by_default) {
  const Result r = minimize(rosenbrock(), Vector{{-1.2, 1.0}});
  BOOST_TEST(r.reason == StopReason::gradient_tolerance);
  // |g| <= 1e-8 * 232.7, and the smallest curvature at (1, 1) is 0.399: |x - (1, 1)| <= 5.9e-6.
  BOOST_TEST((r.x - Vector::Ones(2)).norm() <= 5.9e-6);
  BOOST_TEST(r.iterations < 60);
}

BOOST_AUTO_TEST_CASE(needs_few_evaluations_a_step) {
  const Result r = minimize(rosenbrock(), Vector{{-1.2, 1.0}});
  BOOST_TEST(r.evaluations < 2 * r.iterations);
}

BOOST_AUTO_TEST_CASE(is_exact_on_a_quadratic_in_few_steps) {
  const Result r = minimize(bowl(), Vector::Zero(3));
  BOOST_TEST(r.converged());
  BOOST_TEST(r.iterations <= 15);
}

BOOST_AUTO_TEST_CASE(does_not_depend_on_the_units_of_the_cost) {
  for (const double unit : {0x1p-60, 0x1p60}) {
    const auto scaled = objective(2, [unit](const Vector& x, Vector& g) {
      const double value = rosenbrock().value_and_gradient(x, g);
      g *= unit;
      return unit * value;
    });
    const Result plain = minimize(rosenbrock(), Vector{{-1.2, 1.0}});
    const Result r = minimize(scaled, Vector{{-1.2, 1.0}});
    // A power of two changes no rounding; the length of the first gradient may, in the last place.
    BOOST_TEST(r.iterations == plain.iterations);
    for (Index j = 0; j < 2; ++j) BOOST_TEST(std::abs(r.x[j] - plain.x[j]) <= 1e-10);
  }
}

BOOST_AUTO_TEST_CASE(skips_pairs_without_curvature) {
  // Concave at the start, so that s'y < 0 for the first pairs: a minimum at 0 of a bell turned over.
  const auto bell = objective(2, [](const Vector& x, Vector& g) {
    const double e = std::exp(-x.squaredNorm() / 2.0);
    g = e * x;
    return -e;
  });
  const Result r = minimize(bell, Vector{{2.5, 1.5}});
  BOOST_TEST(r.converged());
  BOOST_TEST(r.x.norm() <= 1e-8);
}

BOOST_AUTO_TEST_CASE(works_with_a_memory_of_one_pair) {
  const Result r = minimize(rosenbrock(), Vector{{-1.2, 1.0}}, lbfgs({.memory = 1}));
  BOOST_TEST(r.converged());
  BOOST_TEST((r.x - Vector::Ones(2)).norm() <= 5.9e-6);
}

BOOST_AUTO_TEST_CASE(gives_the_same_bits_every_time) {
  const Result a = minimize(rosenbrock(), Vector{{-1.2, 1.0}});
  const Result b = minimize(rosenbrock(), Vector{{-1.2, 1.0}});
  BOOST_TEST((a.x == b.x));
  BOOST_TEST(a.evaluations == b.evaluations);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
