#pragma once

// Part of matrix.hpp: what owns memory stays on the caller's side of the compiled boundary.

#include <rappel/autodiff/matrix.hpp>

#include <algorithm>

namespace rappel {
namespace detail {

// By number as in src/matrix_kernels.hpp.
enum class MatrixCall {
  product, solve_lower, solve_upper, solve, cholesky, solve_spd, log_det_spd, inverse_spd, inverse, det, log_abs_det,
  symmetric_eigen, singular_values
};

inline std::vector<Expr> call(MatrixCall op, Index m, Index k, Index n, const std::vector<Expr>& x, Location at) {
  return apply_matrix(static_cast<int>(op), m, k, n, ExprSpan(x), at);
}

template <class A, class B>
Index check_solve(const char* what, const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b) {
  const Index m = square_size(what, a);
  if (b.rows() != m)
    throw std::invalid_argument(std::string(what) + ": the right-hand side has " + std::to_string(b.rows()) +
                                " rows, the matrix " + std::to_string(m));
  return m;
}

// The entries of A, then those of its Cholesky factor.
template <class A>
std::vector<Expr> with_factor(const Eigen::MatrixBase<A>& a, Index m, Location at) {
  std::vector<Expr> x = entries_of(a);
  const std::vector<Expr> factor = call(MatrixCall::cholesky, m, m, m, x, at);
  x.insert(x.end(), factor.begin(), factor.end());
  return x;
}

}  // namespace detail

template <class A>
ExprMatrix cholesky(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("cholesky", a);
  return detail::matrix_of(detail::call(detail::MatrixCall::cholesky, m, m, m, detail::entries_of(a), at).data(), m, m);
}

template <class A, class B>
ExprMatrix solve_spd(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Location at) {
  const Index m = detail::check_solve("solve_spd", a, b);
  std::vector<Expr> x = detail::with_factor(a, m, at);
  detail::append_entries(x, b.derived().eval());
  return detail::matrix_of(detail::call(detail::MatrixCall::solve_spd, m, m, b.cols(), x, at).data(), m, b.cols());
}

template <class A, class B>
ExprMatrix solve(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Location at) {
  const Index m = detail::check_solve("solve", a, b);
  std::vector<Expr> x = detail::entries_of(a);
  detail::append_entries(x, b.derived().eval());
  return detail::matrix_of(detail::call(detail::MatrixCall::solve, m, m, b.cols(), x, at).data(), m, b.cols());
}

template <class A, class B>
ExprMatrix solve_triangular(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Triangle triangle,
                            Location at) {
  const Index m = detail::check_solve("solve_triangular", a, b);
  const bool lower = triangle == Triangle::lower;
  std::vector<Expr> x = detail::entries_of(a);
  for (Index j = 0; j < m; ++j)
    for (Index i = 0; i < m; ++i)
      if (lower ? i < j : i > j) x[static_cast<std::size_t>(i + j * m)] = 0.0;
  detail::append_entries(x, b.derived().eval());
  const auto op = lower ? detail::MatrixCall::solve_lower : detail::MatrixCall::solve_upper;
  return detail::matrix_of(detail::call(op, m, m, b.cols(), x, at).data(), m, b.cols());
}

template <class A>
ExprMatrix inverse(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("inverse", a);
  return detail::matrix_of(detail::call(detail::MatrixCall::inverse, m, m, m, detail::entries_of(a), at).data(), m, m);
}

template <class A>
Expr det(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("det", a);
  return detail::call(detail::MatrixCall::det, m, m, m, detail::entries_of(a), at)[0];
}

template <class A>
Expr log_det(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("log_det", a);
  return detail::call(detail::MatrixCall::log_abs_det, m, m, m, detail::entries_of(a), at)[0];
}

template <class A>
Expr log_det_spd(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("log_det_spd", a);
  return detail::call(detail::MatrixCall::log_det_spd, m, m, m, detail::with_factor(a, m, at), at)[0];
}

template <class A>
SymmetricEigen symmetric_eigen(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = detail::square_size("symmetric_eigen", a);
  const auto z = detail::call(detail::MatrixCall::symmetric_eigen, m, m, m, detail::entries_of(a), at);
  return {detail::matrix_of(z.data(), m, 1), detail::matrix_of(z.data() + m, m, m)};
}

template <class A>
ExprVector singular_values(const Eigen::MatrixBase<A>& a, Location at) {
  const Index m = a.rows(), n = a.cols(), k = std::min(m, n);
  return detail::matrix_of(
      detail::call(detail::MatrixCall::singular_values, m, k, n, detail::entries_of(a), at).data(), k, 1);
}

}  // namespace rappel
