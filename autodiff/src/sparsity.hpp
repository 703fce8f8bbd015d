#pragma once

// Jacobians that are mostly zero: where they are not, from the graph; and which sweeps give them.

#include <rappel/autodiff/function.hpp>

#include "colouring.hpp"

namespace rappel::detail {

// d output i / d parameter j may differ from 0 where i depends on j: by output its parameters. A comparison and
// the condition of a select pass nothing on; a scan, a matrix operation and rows pass on all that they read.
Adjacency dependencies_of(const Traced& traced);

// Sweeps over the outputs of one colour, or over the parameters of one.
struct CompressedJacobian {
  Function::Sparsity sparsity;
  bool by_rows = true;               // else by columns
  std::vector<int> colours;          // of rows or columns
  int num_colours = 0;
  std::vector<std::size_t> entries;  // by entry of the sparsity: its place in the sweeps, one after the other
};
CompressedJacobian compressed_jacobian(const Traced& traced, bool symmetric);

// All entries as outputs.
Traced sparse_jacobian(const Traced& traced, const CompressedJacobian& compressed, PassOptions options);

}  // namespace rappel::detail
