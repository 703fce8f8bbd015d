#pragma once

// What a scan does at each step, and the making of scans: of a graph, by graph.

#include "builder.hpp"

namespace rappel::detail {

// Its graph's parameters are the carry, the inputs of the step and what it captures, in this order.
struct ScanBody {
  Graph graph;
  std::vector<NodeId> next;     // the carry after the step
  std::vector<NodeId> outputs;  // of the step
  Index num_carry = 0, num_inputs = 0;
  Index steps = 0;
  bool backwards = false;  // from the last step to the first; what is stacked keeps its order
  Index checkpoints = 0;   // carries kept to compute others from; 0: the executor's choice
};

// Stacked values by entry. They may vary; rows: of reductions.
NodeId add_stacked(Builder& builder, NodeId a, NodeId b);
NodeId scale_stacked(Builder& builder, NodeId a, NodeId factor);
NodeId select_stacked(Builder& builder, NodeId condition, NodeId a);  // else 0
NodeId sum_rows_stacked(Builder& builder, RowSet rows, NodeId a);

// The reverse of a scan is a scan the other way, that reads the carries of the first. Adjoints of its results are
// no_node where there is none.
struct ReverseScan {
  std::vector<NodeId> operands;  // by operand of the scan: its adjoint, or no_node
};
ReverseScan reverse_scan(Builder& builder, NodeId scan, std::span<const NodeId> adjoints,
                         const std::vector<bool>& active);

// The same without scans: each step stands as nodes.
Traced unrolled(const Traced& traced, PassOptions options);

}  // namespace rappel::detail
