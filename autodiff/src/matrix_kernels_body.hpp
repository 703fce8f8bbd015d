// The operations of matrix_kernels.hpp over numbers S. Included once by each matrix_*.cpp inside of its unnamed
// namespace, after Eigen, which has a name of its own there.

using detail::MatrixOp;
using Size = std::ptrdiff_t;

template <class S>
struct Kernels {
  using Dense = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  using In = Eigen::Map<const Dense>;
  using Out = Eigen::Map<Dense>;

  static void fill_nan(S* z, Size count) {
    for (Size i = 0; i < count; ++i) z[i] = std::numeric_limits<S>::quiet_NaN();
  }

  static bool finite(const Dense& a) {
    for (Size i = 0; i < a.size(); ++i)
      if (!(a.data()[i] - a.data()[i] == S(0))) return false;
    return true;
  }

  static Dense symmetric(const S* x, Size m) {
    const In a(x, m, m);
    return (a + a.transpose()) / S(2);
  }

  static void cholesky(const S* x, Size m, S* z) {
    const Dense a = symmetric(x, m);
    const Eigen::LLT<Dense> factor(a);
    if (factor.info() != Eigen::Success || !finite(a)) return fill_nan(z, m * m);
    Out(z, m, m) = factor.matrixL();
  }

  static void solve_spd(const S* l, Size m, const S* b, Size n, S* z) {
    Out x(z, m, n);
    x = In(b, m, n);
    In(l, m, m).template triangularView<Eigen::Lower>().solveInPlace(x);
    In(l, m, m).transpose().template triangularView<Eigen::Upper>().solveInPlace(x);
  }

  static void inverse_spd(const S* l, Size m, S* z) {
    if (!(l[0] == l[0])) return fill_nan(z, m * m);
    Dense inverse = Dense::Identity(m, m);
    In(l, m, m).template triangularView<Eigen::Lower>().solveInPlace(inverse);
    Dense lower = Dense::Zero(m, m);
    lower.template selfadjointView<Eigen::Lower>().rankUpdate(inverse.transpose());
    Out(z, m, m) = lower.template selfadjointView<Eigen::Lower>();
  }

  static void log_diagonal(const Dense& a, S times, S* z) {
    using std::abs, std::log;
    S total(0);
    for (Size i = 0; i < a.rows(); ++i) total += log(abs(a(i, i)));
    *z = times * total;
  }

  // The largest entry of each vector is positive, so that the result does not depend on the method.
  static void fix_sign(Dense& leading, Dense* other) {
    using std::abs;
    for (Size j = 0; j < leading.cols(); ++j) {
      Size largest = 0;
      for (Size i = 1; i < leading.rows(); ++i)
        if (abs(leading(i, j)) > abs(leading(largest, j))) largest = i;
      if (!(leading(largest, j) < S(0))) continue;
      leading.col(j) = -leading.col(j).eval();
      if (other != nullptr) other->col(j) = -other->col(j).eval();
    }
  }

  static void symmetric_eigen(const S* x, Size m, S* z) {
    const Dense a = symmetric(x, m);
    if (!finite(a)) return fill_nan(z, m + m * m);
    const Eigen::SelfAdjointEigenSolver<Dense> eigen(a);
    Dense vectors = eigen.eigenvectors();
    fix_sign(vectors, nullptr);
    Out(z, m, 1) = eigen.eigenvalues();
    Out(z + m, m, m) = vectors;
  }

  static void singular_values(const S* x, Size m, Size n, S* z) {
    const Dense a = In(x, m, n);
    const Size k = m < n ? m : n;
    if (!finite(a)) return fill_nan(z, k + (m + n) * k);
    const Eigen::JacobiSVD<Dense> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
    Dense u = svd.matrixU(), v = svd.matrixV();
    fix_sign(u, &v);
    Out(z, k, 1) = svd.singularValues();
    Out(z + k, m, k) = u;
    Out(z + k + m * k, n, k) = v;
  }

  static void run(MatrixOp op, Size m, Size k, Size n, const S* x, S* z) {
    const S* second = x + m * m;  // of two square operands, and of a square one and a right-hand side
    switch (op) {
      case MatrixOp::product:
        Out(z, m, n).noalias() = In(x, m, k) * In(x + m * k, k, n);
        return;
      case MatrixOp::solve_lower:
        Out(z, m, n) = In(x, m, m).template triangularView<Eigen::Lower>().solve(In(second, m, n));
        return;
      case MatrixOp::solve_upper:
        Out(z, m, n) = In(x, m, m).template triangularView<Eigen::Upper>().solve(In(second, m, n));
        return;
      case MatrixOp::solve:
        Out(z, m, n) = In(x, m, m).partialPivLu().solve(In(second, m, n));
        return;
      case MatrixOp::cholesky:
        return cholesky(x, m, z);
      case MatrixOp::solve_spd:
        return solve_spd(second, m, second + m * m, n, z);
      case MatrixOp::log_det_spd:
        return log_diagonal(In(second, m, m), S(2), z);
      case MatrixOp::inverse_spd:
        return inverse_spd(second, m, z);
      case MatrixOp::inverse:
        Out(z, m, m) = In(x, m, m).partialPivLu().inverse();
        return;
      case MatrixOp::det:
        *z = In(x, m, m).partialPivLu().determinant();
        return;
      case MatrixOp::log_abs_det:
        return log_diagonal(In(x, m, m).partialPivLu().matrixLU(), S(1), z);
      case MatrixOp::symmetric_eigen:
        return symmetric_eigen(x, m, z);
      case MatrixOp::singular_values:
        return singular_values(x, m, n, z);
    }
  }
};
