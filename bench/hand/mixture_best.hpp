#pragma once

// The Gaussian mixture of mixture.hpp, by blocks of rows in lanes. The log densities come first. With their
// softmax w, the gradient of a component needs the moments  W = sum w,  s = sum w u  and  S = sum w u u'  (u
// = x - mean) alone: -Q S by Q, Q'Q s by the mean. So each way takes d^2 / 2 multiply-adds a row and
// component, in register tiles.

#include "lanes.hpp"
#include "mixture.hpp"

namespace rappel::bench::hand {

template <int D>
class MixtureBest {
 public:
  explicit MixtureBest(const MixtureData& data) : data_(data), weights_(size(data.k * most_rows / width)) {}

  double operator()(Vector& gradient) {
    gradient.setZero();
    double value = mixture_constant(data_) + mixture_penalty(data_, gradient);
    for (Index begin = 0; begin < data_.X.rows(); begin += most_rows) {
      const Index n = std::min(most_rows, data_.X.rows() - begin) / width;
      for (Index c = 0; c < data_.k; ++c) log_densities(c, begin, n);
      value += softmax(n);
      for (Index c = 0; c < data_.k; ++c) moments(c, begin, n, gradient);
    }
    return value;
  }

 private:
  static constexpr Index most_rows = 1024;  // whose weights are kept
  static constexpr Index block = 16;        // vectors of rows whose differences are kept
  static constexpr int tile = 5;            // of S: tile x tile sums in registers
  static constexpr int padded = (D + tile - 1) / tile * tile;
  static constexpr int high = D % 5 == 0 ? 5 : 8,
                       wide = D % 5 == 0 ? 4 : 3;  // of Q u: entries and vectors of rows
  static_assert(D % high == 0);
  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
  Lanes* weights(Index c) { return &weights_[size(c * most_rows / width)]; }

  // Q with zeros above its diagonal, by bands of `high` rows, each column by column.
  void unpack(Index c) {
    const double* const icf = data_.theta.data() + data_.icf_at(c);
    for (int i = 0; i < D; ++i) {
      double* const band = q_[i / high] + i % high;
      for (int j = 0; j < i; ++j) band[j * high] = icf[data_.lower_at(i, j)];
      band[i * high] = std::exp(icf[i]);
      for (int j = i + 1; j < (i / high + 1) * high; ++j) band[j * high] = 0.0;
    }
  }
  double q(int i, int j) const { return q_[i / high][j * high + i % high]; }

  void differences(Index c, Index begin, Index n) {
    for (int i = 0; i < D; ++i) {
      const double mean = data_.theta[data_.mean_at(c) + i];
      const double* const x = data_.X.data() + i * data_.X.outerStride() + begin;
      for (Index r = 0; r < n; ++r) u_[i][r] = load(x + r * width) - mean;
    }
  }

  void log_densities(Index c, Index begin, Index n) {
    unpack(c);
    const double constant = data_.theta[c] + data_.theta.segment(data_.icf_at(c), D).sum();
    for (Index b = 0; b < n; b += block) {
      const Index rows = std::min(block, n - b);
      differences(c, begin + b * width, rows);
      Index r = 0;
      for (; r + wide <= rows; r += wide) squared_norms<wide>(r, constant, weights(c) + b);
      for (; r < rows; ++r) squared_norms<1>(r, constant, weights(c) + b);
    }
  }

  template <int U>
  void squared_norms(Index r, double constant, Lanes* out) const {
    Lanes norm[U] = {};
    for (int band = 0; band < D / high; ++band) {
      Lanes s[high][U] = {};
      const double* entry = q_[band];
      for (int j = 0; j < (band + 1) * high; ++j, entry += high) {
        Lanes u[U];
        for (int v = 0; v < U; ++v) u[v] = u_[j][r + v];
#pragma GCC unroll 8
        for (int i = 0; i < high; ++i)
          for (int v = 0; v < U; ++v) s[i][v] += entry[i] * u[v];
      }
      for (int i = 0; i < high; ++i)
        for (int v = 0; v < U; ++v) norm[v] += s[i][v] * s[i][v];
    }
    for (int v = 0; v < U; ++v) out[r + v] = constant - 0.5 * norm[v];
  }

