#pragma once

// What `fit` needs of a model: the cost of one data row, a start and a prediction, in plain Expr code.

#include "rappel/models/statistics.hpp"

#include <rappel/autodiff.hpp>
#include <rappel/core.hpp>

#include <concepts>
#include <random>
#include <string>
#include <string_view>

namespace rappel {

// Seeded and passed in: a start never depends on hidden state.
using Random = std::mt19937_64;

// J(p) = mean over rows of loss(p, x, y) + penalty(p); x is a row of standardised features.
template <class M>
concept Model = std::copyable<M> &&
    requires(const M& m, Index num_features, ExprSpan p, Row x, Expr y, Random& random) {
  { m.num_parameters(num_features) } -> std::convertible_to<Index>;
  {
    m.start(num_features, random)
    } -> std::same_as<Vector>;  // zeros for convex models, small random for networks
  { m.predict(p, x) } -> std::same_as<Expr>;
  { m.loss(p, x, y) } -> std::same_as<Expr>;  // one row
  { m.penalty(p) } -> std::same_as<Expr>;     // once, not per row
};

// Prediction depends on w'x + b alone, the parameters being w, then b: then the fit has coefficients and an
// intercept in the user's units. A model says so by `static constexpr bool is_linear_predictor = true;`.
template <class M>
concept LinearPredictor = Model<M> && M::is_linear_predictor;

// Predictions scale and shift with the target, so that the target may be standardised too: then tolerances do
// not depend on its units. Said by `static constexpr bool standardises_target = true;`.
template <class M>
concept StandardisesTarget = Model<M> && M::standardises_target;

// Optional: m.check(target) throws std::invalid_argument if the model's options or the target do not suit.
template <class M>
concept ChecksTarget = Model<M> && requires(const M& m, ConstSpan target) {
  m.check(target);
};

// Optional: m.statistics(rows), for the summary.
template <class M>
concept HasStatistics = LinearPredictor<M> && requires(const M& m, const FittedRows& rows) {
  { m.statistics(rows) } -> std::same_as<Statistics>;
};

// Optional: "linear regression", and the formula of the cost in words, for the summary.
template <class M>
concept Described = Model<M> && requires(const M& m) {
  { m.title() } -> std::convertible_to<std::string>;
  { m.cost_formula() } -> std::convertible_to<std::string>;
};

}  // namespace rappel
