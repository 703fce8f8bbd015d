#pragma once

// What every layer shares: sizes, dense vectors and matrices, and the views that cross the compiled boundary.

#include <Eigen/Core>
#include <cstddef>
#include <span>

namespace rappel {

using Index = Eigen::Index;      // signed, 64 bits
using Vector = Eigen::VectorXd;  // column
using Matrix = Eigen::MatrixXd;  // column-major

// Compiled functions take views, never a Vector: Eigen's allocator depends on the flags a user compiles with,
// so a Vector must be freed by code compiled like the code that made it.
using ConstSpan = std::span<const double>;
using MutableSpan = std::span<double>;

inline ConstSpan span_of(const Vector& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
inline MutableSpan span_of(Vector& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
inline Vector vector_of(ConstSpan s) {
  return Eigen::Map<const Vector>(s.data(), static_cast<Index>(s.size()));
}

}  // namespace rappel
