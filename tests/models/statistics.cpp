// The statistics by themselves, at parameters taken from R: what the optimizer leaves over plays no part.

#include "r_comparison.hpp"
#include "real_data.hpp"

#include "rappel/models/scaling.hpp"
#include "rappel/models/statistics.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace rappel::test {
namespace {

// Standardised data with the standardised parameters that equal given coefficients in the user's units.
struct AtCoefficients {
  Scaling scaling;
  Matrix Z;
  Vector target;
  Vector parameters;

  AtCoefficients(const Problem& p, const std::vector<double>& coefficients, bool scale_target)
      : Z(p.X), target(p.y), parameters(p.X.cols() + 1) {
    if (scale_target) {
      const MeanAndSd t = mean_and_sd(span_of(p.y));
      scaling.target_mean = t.mean;
      scaling.target_sd = t.sd;
      standardise(span_of(p.y), t.mean, t.sd, span_of(target));
    }
    const Index n = p.X.cols();
    double intercept = coefficients.back() - scaling.target_mean;
    for (Index j = 0; j < n; ++j) {
      const ConstSpan column{p.X.col(j).data(), static_cast<std::size_t>(p.X.rows())};
      const MeanAndSd s = mean_and_sd(column);
      scaling.mean.push_back(s.mean);
      scaling.sd.push_back(s.sd);
      standardise(column, s.mean, s.sd, {Z.col(j).data(), column.size()});
      const double c = coefficients[static_cast<std::size_t>(j)];
      parameters[j] = c * s.sd / scaling.target_sd;
      intercept += c * s.mean;
    }
    parameters[n] = intercept / scaling.target_sd;
  }

