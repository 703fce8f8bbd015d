#include "newton.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <limits>

namespace rappel::detail {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class Solver {
 public:
  Solver(const Newton& newton, ConstSpan parameters)
      : newton_(newton),
        n_(static_cast<Index>(newton.start.size())),
        x_(n_ + static_cast<Index>(parameters.size())),
        residual_(n_),
        jacobian_(n_, x_.size()) {
    std::copy(newton.start.begin(), newton.start.end(), x_.begin());
    std::copy(parameters.begin(), parameters.end(), x_.begin() + n_);
  }

  // Where steps no longer shrink the residual, and are of the size of roundings, it has converged.
  bool run() {
    evaluate();
    double merit = merit_at(x_);
    for (int i = 0; i < newton_.max_iterations && x_.allFinite() && residual_.allFinite() && jacobian_.allFinite(); ++i) {
      if (residual_.isZero(0.0)) return true;
      const Vector step = newton_step();
      if (!step.allFinite()) return false;
      const bool small = is_rounding(step);
      double t = 1.0, next = merit;
      for (; t > 1e-12; t *= 0.5) {
        trial_ = x_;
        trial_.head(n_) += t * step;
        next = merit_at(trial_);
        if (small || is_better(next, merit)) break;
      }
      if (t <= 1e-12) return small || is_rounding(1e-2 * step);
      x_ = trial_;
      merit = next;
      evaluate();
      if (small) return true;
    }
    return false;
  }

  auto unknowns() const { return x_.head(n_); }

 private:
  static constexpr double tolerance = 8 * std::numeric_limits<double>::epsilon();

  bool is_rounding(const Vector& step) const {
    return step.lpNorm<Eigen::Infinity>() <= tolerance * (x_.head(n_).lpNorm<Eigen::Infinity>() + 1e-300);
  }

  void evaluate() {
    newton_.equations->values({x_.data(), static_cast<std::size_t>(x_.size())},
                              {residual_.data(), static_cast<std::size_t>(n_)});
    newton_.jacobian->values({x_.data(), static_cast<std::size_t>(x_.size())},
                             {jacobian_.data(), static_cast<std::size_t>(jacobian_.size())});
  }

  // What each step lowers.
  double merit_at(const Vector& x) {
    if (newton_.cost) return newton_.cost->value(x);
    Vector residual(n_);
    newton_.equations->values(span_of(x), span_of(residual));
    return residual.squaredNorm();
  }

  // Where a cost is flat to its rounding, the gradient decides.
  bool is_better(double next, double merit) {
    if (!newton_.cost) return next < merit;
    const double noise = 1e-10 * std::abs(merit);
    if (!(next <= merit + noise)) return false;
    if (next < merit - noise) return true;
    Vector residual(n_);
    newton_.equations->values(span_of(trial_), span_of(residual));
    return residual.norm() < residual_.norm();
  }

  // -J^-1 r; of a cost with the eigenvalues' sizes in their places, so that it descends.
  Vector newton_step() const {
    const Matrix j = jacobian_.leftCols(n_);
    if (!newton_.cost) return -j.partialPivLu().solve(residual_);
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(j);
    const Vector sizes = eigen.eigenvalues().cwiseAbs();
    const Vector floor = Vector::Constant(n_, std::numeric_limits<double>::epsilon() * sizes.maxCoeff());
    return -eigen.eigenvectors() *
           (eigen.eigenvectors().transpose() * residual_).cwiseQuotient(sizes.cwiseMax(floor)).eval();
  }

  const Newton& newton_;
  Index n_;
  Vector x_, trial_, residual_;
  RowMajor jacobian_;
};

}  // namespace

void Newton::solve(ConstSpan parameters, MutableSpan unknowns) const {
  Solver solver(*this, parameters);
  if (solver.run())
    std::copy(solver.unknowns().begin(), solver.unknowns().end(), unknowns.begin());
  else
    std::fill(unknowns.begin(), unknowns.end(), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace rappel::detail
