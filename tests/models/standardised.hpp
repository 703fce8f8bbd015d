#pragma once

// Direct solutions of the standardised problem by Eigen, to compare the engine's with.

#include "real_data.hpp"

#include <rappel/core.hpp>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace rappel::test {

// Columns with mean 0 and mean square 1 (plain two-pass formulas: an oracle of its own), then a column of
// ones.
struct Standardised {
  Matrix design;
  Vector target;
  Vector mean, sd;
  double target_mean, target_sd;

  explicit Standardised(const Problem& p) : design(p.X.rows(), p.X.cols() + 1), mean(p.X.colwise().mean()) {
    const double n = static_cast<double>(p.X.rows());
    const Matrix centred = p.X.rowwise() - mean.transpose();
    sd = (centred.colwise().squaredNorm() / n).cwiseSqrt();
    design << (centred.array().rowwise() / sd.transpose().array()).matrix(), Vector::Ones(p.X.rows());
    target_mean = p.y.mean();
    target = p.y.array() - target_mean;
    target_sd = std::sqrt(target.squaredNorm() / n);
    target /= target_sd;
  }

  // Of mean (w'z + b - y)^2 / 2.
  Matrix hessian() const { return design.transpose() * design / static_cast<double>(design.rows()); }
  double largest_eigenvalue() const {
    return Eigen::SelfAdjointEigenSolver<Matrix>(hessian()).eigenvalues().maxCoeff();
  }
};

// Coefficients, the intercept last, in the user's units.
inline Vector least_squares_by_qr(const Problem& p) {
  Matrix design(p.X.rows(), p.X.cols() + 1);
  design << p.X, Vector::Ones(p.X.rows());
  return design.colPivHouseholderQr().solve(p.y);
}

}  // namespace rappel::test
