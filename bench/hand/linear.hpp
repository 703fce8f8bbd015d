#pragma once

// Costs of a linear model: the mean over rows of link(z, y), z = w'x + b, with its gradient by w and b (the
// last parameter). A Link is the mean squared error, the logistic cost, and so on: links.hpp.

#include "data.hpp"
#include "lanes.hpp"

#include <algorithm>
#include <vector>

namespace rappel::bench::hand {

struct LinearData {
  Matrix X;       // rows x features
  Vector y;       // by row
  Vector w;       // where the gradient is taken: weights, then the intercept
  RowMajor rows;  // X again, for the loop
};

// The obvious code: for each row, then for each feature.
template <class Link>
double linear_loop(const LinearData& data, Vector& gradient) {
  const Index m = data.rows.rows(), n = data.rows.cols();
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < m; ++r) {
    double z = data.w[n];
    for (Index j = 0; j < n; ++j) z += data.rows(r, j) * data.w[j];
    double residual = 0.0;
    value += Link::row(z, data.y[r], residual);
    for (Index j = 0; j < n; ++j) gradient[j] += residual * data.rows(r, j);
    gradient[n] += residual;
  }
  gradient /= static_cast<double>(m);
  return value / static_cast<double>(m);
}

// What somebody who knows Eigen writes: one pass of dense algebra each way, whole vectors between them.
template <class Link>
class LinearExpert {
 public:
  explicit LinearExpert(const LinearData& data) : data_(data), z_(data.y.size()), residual_(data.y.size()) {}

  double operator()(Vector& gradient) {
    const Index n = data_.X.cols();
    const double m = static_cast<double>(data_.X.rows());
    z_.noalias() = data_.X * data_.w.head(n);
    z_.array() += data_.w[n];
    const double value = Link::columns(z_, data_.y, residual_) / m;
    gradient.head(n).noalias() = data_.X.transpose() * residual_ / m;
    gradient[n] = residual_.sum() / m;
    return value;
  }

 private:
  const LinearData& data_;
  Vector z_, residual_;
};

// Few features, their number known: each strip of rows is read once, from memory; the gradient's partial sums
// stay in registers.
template <class Link, int N>
double linear_best_narrow(const LinearData& data, Vector& gradient) {
  constexpr int strip = N > 12 ? 2 : 4;
  // Rows to fetch early: one to two strips more than the hardware would or, of many features, whose table comes from memory, as many as
  // a part of the second-level cache holds.
  constexpr Index ahead = N > 12 ? 512 : 64;
  constexpr int level = N > 12 ? 2 : 3;
  const Index m = data.X.rows(), stride = data.X.outerStride();
  const double *const X = data.X.data(), *const y = data.y.data();
  double w[N + 1];
  std::copy_n(data.w.data(), N + 1, w);
  Lanes g[N + 1] = {};
  Link link;
  const auto rows = [&]<int U>(Index r) {
    Lanes z[U], residual[U];
    for (int u = 0; u < U; ++u) z[u] = all(w[N]);
#pragma GCC unroll 32
    for (int j = 0; j < N; ++j) {
      __builtin_prefetch(X + j * stride + r + ahead, 0, level);
      if constexpr (U * width > 8) __builtin_prefetch(X + j * stride + r + ahead + 8, 0, level);
#pragma GCC unroll 4
      for (int u = 0; u < U; ++u) z[u] += w[j] * load(X + j * stride + r + width * u);
    }
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) residual[u] = link.lanes(z[u], load(y + r + width * u));
#pragma GCC unroll 32
    for (int j = 0; j < N; ++j)
#pragma GCC unroll 4
      for (int u = 0; u < U; ++u) g[j] += residual[u] * load(X + j * stride + r + width * u);
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) g[N] += residual[u];
  };
  for (Index r = 0; r < m;) {
    const Index end = std::min(m, r + SumOfLogs::most_factors / strip * strip * width);
    for (; r + strip * width <= end; r += strip * width) rows.template operator()<strip>(r);
    for (; r < end; r += width) rows.template operator()<1>(r);
    link.flush();
  }
  for (int j = 0; j <= N; ++j) gradient[j] = Link::gradient_factor / static_cast<double>(m) * sum(g[j]);
  return link.value() / static_cast<double>(m);
}

// Many features: blocks of rows that stay in the second-level cache between the two passes; while the second
// reads one block, the next is fetched.
template <class Link>
double linear_best_wide(const LinearData& data, Vector& gradient) {
  constexpr Index block = 128, tile = 4;
  const Index m = data.X.rows(), n = data.X.cols(), stride = data.X.outerStride();
  const double *const X = data.X.data(), *const y = data.y.data(), *const w = data.w.data();
  std::vector<Lanes> g(static_cast<std::size_t>(n) + 1, Lanes{});
  alignas(64) double z[block];
  Link link;
  for (Index begin = 0; begin < m; begin += block) {
    const Index rows = std::min(block, m - begin);
    std::fill_n(z, rows, w[n]);
    Index j = 0;
    for (; j + tile <= n; j += tile) {
      const double* const x = X + j * stride + begin;
      const Lanes w0 = all(w[j]), w1 = all(w[j + 1]), w2 = all(w[j + 2]), w3 = all(w[j + 3]);
      for (Index r = 0; r < rows; r += width) {
        const Lanes s = load(x + r) * w0 + load(x + stride + r) * w1;
        store(z + r, load(z + r) + s + (load(x + 2 * stride + r) * w2 + load(x + 3 * stride + r) * w3));
      }
    }
    for (; j < n; ++j)
      for (Index r = 0; r < rows; r += width)
        store(z + r, load(z + r) + w[j] * load(X + j * stride + begin + r));
    Lanes intercept = {};
    for (Index r = 0; r < rows; r += width) {
      const Lanes residual = link.lanes(load(z + r), load(y + begin + r));
      intercept += residual;
      store(z + r, residual);
    }
    link.flush();
    g[static_cast<std::size_t>(n)] += intercept;
    for (j = 0; j + tile <= n; j += tile) {
      const double* const x = X + j * stride + begin;
      Lanes* const into = &g[static_cast<std::size_t>(j)];
      Lanes g0 = into[0], g1 = into[1], g2 = into[2], g3 = into[3];
      for (Index r = 0; r < rows; r += width) {
        const Lanes residual = load(z + r);
        for (Index t = 0; t < tile && r % 8 == 0; ++t) __builtin_prefetch(x + t * stride + r + block, 0, 2);
        g0 += residual * load(x + r);
        g1 += residual * load(x + stride + r);
        g2 += residual * load(x + 2 * stride + r);
        g3 += residual * load(x + 3 * stride + r);
      }
      into[0] = g0, into[1] = g1, into[2] = g2, into[3] = g3;
    }
    for (; j < n; ++j)
      for (Index r = 0; r < rows; r += width)
        g[static_cast<std::size_t>(j)] += load(z + r) * load(X + j * stride + begin + r);
  }
  for (Index j = 0; j <= n; ++j)
    gradient[j] = Link::gradient_factor / static_cast<double>(m) * sum(g[static_cast<std::size_t>(j)]);
  return link.value() / static_cast<double>(m);
}

template <class Link>
double linear_best(const LinearData& data, Vector& gradient) {
  switch (data.X.cols()) {
    case 5:
      return linear_best_narrow<Link, 5>(data, gradient);
    case 10:
      return linear_best_narrow<Link, 10>(data, gradient);
    case 20:
      return linear_best_narrow<Link, 20>(data, gradient);
    default:
      return linear_best_wide<Link>(data, gradient);
  }
}

}  // namespace rappel::bench::hand
