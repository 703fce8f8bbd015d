#pragma once

#include "program.hpp"

namespace rappel::detail {

inline bool is_reduction(Op op) { return op >= Op::sum_rows; }

// The number of results of a node; they have consecutive numbers.
NodeId num_results(const Graph& graph, NodeId n);

// What bodies are made from: `live` and `uniform` (the number among the uniform values) by node.
struct BodySource {
  const Traced& traced;
  const std::vector<bool>& live;
  const std::vector<std::uint32_t>& uniform;
};

// The body over the rows of a table. It has no steps if nothing varies over them.
Body lower_body(const BodySource& source, RowSet rows);

}  // namespace rappel::detail
