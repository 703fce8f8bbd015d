#pragma once

// Costs of many parameters: a perceptron, logsumexp, matrix factorisation.

#include "../hand/lookups.hpp"
#include "../hand/perceptron.hpp"
#include "comparison.hpp"

#include <rappel/autodiff.hpp>

#include <vector>

namespace rappel::bench {

inline Variants perceptron_variants(Index m) {
  hand::Random random(7);
  const auto data = std::make_shared<hand::PerceptronData>(
      hand::PerceptronData{784, 128, 10, random.matrix(m, 784, 0.0, 1.0), Matrix::Zero(m, 10), {}, {}});
  for (Index r = 0; r < m; ++r) data->onehot(r, static_cast<Index>(random.bits() % 10)) = 1.0;
  data->rows.resize(m, 794);
  data->rows << data->X, data->onehot;
  data->theta = 0.1 * random.vector(data->num_parameters());
  const Index inputs = data->inputs, hidden = data->hidden, classes = data->classes;
  const Function cost = record(data->num_parameters(), [&](ExprSpan theta) {
    const ExprSpan weights1 = theta.first(inputs * hidden), bias1 = theta.subspan(data->bias1_at(), hidden),
                   weights2 = theta.subspan(data->weights2_at(), hidden * classes),
                   bias2 = theta.last(classes);
    return mean_over_rows(Columns(data->X, data->onehot), [&](Row row) {
      std::vector<Expr> h, z;
      for (Index u = 0; u < hidden; ++u)
        h.push_back(sigmoid(dot(weights1.subspan(u * inputs, inputs), row.first(inputs)) + bias1[u]));
      for (Index c = 0; c < classes; ++c)
        z.push_back(dot(weights2.subspan(c * hidden, hidden), h) + bias2[c]);
      return logsumexp(z) - dot(row.last(classes), z);
    });
  });
  const auto expert = std::make_shared<hand::PerceptronExpert>(*data);
  return {.num_results = data->num_parameters(),
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->theta, g); },
          .loop = [=](Vector& g) { return hand::perceptron_loop(*data, g); },
          .expert = [=](Vector& g) { return (*expert)(g); },
          .best = {}};
}

inline Variants logsumexp_variants(Index n) {
  hand::Random random(8);
  const auto theta = std::make_shared<Vector>(random.vector(n, -5.0, 5.0));
  const auto index = std::make_shared<Vector>(Vector::LinSpaced(n, 0.0, static_cast<double>(n - 1)));
  const Function cost = record(n, [&](ExprSpan t) {
    const Columns rows(*index);
    const Expr most = max_over_rows(rows, [&](Row row) { return gather(t, row[0]); });
    return most + log(sum_over_rows(rows, [&](Row row) { return exp(gather(t, row[0]) - most); }));
  });
  const auto best = std::make_shared<hand::LogSumExpBest>(*theta);
  const Run loop = [=](Vector& g) { return hand::logsumexp_loop(*theta, g); };
  return {
      .num_results = n,
      .rappel = [=](Vector& g) { return (void)index, cost.value_and_gradient(*theta, g); },  // borrows index
      .loop = loop,
      .expert = loop,
      .best = [=](Vector& g) { return (void)theta, (*best)(g); }};
}

inline Variants factorisation_variants(Index m) {
  constexpr Index rank = hand::factor_rank;
  hand::Random random(9);
  const auto data =
      std::make_shared<hand::FactorisationData>(hand::FactorisationData{1000, 1700, random.matrix(m, 3), {}});
  for (Index r = 0; r < m; ++r) {
    data->ratings(r, 0) = static_cast<double>(random.bits() % static_cast<unsigned>(data->users));
    data->ratings(r, 1) = static_cast<double>(random.bits() % static_cast<unsigned>(data->items));
  }
  data->theta = random.vector((data->users + data->items) * rank);
  const Function cost = record(data->theta.size(), [&](ExprSpan theta) {
    const ExprSpan users = theta.first(data->users * rank), items = theta.last(data->items * rank);
    return sum_over_rows(Columns(data->ratings), [&](Row row) {
      return square(dot(gather(users, row[0], rank), gather(items, row[1], rank)) - row[2]);
    });
  });
  return {.num_results = data->theta.size(),
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->theta, g); },
          .loop = [=](Vector& g) { return hand::factorisation_loop(*data, g); },
          .expert = [=](Vector& g) { return hand::factorisation_expert(*data, g); },
          .best = [=](Vector& g) { return hand::factorisation_best(*data, g); }};
}

}  // namespace rappel::bench
