#pragma once

// Dense matrices in doubles, compiled once for each instruction set: raw pointers, no inline function, so that
// nothing is shared between the sets.

#include <cstddef>

namespace rappel::detail {

// All column-major. `m`, `k` and `n` are what the lines say; z holds the results, one after the other.
enum class MatrixOp {
  product,          // A (m x k), B (k x n) -> A B
  solve_lower,      // L (m x m), B (m x n) -> L^-1 B
  solve_upper,      // U (m x m), B (m x n) -> U^-1 B
  solve,            // A (m x m), B (m x n) -> A^-1 B
  cholesky,         // A (m x m) -> L with L L^T = (A + A^T) / 2; NaN if that is not positive definite
  solve_spd,        // A, its cholesky L (m x m), B (m x n) -> A^-1 B
  log_det_spd,      // A, L -> log det A
  inverse_spd,      // A, L -> A^-1
  inverse,          // A (m x m) -> A^-1
  det,              // A (m x m)
  log_abs_det,      // A (m x m) -> log |det A|
  symmetric_eigen,  // A (m x m) -> the eigenvalues of (A + A^T) / 2, ascending; vectors as columns
  singular_values   // A (m x n) -> singular values, descending, k = min(m, n); U (m x k), V (n x k)
};

using MatrixKernel = void (*)(MatrixOp op, std::ptrdiff_t m, std::ptrdiff_t k, std::ptrdiff_t n, const double* x,
                              double* z);

void matrix_baseline(MatrixOp op, std::ptrdiff_t m, std::ptrdiff_t k, std::ptrdiff_t n, const double* x, double* z);
void matrix_avx2(MatrixOp op, std::ptrdiff_t m, std::ptrdiff_t k, std::ptrdiff_t n, const double* x, double* z);
void matrix_avx512(MatrixOp op, std::ptrdiff_t m, std::ptrdiff_t k, std::ptrdiff_t n, const double* x, double* z);

}  // namespace rappel::detail
