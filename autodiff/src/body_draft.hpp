#pragma once

#include "lower_body.hpp"

#include <vector>

namespace rappel::detail {

// A step of a body before its operands have pointer numbers: operands and results as nodes.
struct Draft {
  NodeId node;
  StepKind kind;
  std::vector<NodeId> operands;
  std::vector<NodeId> results;  // varying ones
  std::vector<NodeId> sums;     // the reductions that the step computes
  std::uint32_t row_output = 0;  // of a copy: its place among those of the body
  std::vector<NodeId> lookups = {};  // whose rows the step reads where they stand
};

// Dots of looked-up rows, and scatters of looked-up rows times a factor, read those where they stand: the operands are the
// indices of both, then the factor. `kept` by node: what steps of this body are to compute though no other reads it. Lookups
// and products that nothing else reads are left out.
void read_rows_in_place(const BodySource& source, const std::vector<bool>& kept, std::vector<Draft>& drafts);

}  // namespace rappel::detail
