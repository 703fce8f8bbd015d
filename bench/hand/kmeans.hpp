#pragma once

// k-means: the sum over rows of the squared distance to the nearest centroid, by the centroids.

#include "data.hpp"
#include "lanes.hpp"

#include <limits>
#include <vector>

namespace rappel::bench::hand {

inline constexpr int kmeans_dimension = 16;

struct KMeansData {
  Matrix X;          // rows x 16
  RowMajor rows;     // the same
  Vector centroids;  // one after the other
};

// For each row, each centroid, each coordinate.
inline double kmeans_loop(const KMeansData& data, Vector& gradient) {
  constexpr Index d = kmeans_dimension;
  const Index k = data.centroids.size() / d;
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < data.rows.rows(); ++r) {
    double least = std::numeric_limits<double>::infinity();
    Index nearest = 0;
    for (Index c = 0; c < k; ++c) {
      double distance = 0.0;
      for (Index j = 0; j < d; ++j) {
        const double difference = data.rows(r, j) - data.centroids[c * d + j];
        distance += difference * difference;
      }
      if (distance < least) least = distance, nearest = c;
    }
    value += least;
    for (Index j = 0; j < d; ++j)
      gradient[nearest * d + j] += 2.0 * (data.centroids[nearest * d + j] - data.rows(r, j));
  }
  return value;
}

// The same with a point in a fixed-size vector of Eigen's: what vectorises without fast-math.
inline double kmeans_expert(const KMeansData& data, Vector& gradient) {
  using Point = Eigen::Matrix<double, kmeans_dimension, 1>;
  const Index k = data.centroids.size() / kmeans_dimension;
  const Eigen::Map<const Eigen::Matrix<double, kmeans_dimension, Eigen::Dynamic>> centroids(
      data.centroids.data(), kmeans_dimension, k);
  Eigen::Map<Eigen::Matrix<double, kmeans_dimension, Eigen::Dynamic>> g(gradient.data(), kmeans_dimension, k);
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < data.rows.rows(); ++r) {
    const Point x = data.rows.row(r);
    double least = std::numeric_limits<double>::infinity();
    Index nearest = 0;
    for (Index c = 0; c < k; ++c) {
      const double distance = (x - centroids.col(c)).squaredNorm();
      if (distance < least) least = distance, nearest = c;
    }
    value += least;
    g.col(nearest) += 2.0 * (centroids.col(nearest) - x);
  }
  return value;
}

// Which centroid is nearest shows in |c|^2 / 2 - x'c, one multiply-add a coordinate for eight rows at once.
// The distance itself is computed of the nearest alone, as the difference, so nothing cancels.
class KMeansBest {
 public:
  explicit KMeansBest(const KMeansData& data)
      : data_(data), half_norms_(static_cast<std::size_t>(data.centroids.size() / d)), numbers_(half_norms_) {
    for (std::size_t i = 0; i < numbers_.size(); ++i) numbers_[i] = static_cast<double>(i);
  }

  double operator()(Vector& gradient) {
    const Index k = data_.centroids.size() / d, stride = data_.X.outerStride();
    const double* const c = data_.centroids.data();
    for (Index i = 0; i < k; ++i) {
      double s = 0.0;
      for (int j = 0; j < d; ++j) s += c[i * d + j] * c[i * d + j];
      half_norms_[static_cast<std::size_t>(i)] = 0.5 * s;
    }
    gradient.setZero();
    Lanes value = {};
    for (Index r = 0; r < data_.X.rows(); r += width) {
      Lanes x[d];
      for (int j = 0; j < d; ++j) x[j] = load(data_.X.data() + j * stride + r);
      const Lanes index = nearest(x, k);
      value += add_differences(x, index, gradient.data());
    }
    for (double& g : gradient) g *= 2.0;
    return sum(value);
  }

 private:
  static constexpr int d = kmeans_dimension;

  // Which centroid it is, by lane. Eight at once: as many sums as it takes to keep the multipliers busy.
  Lanes nearest(const Lanes (&x)[d], Index k) const {
    Lanes least = all(std::numeric_limits<double>::infinity()), index = {};
    Index i = 0;
    for (; i + 8 <= k; i += 8) compare<8>(x, i, least, index);
    for (; i + 4 <= k; i += 4) compare<4>(x, i, least, index);
    for (; i < k; ++i) compare<1>(x, i, least, index);
    return index;
  }

  template <int Together>
  void compare(const Lanes (&x)[d], Index i, Lanes& least, Lanes& index) const {
    const double* const c = data_.centroids.data() + i * d;
    Lanes s[Together];
    for (int t = 0; t < Together; ++t) s[t] = all(half_norms_[static_cast<std::size_t>(i + t)]);
#pragma GCC unroll 16
    for (int j = 0; j < d; ++j)
#pragma GCC unroll 8
      for (int t = 0; t < Together; ++t) s[t] -= x[j] * c[t * d + j];
#pragma GCC unroll 8
    for (int t = 0; t < Together; ++t) {
      index = s[t] < least ? all(numbers_[static_cast<std::size_t>(i + t)]) : index;
      least = minimum(s[t], least);
    }
  }

  // Of each row in x, c - x is added to its centroid's gradient; returns the squares.
  Lanes add_differences(const Lanes (&x)[d], Lanes index, double* gradient) const {
    Lanes rows[d / width][width], value = {};
    for (int part = 0; part < d / width; ++part) {
      for (int j = 0; j < width; ++j) rows[part][j] = x[part * width + j];
      transpose(rows[part]);
    }
    for (int r = 0; r < width; ++r) {
      const Index at = static_cast<Index>(index[r]) * d;
      for (int part = 0; part < d / width; ++part) {
        const Lanes difference = load(data_.centroids.data() + at + part * width) - rows[part][r];
        value += difference * difference;
        store(gradient + at + part * width, load(gradient + at + part * width) + difference);
      }
    }
    return value;
  }

  const KMeansData& data_;
  std::vector<double> half_norms_, numbers_;  // 0, 1, ..: a load where a conversion would take three steps
};

}  // namespace rappel::bench::hand
