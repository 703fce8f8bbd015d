#pragma once

// Matrices of Expr: Eigen's, whose products, solves and factorisations are one node each.
//
// Adjoints: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation,
// 2008; I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527. They are made of the same
// operations, so every order follows.

#include <rappel/autodiff/expr.hpp>
#include <rappel/core.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace Eigen {

template <>
struct NumTraits<rappel::Expr> : NumTraits<double> {
  using Real = rappel::Expr;
  using NonInteger = rappel::Expr;
  using Nested = rappel::Expr;
  using Literal = double;
  enum { IsComplex = 0, IsInteger = 0, IsSigned = 1, RequireInitialization = 1, ReadCost = 4, AddCost = 8, MulCost = 8 };
};

template <class Operation>
struct ScalarBinaryOpTraits<rappel::Expr, double, Operation> {
  using ReturnType = rappel::Expr;
};
template <class Operation>
struct ScalarBinaryOpTraits<double, rappel::Expr, Operation> {
  using ReturnType = rappel::Expr;
};

}  // namespace Eigen

namespace rappel {

using ExprMatrix = Eigen::Matrix<Expr, Eigen::Dynamic, Eigen::Dynamic>;
using ExprVector = Eigen::Matrix<Expr, Eigen::Dynamic, 1>;

namespace detail {

// A (m x k) B (k x n), column-major: one node from 64 products on, else dots.
std::vector<Expr> matrix_product(Index m, Index k, Index n, ExprSpan a, ExprSpan b, Location at);
std::vector<Expr> apply_matrix(int op, Index m, Index k, Index n, ExprSpan x, Location at);

template <class Derived>
void append_entries(std::vector<Expr>& to, const Eigen::MatrixBase<Derived>& a) {
  for (Index j = 0; j < a.cols(); ++j)
    for (Index i = 0; i < a.rows(); ++i) to.push_back(Expr(a.derived().coeff(i, j)));
}

template <class Derived>
std::vector<Expr> entries_of(const Eigen::MatrixBase<Derived>& a) {
  std::vector<Expr> entries;
  entries.reserve(static_cast<std::size_t>(a.size()));
  append_entries(entries, a.derived().eval());
  return entries;
}

template <class Entry>
Eigen::Matrix<Entry, Eigen::Dynamic, Eigen::Dynamic> matrix_of(const Entry* entries, Index rows, Index cols) {
  return Eigen::Map<const Eigen::Matrix<Entry, Eigen::Dynamic, Eigen::Dynamic>>(entries, rows, cols);
}

template <class T>
concept HasExprs = std::is_same_v<typename T::Scalar, Expr>;

template <class A>
Index square_size(const char* what, const Eigen::MatrixBase<A>& a) {
  if (a.rows() != a.cols())
    throw std::invalid_argument(std::string(what) + ": the matrix is " + std::to_string(a.rows()) + " x " +
                                std::to_string(a.cols()) + ", a square one is needed");
  return a.rows();
}

}  // namespace detail
}  // namespace rappel

