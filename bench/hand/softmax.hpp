#pragma once

// Softmax regression: the mean over rows of logsumexp(z) - z of the row's class, z = W x + b. Parameters are,
// class by class, the weights and the intercept; the class stands in one-hot columns.

#include "data.hpp"
#include "lanes.hpp"

#include <algorithm>
#include <cmath>

namespace rappel::bench::hand {

inline constexpr int softmax_features = 10, softmax_classes = 5;

struct SoftmaxData {
  Matrix X, onehot;  // rows x features, rows x classes
  RowMajor rows;     // both, side by side
  Vector theta;      // (features + 1) x classes, column-major
};

inline double softmax_loop(const SoftmaxData& data, Vector& gradient) {
  const Index n = data.X.cols(), k = data.onehot.cols();
  double value = 0.0, z[softmax_classes];
  gradient.setZero();
  for (Index r = 0; r < data.rows.rows(); ++r) {
    const double* const x = data.rows.row(r).data();
    double most = -HUGE_VAL, total = 0.0;
    for (Index c = 0; c < k; ++c) {
      z[c] = data.theta[c * (n + 1) + n];
      for (Index j = 0; j < n; ++j) z[c] += data.theta[c * (n + 1) + j] * x[j];
      most = std::max(most, z[c]);
      value -= x[n + c] * z[c];
    }
    for (Index c = 0; c < k; ++c) total += z[c] = std::exp(z[c] - most);
    value += most + std::log(total);
    for (Index c = 0; c < k; ++c) {
      const double residual = z[c] / total - x[n + c];
      for (Index j = 0; j < n; ++j) gradient[c * (n + 1) + j] += residual * x[j];
      gradient[c * (n + 1) + n] += residual;
    }
  }
  gradient /= static_cast<double>(data.rows.rows());
  return value / static_cast<double>(data.rows.rows());
}

// Whole blocks of rows, so that what stands between the two products stays in the cache.
class SoftmaxExpert {
 public:
  explicit SoftmaxExpert(const SoftmaxData& data) : data_(data) {}

  double operator()(Vector& gradient) {
    const Index n = data_.X.cols(), k = data_.onehot.cols(), m = data_.X.rows();
    const Eigen::Map<const Matrix> theta(data_.theta.data(), n + 1, k);
    Eigen::Map<Matrix> g(gradient.data(), n + 1, k);
    gradient.setZero();
    double value = 0.0;
    for (Index begin = 0; begin < m; begin += block) {
      const Index rows = std::min(block, m - begin);
      const auto X = data_.X.middleRows(begin, rows), label = data_.onehot.middleRows(begin, rows);
      z_.noalias() = X * theta.topRows(n);
      z_.rowwise() += theta.row(n);
      most_ = z_.col(0);
      for (Index c = 1; c < k; ++c) most_ = most_.cwiseMax(z_.col(c));
      value += most_.sum() - label.cwiseProduct(z_).sum();
      z_ = (z_.colwise() - most_).array().exp();
      total_ = z_.col(0);
      for (Index c = 1; c < k; ++c) total_ += z_.col(c);
      value += total_.array().log().sum();
      z_.array().colwise() /= total_.array();
      z_ -= label;
      g.topRows(n).noalias() += X.transpose() * z_;
      g.row(n) += z_.colwise().sum();
    }
    gradient /= static_cast<double>(m);
    return value / static_cast<double>(m);
  }

 private:
  static constexpr Index block = 1000;
  const SoftmaxData& data_;
  Matrix z_;
  Vector most_, total_;
};

// Blocks of rows: residuals first, then their products with the features in tiles of 5 x 5 registers.
class SoftmaxBest {
 public:
  explicit SoftmaxBest(const SoftmaxData& data) : data_(data) {}

  double operator()(Vector& gradient) {
    const Index m = data_.X.rows();
    std::fill(&g_[0][0], &g_[0][0] + k * (n + 1), Lanes{});
    Lanes value = {};
    SumOfLogs logs;
    for (Index begin = 0; begin < m; begin += block * width) {
      const Index rows = std::min<Index>(block, (m - begin) / width);
      for (Index r = 0; r < rows; ++r) value += residuals(begin, r, logs);
      logs.flush();
      for (int half = 0; half < n; half += n / 2) accumulate(begin, rows, half);
      for (int c = 0; c < k; ++c)
        for (Index r = 0; r < rows; ++r) g_[c][n] += residual_[c][r];
    }
    const double scale = 1.0 / static_cast<double>(m);
    for (int c = 0; c < k; ++c)
      for (int j = 0; j <= n; ++j) gradient[c * (n + 1) + j] = scale * sum(g_[c][j]);
    return scale * (sum(value) + logs.sum());
  }

 private:
  static constexpr int n = softmax_features, k = softmax_classes;
  static constexpr Index block = 32;  // vectors of rows

  Lanes residuals(Index begin, Index r, SumOfLogs& logs) {
    const double *const X = data_.X.data() + begin + r * width, *const y =
                                                                    data_.onehot.data() + begin + r * width;
    const Index stride = data_.X.outerStride(), stride_y = data_.onehot.outerStride();
    const double* const theta = data_.theta.data();
    Lanes z[k], total = {};
    for (int c = 0; c < k; ++c) z[c] = all(theta[c * (n + 1) + n]);
#pragma GCC unroll 16
    for (int j = 0; j < n; ++j) {
      __builtin_prefetch(X + j * stride + block * width);
      const Lanes x = load(X + j * stride);
#pragma GCC unroll 8
      for (int c = 0; c < k; ++c) z[c] += theta[c * (n + 1) + j] * x;
    }
    Lanes most = z[0];
    for (int c = 1; c < k; ++c) most = maximum(most, z[c]);
    Lanes value = most, e[k];
    for (int c = 0; c < k; ++c) total += e[c] = exponential(z[c] - most);
    const Lanes inverse = reciprocal(total);
    for (int c = 0; c < k; ++c) {
      const Lanes label = load(y + c * stride_y);
      __builtin_prefetch(y + c * stride_y + block * width);
      value -= label * z[c];
      residual_[c][r] = e[c] * inverse - label;
    }
    logs.add(total);
    return value;
  }

  void accumulate(Index begin, Index rows, int half) {
    const double* const X = data_.X.data() + half * data_.X.outerStride() + begin;
    Lanes s[k][n / 2];
    for (int c = 0; c < k; ++c)
      for (int j = 0; j < n / 2; ++j) s[c][j] = g_[c][half + j];
    for (Index r = 0; r < rows; ++r)
#pragma GCC unroll 8
      for (int j = 0; j < n / 2; ++j) {
        const Lanes x = load(X + j * data_.X.outerStride() + r * width);
#pragma GCC unroll 8
        for (int c = 0; c < k; ++c) s[c][j] += residual_[c][r] * x;
      }
    for (int c = 0; c < k; ++c)
      for (int j = 0; j < n / 2; ++j) g_[c][half + j] = s[c][j];
  }

  const SoftmaxData& data_;
  Lanes residual_[k][block], g_[k][n + 1];
};

}  // namespace rappel::bench::hand
