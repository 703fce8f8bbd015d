#pragma once

// The mean over rows of the squared residual of a polynomial in one variable, by its coefficients.

#include "data.hpp"
#include "lanes.hpp"

#include <algorithm>
#include <vector>

namespace rappel::bench::hand {

struct PolynomialData {
  Vector x, y;          // by row
  Vector coefficients;  // of 1, x, x^2, ..
};

// Powers by recurrence, kept for the way back: the loop that is published.
inline double polynomial_loop(const PolynomialData& data, Vector& gradient) {
  const Index m = data.x.size(), n = data.coefficients.size();
  const double* const c = data.coefficients.data();
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < m; ++r) {
    double p = 1.0, residual = -data.y[r];
    for (Index k = 0; k < n; ++k) {
      residual += c[k] * p;
      p *= data.x[r];
    }
    value += residual * residual;
    double q = 2.0 * residual;
    for (Index k = 0; k < n; ++k) {
      gradient[k] += q;
      q *= data.x[r];
    }
  }
  gradient /= static_cast<double>(m);
  return value / static_cast<double>(m);
}

// 128 coefficients as 16 x 8: with v = x^8, the value is the sum of c[8 i + j] v^i x^j, and the gradient that
// of (residual v^i) x^j over rows, a matrix product of 16 x rows and rows x 8. One multiply-add each for a
// row and a coefficient, none of which waits for the one before.
class PolynomialBest {
 public:
  explicit PolynomialBest(const PolynomialData& data) : data_(data) {}

  double operator()(Vector& gradient) {
    const Index m = data_.x.size();
    std::fill(std::begin(g_), std::end(g_), Lanes{});
    Lanes value = {};
    for (Index begin = 0; begin < m; begin += block * width) {
      const Index n = std::min<Index>(block, (m - begin) / width);
      Index r = 0;
      for (; r + 2 <= n; r += 2) value += evaluate<2>(begin, r);
      for (; r < n; ++r) value += evaluate<1>(begin, r);
      for (Index i = 0; i < rows; i += tile)
        for (Index j = 0; j < cols; j += tile) accumulate(i, j, n);
    }
    const double scale = 1.0 / static_cast<double>(m);
    for (Index k = 0; k < rows * cols; ++k) gradient[k] = 2.0 * scale * sum(g_[k]);
    return scale * sum(value);
  }

 private:
  static constexpr Index rows = 16, cols = 8, tile = 4,
                         block = 20;  // 24 vectors each: 31 kB, the first cache

  // The squared residuals of U vectors of rows; leaves powers_ and weights_.
  template <int U>
  Lanes evaluate(Index begin, Index r) {
    const double* const c = data_.coefficients.data();
    Lanes p[cols][U], v[U], s[U];
    for (int u = 0; u < U; ++u) {
      p[0][u] = all(1.0);
      p[1][u] = load(data_.x.data() + begin + (r + u) * width);
      p[2][u] = p[1][u] * p[1][u];
      p[3][u] = p[2][u] * p[1][u];
      p[4][u] = p[2][u] * p[2][u];
      for (int j = 5; j < cols; ++j) p[j][u] = p[j - 4][u] * p[4][u];
      v[u] = p[4][u] * p[4][u];
      s[u] = Lanes{};
      for (int j = 0; j < cols; ++j) powers_[r + u][j] = p[j][u];
    }
    for (Index i = rows; i-- > 0;) {
      Lanes even[U], odd[U];
      for (int u = 0; u < U; ++u) even[u] = all(c[cols * i]), odd[u] = c[cols * i + 1] * p[1][u];
#pragma GCC unroll 8
      for (int j = 2; j < cols; j += 2)
        for (int u = 0; u < U; ++u) {
          even[u] += c[cols * i + j] * p[j][u];
          odd[u] += c[cols * i + j + 1] * p[j + 1][u];
        }
      for (int u = 0; u < U; ++u) s[u] = s[u] * v[u] + (even[u] + odd[u]);
    }
    Lanes value = {};
    for (int u = 0; u < U; ++u) {
      Lanes q = s[u] - load(data_.y.data() + begin + (r + u) * width), q1 = q * v[u];
      value += q * q;
      const Lanes v2 = v[u] * v[u];
      for (Index i = 0; i < rows; i += 2, q *= v2, q1 *= v2)
        weights_[r + u][i] = q, weights_[r + u][i + 1] = q1;
    }
    return value;
  }

  void accumulate(Index i, Index j, Index n) {
    Lanes sums[tile][tile];
    for (int a = 0; a < tile; ++a)
      for (int b = 0; b < tile; ++b) sums[a][b] = g_[(i + a) * cols + j + b];
    for (Index r = 0; r < n; ++r)
      for (int a = 0; a < tile; ++a)
        for (int b = 0; b < tile; ++b) sums[a][b] += weights_[r][i + a] * powers_[r][j + b];
    for (int a = 0; a < tile; ++a)
      for (int b = 0; b < tile; ++b) g_[(i + a) * cols + j + b] = sums[a][b];
  }

  const PolynomialData& data_;
  Lanes powers_[block][cols], weights_[block][rows], g_[rows * cols];
};

}  // namespace rappel::bench::hand
