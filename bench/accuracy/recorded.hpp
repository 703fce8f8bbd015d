#pragma once

// The recorded function as users get it: value and derivatives as graphs, by reverse sweeps, with the
// operands as columns of a table or as parameters.

#include "subject.hpp"

#include "interpreter.hpp"

#include <memory>
#include <span>

namespace rappel::accuracy {

class Recorded {
 public:
  using Cost = std::function<Expr(ExprSpan)>;
  Recorded(Index num_operands, const Cost& cost);  // value, gradient, second derivatives as in Jet
  static Recorded of_orders(const Cost& cost,
                            int order);  // of one operand: the derivatives of order 0, 1, ..

  // Output by output, as in Jet, a number for each row.
  std::vector<std::vector<double>> values(const detail::KernelTable& kernels,
                                          const std::vector<std::vector<double>>& columns) const;
  // The same of one trace, the operands as parameters.
  std::vector<double> values(std::span<const double> x) const;

 private:
  Recorded(const Graph& graph, const std::vector<NodeId>& outputs, Index num_operands);

  Traced of_parameters_;
  std::vector<Traced> outputs_;
};

// Scalar, baseline, AVX2, AVX-512: null where this build or this processor has it not.
struct Path {
  std::string name;
  const detail::KernelTable* kernels;
};
std::vector<Path> paths();

}  // namespace rappel::accuracy
