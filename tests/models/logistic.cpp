// Logistic regression through the engine, against R's glm.

#include "r_comparison.hpp"
#include "real_data.hpp"

#include <rappel/models/fit.hpp>
#include <rappel/models/logistic_regression.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace rappel::test {
namespace {

void check_fit_equals_r(const Problem& p, const RLogistic& r) {
  const auto f = fit(LogisticRegression{}, p.X, p.y);
  BOOST_TEST(f.converged());
  check_equals_r(f.statistics().coefficients, r.coefficients);
  check_relative("log-likelihood", f.statistics().measure("log-likelihood"), r.log_likelihood, six_digits);
  check_relative("accuracy", f.statistics().measure("accuracy"), r.accuracy, six_digits);
  const Vector probability = f.predict(p.X);
  for (const RLogistic::Fitted& at : r.fitted) {
    check_relative("probability", probability[at.row], at.probability, six_digits);
  }
}

Problem separable() {
  Problem p{{"x"}, Matrix(6, 1), Vector{{0, 0, 0, 1, 1, 1}}};
  p.X << 1, 2, 3, 4, 5, 6;
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(logistic_regression)

BOOST_AUTO_TEST_CASE(a_fit_of_male_penguins_equals_glm) {
  check_fit_equals_r(penguins("sex", "male"), male_penguins());
}

BOOST_AUTO_TEST_CASE(a_fit_of_adelie_penguins_by_the_four_measures_equals_glm) {
  check_fit_equals_r(penguins("species", "Adelie"), adelie_penguins());
}

BOOST_AUTO_TEST_CASE(perfectly_separated_classes_do_not_converge_and_the_summary_says_so) {
  const Problem p = separable();
  const auto f = fit(LogisticRegression{}, p.X, p.y);
  BOOST_TEST(!f.converged());
  BOOST_TEST(f.summary().find("perfectly separated") != std::string::npos);
  BOOST_TEST(f.summary().find("NOT CONVERGED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_penalty_makes_separated_classes_converge) {
  const Problem p = separable();
  const auto f = fit(LogisticRegression{.l2 = 1e-3}, p.X, p.y);
  BOOST_TEST(f.converged());
  BOOST_TEST(f.summary().find("perfectly separated") == std::string::npos);
  // The gradient of J vanishes: l2 w = mean of (y - probability) z, z standardised.
  const Vector z = (p.X.col(0).array() - 3.5) / f.scaling().sd[0];
  const double pull = z.dot(p.y - f.predict(p.X)) / 6.0;
  // Ten times the tolerance on the gradient, which is 0.43 at the start.
  BOOST_TEST(std::abs(1e-3 * f.parameters()[0] - pull) <= 1e-9);
}

BOOST_AUTO_TEST_CASE(a_target_other_than_0_and_1_is_refused) {
  Problem p = separable();
  p.y[2] = 2.0;
  BOOST_CHECK_THROW(fit(LogisticRegression{}, p.X, p.y), std::invalid_argument);
  p.y.setOnes();
  BOOST_CHECK_THROW(fit(LogisticRegression{}, p.X, p.y), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
