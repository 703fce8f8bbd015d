#include "rappel/models/scaling.hpp"

#include "compensated_sum.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace rappel {

MeanAndSd mean_and_sd(std::span<const double> values) {
  if (values.empty()) throw std::invalid_argument("mean_and_sd: no values");
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(values.begin(), values.end(), finite)) {
    throw std::invalid_argument("mean_and_sd: a value is not finite");
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*low == *high) return {.mean = *low, .sd = 0.0};

  const double n = static_cast<double>(values.size());
  CompensatedSum sum;
  for (const double v : values) sum.add(v / n);  // divided first: the sum itself might overflow
  const double mean = sum.value();

  // Deviations are scaled by the largest, so that their squares neither overflow nor vanish.
  const double largest = std::max(*high - mean, mean - *low);
  CompensatedSum squares;
  CompensatedSum deviations;
  for (const double v : values) {
    const double d = (v - mean) / largest;
    squares.add_product(d, d);
    deviations.add(d);
  }
  const double offset = deviations.value() / n;  // what rounding the mean left over
  return {.mean = mean, .sd = largest * std::sqrt(squares.value() / n - offset * offset)};
}

void standardise(std::span<const double> values, double mean, double sd, std::span<double> out) {
  if (out.size() != values.size()) {
    throw std::invalid_argument("standardise: " + std::to_string(values.size()) + " values, room for " +
                                std::to_string(out.size()));
  }
  std::transform(values.begin(), values.end(), out.begin(), [=](double v) { return (v - mean) / sd; });
}

double to_user_units(const Scaling& scaling, std::span<const double> parameters,
                     std::span<double> coefficients) {
  const std::size_t n = scaling.num_features();
  if (parameters.size() != n + 1 || coefficients.size() != n) {
    throw std::invalid_argument("to_user_units: " + std::to_string(n) + " features need " +
                                std::to_string(n + 1) + " parameters and room for " + std::to_string(n) +
                                " coefficients, not " + std::to_string(parameters.size()) + " and " +
                                std::to_string(coefficients.size()));
  }
  CompensatedSum intercept;
  intercept.add(scaling.target_mean);
  intercept.add_product(scaling.target_sd, parameters[n]);
  for (std::size_t j = 0; j < n; ++j) {
    coefficients[j] = scaling.target_sd * parameters[j] / scaling.sd[j];
    intercept.add_product(-coefficients[j], scaling.mean[j]);
  }
  return intercept.value();
}

}  // namespace rappel