  // The log densities become weights; returns the sum of their logsumexp.
  double softmax(Index n) {
    Lanes value = {};
    SumOfLogs logs;
    for (Index r = 0; r < n; ++r) {
      Lanes most = weights(0)[r], total = {};
      for (Index c = 1; c < data_.k; ++c) most = maximum(most, weights(c)[r]);
      for (Index c = 0; c < data_.k; ++c) total += weights(c)[r] = exponential(weights(c)[r] - most);
      value += most;
      logs.add(total);
      if (r % 128 == 0) logs.flush();
      const Lanes inverse = reciprocal(total);
      for (Index c = 0; c < data_.k; ++c) weights(c)[r] *= inverse;
    }
    logs.flush();
    return sum(value) + logs.sum();
  }

  void moments(Index c, Index begin, Index n, Vector& gradient) {
    Lanes first[padded] = {}, total = {};
    for (Index b = 0; b < n; b += block) {
      const Index rows = std::min(block, n - b);
      const Lanes* const w = weights(c) + b;
      differences(c, begin + b * width, rows);
      for (Index r = 0; r < rows; ++r) total += w[r];
      for (int i = 0; i < D; i += tile) {
        for (int a = 0; a < tile; ++a)
          for (Index r = 0; r < rows; ++r) first[i + a] += weighted_[a][r] = w[r] * u_[i + a][r];
        for (int j = 0; j < i; j += tile) second_moments<false>(i, j, rows, b == 0);
        second_moments<true>(i, i, rows, b == 0);
      }
    }
    add_gradient(c, first, sum(total), gradient);
  }

  template <bool Diagonal>
  void second_moments(int i, int j, Index rows, bool begin) {
    Lanes s[tile][tile] = {};
    if (!begin)
      for (int a = 0; a < tile; ++a)
        for (int b = 0; b < tile; ++b) s[a][b] = s_[(i + a) * padded + j + b];
    for (Index r = 0; r < rows; ++r)
#pragma GCC unroll 8
      for (int a = 0; a < tile; ++a)
#pragma GCC unroll 8
        for (int b = 0; b <= (Diagonal ? a : tile - 1); ++b) s[a][b] += weighted_[a][r] * u_[j + b][r];
    for (int a = 0; a < tile; ++a)
      for (int b = 0; b < tile; ++b) s_[(i + a) * padded + j + b] = s[a][b];
  }

  void add_gradient(Index c, const Lanes (&first)[padded], double total, Vector& gradient) {
    using Square = Eigen::Matrix<double, D, D>;
    static_assert(sizeof(Square) <= 1 << 15);  // it is on the stack
    Square S, Q = Square::Zero(), QS;
    Eigen::Matrix<double, D, 1> s;
    unpack(c);
    for (int i = 0; i < D; ++i) {
      double entries[padded + width];
      for (int j = 0; j <= i; j += width) store(entries + j, sums(&s_[i * padded + j]));
      s[i] = sum(first[i]);
      for (int j = 0; j <= i; ++j) S(i, j) = S(j, i) = entries[j], Q(i, j) = q(i, j);
    }
    QS.noalias() = Q * S;
    gradient[c] += total;
    gradient.segment(data_.mean_at(c), D) += Q.transpose() * (Q * s);
    double* icf = gradient.data() + data_.icf_at(c);
    for (int i = 0; i < D; ++i) *icf++ += total - QS(i, i) * Q(i, i);
    for (int j = 0; j < D; ++j)
      for (int i = j + 1; i < D; ++i) *icf++ -= QS(i, j);
  }

  const MixtureData& data_;
  std::vector<Lanes> weights_;  // of component c and row r: log density, then softmax
  // A line more than a block: columns a power of two apart would share the sets of the first cache. Beyond D:
  // zeros.
  Lanes u_[padded][block + 1] = {}, weighted_[tile][block + 1] = {}, s_[padded * padded + width];
  double q_[D / high][D * high];
};

}  // namespace rappel::bench::hand
