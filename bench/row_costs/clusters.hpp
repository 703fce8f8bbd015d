#pragma once

// k-means and a Gaussian mixture.

#include "../hand/kmeans.hpp"
#include "../hand/mixture_best.hpp"
#include "comparison.hpp"

#include <rappel/autodiff.hpp>

#include <vector>

namespace rappel::bench {

inline Variants kmeans_variants(Index m, Index k) {
  constexpr Index d = hand::kmeans_dimension;
  hand::Random random(5);
  const auto data = std::make_shared<hand::KMeansData>();
  data->X = random.matrix(m, d);
  data->rows = data->X;
  data->centroids = random.vector(k * d);
  const Function cost = record(k * d, [&](ExprSpan centroids) {
    return sum_over_rows(Columns(data->X), [&](Row row) {
      const auto squared_distance = [&](Index c) {
        Expr sum = 0.0;
        for (Index j = 0; j < d; ++j) sum += square(row[j] - centroids[c * d + j]);
        return sum;
      };
      Expr least = squared_distance(0);
      for (Index c = 1; c < k; ++c) least = min(least, squared_distance(c));
      return least;
    });
  });
  const auto best = std::make_shared<hand::KMeansBest>(*data);
  return {.num_results = k * d,
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->centroids, g); },
          .loop = [=](Vector& g) { return hand::kmeans_loop(*data, g); },
          .expert = [=](Vector& g) { return hand::kmeans_expert(*data, g); },
          .best = [=](Vector& g) { return (*best)(g); }};
}

// The parameters' order: see hand/mixture.hpp.
inline Function record_mixture(const hand::MixtureData& data) {
  const Index d = data.d, k = data.k;
  return record(data.theta.size(), [&](ExprSpan theta) {
    const ExprSpan alpha = theta.first(k);
    std::vector<Expr> diagonal, log_determinant;  // of Q
    Expr penalty = hand::mixture_constant(data) - static_cast<double>(data.X.rows()) * logsumexp(alpha);
    for (Index c = 0; c < k; ++c) {
      const ExprSpan icf = theta.subspan(data.icf_at(c), data.icf_size());
      log_determinant.push_back(0.0);
      for (Index i = 0; i < d; ++i) {
        log_determinant.back() += icf[i];
        diagonal.push_back(exp(icf[i]));
        penalty += 0.5 * square(diagonal.back());
      }
      for (Index i = d; i < icf.size(); ++i) penalty += 0.5 * square(icf[i]);
    }
    const Expr likelihood = sum_over_rows(Columns(data.X), [&](Row x) {
      std::vector<Expr> log_density;
      for (Index c = 0; c < k; ++c) {
        const ExprSpan mean = theta.subspan(data.mean_at(c), d),
                       icf = theta.subspan(data.icf_at(c), data.icf_size());
        Expr norm = 0.0;
        for (Index i = 0; i < d; ++i) {
          Expr q = diagonal[static_cast<std::size_t>(c * d + i)] * (x[i] - mean[i]);
          for (Index j = 0; j < i; ++j) q += icf[data.lower_at(i, j)] * (x[j] - mean[j]);
          norm += square(q);
        }
        log_density.push_back(alpha[c] + log_determinant[static_cast<std::size_t>(c)] - 0.5 * norm);
      }
      return logsumexp(log_density);
    });
    return likelihood + penalty;
  });
}

template <int D>
Variants mixture_variants(Index m, Index k) {
  hand::Random random(6);
  const auto data = std::make_shared<hand::MixtureData>(hand::MixtureData{D, k, random.matrix(m, D), {}, {}});
  data->rows = data->X;
  data->theta = random.vector(k + k * D + k * data->icf_size()) / std::sqrt(static_cast<double>(D));
  const Function cost = record_mixture(*data);
  const auto best = std::make_shared<hand::MixtureBest<D>>(*data);
  return {.num_results = data->theta.size(),
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->theta, g); },
          .loop = [=](Vector& g) { return hand::mixture_loop(*data, g); },
          .expert = [=](Vector& g) { return hand::mixture_expert(*data, g); },
          .best = [=](Vector& g) { return (*best)(g); }};
}

}  // namespace rappel::bench
