#pragma once

// First derivatives by other means, on a subject's own points: differences, the complex step, peers.

#include "measure.hpp"

namespace rappel::accuracy {

struct Errors {
  std::string method;
  std::string state;  // "measured", or why not
  std::size_t count = 0;
  double median = 0.0, percentile_99 = 0.0, largest = 0.0;  // ulp
};

struct Comparison {
  std::string subject;
  std::size_t num_points = 0;
  std::vector<Errors> methods;                  // rappel first
  std::vector<std::pair<int, double>> by_step;  // k: the median of central differences with the step |x| 2^-k
};

// Of functions of one operand: at `points` of the regions moderate and cancellation where the derivative is
// in the normal range. Differences are given the library's own value, and central ones the best of 52 steps
// at each point.
Comparison compare(const Subject& subject, std::size_t points, std::uint64_t seed);

}  // namespace rappel::accuracy
