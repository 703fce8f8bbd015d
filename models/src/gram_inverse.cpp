// Compiled with -DEigen=Eigen_rappel.
#include "gram_inverse.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <limits>

namespace rappel {

namespace {

using Dense = Eigen::MatrixXd;
using Size = Eigen::Index;

// The rows [first, first + count) of sqrt(W) [features, 1].
Dense weighted_block(const double* features, Size rows, Size columns, const double* weights, Size first,
                     Size count) {
  Dense block(count, columns + 1);
  block.leftCols(columns) = Eigen::Map<const Dense>(features, rows, columns).middleRows(first, count);
  block.col(columns).setOnes();
  if (weights != nullptr) {
    const Eigen::ArrayXd root = Eigen::Map<const Eigen::ArrayXd>(weights + first, count).sqrt();
    block.array().colwise() *= root;
  }
  return block;
}

// R of the QR factorisation of all rows: each block is factorised below the R so far.
Dense triangular_factor(const double* features, Size rows, Size columns, const double* weights) {
  const Size p = columns + 1;
  const Size block_rows = std::max<Size>(512, 2 * p);
  Dense r = Dense::Zero(p, p);
  for (Size first = 0; first < rows; first += block_rows) {
    const Size count = std::min(block_rows, rows - first);
    Dense stacked(p + count, p);
    stacked << r, weighted_block(features, rows, columns, weights, first, count);
    r = Eigen::HouseholderQR<Dense>(stacked).matrixQR().topRows(p).triangularView<Eigen::Upper>();
  }
  return r;
}

}  // namespace

bool gram_inverse(const double* features, std::size_t rows, std::size_t columns, const double* weights,
                  double* inverse) {
  const Size p = static_cast<Size>(columns) + 1;
  if (static_cast<Size>(rows) < p) return false;
  const Dense r = triangular_factor(features, static_cast<Size>(rows), p - 1, weights);
  // Columns scaled to length 1: a rank is not a matter of units, nor of tiny weights.
  const Eigen::VectorXd length = r.colwise().norm();
  const double eps = std::numeric_limits<double>::epsilon() * static_cast<double>(rows);
  if (!((r.diagonal().array().abs() > eps * length.array()).all())) return false;
  const Dense r_inverse = r.triangularView<Eigen::Upper>().solve(Dense::Identity(p, p));
  Eigen::Map<Dense>(inverse, p, p) = r_inverse * r_inverse.transpose();
  return true;
}

}  // namespace rappel
