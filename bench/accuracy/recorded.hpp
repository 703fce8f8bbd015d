#pragma once

// The recorded function as users get it: value, gradient and second derivatives as graphs, by two reverse
// sweeps, with the operands as columns of a table.

#include "subject.hpp"

#include "interpreter.hpp"

#include <memory>

namespace rappel::accuracy {

class Recorded {
 public:
  explicit Recorded(const Subject& subject);
  std::size_t num_outputs() const { return outputs_.size(); }
  // Output by output, as in Jet, a number for each row.
  std::vector<std::vector<double>> values(const detail::KernelTable& kernels,
                                          const std::vector<std::vector<double>>& columns) const;

 private:
  std::vector<Traced> outputs_;
};

// Scalar, baseline, AVX2, AVX-512: null where this build or this processor has it not.
struct Path {
  std::string name;
  const detail::KernelTable* kernels;
};
std::vector<Path> paths();

}  // namespace rappel::accuracy
