// fit() with models of a user's own, its checks, and what does not depend on threads.

#include "r_comparison.hpp"
#include "real_data.hpp"

#include <rappel/models/fit.hpp>
#include <rappel/models/linear_regression.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>

namespace rappel::test {
namespace {

// Counts: y ~ Poisson(exp(w'x + b)). All that a model needs.
struct PoissonRegression {
  static constexpr bool is_linear_predictor = true;
  Index num_parameters(Index num_features) const { return num_features + 1; }
  Vector start(Index num_features, Random&) const { return Vector::Zero(num_features + 1); }
  Expr predict(ExprSpan p, Row x) const { return exp(linear_predictor(p, x)); }
  Expr loss(ExprSpan p, Row x, Expr y) const {
    const Expr z = linear_predictor(p, x);
    return exp(z) - y * z;
  }
  Expr penalty(ExprSpan) const { return 0.0; }
};

// A bend: not linear, started at random.
struct Bend {
  Index num_parameters(Index) const { return 3; }
  Vector start(Index, Random& random) const {
    std::uniform_real_distribution<double> small(0.1, 0.2);
    return Vector{{small(random), small(random), small(random)}};
  }
  Expr predict(ExprSpan p, Row x) const { return p[0] * tanh(p[1] * x[0]) + p[2]; }
  Expr loss(ExprSpan p, Row x, Expr y) const { return square(predict(p, x) - y); }
  Expr penalty(ExprSpan p) const { return 1e-6 * (square(p[0]) + square(p[1])); }
};

static_assert(Model<PoissonRegression> && LinearPredictor<PoissonRegression>);
static_assert(Model<Bend> && !LinearPredictor<Bend> && !StandardisesTarget<Bend>);
static_assert(!Model<int>);

}  // namespace

BOOST_AUTO_TEST_SUITE(fit_of_a_model)

BOOST_AUTO_TEST_CASE(of_a_users_own_with_a_linear_predictor_equals_glm) {
  // d <- read.csv("sacramento.csv")
  // glm(beds ~ sqft + baths, poisson, d, control = glm.control(epsilon = 1e-14))
  const Problem p = problem(shipped_rows("sacramento.csv"), {"sqft", "baths"}, "beds",
                            [](const std::string& cell) { return std::stod(cell); });
  const auto f = fit(PoissonRegression{}, p.X, p.y);
  BOOST_TEST(f.converged());
  check_relative("sqft", f.coefficients()[0], 0.000162539184881137, six_digits);
  check_relative("baths", f.coefficients()[1], 0.102061128429091, six_digits);
  check_relative("intercept", f.intercept(), 0.686472427529321, six_digits);
  check_relative("first prediction", f.predict(p.X)[0], 2.52039671197218, six_digits);
  BOOST_TEST(!f.has_statistics());
  BOOST_TEST(f.summary().find("3 parameters") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_a_users_own_that_is_not_linear_finds_the_curve_it_was_given) {
  Problem p{{"x"}, Matrix(101, 1), Vector(101)};
  for (Index r = 0; r < 101; ++r) {
    p.X(r, 0) = 0.1 * static_cast<double>(r) - 5.0;
    p.y[r] = 2.0 * std::tanh(0.7 * p.X(r, 0)) + 1.0;
  }
  const auto f = fit(Bend{}, p.X, p.y);
  BOOST_TEST(f.converged());
  // The penalty of 1e-6 pulls by about that much.
  BOOST_TEST((f.predict(p.X) - p.y).lpNorm<Eigen::Infinity>() <= 1e-4);
  BOOST_TEST((fit(Bend{}, p.X, p.y).parameters() == f.parameters()));
}

BOOST_AUTO_TEST_CASE(has_the_same_bits_for_any_number_of_threads) {
  const Problem p = houses();
  const auto one = fit(LinearRegression{}, p.X, p.y);
  for (const int threads : {2, 3, 8}) {
    FitOptions options;
    options.threads = threads;
    const auto f = fit(LinearRegression{}, p.X, p.y, options);
    BOOST_TEST((f.parameters() == one.parameters()));
    BOOST_TEST((f.predict(p.X) == one.predict(p.X)));
  }
}

BOOST_AUTO_TEST_CASE(takes_rows_of_any_layout) {
  const Problem p = houses();
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> row_major = p.X;
  BOOST_TEST((fit(LinearRegression{}, row_major, p.y).parameters() ==
              fit(LinearRegression{}, p.X, p.y).parameters()));
}

BOOST_AUTO_TEST_CASE(names_what_does_not_suit) {
  const Problem p = houses();
  const auto says = [](const char* part) {
    return [part](const std::invalid_argument& e) {
      const bool found = std::string(e.what()).find(part) != std::string::npos;
      if (!found) BOOST_TEST_MESSAGE(e.what());
      return found;
    };
  };
  const LinearRegression model;
  BOOST_CHECK_EXCEPTION(fit(model, p.X, Vector(5)), std::invalid_argument, says("932 rows, y 5"));
  BOOST_CHECK_EXCEPTION(fit(model, Matrix(0, 3), Vector(0)), std::invalid_argument, says("0 x 3"));
  FitOptions options;
  options.feature_names = {"sqft", "beds"};
  BOOST_CHECK_EXCEPTION(fit(model, p.X, p.y, options), std::invalid_argument, says("2 feature names"));
  options.feature_names = p.names;
  Problem q = p;
  q.X.col(1).setConstant(3.0);
  BOOST_CHECK_EXCEPTION(fit(model, q.X, q.y, options), std::invalid_argument, says("'beds' is constant"));
  q.X(7, 1) = std::numeric_limits<double>::infinity();
  BOOST_CHECK_EXCEPTION(fit(model, q.X, q.y, options), std::invalid_argument, says("'beds'"));
  q = p;
  q.y[3] = std::numeric_limits<double>::quiet_NaN();
  BOOST_CHECK_EXCEPTION(fit(model, q.X, q.y, options), std::invalid_argument, says("target"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
