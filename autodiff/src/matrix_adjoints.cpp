#include "matrix_ops.hpp"

#include <rappel/autodiff/matrix.hpp>

#include <algorithm>

// Adjoints of matrix operations, made of matrix operations. x, z and their adjoints stand as in matrix_kernels.hpp.

namespace rappel::detail {
namespace {

using Entries = std::vector<Expr>;

ExprMatrix part(ExprSpan all, Index first, Index rows, Index cols) {
  return matrix_of(all.subspan(first, rows * cols).begin(), rows, cols);
}

Entries joined(const std::vector<ExprMatrix>& parts) {
  Entries all;
  for (const ExprMatrix& m : parts) append_entries(all, m);
  return all;
}

ExprMatrix zero(Index rows, Index cols) { return ExprMatrix::Constant(rows, cols, Expr(0.0)); }
ExprMatrix half_symmetric(const ExprMatrix& a) { return (a + a.transpose()) * Expr(0.5); }

// a_ij b_i and a_ij b_j.
ExprMatrix scale_rows(const ExprMatrix& a, const ExprMatrix& b) {
  return ExprMatrix::NullaryExpr(a.rows(), a.cols(), [&](Index i, Index j) { return a(i, j) * b(i, 0); });
}
ExprMatrix scale_columns(const ExprMatrix& a, const ExprMatrix& b) {
  return ExprMatrix::NullaryExpr(a.rows(), a.cols(), [&](Index i, Index j) { return a(i, j) * b(j, 0); });
}

bool is_zero(const ExprMatrix& a) {
  return std::all_of(a.data(), a.data() + a.size(), [](const Expr& e) { return e.is_constant() && e.constant() == 0.0; });
}

ExprMatrix triangle(const ExprMatrix& a, bool lower, double diagonal = 1.0) {
  return ExprMatrix::NullaryExpr(a.rows(), a.cols(), [&](Index i, Index j) -> Expr {
    if (i == j) return diagonal * a(i, j);
    return (i > j) == lower ? a(i, j) : Expr(0.0);
  });
}

// Murray 2016, eq. 10: A = L^-T Phi(L^T Lbar) L^-1, made symmetric; Phi is the lower triangle with half the diagonal.
Entries cholesky(Index m, ExprSpan z, ExprSpan zbar) {
  const ExprMatrix l = part(z, 0, m, m), upper = l.transpose();
  const ExprMatrix phi = triangle(upper * triangle(part(zbar, 0, m, m), true), true, 0.5);
  const ExprMatrix left = solve_triangular(upper, phi, Triangle::upper);
  const ExprMatrix both = solve_triangular(upper, ExprMatrix(left.transpose()), Triangle::upper);
  return joined({half_symmetric(both)});
}

// Of A = V diag(w) V^T: V (diag(wbar) + F o V^T Vbar) V^T, made symmetric; F_ij = 1 / (w_j - w_i) off the diagonal.
Entries symmetric_eigen(Index m, ExprSpan z, ExprSpan zbar) {
  const ExprMatrix w = part(z, 0, m, 1), v = part(z, m, m, m);
  const ExprMatrix wbar = part(zbar, 0, m, 1), vbar = part(zbar, m, m, m);
  ExprMatrix inner = zero(m, m);
  if (!is_zero(vbar)) {
    const ExprMatrix along = v.transpose() * vbar;
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < m; ++j)
        if (i != j) inner(i, j) = along(i, j) / (w(j, 0) - w(i, 0));
  }
  inner.diagonal() = wbar;
  const ExprMatrix right = inner * v.transpose();
  return joined({half_symmetric(v * right)});
}

// Of A = U diag(s) V^T, thin (Townsend, Differentiating the singular value decomposition, 2016), with
// F_ij = 1 / (s_j^2 - s_i^2) off the diagonal.
Entries singular_values(Index m, Index k, Index n, ExprSpan z, ExprSpan zbar) {
  const ExprMatrix s = part(z, 0, k, 1), u = part(z, k, m, k), v = part(z, k + m * k, n, k);
  const ExprMatrix sbar = part(zbar, 0, k, 1), ubar = part(zbar, k, m, k), vbar = part(zbar, k + m * k, n, k);
  ExprMatrix inner = zero(k, k);
  inner.diagonal() = sbar;
  const auto differences = [&](const ExprMatrix& a) {  // F o (a - a^T)
    ExprMatrix result = zero(k, k);
    for (Index i = 0; i < k; ++i)
      for (Index j = 0; j < k; ++j)
        if (i != j) result(i, j) = (a(i, j) - a(j, i)) / ((s(j, 0) - s(i, 0)) * (s(j, 0) + s(i, 0)));
    return result;
  };
  const ExprMatrix inverse = ExprMatrix::NullaryExpr(k, 1, [&](Index i, Index) { return 1.0 / s(i, 0); });
  ExprMatrix abar = zero(m, n);
  if (!is_zero(ubar)) {
    const ExprMatrix along = u.transpose() * ubar;
    inner += scale_columns(differences(along), s);
    if (m > k) {
      const ExprMatrix across = scale_columns(ubar - u * along, inverse);
      abar += across * v.transpose();
    }
  }
  if (!is_zero(vbar)) {
    const ExprMatrix along = v.transpose() * vbar;
    inner += scale_rows(differences(along), s);
    if (n > k) {
      const ExprMatrix across = scale_columns(vbar - v * along, inverse);
      abar += u * across.transpose();
    }
  }
  const ExprMatrix right = inner * v.transpose();
  abar += u * right;
  return joined({abar});
}

}  // namespace

