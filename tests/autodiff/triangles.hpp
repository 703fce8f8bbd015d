#pragma once

// Parameters of clusters, each a lower triangle Q, packed, and a centre c; and sums of weighted |Q (x - c)|^2 over rows x by loops.

#include <rappel/core.hpp>

namespace rappel::test {

struct TriangleParameters {
  Index n, clusters;
  bool by_column = false;  // else row by row

  Index per_cluster() const { return n * (n + 1) / 2 + n; }
  Index entry(Index k, Index i, Index j) const {
    return k * per_cluster() + (by_column ? j * n - j * (j - 1) / 2 + i - j : i * (i + 1) / 2 + j);
  }
  Index centre(Index k, Index j) const { return (k + 1) * per_cluster() - n + j; }
  Index num_parameters() const { return clusters * per_cluster(); }

  // The sum over rows r and clusters k of weight(r, k) |Q_k (x_r - c_k)|^2, x the first n columns; its gradient is added.
  template <class Weight>
  double squares(const Matrix& X, const Vector& w, Weight weight, Vector& gradient) const {
    double value = 0.0;
    for (Index r = 0; r < X.rows(); ++r)
      for (Index k = 0; k < clusters; ++k)
        for (Index i = 0; i < n; ++i) {
          double q = 0.0;
          for (Index j = 0; j <= i; ++j) q += w[entry(k, i, j)] * (X(r, j) - w[centre(k, j)]);
          value += weight(r, k) * q * q;
          const double slope = 2.0 * weight(r, k) * q;
          for (Index j = 0; j <= i; ++j) {
            gradient[entry(k, i, j)] += slope * (X(r, j) - w[centre(k, j)]);
            gradient[centre(k, j)] -= slope * w[entry(k, i, j)];
          }
        }
    return value;
  }
};

}  // namespace rappel::test
