#pragma once

#include "builder.hpp"

namespace rappel::detail {

// reverse_sweep on a graph under construction: what it appends is folded and merged.
std::vector<NodeId> reverse_sweep(Builder& builder, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt);

}  // namespace rappel::detail