namespace Eigen::internal {

// Eigen's own products would record a node for each multiplication, and those of Expr and double do not compile.
#define RAPPEL_PRODUCT(Tag)                                                                                        \
  template <class Lhs, class Rhs>                                                                                  \
  requires(rappel::detail::HasExprs<Lhs> || rappel::detail::HasExprs<Rhs>)                                        \
  struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, Tag>                                               \
      : generic_product_impl_base<Lhs, Rhs, generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, Tag>> {         \
    template <class Dst>                                                                                           \
    static void evalTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {                                                 \
      assign(dst, lhs, rhs, [](auto& to, const rappel::Expr& from) { to = from; });                                \
    }                                                                                                              \
    template <class Dst>                                                                                           \
    static void addTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {                                                  \
      assign(dst, lhs, rhs, [](auto& to, const rappel::Expr& from) { to += from; });                               \
    }                                                                                                              \
    template <class Dst>                                                                                           \
    static void subTo(Dst& dst, const Lhs& lhs, const Rhs& rhs) {                                                  \
      assign(dst, lhs, rhs, [](auto& to, const rappel::Expr& from) { to -= from; });                               \
    }                                                                                                              \
    template <class Dst>                                                                                           \
    static void scaleAndAddTo(Dst& dst, const Lhs& lhs, const Rhs& rhs, const rappel::Expr& alpha) {               \
      assign(dst, lhs, rhs, [&](auto& to, const rappel::Expr& from) { to += alpha * from; });                      \
    }                                                                                                              \
                                                                                                                   \
   private:                                                                                                        \
    template <class Dst, class Put>                                                                                \
    static void assign(Dst& dst, const Lhs& lhs, const Rhs& rhs, const Put& put) {                                 \
      const std::vector<rappel::Expr> entries = rappel::detail::matrix_product(                                    \
          lhs.rows(), lhs.cols(), rhs.cols(), rappel::detail::entries_of(lhs), rappel::detail::entries_of(rhs),    \
          rappel::Location());                                                                                     \
      for (Index j = 0; j < rhs.cols(); ++j)                                                                       \
        for (Index i = 0; i < lhs.rows(); ++i)                                                                     \
          put(dst.coeffRef(i, j), entries[static_cast<std::size_t>(i + j * lhs.rows())]);                          \
    }                                                                                                              \
  };
RAPPEL_PRODUCT(InnerProduct)
RAPPEL_PRODUCT(OuterProduct)
RAPPEL_PRODUCT(GemvProduct)
RAPPEL_PRODUCT(GemmProduct)
RAPPEL_PRODUCT(CoeffBasedProductMode)
RAPPEL_PRODUCT(LazyCoeffBasedProductMode)
#undef RAPPEL_PRODUCT

}  // namespace Eigen::internal

namespace rappel {

enum class Triangle { lower, upper };

// Below A is square, of Expr; B of Expr or double, with as many rows. Each throws std::invalid_argument for other
// shapes. Where the result does not exist it is NaN or inf, and `diagnose` says so.

// L, lower triangular, with L L^T = A. Of A the mean with its transpose is read: the adjoint is symmetric. NaN if
// it is not positive definite.
template <class A>
ExprMatrix cholesky(const Eigen::MatrixBase<A>& a, Location at = Location::here());

// A^-1 B, of a symmetric positive definite A by its Cholesky factor (the node of `cholesky`, shared), of another by
// LU, and of a triangle of A alone.
template <class A, class B>
ExprMatrix solve_spd(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Location at = Location::here());
template <class A, class B>
ExprMatrix solve(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Location at = Location::here());
template <class A, class B>
ExprMatrix solve_triangular(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b, Triangle triangle,
                            Location at = Location::here());

template <class A>
ExprMatrix inverse(const Eigen::MatrixBase<A>& a, Location at = Location::here());
template <class A>
Expr det(const Eigen::MatrixBase<A>& a, Location at = Location::here());  // its derivative is NaN at a singular A
template <class A>
Expr log_det(const Eigen::MatrixBase<A>& a, Location at = Location::here());  // log |det A|
template <class A>
Expr log_det_spd(const Eigen::MatrixBase<A>& a, Location at = Location::here());  // by its Cholesky factor

// Of (A + A^T) / 2: eigenvalues, ascending, and vectors by column, the largest entry of each positive. Where
// eigenvalues repeat, the vectors have no derivative: NaN or inf; sums of them, and functions of the eigenvalues
// alone to first order, do.
struct SymmetricEigen {
  ExprVector values;
  ExprMatrix vectors;
};
template <class A>
SymmetricEigen symmetric_eigen(const Eigen::MatrixBase<A>& a, Location at = Location::here());

// Descending, of any A; first derivatives also where they repeat, second ones where they differ and are not 0.
template <class A>
ExprVector singular_values(const Eigen::MatrixBase<A>& a, Location at = Location::here());

template <class A>
requires detail::HasExprs<A> Expr trace(const Eigen::MatrixBase<A>& a, Location at = Location::here()) {
  detail::square_size("trace", a);
  return sum(detail::entries_of(a.diagonal()), at);
}

// The root of the sum of squares of the entries.
template <class A>
requires detail::HasExprs<A> Expr norm(const Eigen::MatrixBase<A>& a, Location at = Location::here()) {
  return norm(ExprSpan(detail::entries_of(a)), at);
}

}  // namespace rappel

#include <rappel/autodiff/matrix_inline.hpp>
