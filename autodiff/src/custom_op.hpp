#pragma once

// An operation of the user's: what define_op makes, and how executors call it.

#include <rappel/autodiff/define_op.hpp>

#include <vector>

namespace rappel::detail {

struct CustomOp {
  std::string name;
  Index num_operands, num_results;
  CustomForms forms;
  std::uint64_t id;  // of this process

  void evaluate(std::span<const double> operands, std::span<double> results) const {
    forms.value({operands.data(), operands.size()}, {results.data(), results.size()});
  }
  // Rows of a leaf: x and z point to the operands' and results' blocks.
  void evaluate_rows(const std::vector<const double*>& x, const std::vector<double*>& z, Index rows) const;
};

std::shared_ptr<const CustomOp> stop_gradient_op();

}  // namespace rappel::detail
