#include "noise.hpp"

#include <algorithm>
#include <cmath>

namespace rappel::detail {

namespace {

// Each from the one before it.
bool most_differ(const NoisePoints& values) {
  int count = 0;
  for (std::size_t i = 1; i < values.size(); ++i) count += values[i] != values[i - 1] ? 1 : 0;
  return count > num_noise_points / 2;
}

}  // namespace

double noise_of(NoisePoints values) {
  std::array<double, num_noise_points - 2> sizes{};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sizes[i] = std::abs((values[i + 2] - values[i + 1]) - (values[i + 1] - values[i]));
    if (!std::isfinite(sizes[i])) return 0.0;
  }
  std::ranges::nth_element(sizes, sizes.begin() + sizes.size() / 2);
  // A second difference has 1 + 4 + 1 times the variance; half of a normal variable is within 0.6745 sigma.
  return sizes[sizes.size() / 2] / (0.6745 * std::sqrt(6.0));
}

double noise_near(const Phi& phi, double t, double scale) {
  constexpr double last_step = 1e-2;
  NoisePoints points{};
  for (double step = first_noise_step; step < last_step; step *= 8.0) {
    for (std::size_t i = 0; i < num_noise_points; ++i) points[i] = phi(t + noise_place(i) * step * scale);
    if (most_differ(points)) break;
  }
  return noise_of(points);
}

}  // namespace rappel::detail
