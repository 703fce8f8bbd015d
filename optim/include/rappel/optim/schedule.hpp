#pragma once

// Step lengths that depend on the number of the iteration alone.

#include <rappel/core.hpp>

#include <functional>

namespace rappel {

// The step to take, or to try first, at iteration 0, 1, ..: positive and finite.
using Schedule = std::function<double(Index iteration)>;

inline Schedule fixed_rate(double rate) {
  return [rate](Index) { return rate; };
}

}  // namespace rappel
