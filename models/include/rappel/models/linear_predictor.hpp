#pragma once

// w'x + b and the ridge penalty: what linear and logistic regression share. Parameters are w, then b.

#include <rappel/autodiff.hpp>
#include <rappel/core.hpp>

#include <string>

namespace rappel {

inline Expr linear_predictor(ExprSpan p, Row x) { return dot(p.first(x.size()), x) + p[x.size()]; }

// l2/2 * sum of w_j^2; b is free.
inline Expr ridge_penalty(double l2, ExprSpan p) {
  if (l2 == 0.0) return Expr(0.0);
  const ExprSpan w = p.first(p.size() - 1);
  return l2 / 2.0 * dot(w, w);
}

// " + 0.001/2 * sum of w_j^2, ..." for a summary; empty for l2 = 0. `standardised`: what w refers to.
std::string ridge_formula(double l2, const std::string& standardised);

// Throws std::invalid_argument unless l2 is finite and not negative.
void check_l2(double l2);

}  // namespace rappel
