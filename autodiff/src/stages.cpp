#include "stages.hpp"

#include "lower_body.hpp"

#include <algorithm>

namespace rappel::detail {

std::uint32_t stage_after(const Graph& graph, NodeId n, std::span<const std::uint32_t> earlier) {
  std::uint32_t stage = 0;
  for (const NodeId x : graph.operands(n)) stage = std::max(stage, earlier[x]);
  return is_reduction(graph.op(n)) ? stage + 1 : stage;
}

std::vector<std::uint32_t> stages_of(const Graph& graph) {
  std::vector<std::uint32_t> stages(static_cast<std::size_t>(graph.size()), 0);
  if (graph.num_row_sets() == 0) return stages;
  for (NodeId n = 0; n < static_cast<NodeId>(stages.size()); ++n) stages[n] = stage_after(graph, n, stages);
  return stages;
}

}  // namespace rappel::detail
