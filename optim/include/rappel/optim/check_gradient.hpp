#pragma once

// check_gradient(objective, x): a gradient against differences of its own values.

#include "rappel/optim/objective.hpp"

#include <rappel/core.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace rappel {

struct GradientCheckOptions {
  // Up to so many parameters each coordinate is checked. Above, `directions` random ones of all coordinates,
  // and `coordinates` single ones, those whose gradient entries matter most; a direction that differs is
  // halved until the coordinate at fault is found.
  Index max_coordinates = 100;
  Index directions = 10;
  Index coordinates = 10;
  std::uint64_t seed = 1;  // of the directions
};

enum class SlopeVerdict {
  agrees,     // |analytic - numeric| <= tolerance
  differs,    // further apart
  at_kink,    // the slopes to the left and right differ, and the analytic one lies between them
  not_finite  // the objective is not finite beside x, however near
};

// A slope at x: along a coordinate, or along a direction d, where analytic is gradient . d.
struct SlopeCheck {
  Index coordinate = -1;  // -1: a direction
  Index direction = -1;   // its number; of a part of one, the number of the whole
  double analytic = 0.0;
  double numeric = 0.0;  // by Ridders' extrapolation of central differences
  // 10 times the sum of what the extrapolation leaves open, of the rounding of J over the step, and of the
  // rounding of the gradient near x, all measured; and 16 roundings of the analytic slope. Never a flat
  // share.
  double tolerance = 0.0;
  SlopeVerdict verdict = SlopeVerdict::agrees;
};

struct GradientCheck {
  double value = 0.0;        // J(x)
  double value_noise = 0.0;  // the rounding of J near x, measured by differences; at least 2^-53 |J|
  std::vector<SlopeCheck> slopes;
  Index num_coordinates = 0, num_directions = 0;  // that were checked
  Index evaluations = 0;                          // of value and gradient
  bool finite = true;                             // J and its gradient at x

  // All slopes agree, or lie at a kink; one that is not finite beside x says nothing against the gradient.
  bool ok() const;
  // The slope with the largest |analytic - numeric| / tolerance among those of the gravest verdict;
  // coordinates before directions. Null if none was checked.
  const SlopeCheck* worst() const;
};

const char* name_of(SlopeVerdict verdict);
// Two or three lines: the worst entry with both numbers, and the verdict with its tolerance.
std::ostream& operator<<(std::ostream& out, const GradientCheck& check);

namespace detail {

GradientCheck check_gradient(ObjectiveRef objective, ConstSpan x, const GradientCheckOptions& options);

}  // namespace detail

// Compares the objective's gradient with derivatives of its value by Ridders' method (Ridders 1982; Press et
// al., Numerical Recipes, dfridr). About 20 to 300 evaluations a slope. An objective that is NaN or infinite
// is data. Throws std::invalid_argument if x has not objective.dimension() entries or an option is below 0,
// and what the objective throws.
template <Objective F>
GradientCheck check_gradient(const F& objective, const Vector& x, const GradientCheckOptions& options = {}) {
  ObjectiveAdaptor<F> adaptor(objective);
  return detail::check_gradient(adaptor.ref(), span_of(x), options);
}

}  // namespace rappel
