#pragma once

// Standardising: what `fit` does to the data before it descends, and how it comes back to the user's units.

#include <cstddef>
#include <span>
#include <vector>

namespace rappel {

// standardised feature j = (x_j - mean[j]) / sd[j];  standardised target = (y - target_mean) / target_sd.
// An sd divides by the number of rows (not by one less): the columns then have mean square 1.
struct Scaling {
  std::vector<double> mean;
  std::vector<double> sd;
  double target_mean = 0.0;
  double target_sd = 1.0;

  std::size_t num_features() const { return mean.size(); }
};

struct MeanAndSd {
  double mean = 0.0;
  double sd = 0.0;  // exactly 0 if and only if all values are equal
};

// Both with compensated sums over deviations from a first mean, so that a large common offset costs no
// digits. Throws std::invalid_argument if `values` is empty or holds an infinity or a NaN.
MeanAndSd mean_and_sd(std::span<const double> values);

// (x - mean) / sd, into `out` of the same size. `out` may be `values`.
void standardise(std::span<const double> values, double mean, double sd, std::span<double> out);

// A linear predictor w'z + b (`parameters`: w, then b) of standardised features, rewritten for the user's:
// target_mean + target_sd * (w'z + b) = coefficients'x + intercept. `coefficients` is overwritten.
// Returns the intercept, whose cancelling terms are summed in twice the precision.
double to_user_units(const Scaling&, std::span<const double> parameters, std::span<double> coefficients);

}  // namespace rappel
