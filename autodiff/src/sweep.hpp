#pragma once

#include "builder.hpp"

namespace rappel::detail {

// reverse_sweep on a graph under construction: what it appends is folded and merged.
std::vector<NodeId> reverse_sweep(Builder& builder, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt);

// Of an output that varies: by row its derivatives by nodes that vary or that rows read, not summed over the rows.
// no_node where there is none. What lies behind those nodes takes no part.
std::vector<NodeId> reverse_sweep_of_rows(Builder& builder, NodeId output, std::span<const NodeId> wrt);

}  // namespace rappel::detail
