#pragma once

// Costs of one column: an exponential curve with its normal equations, and a polynomial.

#include "../hand/curve.hpp"
#include "../hand/polynomial.hpp"
#include "comparison.hpp"

#include <rappel/autodiff.hpp>

namespace rappel::bench {

inline std::shared_ptr<hand::CurveData> curve_data(Index m) {
  hand::Random random(3);
  const auto data = std::make_shared<hand::CurveData>();
  data->points = random.matrix(m, 2, 0.0, 2.0);
  data->theta = Vector{{1.5, 0.8, 0.3}};
  return data;
}

inline Variants curve_variants(Index m) {
  const auto data = curve_data(m);
  const Function cost = record(3, [&](ExprSpan t) {
    return mean_over_rows(Columns(data->points),
                          [&](Row row) { return square(t[0] * exp(-t[1] * row[0]) + t[2] - row[1]); });
  });
  const auto expert = std::make_shared<hand::CurveExpert>(*data);
  return {.num_results = 3,
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->theta, g); },
          .loop = [=](Vector& g) { return hand::curve_loop(*data, g); },
          .expert = [=](Vector& g) { return (*expert)(g); },
          .best = [=](Vector& g) { return hand::curve_best(*data, g); }};
}

// The value is r'r / 2, the results J'r and then J'J.
inline Variants curve_normal_variants(Index m) {
  const auto data = curve_data(m);
  const Function residuals = record(3, [&](ExprSpan t) {
    return map_rows(Columns(data->points),
                    [&](Row row) { return t[0] * exp(-t[1] * row[0]) + t[2] - row[1]; });
  });
  const auto expert = std::make_shared<hand::CurveNormalExpert>(*data);
  return {.num_results = 12,
          .rappel =
              [=](Vector& g) {
                return residuals.gauss_newton(span_of(data->theta), span_of(g).first(3),
                                              span_of(g).subspan(3));
              },
          .loop = [=](Vector& g) { return hand::curve_normal_loop(*data, g); },
          .expert = [=](Vector& g) { return (*expert)(g); },
          .best = [=](Vector& g) { return hand::curve_normal_best(*data, g); }};
}

inline Variants polynomial_variants(Index m, Index num_coefficients) {
  hand::Random random(4);
  const auto data = std::make_shared<hand::PolynomialData>();
  data->x = random.vector(m), data->y = random.vector(m);
  data->coefficients = random.vector(num_coefficients);
  const Function cost = record(num_coefficients, [&](ExprSpan c) {
    return mean_over_rows(Columns(data->x, data->y), [&](Row row) {
      Expr p = 1.0, sum = 0.0;
      for (const Expr& coefficient : c) {
        sum += coefficient * p;
        p *= row[0];
      }
      return square(sum - row[1]);
    });
  });
  const auto best = std::make_shared<hand::PolynomialBest>(*data);
  const Run loop = [=](Vector& g) { return hand::polynomial_loop(*data, g); };
  return {.num_results = num_coefficients,
          .rappel = [=](Vector& g) { return cost.value_and_gradient(data->coefficients, g); },
          .loop = loop,
          .expert = loop,
          .best = [=](Vector& g) { return (*best)(g); }};
}

}  // namespace rappel::bench
