#include "matrix_ops.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <Eigen/Dense>

#include <cmath>
#include <limits>

namespace rappel {
namespace {
#include "matrix_kernels_body.hpp"
}  // namespace

std::vector<std::string> detail::exact_matrix(MatrixOp op, Index m, Index k, Index n, Index num_results,
                                              const std::vector<std::string>& x) {
  using Number = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<60>, boost::multiprecision::et_off>;
  const std::vector<Number> operands(x.begin(), x.end());
  std::vector<Number> results(static_cast<std::size_t>(num_results));
  Kernels<Number>::run(op, m, k, n, operands.data(), results.data());
  std::vector<std::string> text;
  for (const Number& z : results) text.push_back(z.str(60));
  return text;
}
}  // namespace rappel
