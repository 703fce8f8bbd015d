#pragma once

// Generated data, the same on every machine.

#include <rappel/core.hpp>

#include <cstdint>

namespace rappel::bench::hand {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Steele, Lea and Flood, Fast splittable pseudorandom number generators (2014): tables of 10^7 entries take
// 20 ms.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double uniform(double low, double high) {
    return low + (high - low) * 0x1p-53 * static_cast<double>(bits() >> 11);
  }
  Matrix matrix(Index rows, Index cols, double low = -1.0, double high = 1.0) {
    Matrix m(rows, cols);
    for (double* p = m.data(); p < m.data() + m.size(); ++p) *p = uniform(low, high);
    return m;
  }
  Vector vector(Index n, double low = -1.0, double high = 1.0) { return matrix(n, 1, low, high); }

 private:
  std::uint64_t state_;
};

}  // namespace rappel::bench::hand
