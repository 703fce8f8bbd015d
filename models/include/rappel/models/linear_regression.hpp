#pragma once

#include "rappel/models/linear_predictor.hpp"
#include "rappel/models/model.hpp"

namespace rappel {

// Least squares: J = mean of (w'x + b - y)^2 / 2 + l2/2 * sum of w_j^2, features and target standardised.
// Standardising the target changes no minimum: J in the user's units is J times the target's variance.
struct LinearRegression {
  double l2 = 0.0;  // >= 0

  static constexpr bool is_linear_predictor = true;
  static constexpr bool standardises_target = true;

  Index num_parameters(Index num_features) const { return num_features + 1; }
  Vector start(Index num_features, Random&) const { return Vector::Zero(num_parameters(num_features)); }
  Expr predict(ExprSpan p, Row x) const { return linear_predictor(p, x); }
  Expr loss(ExprSpan p, Row x, Expr y) const { return square(predict(p, x) - y) / 2.0; }
  Expr penalty(ExprSpan p) const { return ridge_penalty(l2, p); }

  void check(ConstSpan) const { check_l2(l2); }
  Statistics statistics(FittedRows rows) const {
    rows.penalised = l2 > 0.0;
    return linear_statistics(rows);
  }
  std::string title() const { return "linear regression"; }
  std::string cost_formula() const {
    return "mean of (prediction - y)^2 / 2" + ridge_formula(l2, "features and target");
  }
};

}  // namespace rappel
