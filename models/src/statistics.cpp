#include "rappel/models/statistics.hpp"

#include "compensated_sum.hpp"
#include "gram_inverse.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rappel {

namespace {

constexpr double half_of_5_percent = 0.025;

void check(const FittedRows& data) {
  const std::size_t rows = data.target.size();
  const std::size_t features = data.scaling.num_features();
  if (rows == 0 || data.features.size() != rows * features || data.parameters.size() != features + 1) {
    throw std::invalid_argument(
        "statistics: " + std::to_string(rows) + " rows of " + std::to_string(features) + " features need " +
        std::to_string(rows * features) + " cells and " + std::to_string(features + 1) + " parameters, not " +
        std::to_string(data.features.size()) + " and " + std::to_string(data.parameters.size()));
  }
}

// w'z + b, a value a row.
std::vector<double> linear_predictor(const FittedRows& data) {
  const std::size_t rows = data.target.size();
  std::vector<double> z(rows, data.parameters.back());
  for (std::size_t j = 0; j < data.scaling.num_features(); ++j) {
    const double* column = data.features.data() + j * rows;
    for (std::size_t r = 0; r < rows; ++r) z[r] += data.parameters[j] * column[r];
  }
  return z;
}

std::vector<CoefficientStatistics> estimates(const FittedRows& data) {
  const std::size_t features = data.scaling.num_features();
  std::vector<double> coefficient(features);
  const double intercept = to_user_units(data.scaling, data.parameters, coefficient);
  std::vector<CoefficientStatistics> result(features + 1);
  for (std::size_t j = 0; j < features; ++j) result[j].estimate = coefficient[j];
  result[features].estimate = intercept;
  return result;
}

// The standard errors that belong to the covariance `c` of the standardised parameters: coefficient j is
// (target_sd / sd[j]) w_j, the intercept target_mean + target_sd * (b - sum of mean[j] / sd[j] * w_j).
void set_standard_errors(const Scaling& scaling, const std::vector<double>& c, Statistics& result) {
  const std::size_t features = scaling.num_features();
  const std::size_t p = features + 1;
  std::vector<double> t(p, 1.0);
  for (std::size_t j = 0; j < features; ++j) {
    t[j] = -scaling.mean[j] / scaling.sd[j];
    result.coefficients[j].standard_error = scaling.target_sd / scaling.sd[j] * std::sqrt(c[j * p + j]);
  }
  CompensatedSum variance;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) variance.add_product(t[i] * t[j], c[i * p + j]);
  }
  result.coefficients[features].standard_error = scaling.target_sd * std::sqrt(variance.value());
}

// Ratio, p value and interval from the estimate, its standard error and their distribution.
template <class Distribution>
void set_inference(const Distribution& distribution, Statistics& result) {
  const double width = boost::math::quantile(boost::math::complement(distribution, half_of_5_percent));
  for (CoefficientStatistics& c : result.coefficients) {
    c.ratio = c.estimate / c.standard_error;
    c.lower = c.estimate - width * c.standard_error;
    c.upper = c.estimate + width * c.standard_error;
    if (std::isinf(c.ratio)) c.p_value = 0.0;  // the fit is exact
    if (std::isfinite(c.ratio)) {
      c.p_value = 2.0 * boost::math::cdf(boost::math::complement(distribution, std::abs(c.ratio)));
    }
  }
}

// Why standard errors would mislead whatever the model; empty if they would not.
std::string no_standard_errors(const FittedRows& data) {
  if (data.penalised) {
    return "the penalty pulls the coefficients towards 0, and standard errors say nothing of that bias";
  }
  if (data.target.size() <= data.parameters.size()) return "there are no more rows than parameters";
  return {};
}

const char* const rank_deficient = "the features are collinear: the coefficients are not determined";

double sum_of_squares_about_mean(std::span<const double> values) {
  const double sd = mean_and_sd(values).sd;
  return sd * sd * static_cast<double>(values.size());
}

// log(1 + exp(z)) - y z, the loss of a row.
double logistic_loss(double z, double y) {
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - y * z;
}

// sigmoid(z) * (1 - sigmoid(z)), without the cancellation.
double logistic_variance(double z) {
  const double e = std::exp(-std::abs(z));
  return e / ((1.0 + e) * (1.0 + e));
}

