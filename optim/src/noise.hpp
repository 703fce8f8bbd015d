#pragma once

// How a function is rounded, measured.

#include "ridders.hpp"

#include <array>
#include <cstddef>

namespace rappel::detail {

// Values at 9 points next to each other.
inline constexpr int num_noise_points = 9;
using NoisePoints = std::array<double, num_noise_points>;
inline double noise_place(std::size_t i) { return static_cast<double>(i) - num_noise_points / 2; }

// Standard deviation of the rounding of the values, whose points are so near that second differences hold no
// curvature to speak of; by their median, which one kink or jump among the points leaves as it is. (More &
// Wild 2011, "Estimating computational noise", take differences of higher order and their mean square, which
// counts kinks.) 0 if a value is not finite.
double noise_of(NoisePoints values);

// The shortest step between the points, as a share of the scale of x. No power of two: x + k step must have a
// full mantissa, or products of it are exact.
inline constexpr double first_noise_step = 4.1234567891e-12;

// Of phi near t, by points so far apart that most values differ: a cost that cancels does not change at all
// over short steps.
double noise_near(const Phi& phi, double t, double scale);

}  // namespace rappel::detail
