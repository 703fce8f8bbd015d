#include "matrix_ops.hpp"

#include <rappel/autodiff/matrix.hpp>

#include "custom_op.hpp"
#include "interpreter.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

namespace rappel::detail {
namespace {

MatrixKernel preferred_matrix_kernel() {
#if defined(__x86_64__)
  switch (preferred_kernels().instruction_set) {
    case InstructionSet::avx512:
      return &matrix_avx512;
    case InstructionSet::avx2:
      return &matrix_avx2;
    default:
      break;
  }
#endif
  return &matrix_baseline;
}

struct Description {
  const char* name;
  Index num_operands, num_results;
};

Description describe(MatrixOp op, Index m, Index k, Index n) {
  switch (op) {
    case MatrixOp::product:
      return {"matrix_product", m * k + k * n, m * n};
    case MatrixOp::solve_lower:
      return {"solve_lower", m * m + m * n, m * n};
    case MatrixOp::solve_upper:
      return {"solve_upper", m * m + m * n, m * n};
    case MatrixOp::solve:
      return {"solve", m * m + m * n, m * n};
    case MatrixOp::cholesky:
      return {"cholesky", m * m, m * m};
    case MatrixOp::solve_spd:
      return {"solve_spd", 2 * m * m + m * n, m * n};
    case MatrixOp::log_det_spd:
      return {"log_det_spd", 2 * m * m, 1};
    case MatrixOp::inverse_spd:
      return {"inverse_spd", 2 * m * m, m * m};
    case MatrixOp::inverse:
      return {"inverse", m * m, m * m};
    case MatrixOp::det:
      return {"det", m * m, 1};
    case MatrixOp::log_abs_det:
      return {"log_det", m * m, 1};
    case MatrixOp::symmetric_eigen:
      return {"symmetric_eigen", m * m, m + m * m};
    default:
      return {"singular_values", m * n, k + (m + n) * k};
  }
}

std::shared_ptr<const CustomOp> make(MatrixOp op, Index m, Index k, Index n) {
  const Description d = describe(op, m, k, n);
  CustomForms forms;
  forms.value = [=](ConstSpan x, MutableSpan z) { preferred_matrix_kernel()(op, m, k, n, x.data(), z.data()); };
  forms.adjoint = [=](ExprSpan x, ExprSpan z, ExprSpan zbar) { return adjoint_of(op, m, k, n, x, z, zbar); };
  forms.digits = [=](const std::vector<std::string>& x) { return exact_matrix(op, m, k, n, d.num_results, x); };
  // The factor stands for the matrix: its adjoint alone belongs to the latter.
  forms.shape = {m, k, n};
  if (op == MatrixOp::solve_spd || op == MatrixOp::log_det_spd || op == MatrixOp::inverse_spd) forms.first_read = m * m;
  return define_op(d.name, d.num_operands, d.num_results, std::move(forms));
}

}  // namespace

// One for each shape, kept for the process, so that equal uses are merged.
std::shared_ptr<const CustomOp> matrix_op(MatrixOp op, Index m, Index k, Index n) {
  static std::mutex mutex;
  static std::map<std::tuple<MatrixOp, Index, Index, Index>, std::shared_ptr<const CustomOp>> made;
  const std::lock_guard lock(mutex);
  std::shared_ptr<const CustomOp>& own = made[{op, m, k, n}];
  if (!own) own = make(op, m, k, n);
  return own;
}

std::shared_ptr<const CustomOp> library_op(const std::string& name, const std::vector<Index>& shape) {
  if (name == "stop_gradient" && shape == std::vector<Index>{1}) return stop_gradient_op();
  if (shape.size() != 3) return nullptr;
  for (int op = 0; op <= static_cast<int>(MatrixOp::singular_values); ++op)
    if (name == describe(static_cast<MatrixOp>(op), 1, 1, 1).name)
      return matrix_op(static_cast<MatrixOp>(op), shape[0], shape[1], shape[2]);
  return nullptr;
}

std::vector<Expr> apply_matrix(int op, Index m, Index k, Index n, ExprSpan x, Location at) {
  return apply(matrix_op(static_cast<MatrixOp>(op), m, k, n), x, at);
}

std::vector<Expr> matrix_product(Index m, Index k, Index n, ExprSpan a, ExprSpan b, Location at) {
  std::vector<Expr> operands(a.begin(), a.end());
  operands.insert(operands.end(), b.begin(), b.end());
  if (m * k * n >= 64 && m * n > 1)
    return apply_matrix(static_cast<int>(MatrixOp::product), m, k, n, ExprSpan(operands), at);
  std::vector<Expr> result;
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < m; ++i) {
      std::vector<Expr> row;
      for (Index l = 0; l < k; ++l) row.push_back(a[i + l * m]);
      result.push_back(dot(ExprSpan(row), b.subspan(j * k, k), at));
    }
  return result;
}

}  // namespace rappel::detail
