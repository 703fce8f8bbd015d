#include "ridders.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rappel::detail {

namespace {

constexpr int table_size = 10;
constexpr double shrink = 1.4;
constexpr double give_up = 2.0;  // when the error grows by so much

// A difference, and how much of it may be rounding.
struct Entry {
  double slope = 0.0;
  double noise = 0.0;
};

Entry central_difference(const Phi& phi, double center, double step, double value_noise) {
  const double right = phi(step), left = phi(-step);
  const double least = right == center && left == center ? 1.0 : 0.0;
  const double rounding = std::max(value_noise, 0x1p-53 * std::max({std::abs(right), std::abs(left), least}));
  return {(right - left) / (2.0 * step), rounding / step};
}

Entry extrapolated(const Entry& fine, const Entry& coarse, double factor) {
  return {(fine.slope * factor - coarse.slope) / (factor - 1.0),
          (fine.noise * factor + coarse.noise) / (factor - 1.0)};
}

}  // namespace

Slope ridders(const Phi& phi, double center, double first_step, double value_noise) {
  std::array<Entry, table_size> above{}, row{};  // the table, two rows of it
  Slope best;
  double step = first_step;
  for (int i = 0; i < table_size; ++i, step /= shrink) {
    row[0] = central_difference(phi, center, step, value_noise);
    if (!std::isfinite(row[0].slope)) return best;
    double factor = shrink * shrink;
    for (std::size_t j = 1; j <= static_cast<std::size_t>(i); ++j, factor *= shrink * shrink) {
      row[j] = extrapolated(row[j - 1], above[j - 1], factor);
      const double error =
          std::max(std::abs(row[j].slope - row[j - 1].slope), std::abs(row[j].slope - above[j - 1].slope));
      if (!best.found || error + row[j].noise < best.uncertainty())
        best = {true, row[j].slope, error, row[j].noise, step};
    }
    const auto last = static_cast<std::size_t>(i);
    if (i > 0 && std::abs(row[last].slope - above[last - 1].slope) >= give_up * best.uncertainty()) break;
    std::swap(above, row);
  }
  return best;
}

bool most_differ(const NoisePoints& values) {
  int count = 0;
  for (std::size_t i = 1; i < values.size(); ++i) count += values[i] != values[i - 1] ? 1 : 0;
  return count > num_noise_points / 2;
}

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

}  // namespace rappel::detail
