#include "matrix_kernels.hpp"

#include <Eigen/Dense>

#include <cmath>
#include <limits>

namespace rappel {
namespace {
#include "matrix_kernels_body.hpp"
}  // namespace

void detail::matrix_avx512(MatrixOp op, std::ptrdiff_t m, std::ptrdiff_t k, std::ptrdiff_t n, const double* x,
                    double* z) {
  Kernels<double>::run(op, m, k, n, x, z);
}
}  // namespace rappel
