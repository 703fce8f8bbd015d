#pragma once

// Raw pointers only: the source is compiled with Eigen's namespace renamed (the ABI rule of DESIGN.md).

#include <cstddef>

namespace rappel {

// (D' W D)^-1 for D = [features, 1], W = diag(weights) (all 1 if null). features: rows x columns,
// column-major; inverse: (columns + 1)^2 entries, the row of ones last. From the triangular factor of sqrt(W)
// D, which is formed by blocks of rows: the condition number is not squared and memory does not grow with the
// rows. Returns false if D has, to rounding, not full column rank; `inverse` is then untouched.
bool gram_inverse(const double* features, std::size_t rows, std::size_t columns, const double* weights,
                  double* inverse);

}  // namespace rappel
