#include "rappel/models/scaling.hpp"

#include <rappel/core.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace rappel::detail {

void check_fit_data(Index rows, Index columns, Index target_rows, std::vector<std::string>& feature_names) {
  if (rows != target_rows) {
    throw std::invalid_argument("fit: X has " + std::to_string(rows) + " rows, y " + std::to_string(target_rows));
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

MeanAndSd feature_scale(ConstSpan values, const std::string& name) {
  MeanAndSd scale;
  try {
    scale = mean_and_sd(values);
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("fit: feature '" + name + "' has a value that is not finite");
  }
  if (scale.sd == 0.0) {
    throw std::invalid_argument("fit: feature '" + name + "' is constant; leave it out");
  }
  return scale;
}

}  // namespace rappel::detail
