#pragma once

// Matrix operations as nodes: their values by the kernels of the instruction set at hand, their adjoints made of
// one another.

#include "matrix_kernels.hpp"

#include <rappel/autodiff/define_op.hpp>

namespace rappel::detail {

std::shared_ptr<const CustomOp> matrix_op(MatrixOp op, Index m, Index k, Index n);
// One of the library's own by its name and CustomForms::shape; null if there is none.
std::shared_ptr<const CustomOp> library_op(const std::string& name, const std::vector<Index>& shape);
std::vector<Expr> adjoint_of(MatrixOp op, Index m, Index k, Index n, ExprSpan x, ExprSpan z, ExprSpan zbar);

// In decimal digits, for Function::accuracy.
std::vector<std::string> exact_matrix(MatrixOp op, Index m, Index k, Index n, Index num_results,
                                      const std::vector<std::string>& x);

}  // namespace rappel::detail
