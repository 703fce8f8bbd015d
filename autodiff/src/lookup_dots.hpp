#pragma once

// Dots of two rows that are looked up, both read where they stand.

#include <rappel/autodiff/graph.hpp>

#include <optional>
#include <span>
#include <utility>

namespace rappel::detail {

// The lookups whose results, all of them and in their order, are the pairs of a dot: of parameters that stand one after the
// other, at least eight a row.
std::optional<std::pair<NodeId, NodeId>> rows_of_dot(const Graph& graph, std::span<const NodeId> operands);

// Whether the values of a lookup are parameters one after the other.
bool looks_up_parameters(const Graph& graph, NodeId gather);

}  // namespace rappel::detail
