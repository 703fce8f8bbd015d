#pragma once

// Conditions that the line searches share.

#include "rappel/optim/line_search.hpp"

#include <cmath>

namespace rappel::detail {

inline bool finite(const LinePoint& p) { return std::isfinite(p.value) && std::isfinite(p.slope); }

inline bool downhill(const LineFunction& line) { return line.start.slope < 0.0 && finite(line.start); }

// phi(t) <= phi(0) + decrease * t * phi'(0): the Armijo condition.
inline bool armijo(const LineFunction& line, const LinePoint& p, double decrease) {
  return p.value <= line.start.value + decrease * p.step * line.start.slope;
}

// The same, by the slopes if the values are too close to tell (for a quadratic both say the same).
inline bool decreases(const LineFunction& line, const LinePoint& p, double decrease) {
  if (armijo(line, p, decrease)) return true;
  return std::abs(p.value - line.start.value) <= line.rounding &&
         p.slope <= (1.0 - 2.0 * decrease) * -line.start.slope;
}

}  // namespace rappel::detail
