// Linear regression through the engine, against R, Eigen's QR and the closed form of ridge.

#include "r_comparison.hpp"
#include "real_data.hpp"
#include "standardised.hpp"

#include <rappel/models/fit.hpp>
#include <rappel/models/linear_regression.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>

namespace rappel::test {
namespace {

FitOptions by_gradient_descent() {
  FitOptions options;
  options.method = gradient_descent({.learning_rate = 0.1});
  return options;
}

// "To 1e-8": relative, every coefficient and the intercept.
void check_reaches_least_squares(const FitOptions& options) {
  const Problem p = houses();
  const auto f = fit(LinearRegression{}, p.X, p.y, options);
  BOOST_TEST(f.converged());
  const Vector expected = least_squares_by_qr(p);
  for (Index j = 0; j < 3; ++j) check_relative("coefficient", f.coefficients()[j], expected[j], 1e-8);
  check_relative("intercept", f.intercept(), expected[3], 1e-8);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linear_regression)

BOOST_AUTO_TEST_CASE(gradient_descent_at_0_1_reaches_the_least_squares_solution) {
  check_reaches_least_squares(by_gradient_descent());
}

BOOST_AUTO_TEST_CASE(lbfgs_by_default_reaches_the_least_squares_solution) { check_reaches_least_squares({}); }

BOOST_AUTO_TEST_CASE(a_fit_of_the_houses_equals_summary_lm) {
  const Problem p = houses();
  const auto f = fit(LinearRegression{}, p.X, p.y);
  const RLinear r;
  check_equals_r(f.statistics().coefficients, r.coefficients);
  check_relative("R^2", f.statistics().measure("R^2"), r.r_squared, six_digits);
  check_relative("RMSE", f.statistics().measure("RMSE"), r.rmse, six_digits);
}

BOOST_AUTO_TEST_CASE(ridge_equals_its_closed_form) {
  const Problem p = houses();
  const Standardised s(p);
  for (const double l2 : {1e-3, 0.1, 10.0}) {
    Matrix a = s.hessian();
    a.topLeftCorner(3, 3) += l2 * Matrix::Identity(3, 3);  // b, the last, is free
    const Vector b = s.design.transpose() * s.target / static_cast<double>(s.design.rows());
    const Vector expected = a.ldlt().solve(b);
    const auto f = fit(LinearRegression{.l2 = l2}, p.X, p.y);
    BOOST_TEST(f.converged());
    // The tolerance on the gradient, 1e-10 of one below 1, over the smallest eigenvalue, above 0.1.
    BOOST_TEST((f.parameters() - expected).lpNorm<Eigen::Infinity>() <= 1e-9);
    for (Index j = 0; j < 3; ++j) {
      check_relative("coefficient", f.coefficients()[j], expected[j] * s.target_sd / s.sd[j], 1e-7);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_fit_does_not_depend_on_units) {
  // Powers of two scale without rounding: every bit of the standardised problem is the same.
  const Problem p = houses();
  const auto f = fit(LinearRegression{.l2 = 0.01}, p.X, p.y);
  const auto g = fit(LinearRegression{.l2 = 0.01}, Matrix(p.X * 1024.0), Vector(p.y / 65536.0));
  BOOST_TEST((f.parameters() == g.parameters()));
  BOOST_TEST((f.coefficients() / (1024.0 * 65536.0) == g.coefficients()));
  BOOST_TEST(f.intercept() / 65536.0 == g.intercept());
}

BOOST_AUTO_TEST_CASE(large_offsets_of_the_features_cost_no_digits) {
  // Offsets that are exact in double shift the intercept alone.
  const Problem p = houses();
  const auto f = fit(LinearRegression{}, p.X, p.y);
  const Matrix shifted = p.X.array() + 1048576.0;
  const auto g = fit(LinearRegression{}, shifted, p.y);
  // A mean near 1e6 is rounded to 1e-10: 1e-10 relative to an sd of 700 to 0.7, and less in the coefficients.
  for (Index j = 0; j < 3; ++j) {
    check_relative("coefficient", g.coefficients()[j], f.coefficients()[j], 1e-8);
  }
}

BOOST_AUTO_TEST_CASE(predictions_are_in_the_users_units) {
  const Problem p = houses();
  const auto f = fit(LinearRegression{}, p.X, p.y);
  const Vector prediction = f.predict(p.X);
  const Vector expected = (p.X * f.coefficients()).array() + f.intercept();
  // Some roundings of terms as large as 1e6, relative to predictions of 1e5.
  BOOST_TEST((prediction - expected).lpNorm<Eigen::Infinity>() <= 1e-13 * 1e6);
  BOOST_CHECK_THROW(f.predict(Matrix(2, 5)), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_summary_shows_what_was_asked_for) {
  const Problem p = houses();
  FitOptions options;
  options.feature_names = p.names;
  options.target_name = "price";
  options.notes = {"2 of 934 rows left out: missing cells"};
  const std::string summary = fit(LinearRegression{}, p.X, p.y, options).summary();
  for (const char* part :
       {"linear regression: price by sqft, beds, baths; 932 rows", "2 of 934 rows left out", "std. error",
        "158.1675", "6.402934", "[145.6016, 170.7334]", "R^2 0.6043391", "RMSE 82436.61", "converged: "}) {
    BOOST_TEST(summary.find(part) != std::string::npos, part << " is not in\n" << summary);
  }
}

BOOST_AUTO_TEST_CASE(the_summary_of_a_penalised_fit_prints_the_penalty_and_no_standard_errors) {
  const Problem p = houses();
  const std::string summary = fit(LinearRegression{.l2 = 0.01}, p.X, p.y).summary();
  BOOST_TEST(summary.find("0.01/2 * sum of w_j^2") != std::string::npos);
  BOOST_TEST(summary.find("No standard errors: the penalty") != std::string::npos);
  BOOST_TEST(summary.find("95 %") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_negative_penalty_is_refused) {
  const Problem p = houses();
  BOOST_CHECK_THROW(fit(LinearRegression{.l2 = -1.0}, p.X, p.y), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
