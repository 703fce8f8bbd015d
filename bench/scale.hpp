#pragma once

// How time and memory grow with rows, parameters, nodes and threads. A part of derivative_speed that takes minutes and
// gigabytes.

#include "figures.hpp"

#include <vector>

namespace rappel::bench {

// Prints its tables as it goes; gives the figures that have goals. Call it while the process is small.
std::vector<Figure> measure_scale();

}  // namespace rappel::bench
