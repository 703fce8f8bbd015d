#pragma once

// The derivative of a function of one variable by differences, with what is known of its error.

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

}  // namespace rappel::detail
