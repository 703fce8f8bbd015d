#pragma once

#include "program.hpp"

namespace rappel::detail {

inline bool is_reduction(Op op) { return op >= Op::scatter_rows; }

// The number of results of a node; they have consecutive numbers.
inline NodeId num_results(const Graph& graph, NodeId n) {
  const Op op = graph.op(n);
  return op >= Op::constant && has_several_results(op) ? static_cast<NodeId>(graph.payload(n)) : 1;
}

// What bodies are made from, by node.
struct BodySource {
  const Traced& traced;
  const std::vector<bool>& live;
  const std::vector<std::uint32_t>& uniform;  // the number among the uniform values
  const std::vector<std::uint32_t>& stage;
  const std::vector<bool>& lookup_dots;  // see fuse_live
};

// What the rows of one stage compute, and what they keep or find kept.
struct BodyRows {
  RowSet rows;
  std::uint32_t stage;
  const std::vector<bool>& needed;            // by node: varying ones to compute; columns do not matter
  const std::vector<std::uint32_t>& storage;  // by node: the number of its stored column, or no_node
};

// The body over the rows of a table. It has no steps if nothing is to be done with them.
Body lower_body(const BodySource& source, const BodyRows& rows);

}  // namespace rappel::detail
