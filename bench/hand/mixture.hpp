#pragma once

// A Gaussian mixture in the form that the field's benchmark suites use (Srajer, Kukelova and Fitzgibbon, A
// benchmark of selected algorithmic differentiation tools, 2018): parameters are the log weights alpha, the
// means, and of each component the logarithms of the diagonal and, by columns, the strictly lower triangle of
// Q, the inverse Cholesky factor; a Wishart prior on Q with gamma = 1, m = 0.

#include "data.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rappel::bench::hand {

struct MixtureData {
  Index d, k;
  Matrix X;       // rows x d
  RowMajor rows;  // the same
  Vector theta;

  Index icf_size() const { return d * (d + 1) / 2; }
  Index mean_at(Index c) const { return k + c * d; }
  Index icf_at(Index c) const { return k + k * d + c * icf_size(); }
  // Within an icf: of L(i, j), i > j.
  Index lower_at(Index i, Index j) const { return d + j * d - j * (j + 1) / 2 + i - j - 1; }
};

// What does not depend on the parameters.
inline double mixture_constant(const MixtureData& data) {
  const double pi = 3.14159265358979323846, d = static_cast<double>(data.d), freedom = d + 1.0;
  double log_gamma = 0.25 * d * (d - 1.0) * std::log(pi);
  for (Index j = 1; j <= data.d; ++j)
    log_gamma += std::lgamma(0.5 * (freedom + 1.0 - static_cast<double>(j)));
  const double wishart = -0.5 * std::log(2.0) * freedom * d - log_gamma;
  return -0.5 * static_cast<double>(data.X.rows()) * d * std::log(2.0 * pi) -
         static_cast<double>(data.k) * wishart;
}

// The prior and the weights' normalisation, - n logsumexp(alpha): O(parameters). Adds to the gradient.
inline double mixture_penalty(const MixtureData& data, Vector& gradient) {
  const double n = static_cast<double>(data.X.rows());
  const auto alpha = data.theta.head(data.k);
  const double most = alpha.maxCoeff(), total = (alpha.array() - most).exp().sum();
  gradient.head(data.k).array() -= n / total * (alpha.array() - most).exp();
  double value = -n * (most + std::log(total));
  for (Index c = 0; c < data.k; ++c) {
    const Index diagonal = data.icf_at(c), lower = diagonal + data.d, num_lower = data.icf_size() - data.d;
    const Eigen::ArrayXd squares = (2.0 * data.theta.segment(diagonal, data.d).array()).exp();
    value += 0.5 * (squares.sum() + data.theta.segment(lower, num_lower).squaredNorm());
    gradient.segment(diagonal, data.d).array() += squares;
    gradient.segment(lower, num_lower) += data.theta.segment(lower, num_lower);
  }
  return value;
}

// By row and component, in the order of the definition. ByColumns: Q x as a sum of columns, which is how the
// triangle is stored and what a compiler vectorises: the form that is published. Else entry by entry.
template <bool ByColumns>
double mixture_scalar(const MixtureData& data, Vector& gradient) {
  const Index d = data.d, k = data.k;
  const double* const theta = data.theta.data();
  std::vector<double> difference(static_cast<std::size_t>(k * d)), product(difference), diagonal(difference),
      sums(static_cast<std::size_t>(k)), log_density(sums), back(static_cast<std::size_t>(d));
  for (Index c = 0; c < k; ++c)
    for (Index i = 0; i < d; ++i) {
      diagonal[static_cast<std::size_t>(c * d + i)] = std::exp(theta[data.icf_at(c) + i]);
      sums[static_cast<std::size_t>(c)] += theta[data.icf_at(c) + i];
    }
  gradient.setZero();
  double value = mixture_constant(data) + mixture_penalty(data, gradient);
  for (Index r = 0; r < data.rows.rows(); ++r) {
    const double* const x = data.rows.row(r).data();
    for (Index c = 0; c < k; ++c) {
      double *const u = &difference[static_cast<std::size_t>(c * d)],
                    *const q = &product[static_cast<std::size_t>(c * d)];
      const double* const diag = &diagonal[static_cast<std::size_t>(c * d)];
      const double* L = theta + data.icf_at(c) + d;
      for (Index i = 0; i < d; ++i) u[i] = x[i] - theta[data.mean_at(c) + i], q[i] = diag[i] * u[i];
      if constexpr (ByColumns) {
        for (Index j = 0; j < d; ++j)
          for (Index i = j + 1; i < d; ++i) q[i] += *L++ * u[j];
      } else {
        for (Index i = 0; i < d; ++i)
          for (Index j = 0; j < i; ++j) q[i] += theta[data.icf_at(c) + data.lower_at(i, j)] * u[j];
      }
      double norm = 0.0;
      for (Index i = 0; i < d; ++i) norm += q[i] * q[i];
      log_density[static_cast<std::size_t>(c)] = theta[c] + sums[static_cast<std::size_t>(c)] - 0.5 * norm;
    }
    const double most = *std::max_element(log_density.begin(), log_density.end());
    double total = 0.0;
    for (double& l : log_density) total += l = std::exp(l - most);
    value += most + std::log(total);
    for (Index c = 0; c < k; ++c) {
      const double weight = log_density[static_cast<std::size_t>(c)] / total;
      const double *const u = &difference[static_cast<std::size_t>(c * d)],
                          *const q = &product[static_cast<std::size_t>(c * d)];
      const double* const diag = &diagonal[static_cast<std::size_t>(c * d)];
      const double* L = theta + data.icf_at(c) + d;
      double *const icf = gradient.data() + data.icf_at(c), *const mean = gradient.data() + data.mean_at(c);
      gradient[c] += weight;
      for (Index i = 0; i < d; ++i) {
        icf[i] += weight * (1.0 - q[i] * u[i] * diag[i]);
        back[static_cast<std::size_t>(i)] = diag[i] * q[i];
      }
      if constexpr (ByColumns) {
        double* l = icf + d;
        for (Index j = 0; j < d; ++j) {
          const double scaled = weight * u[j];
          double s = 0.0;
          for (Index i = j + 1; i < d; ++i) s += L[i - j - 1] * q[i];
          for (Index i = j + 1; i < d; ++i) l[i - j - 1] -= scaled * q[i];
          back[static_cast<std::size_t>(j)] += s;
          L += d - j - 1, l += d - j - 1;
        }
      } else {
        for (Index i = 0; i < d; ++i)
          for (Index j = 0; j < i; ++j) {
            back[static_cast<std::size_t>(j)] += theta[data.icf_at(c) + data.lower_at(i, j)] * q[i];
            icf[data.lower_at(i, j)] -= weight * q[i] * u[j];
          }
      }
      for (Index i = 0; i < d; ++i) mean[i] += weight * back[static_cast<std::size_t>(i)];
    }
  }
  return value;
}

inline double mixture_loop(const MixtureData& data, Vector& gradient) {
  return mixture_scalar<false>(data, gradient);
}
inline double mixture_expert(const MixtureData& data, Vector& gradient) {
  return mixture_scalar<true>(data, gradient);
}

}  // namespace rappel::bench::hand
