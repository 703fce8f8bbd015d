#pragma once

#include "rappel/models/linear_predictor.hpp"
#include "rappel/models/model.hpp"

namespace rappel {

// Throws std::invalid_argument unless the target holds 0 and 1, both, and nothing else.
void check_two_classes(ConstSpan target);

// Probability that a target of 0 or 1 is 1: sigmoid(w'x + b).
// J = mean of log(1 + exp(z)) - y z, with z = w'x + b, + l2/2 * sum of w_j^2, features standardised.
struct LogisticRegression {
  double l2 = 0.0;  // >= 0

  static constexpr bool is_linear_predictor = true;
  static constexpr bool standardises_target = false;

  Index num_parameters(Index num_features) const { return num_features + 1; }
  Vector start(Index num_features, Random&) const { return Vector::Zero(num_parameters(num_features)); }
  Expr predict(ExprSpan p, Row x) const { return sigmoid(linear_predictor(p, x)); }
  Expr loss(ExprSpan p, Row x, Expr y) const {
    const Expr z = linear_predictor(p, x);
    return softplus(z) - y * z;
  }
  Expr penalty(ExprSpan p) const { return ridge_penalty(l2, p); }

  void check(ConstSpan target) const {
    check_l2(l2);
    check_two_classes(target);
  }
  Statistics statistics(FittedRows rows) const {
    rows.penalised = l2 > 0.0;
    return logistic_statistics(rows);
  }
  std::string title() const { return "logistic regression"; }
  std::string cost_formula() const { return "mean of log(1 + exp(z)) - y z" + ridge_formula(l2, "features"); }
};

}  // namespace rappel