  FittedRows rows(bool penalised = false) const {
    return {{Z.data(), static_cast<std::size_t>(Z.size())},
            span_of(target),
            span_of(parameters),
            scaling,
            penalised};
  }
};

std::vector<double> estimates_of(const std::vector<RCoefficient>& coefficients) {
  std::vector<double> result;
  for (const RCoefficient& c : coefficients) result.push_back(c.estimate);
  return result;
}

void check_logistic_equals_r(const Problem& p, const RLogistic& r) {
  const AtCoefficients at(p, estimates_of(r.coefficients), false);
  const Statistics s = logistic_statistics(at.rows());
  check_equals_r(s.coefficients, r.coefficients);
  check_relative("log-likelihood", s.measure("log-likelihood"), r.log_likelihood, six_digits);
  check_relative("null log-likelihood", s.measure("null log-likelihood"), -r.null_deviance / 2.0, six_digits);
  check_relative("accuracy", s.measure("accuracy"), r.accuracy, six_digits);
  BOOST_TEST(s.warning == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(linear_statistics_equal_summary_lm_on_the_houses) {
  const RLinear r;
  const AtCoefficients at(houses(), estimates_of(r.coefficients), true);
  const Statistics s = linear_statistics(at.rows());
  check_equals_r(s.coefficients, r.coefficients);
  check_relative("R^2", s.measure("R^2"), r.r_squared, six_digits);
  check_relative("adjusted R^2", s.measure("adjusted R^2"), r.adjusted_r_squared, six_digits);
  check_relative("RMSE", s.measure("RMSE"), r.rmse, six_digits);
  check_relative("sigma", s.measure("residual standard error"), r.sigma, six_digits);
  BOOST_TEST(s.measure("degrees of freedom") == 928.0);
}

BOOST_AUTO_TEST_CASE(logistic_statistics_equal_glm_on_male_penguins) {
  check_logistic_equals_r(penguins("sex", "male"), male_penguins());
}

BOOST_AUTO_TEST_CASE(logistic_statistics_equal_glm_on_nearly_separated_penguins) {
  check_logistic_equals_r(penguins("species", "Adelie"), adelie_penguins());
}

BOOST_AUTO_TEST_CASE(a_penalised_fit_has_no_standard_errors_and_says_why) {
  const RLinear r;
  const AtCoefficients at(houses(), estimates_of(r.coefficients), true);
  const Statistics s = linear_statistics(at.rows(true));
  BOOST_TEST(s.without_standard_errors.find("penalty") != std::string::npos);
  for (const CoefficientStatistics& c : s.coefficients) BOOST_TEST(std::isnan(c.standard_error));
  BOOST_TEST(s.measure("R^2") > 0.6);
}

BOOST_AUTO_TEST_CASE(as_many_parameters_as_rows_leave_no_standard_errors) {
  Problem p{{"x"}, Matrix(2, 1), Vector{{1.0, 3.0}}};
  p.X << 0.0, 1.0;
  const Statistics s = linear_statistics(AtCoefficients(p, {2.0, 1.0}, true).rows());
  BOOST_TEST(s.without_standard_errors == "there are no more rows than parameters");
}

BOOST_AUTO_TEST_CASE(collinear_features_leave_no_standard_errors) {
  Problem p{{"a", "b"}, Matrix(5, 2), Vector{{1.0, 3.0, 2.0, 5.0, 4.0}}};
  p.X << 1, 3, 2, 5, 3, 7, 4, 9, 5, 11;  // b = 2 a + 1
  const Statistics s = linear_statistics(AtCoefficients(p, {0.8, 0.0, 0.6}, true).rows());
  BOOST_TEST(s.without_standard_errors.find("collinear") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(separated_classes_are_named_and_one_row_on_the_wrong_side_is_enough_not_to) {
  Problem p{{"x"}, Matrix(6, 1), Vector{{0, 0, 0, 1, 1, 1}}};
  p.X << 1, 2, 3, 4, 5, 6;
  const Statistics separated = logistic_statistics(AtCoefficients(p, {2.0, -7.0}, false).rows());
  BOOST_TEST(separated.warning.find("perfectly separated") != std::string::npos);
  BOOST_TEST(separated.measure("accuracy") == 1.0);
  p.y[0] = 1.0;
  const Statistics mixed = logistic_statistics(AtCoefficients(p, {0.5, -1.5}, false).rows());
  BOOST_TEST(mixed.warning == "");
  BOOST_TEST(mixed.without_standard_errors == "");
}

BOOST_AUTO_TEST_CASE(an_unknown_measure_is_named_beside_the_known_ones) {
  Statistics s;
  s.measures = {{"R^2", 0.5}, {"RMSE", 2.0}};
  BOOST_CHECK_EXCEPTION(s.measure("r2"), std::invalid_argument, [](const std::invalid_argument& e) {
    return std::string(e.what()) == "measure: no 'r2' among: R^2, RMSE";
  });
}

BOOST_AUTO_TEST_CASE(mean_and_sd_keep_their_digits_under_a_large_offset) {
  // 1e15 + {0, 1, 2}: all exact in double; the mean is 1e15 + 1, the sd sqrt(2/3).
  const std::vector<double> v = {1e15, 1e15 + 1.0, 1e15 + 2.0};
  const MeanAndSd s = mean_and_sd(v);
  BOOST_TEST(s.mean == 1e15 + 1.0);
  // Rounding in the square root and the division: two half ulps.
  check_relative("sd", s.sd, std::sqrt(2.0 / 3.0), 2.0 * std::numeric_limits<double>::epsilon());
}

BOOST_AUTO_TEST_CASE(mean_and_sd_neither_overflow_nor_underflow) {
  const double eps = std::numeric_limits<double>::epsilon();
  for (const double unit : {1e300, 1e-300}) {
    const std::vector<double> v = {1.0 * unit, 2.0 * unit, 3.0 * unit};
    check_relative("sd", mean_and_sd(v).sd, std::sqrt(2.0 / 3.0) * unit, 8.0 * eps);
  }
  const std::vector<double> equal(7, 0.1);  // 7 * 0.1 is not exact, yet equal values have sd 0
  BOOST_TEST(mean_and_sd(equal).sd == 0.0);
}

BOOST_AUTO_TEST_CASE(standardised_parameters_come_back_to_the_users_units) {
  const Scaling scaling{{10.0, -3.0}, {2.0, 0.5}, 100.0, 4.0};
  const std::vector<double> parameters = {3.0, -1.0, 0.25};
  std::vector<double> w(2);
  const double b = to_user_units(scaling, parameters, w);
  // Powers of two throughout: exact.
  BOOST_TEST(w[0] == 6.0);
  BOOST_TEST(w[1] == -8.0);
  BOOST_TEST(b == 100.0 + 4.0 * 0.25 - 6.0 * 10.0 + 8.0 * -3.0);
  BOOST_CHECK_THROW(to_user_units(scaling, {parameters.data(), 2}, w), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