std::vector<Expr> adjoint_of(MatrixOp op, Index m, Index k, Index n, ExprSpan x, ExprSpan z, ExprSpan zbar) {
  const auto square = [&](Index first) { return part(x, first, m, m); };
  switch (op) {
    case MatrixOp::product: {
      const ExprMatrix a = part(x, 0, m, k), b = part(x, m * k, k, n), c = part(zbar, 0, m, n);
      return joined({c * b.transpose(), a.transpose() * c});
    }
    case MatrixOp::solve_lower:
    case MatrixOp::solve_upper: {
      const bool lower = op == MatrixOp::solve_lower;
      const ExprMatrix transpose = square(0).transpose();
      const ExprMatrix bbar =
          solve_triangular(transpose, part(zbar, 0, m, n), lower ? Triangle::upper : Triangle::lower);
      const ExprMatrix outer = bbar * part(z, 0, m, n).transpose();
      return joined({-triangle(outer, lower), bbar});
    }
    case MatrixOp::solve: {
      const ExprMatrix bbar = solve(ExprMatrix(square(0).transpose()), part(zbar, 0, m, n));
      const ExprMatrix outer = bbar * part(z, 0, m, n).transpose();
      return joined({-outer, bbar});
    }
    case MatrixOp::cholesky:
      return cholesky(m, z, zbar);
    // A's part stands for the factor's, too: none flows to L.
    case MatrixOp::solve_spd: {
      const ExprMatrix bbar = solve_spd(square(0), part(zbar, 0, m, n));
      const ExprMatrix outer = bbar * part(z, 0, m, n).transpose();
      return joined({-half_symmetric(outer), zero(m, m), bbar});
    }
    case MatrixOp::log_det_spd: {
      const Entries inverse = apply(matrix_op(MatrixOp::inverse_spd, m, m, m), x, Location());
      return joined({matrix_of(inverse.data(), m, m) * zbar[0], zero(m, m)});
    }
    case MatrixOp::inverse_spd: {
      const ExprMatrix v = part(z, 0, m, m), right = part(zbar, 0, m, m) * v;
      return joined({-half_symmetric(v * right), zero(m, m)});
    }
    case MatrixOp::inverse: {
      const ExprMatrix v = part(z, 0, m, m).transpose(), right = part(zbar, 0, m, m) * v;
      return joined({-(v * right)});
    }
    case MatrixOp::det:
      return joined({inverse(square(0)).transpose() * (zbar[0] * z[0])});
    case MatrixOp::log_abs_det:
      return joined({inverse(square(0)).transpose() * zbar[0]});
    case MatrixOp::symmetric_eigen:
      return symmetric_eigen(m, z, zbar);
    case MatrixOp::singular_values:
      return singular_values(m, k, n, z, zbar);
  }
  return {};
}

}  // namespace rappel::detail
