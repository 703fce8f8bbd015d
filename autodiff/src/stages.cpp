#include "stages.hpp"

#include "lower_body.hpp"

#include <algorithm>

namespace rappel::detail {

std::vector<std::uint32_t> stages_of(const Graph& graph) {
  std::vector<std::uint32_t> stages(static_cast<std::size_t>(graph.size()), 0);
  for (NodeId n = 0; n < static_cast<NodeId>(stages.size()); ++n) {
    for (const NodeId x : graph.operands(n)) stages[n] = std::max(stages[n], stages[x]);
    if (is_reduction(graph.op(n))) ++stages[n];
  }
  return stages;
}

}  // namespace rappel::detail
