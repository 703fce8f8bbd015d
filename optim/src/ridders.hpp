#pragma once

// The derivative of a function of one variable by differences, with what is known of its error.

#include <array>
#include <functional>

namespace rappel::detail {

// phi(t) for t near 0.
using Phi = std::function<double(double t)>;

struct Slope {
  bool found = false;  // phi was finite at all points needed
  double slope = 0.0;
  double error = 0.0;  // what the extrapolation leaves open
  double noise = 0.0;  // rounding of phi over the step, through the extrapolation
  double step = 0.0;   // the smallest that the slope was made of
  double uncertainty() const { return error + noise; }
};

// phi'(0) by central differences at first_step, first_step / 1.4, .., extrapolated to step 0 (Ridders 1982;
// Press et al., Numerical Recipes, dfridr; here the entry is chosen by error and noise). phi is rounded by
// value_noise, or by 2^-53 of its size if that is more. Where it does not change from center = phi(0) at all,
// numbers of size 1 are taken to be lost in it.
Slope ridders(const Phi& phi, double center, double first_step, double value_noise);

// Standard deviation of the rounding of a function, from its values at 9 points next to each other, the steps
// so small that second differences hold no curvature to speak of; their median, which one kink or jump among
// the points leaves as it is. (More & Wild 2011, "Estimating computational noise", take differences of higher
// order and their mean square, which counts kinks.) 0 if a value is not finite.
inline constexpr int num_noise_points = 9;
using NoisePoints = std::array<double, num_noise_points>;
double noise_of(NoisePoints values);

// Steps between the points, as shares of the scale of x: the first, then 8 times longer ones up to the last,
// until values differ: a cost that cancels does not change at all over short ones. No powers of two: x + k
// step must have a full mantissa, or products of it are exact.
inline constexpr double first_noise_step = 4.1234567891e-12, last_noise_step = 1e-2;
bool most_differ(const NoisePoints& values);  // each from the one before it

}  // namespace rappel::detail
