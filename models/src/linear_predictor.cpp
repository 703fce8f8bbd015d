#include "rappel/models/logistic_regression.hpp"

#include "format_number.hpp"

#include <cmath>
#include <stdexcept>

namespace rappel {

std::string ridge_formula(double l2, const std::string& standardised) {
  if (l2 == 0.0) return {};
  return " + " + format_number(l2) + "/2 * sum of w_j^2 (w: coefficients of standardised " + standardised +
         "; the intercept is free)";
}

void check_l2(double l2) {
  if (!(l2 >= 0.0 && std::isfinite(l2))) {
    throw std::invalid_argument("l2 is " + format_number(l2) + ", but must be finite and not negative");
  }
}

void check_two_classes(ConstSpan target) {
  std::size_t ones = 0;
  for (std::size_t r = 0; r < target.size(); ++r) {
    if (target[r] != 0.0 && target[r] != 1.0) {
      throw std::invalid_argument("logistic regression: target " + format_number(target[r]) + " in row " +
                                  std::to_string(r) + " is neither 0 nor 1");
    }
    ones += target[r] == 1.0;
  }
  if (ones == 0 || ones == target.size()) {
    throw std::invalid_argument("logistic regression: the target is " + std::string(ones == 0 ? "0" : "1") +
                                " in all " + std::to_string(target.size()) + " rows");
  }
}

}  // namespace rappel
