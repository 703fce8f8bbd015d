#pragma once

// Costs over rows, written row by row in scalar code, against the same by hand (hand.hpp).

#include "row_costs/comparison.hpp"

#include <vector>

namespace rappel::bench {

std::vector<Comparison> row_costs();

}  // namespace rappel::bench