// Log-likelihood of the model that gives every row the share of ones.
double null_log_likelihood(double ones, double rows) {
  const auto term = [rows](double count) { return count > 0.0 ? count * std::log(count / rows) : 0.0; };
  return term(ones) + term(rows - ones);
}

}  // namespace

double Statistics::measure(std::string_view name) const {
  std::string known;
  for (const Measure& m : measures) {
    if (m.name == name) return m.value;
    known += (known.empty() ? "" : ", ") + m.name;
  }
  throw std::invalid_argument("measure: no '" + std::string(name) + "' among: " + known);
}

Statistics linear_statistics(const FittedRows& data) {
  check(data);
  const double rows = static_cast<double>(data.target.size());
  const double degrees_of_freedom = rows - static_cast<double>(data.parameters.size());

  CompensatedSum residual_squares;
  const std::vector<double> prediction = linear_predictor(data);
  for (std::size_t r = 0; r < prediction.size(); ++r) {
    const double residual = data.target[r] - prediction[r];
    residual_squares.add_product(residual, residual);
  }
  const double rss = residual_squares.value();
  const double unexplained = rss / sum_of_squares_about_mean(data.target);

  Statistics result;
  result.ratio_name = "t";
  result.coefficients = estimates(data);
  const double residual_variance =
      degrees_of_freedom > 0.0 ? rss / degrees_of_freedom : CoefficientStatistics::none;
  result.measures = {{"R^2", 1.0 - unexplained},
                     {"adjusted R^2", 1.0 - unexplained * (rows - 1.0) / degrees_of_freedom},
                     {"RMSE", data.scaling.target_sd * std::sqrt(rss / rows)},
                     {"residual standard error", data.scaling.target_sd * std::sqrt(residual_variance)},
                     {"degrees of freedom", degrees_of_freedom}};

  result.without_standard_errors = no_standard_errors(data);
  if (!result.without_standard_errors.empty()) return result;
  const std::size_t p = data.parameters.size();
  std::vector<double> covariance(p * p);
  if (!gram_inverse(data.features.data(), data.target.size(), p - 1, nullptr, covariance.data())) {
    result.without_standard_errors = rank_deficient;
    return result;
  }
  for (double& c : covariance) c *= residual_variance;
  set_standard_errors(data.scaling, covariance, result);
  set_inference(boost::math::students_t(degrees_of_freedom), result);
  return result;
}

Statistics logistic_statistics(const FittedRows& data) {
  check(data);
  const std::vector<double> z = linear_predictor(data);
  const std::size_t rows = z.size();
  CompensatedSum loss;
  double ones = 0.0;
  std::size_t correct = 0;
  bool separated = true;
  std::vector<double> weight(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    const bool is_one = data.target[r] == 1.0;
    loss.add(logistic_loss(z[r], data.target[r]));
    ones += data.target[r];
    correct += (z[r] > 0.0) == is_one;
    separated = separated && (is_one ? z[r] > 0.0 : z[r] < 0.0);
    weight[r] = logistic_variance(z[r]);
  }

  Statistics result;
  result.ratio_name = "z";
  result.coefficients = estimates(data);
  result.measures = {{"log-likelihood", -loss.value()},
                     {"null log-likelihood", null_log_likelihood(ones, static_cast<double>(rows))},
                     {"accuracy", static_cast<double>(correct) / static_cast<double>(rows)}};

  result.without_standard_errors = no_standard_errors(data);
  if (separated && !data.penalised) {
    result.warning =
        "the classes are perfectly separated: the likelihood rises for ever as the coefficients grow, so no "
        "finite estimate exists. Add a penalty (l2) or leave out a feature that gives the answer away.";
    result.without_standard_errors = "the classes are perfectly separated";
  }
  if (!result.without_standard_errors.empty()) return result;
  const std::size_t p = data.parameters.size();
  std::vector<double> covariance(p * p);
  if (!gram_inverse(data.features.data(), rows, p - 1, weight.data(), covariance.data())) {
    result.without_standard_errors = rank_deficient;
    return result;
  }
  set_standard_errors(data.scaling, covariance, result);
  set_inference(boost::math::normal(), result);
  return result;
}

}  // namespace rappel
