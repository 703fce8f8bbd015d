#pragma once

// When a node can be computed. Stage s: its uniform values, then the rows whose sums are uniform values of
// stage s + 1. A cost over rows that needs no second pass has its sums in stage 1.

#include <rappel/autodiff/graph.hpp>

#include <cstdint>
#include <vector>

namespace rappel::detail {

// By node; a reduction has the stage of its result.
std::vector<std::uint32_t> stages_of(const Graph& graph);

}  // namespace rappel::detail
