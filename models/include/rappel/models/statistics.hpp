#pragma once

// What a fit says beyond its coefficients: standard errors, intervals, measures of agreement.

#include "rappel/models/scaling.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rappel {

// The rows a linear predictor was fitted to, as the optimizer saw them. Borrows everything.
struct FittedRows {
  std::span<const double> features;    // standardised, num_rows x scaling.num_features(), column-major
  std::span<const double> target;      // num_rows, scaled as `scaling` says
  std::span<const double> parameters;  // w, then b, for these features and this target
  const Scaling& scaling;
  bool penalised = false;
};

// In the user's units. NaN where there is none: see Statistics::without_standard_errors.
struct CoefficientStatistics {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double estimate = none;
  double standard_error = none;
  double ratio = none;    // estimate / standard error: t or z
  double p_value = none;  // two-sided, of an estimate at least so far from 0
  double lower = none;    // 95 % interval
  double upper = none;
};

struct Measure {
  std::string name;  // "R^2"
  double value;
};

struct Statistics {
  std::vector<CoefficientStatistics> coefficients;  // as the features; the intercept is the last
  std::string ratio_name;                           // "t" or "z"
  std::vector<Measure> measures;
  std::string without_standard_errors;  // why there are none; empty if there are
  std::string warning;                  // why the estimates mean little (separated classes); empty if they do

  // The value of the measure of that name. Throws std::invalid_argument that lists the names there are.
  double measure(std::string_view name) const;
};

// Least squares: standard errors from R of the QR factorisation of the design, intervals by Student's t with
// rows - parameters degrees of freedom. Measures: "R^2", "adjusted R^2", "RMSE" (root of the mean squared
// residual), "residual standard error" (that, over the degrees of freedom), "degrees of freedom".
Statistics linear_statistics(const FittedRows&);

// Logistic regression, target 0 or 1: standard errors from the Fisher information at the parameters,
// intervals by the normal distribution (Wald). Measures: "log-likelihood", "null log-likelihood" (the
// intercept alone), "accuracy" (the share of rows with (probability > 1/2) == (target == 1)). If every row
// lies strictly on its class's side of the plane, no finite estimate exists: `warning` says so.
Statistics logistic_statistics(const FittedRows&);

}  // namespace rappel
