#pragma once

// Linear models over rows: squared error, logistic, Poisson, Huber, softmax.

#include "../hand/linear.hpp"
#include "../hand/links.hpp"
#include "../hand/softmax.hpp"
#include "comparison.hpp"

#include <rappel/autodiff.hpp>

#include <vector>

namespace rappel::bench {

// What a row costs given z = w'x + b, as a user writes it; the rest is the same for all links.
template <class Link, class RowCost>
Variants linear_variants(Index m, Index n, bool binary, RowCost row_cost) {
  hand::Random random(1);
  const auto data = std::make_shared<hand::LinearData>();
  data->X = random.matrix(m, n);
  data->rows = data->X;
  data->w = random.vector(n + 1, -3.0, 3.0) / std::sqrt(static_cast<double>(n));
  data->y = data->X * data->w.head(n) + random.vector(m, -2.0, 2.0);
  if (binary) data->y = (data->y.array() > 0.0).cast<double>();
  const Function cost = record(n + 1, [&](ExprSpan w) {
    return mean_over_rows(Columns(data->X, data->y), [&](Row row) {
      Expr z = w[n];
      for (Index j = 0; j < n; ++j) z += w[j] * row[j];
      return row_cost(z, row[n]);
    });
  });
  const auto expert = std::make_shared<hand::LinearExpert<Link>>(*data);
  return {.num_results = n + 1,
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->w, g); },
          .loop = [=](Vector& g) { return hand::linear_loop<Link>(*data, g); },
          .expert = [=](Vector& g) { return (*expert)(g); },
          .best = [=](Vector& g) { return hand::linear_best<Link>(*data, g); }};
}

inline std::string size_name(const std::string& name, Index m, Index n) {
  return name + "/" + std::to_string(m) + "x" + std::to_string(n);
}

inline Comparison squared_error(Index m, Index n, double expert, double best) {
  return {{size_name("squared_error", m, n), expert, best}, [=] {
            return linear_variants<hand::SquaredError>(m, n, false,
                                                       [](Expr z, Expr y) { return square(z - y); });
          }};
}

inline Comparison logistic(Index m, Index n, double expert, double best, double best_of_loop = 0.0) {
  return {{size_name("logistic", m, n), expert, best, best_of_loop}, [=] {
            return linear_variants<hand::Logistic>(m, n, true,
                                                   [](Expr z, Expr y) { return softplus(z) - y * z; });
          }};
}

inline Comparison poisson(Index m, Index n, double expert, double best) {
  return {{size_name("poisson", m, n), expert, best}, [=] {
            return linear_variants<hand::Poisson>(m, n, false, [](Expr z, Expr y) { return exp(z) - y * z; });
          }};
}

inline Comparison huber_loss(Index m, Index n, double expert, double best) {
  return {{size_name("huber", m, n), expert, best}, [=] {
            return linear_variants<hand::HuberLoss>(m, n, false,
                                                    [](Expr z, Expr y) { return huber(z - y, 1.0); });
          }};
}

inline Variants softmax_variants(Index m) {
  constexpr Index n = hand::softmax_features, k = hand::softmax_classes;
  hand::Random random(2);
  const auto data = std::make_shared<hand::SoftmaxData>();
  data->X = random.matrix(m, n);
  data->onehot = Matrix::Zero(m, k);
  for (Index r = 0; r < m; ++r) data->onehot(r, static_cast<Index>(random.bits() % k)) = 1.0;
  data->rows.resize(m, n + k);
  data->rows << data->X, data->onehot;
  data->theta = random.vector((n + 1) * k);
  const Function cost = record((n + 1) * k, [&](ExprSpan theta) {
    return mean_over_rows(Columns(data->X, data->onehot), [&](Row row) {
      std::vector<Expr> z;
      Expr chosen = 0.0;
      for (Index c = 0; c < k; ++c) {
        const ExprSpan w = theta.subspan(c * (n + 1), n + 1);
        z.push_back(w[n]);
        for (Index j = 0; j < n; ++j) z.back() += w[j] * row[j];
        chosen += row[n + c] * z.back();
      }
      return logsumexp(z) - chosen;
    });
  });
  const auto expert = std::make_shared<hand::SoftmaxExpert>(*data);
  const auto best = std::make_shared<hand::SoftmaxBest>(*data);
  return {.num_results = (n + 1) * k,
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->theta, g); },
          .loop = [=](Vector& g) { return hand::softmax_loop(*data, g); },
          .expert = [=](Vector& g) { return (*expert)(g); },
          .best = [=](Vector& g) { return (*best)(g); }};
}

}  // namespace rappel::bench
