#pragma once

// When a node can be computed. Stage s: its uniform values, then the rows whose sums are uniform values of
// stage s + 1. A cost over rows that needs no second pass has its sums in stage 1.

#include <rappel/autodiff/graph.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace rappel::detail {

// By node; a reduction has the stage of its result.
std::vector<std::uint32_t> stages_of(const Graph& graph);

// That of node n, by those of the nodes before it.
std::uint32_t stage_after(const Graph& graph, NodeId n, std::span<const std::uint32_t> earlier);

}  // namespace rappel::detail
