// check_gradient: right gradients pass, also badly scaled ones; wrong ones are found, however slightly wrong.

#include "lambda_objective.hpp"
#include "more_garbow_hillstrom.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace rappel::test {
namespace {

Vector start_of(const LeastSquares& problem) {
  return Eigen::Map<const Vector>(problem.start.data(), problem.dimension());
}

// The same values, with a gradient that `spoil` changed.
template <class F, class Spoil>
auto spoiled(const F& f, Spoil spoil) {
  return objective(f.dimension(), [&f, spoil](const Vector& x, Vector& g) {
    const double value = f.value_and_gradient(x, g);
    spoil(g);
    return value;
  });
}

std::string printed(const GradientCheck& check) {
  std::ostringstream out;
  out << check;
  return out.str();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

Index largest_entry(const Vector& g) {
  Index j = 0;
  g.cwiseAbs().maxCoeff(&j);
  return j;
}

// Sum of c_j sin(x_j / s_j): entries of any size, lengths of any scale.
auto waves(const Vector& c, const Vector& s) {
  return objective(c.size(), [=](const Vector& x, Vector& g) {
    double sum = 0.0;
    for (Index j = 0; j < c.size(); ++j) {
      sum += c[j] * std::sin(x[j] / s[j]);
      g[j] = c[j] * std::cos(x[j] / s[j]) / s[j];
    }
    return sum;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_gradient_must)

BOOST_AUTO_TEST_CASE(pass_right_gradients_at_starts_on_the_way_and_at_minima) {
  for (const LeastSquares& problem : more_garbow_hillstrom) {
    const Vector start = start_of(problem);
    for (const Index iterations : {0, 3, 1000}) {
      const Vector x =
          iterations == 0 ? start : minimize(problem, start, lbfgs(), {.max_iterations = iterations}).x;
      const GradientCheck check = check_gradient(problem, x);
      BOOST_TEST_CONTEXT(problem.name << " after " << iterations << " iterations\n" << check) {
        BOOST_TEST(check.ok());
        BOOST_TEST(check.num_coordinates == problem.dimension());
        BOOST_TEST(check.num_directions == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(find_a_wrong_sign_a_factor_of_2_and_an_entry_off_by_a_millionth) {
  for (const LeastSquares& problem : more_garbow_hillstrom) {
    const Vector x = start_of(problem);
    Vector g(x.size());
    problem.value_and_gradient(x, g);
    const Index j = largest_entry(g);
    const auto check_found = [&](const char* what, const GradientCheck& check) {
      BOOST_TEST_CONTEXT(problem.name << ", " << what << "\n" << check) {
        BOOST_TEST(!check.ok());
        BOOST_REQUIRE(check.worst() != nullptr);
        BOOST_TEST((check.worst()->verdict == SlopeVerdict::differs));
      }
    };
    check_found("sign", check_gradient(spoiled(problem, [](Vector& h) { h = -h; }), x));
    check_found("factor 2", check_gradient(spoiled(problem, [](Vector& h) { h *= 2.0; }), x));
    const GradientCheck slight = check_gradient(spoiled(problem, [j](Vector& h) { h[j] *= 1.0 + 1e-6; }), x);
    check_found("a millionth", slight);
    BOOST_TEST(slight.worst()->coordinate == j);
    // Both numbers: the wrong one, and the right one to better than a millionth.
    BOOST_TEST(slight.worst()->analytic == g[j] * (1.0 + 1e-6));
    BOOST_TEST(std::abs(slight.worst()->numeric - g[j]) < 0.1 * std::abs(1e-6 * g[j]));
    for (const SlopeCheck& slope : slight.slopes)
      BOOST_TEST(((slope.verdict == SlopeVerdict::differs) == (slope.coordinate == j)));
  }
}

BOOST_AUTO_TEST_CASE(state_a_tolerance_that_holds_the_true_error_and_is_no_flat_share) {
  const Vector c{{1.0, 1e6, 1e-3, 1.0}}, s{{1.0, 1e-3, 1e4, 1.0}}, x{{0.3, 2e-4, -3e3, 0.0}};
  const auto f = waves(c, s);
  Vector g(4);
  f.value_and_gradient(x, g);
  const GradientCheck check = check_gradient(f, x);
  BOOST_TEST(check.ok(), printed(check));
  for (const SlopeCheck& slope : check.slopes) {
    const double exact = g[slope.coordinate];
    BOOST_TEST(std::abs(slope.numeric - exact) <= slope.tolerance);
  }
  // J is rounded at about 1e6 * 2^-53: an entry of 1e9 is seen to more digits than one of 1e-7.
  BOOST_TEST(check.slopes[1].tolerance < 1e-8 * std::abs(g[1]));
  BOOST_TEST(check.slopes[2].tolerance > 1e-8 * std::abs(g[2]));
  // Without the large entry beside it the small one is seen well.
  const auto small = waves(Vector{{1e-3}}, Vector{{1e4}});
  const GradientCheck alone = check_gradient(small, Vector{{-3e3}});
  BOOST_TEST(alone.slopes[0].tolerance < 1e-9 * std::abs(alone.slopes[0].analytic), printed(alone));
}

BOOST_AUTO_TEST_CASE(work_at_0_where_the_scale_is_unknown) {
  for (const double scale : {1e-6, 1e-3, 1.0, 1e3}) {
    const auto f = waves(Vector{{2.0, 3.0}}, Vector::Constant(2, scale));
    BOOST_TEST_CONTEXT("scale " << scale) {
      BOOST_TEST(check_gradient(f, Vector::Zero(2)).ok());
      const GradientCheck wrong =
          check_gradient(spoiled(f, [](Vector& g) { g[1] *= 1.0 + 1e-6; }), Vector::Zero(2));
      BOOST_TEST(!wrong.ok(), printed(wrong));
      BOOST_TEST(wrong.worst()->coordinate == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(measure_the_rounding_of_a_cost_whose_terms_are_larger_than_itself) {
  const auto f = objective(1, [](const Vector& x, Vector& g) {
    g[0] = 2.0 * x[0];
    return (1e6 + x[0] * x[0]) - 1e6;
  });
  const GradientCheck check = check_gradient(f, Vector{{0.7}});
  // Spacing 2^-33 at 1e6: a rounding of 2^-33 / sqrt(12) = 3.4e-11 in the mean, while 2^-53 |J| is 5e-17. The
  // median of 7 is known to a factor of 3.
  BOOST_TEST(check.value_noise > 1e-11);
  BOOST_TEST(check.value_noise < 1e-10);
  BOOST_TEST(check.ok(), printed(check));
}

BOOST_AUTO_TEST_CASE(take_random_directions_of_many_parameters_and_find_the_entry_at_fault) {
  const Index n = 500;
  Vector x(n);
  for (Index j = 0; j < n; ++j) x[j] = std::sin(static_cast<double>(j + 1));
  const auto f = objective(n, [n](const Vector& p, Vector& g) {
    double sum = 0.0;
    for (Index j = 0; j < n; ++j) {
      sum += std::exp(p[j]) / static_cast<double>(n);
      g[j] = std::exp(p[j]) / static_cast<double>(n);
    }
    return sum;
  });
  const GradientCheck right = check_gradient(f, x);
  BOOST_TEST(right.ok(), printed(right));
  BOOST_TEST(right.num_directions == 10);
  BOOST_TEST(right.num_coordinates == 10);
  BOOST_TEST(right.evaluations < 2000);
  for (const Index j : {0, 77, 499}) {
    const GradientCheck wrong = check_gradient(spoiled(f, [j](Vector& g) { g[j] *= 1.01; }), x);
    BOOST_TEST(!wrong.ok());
    BOOST_TEST(wrong.worst()->coordinate == j, printed(wrong));
  }
  const GradientCheck all = check_gradient(f, x, {.max_coordinates = n});
  BOOST_TEST(all.num_coordinates == n);
  BOOST_TEST(all.ok());
  // The same seed, the same directions.
  BOOST_TEST(printed(check_gradient(f, x)) == printed(right));
  BOOST_TEST(printed(check_gradient(f, x, {.seed = 2})) != printed(right));
}

BOOST_AUTO_TEST_CASE(tell_a_kink_from_a_wrong_gradient) {
  const auto f = [](double at_0) {
    return objective(2, [at_0](const Vector& x, Vector& g) {
      g[0] = x[0] > 0.0 ? 1.0 : x[0] < 0.0 ? 0.0 : at_0;
      g[1] = 2.0 * x[1];
      return std::max(x[0], 0.0) + x[1] * x[1];
    });
  };
  const Vector x{{0.0, 0.5}};
  const GradientCheck check = check_gradient(f(0.0), x);
  BOOST_TEST(check.ok(), printed(check));
  BOOST_TEST((check.slopes[0].verdict == SlopeVerdict::at_kink));
  BOOST_TEST(contains(printed(check), "gradient[0]: at a kink"));
  BOOST_TEST(check_gradient(f(1.0), x).ok());
  BOOST_TEST(!check_gradient(f(-0.5), x).ok());  // not between 0 and 1
}

BOOST_AUTO_TEST_CASE(report_costs_that_are_not_finite_as_data) {
  const auto root = objective(2, [](const Vector& x, Vector& g) {
    g = Vector{{0.5 / std::sqrt(x[0]), 2.0 * x[1]}};
    return std::sqrt(x[0]) + x[1] * x[1];
  });
  const GradientCheck at_edge = check_gradient(root, Vector{{0.0, 1.0}});
  BOOST_TEST((at_edge.slopes[0].verdict == SlopeVerdict::not_finite));
  BOOST_TEST((at_edge.slopes[1].verdict == SlopeVerdict::agrees));
  BOOST_TEST(at_edge.ok());
  BOOST_TEST(contains(printed(at_edge), "gradient[0]: not checked, the cost is not finite beside x"));
  const GradientCheck outside = check_gradient(root, Vector{{-1.0, 1.0}});
  BOOST_TEST(!outside.finite);
  BOOST_TEST(!outside.ok());
  BOOST_TEST(outside.slopes.empty());
  BOOST_TEST(outside.worst() == nullptr);
  BOOST_TEST(contains(printed(outside), "off: the cost is nan at x"));
  // Near the edge steps shrink until they fit.
  BOOST_TEST(check_gradient(root, Vector{{1e-12, 1.0}}).ok());
  const auto nan_gradient = objective(1, [](const Vector& x, Vector& g) {
    g[0] = std::numeric_limits<double>::quiet_NaN();
    return x[0] * x[0];
  });
  BOOST_TEST(!check_gradient(nan_gradient, Vector{{1.0}}).ok());
}

BOOST_AUTO_TEST_CASE(print_the_worst_entry_with_both_numbers_and_the_verdict) {
  const auto wrong = spoiled(rosenbrock(), [](Vector& g) { g[1] += 1.0; });
  const std::string text = printed(check_gradient(wrong, Vector{{-1.2, 1.0}}));
  BOOST_TEST(contains(text, "2 coordinates"), text);
  BOOST_TEST(contains(text, "worst: gradient[1] is -86.99999"), text);
  BOOST_TEST(contains(text, "off: 1 of 2"), text);
  BOOST_TEST(contains(printed(check_gradient(rosenbrock(), Vector{{-1.2, 1.0}})), "ok: "));
}

BOOST_AUTO_TEST_CASE(name_both_sides_of_a_mistake) {
  const auto f = rosenbrock();
  BOOST_CHECK_EXCEPTION(check_gradient(f, Vector::Zero(3)), std::invalid_argument, [](const auto& e) {
    return contains(e.what(), "x has 3 entries, the objective takes 2");
  });
  BOOST_CHECK_THROW(check_gradient(f, Vector::Zero(2), {.directions = -1}), std::invalid_argument);
  const auto nothing = objective(0, [](const Vector&, Vector&) { return 1.0; });
  BOOST_TEST(check_gradient(nothing, Vector(0)).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
