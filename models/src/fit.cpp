#include "rappel/models/scaling.hpp"

#include <rappel/core.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace rappel::detail {

void check_fit_data(Index rows, Index columns, Index target_rows, std::vector<std::string>& feature_names) {
  if (rows != target_rows) {
    throw std::invalid_argument("fit: X has " + std::to_string(rows) + " rows, y " +
                                std::to_string(target_rows));
  }
  if (rows == 0 || columns == 0) {
    throw std::invalid_argument("fit: X is " + std::to_string(rows) + " x " + std::to_string(columns));
  }
  if (feature_names.empty()) {
    for (Index j = 0; j < columns; ++j) feature_names.push_back("x" + std::to_string(j));
  }
  if (static_cast<Index>(feature_names.size()) != columns) {
    throw std::invalid_argument("fit: X has " + std::to_string(columns) + " columns, but there are " +
                                std::to_string(feature_names.size()) + " feature names");
  }
}

namespace {

MeanAndSd finite_scale(ConstSpan values, const std::string& what) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  if (bad != values.end()) {
    throw std::invalid_argument("fit: " + what + " is not finite in row " +
                                std::to_string(bad - values.begin()));
  }
  return mean_and_sd(values);
}

}  // namespace

MeanAndSd feature_scale(ConstSpan values, const std::string& name) {
  const MeanAndSd scale = finite_scale(values, "feature '" + name + "'");
  if (scale.sd == 0.0) {
    throw std::invalid_argument("fit: feature '" + name + "' is constant; leave it out");
  }
  // So that neither standardised values nor coefficients leave the range of double.
  if (!(scale.sd >= 1e-150 && scale.sd <= 1e150) || !(std::abs(scale.mean) <= 1e300)) {
    throw std::invalid_argument("fit: feature '" + name +
                                "' is too large or too small for double precision; take another unit for it");
  }
  return scale;
}

MeanAndSd target_scale(ConstSpan values, const std::string& name) {
  const MeanAndSd scale = finite_scale(values, "target '" + name + "'");
  if (!(scale.sd == 0.0 || (scale.sd >= 1e-150 && scale.sd <= 1e150)) || !(std::abs(scale.mean) <= 1e300)) {
    throw std::invalid_argument("fit: target '" + name +
                                "' is too large or too small for double precision; take another unit for it");
  }
  return {.mean = scale.mean, .sd = scale.sd > 0.0 ? scale.sd : 1.0};
}

}  // namespace rappel::detail
