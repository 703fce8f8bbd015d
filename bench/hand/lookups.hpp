#pragma once

// Costs that look parameters up by row: logsumexp of a long vector, and matrix factorisation.

#include "data.hpp"
#include "lanes.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rappel::bench::hand {

// The loop that is published.
inline double logsumexp_loop(const Vector& theta, Vector& gradient) {
  double most = theta[0], total = 0.0;
  for (Index i = 1; i < theta.size(); ++i) most = std::max(most, theta[i]);
  for (Index i = 0; i < theta.size(); ++i) total += gradient[i] = std::exp(theta[i] - most);
  for (Index i = 0; i < theta.size(); ++i) gradient[i] /= total;
  return most + std::log(total);
}

// Chunks that stay in the first cache, each with its own maximum; a second pass brings them to a common one.
class LogSumExpBest {
 public:
  explicit LogSumExpBest(const Vector& theta) : theta_(theta), most_(chunks()), total_(chunks()) {}

  double operator()(Vector& gradient) {
    for (std::size_t c = 0; c < most_.size(); ++c) shifted_exponentials(c, gradient.data());
    const double most = *std::max_element(most_.begin(), most_.end());
    double total = 0.0;
    for (std::size_t c = 0; c < most_.size(); ++c) total += total_[c] * std::exp(most_[c] - most);
    // Backwards: what was written last is still in the caches.
    for (std::size_t c = most_.size(); c-- > 0;) {
      const double factor = std::exp(most_[c] - most) / total;
      double* const g = gradient.data();
      for (Index i = begin(c); i < begin(c + 1); i += width) {
        __builtin_prefetch(g + i - chunk, 1);
        store(g + i, factor * load(g + i));
      }
    }
    return most + std::log(total);
  }

 private:
  static constexpr Index chunk = 1024;
  std::size_t chunks() const { return static_cast<std::size_t>((theta_.size() + chunk - 1) / chunk); }
  Index begin(std::size_t c) const { return std::min(static_cast<Index>(c) * chunk, theta_.size()); }

  // Fetches the next chunk on the way.
  void shifted_exponentials(std::size_t c, double* gradient) {
    const double* const x = theta_.data();
    const Index first = begin(c), last = begin(c + 1);
    Lanes most[2] = {load(x + first), load(x + first)}, total = {};
    for (Index i = first; i < last; i += width) {
      Lanes& m = most[i / width % 2];
      m = maximum(m, load(x + i));
    }
    most[0] = maximum(most[0], most[1]);
    double highest = most[0][0];
    for (int i = 1; i < width; ++i) highest = std::max(highest, most[0][i]);
    for (Index i = first; i < last; i += width) {
      __builtin_prefetch(x + i + chunk);
      __builtin_prefetch(gradient + i + chunk, 1);
      const Lanes e = exponential(load(x + i) - highest);
      store(gradient + i, e);
      total += e;
    }
    most_[c] = highest, total_[c] = sum(total);
  }

  const Vector& theta_;
  std::vector<double> most_, total_;
};

// The sum over ratings (user, item, rating) of (u'v - rating)^2, u and v of `rank` entries looked up: users
// first.
inline constexpr int factor_rank = 16;

struct FactorisationData {
  Index users, items;
  Matrix ratings;  // user, item, rating
  Vector theta;
};

inline double factorisation_loop(const FactorisationData& data, Vector& gradient) {
  const Vector& w = data.theta;
  gradient.setZero();
  double value = 0.0;
  for (Index r = 0; r < data.ratings.rows(); ++r) {
    const Index i = static_cast<Index>(data.ratings(r, 0)) * factor_rank;
    const Index j = (data.users + static_cast<Index>(data.ratings(r, 1))) * factor_rank;
    double e = -data.ratings(r, 2);
    for (Index k = 0; k < factor_rank; ++k) e += w[i + k] * w[j + k];
    value += e * e;
    for (Index k = 0; k < factor_rank; ++k) {
      gradient[i + k] += 2.0 * e * w[j + k];
      gradient[j + k] += 2.0 * e * w[i + k];
    }
  }
  return value;
}

// The same in fixed-size vectors of Eigen's.
inline double factorisation_expert(const FactorisationData& data, Vector& gradient) {
  using Factor = Eigen::Matrix<double, factor_rank, 1>;
  gradient.setZero();
  double value = 0.0;
  for (Index r = 0; r < data.ratings.rows(); ++r) {
    const Index i = static_cast<Index>(data.ratings(r, 0)) * factor_rank;
    const Index j = (data.users + static_cast<Index>(data.ratings(r, 1))) * factor_rank;
    const Factor u = data.theta.segment<factor_rank>(i), v = data.theta.segment<factor_rank>(j);
    const double e = u.dot(v) - data.ratings(r, 2);
    value += e * e;
    gradient.segment<factor_rank>(i) += 2.0 * e * v;
    gradient.segment<factor_rank>(j) += 2.0 * e * u;
  }
  return value;
}

// As many ratings at once as there are lanes: their inner products are summed by one transpose. In the order
// of the table: sorting it by user first would save a third of the loads and stores.
inline double factorisation_best(const FactorisationData& data, Vector& gradient) {
  constexpr int parts = factor_rank / width;
  const double *const user = data.ratings.data(), *const item = user + data.ratings.outerStride(),
                      *const rating = item + data.ratings.outerStride(), *const w = data.theta.data();
  double* const g = gradient.data();
  gradient.setZero();
  Lanes value = {};
  for (Index r = 0; r < data.ratings.rows(); r += width) {
    Index i[width], j[width];
    Lanes products[width], e = -load(rating + r);
    for (int t = 0; t < width; ++t) {
      i[t] = static_cast<Index>(user[r + t]) * factor_rank;
      j[t] = (data.users + static_cast<Index>(item[r + t])) * factor_rank;
      products[t] = load(w + i[t]) * load(w + j[t]);
      for (int p = 1; p < parts; ++p) products[t] += load(w + i[t] + p * width) * load(w + j[t] + p * width);
    }
    transpose(products);
    for (int t = 0; t < width; ++t) e += products[t];
    value += e * e;
    for (int t = 0; t < width; ++t) {
      const Lanes twice = all(2.0 * e[t]);
      for (int p = 0; p < parts; ++p) {
        double *const gi = g + i[t] + p * width, *const gj = g + j[t] + p * width;
        store(gi, load(gi) + twice * load(w + j[t] + p * width));
        store(gj, load(gj) + twice * load(w + i[t] + p * width));
      }
    }
  }
  return sum(value);
}

}  // namespace rappel::bench::hand
