#pragma once

// Doubles at which operations are tested: all magnitudes, where formulas change, and what is special.

#include <vector>

namespace rappel::test {

// 0, -0, 1, -1, infinities, NaN, the smallest and largest numbers and the like.
std::vector<double> special_values();
// Special values, poles and thresholds with their neighbours, integers, multiples of pi/2, and `count`
// random numbers: half of any exponent and sign, half between 2^-60 and 2^12.
std::vector<double> unary_inputs(int count);
// Pairs: all of special values, equal ones and neighbours, and `count` random ones.
struct Pairs {
  std::vector<double> x, y;
};
Pairs binary_inputs(int count);

}  // namespace rappel::test
