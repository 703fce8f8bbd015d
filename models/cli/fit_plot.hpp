#pragma once

// What the pictures of `rappel fit` show, as commands for gnuplot.

#include "gnuplot.hpp"

namespace rappel::cli {

// The cost by iteration.
std::string cost_plot(const std::vector<PlotPoint>& costs);

// Observed against predicted values, with the diagonal.
std::string prediction_plot(const Design& design, const Vector& predicted);

// One feature: the data, and the model's curve through them.
std::string curve_plot(const Design& design, const std::vector<PlotPoint>& curve);

// Two classes: rows in ten groups by predicted probability; in each the mean of these and the share of
// class 1.
std::string calibration_plot(const Design& design, const Vector& probability);

// `count` values from the smallest to the largest of the first feature.
Matrix grid_over(const Design& design, Index count);

template <class M>
std::string fit_plot(const Design& design, const Fit<M>& fit) {
  if (design.num_features() == 1) {
    const Matrix x = grid_over(design, 200);
    const Vector y = fit.predict(x);
    std::vector<PlotPoint> curve;
    for (Index i = 0; i < x.rows(); ++i) curve.push_back({x(i, 0), y[i]});
    return curve_plot(design, curve);
  }
  const Vector predicted = fit.predict(design.matrix());
  return std::is_same_v<M, LogisticRegression> ? calibration_plot(design, predicted)
                                               : prediction_plot(design, predicted);
}

}  // namespace rappel::cli
