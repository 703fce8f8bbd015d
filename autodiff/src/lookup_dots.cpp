#include "lookup_dots.hpp"

namespace rappel::detail {

std::optional<std::pair<NodeId, NodeId>> rows_of_dot(const Graph& graph, std::span<const NodeId> operands) {
  constexpr std::size_t least = 8;
  const std::size_t width = operands.size() / 2;
  const auto is_row = [&](NodeId n) {
    return graph.op(n) == Op::gather && static_cast<std::size_t>(graph.payload(n)) == width && looks_up_parameters(graph, n);
  };
  if (width < least) return {};
  const NodeId a = operands[0], b = operands[1];
  for (NodeId j = 1; j < width; ++j) {
    const NodeId x = operands[2 * j], y = operands[2 * j + 1];
    if (!(x == a + j && y == b + j) && !(x == b + j && y == a + j)) return {};
  }
  if (!is_row(a) || !is_row(b)) return {};
  return std::pair{a, b};
}

bool looks_up_parameters(const Graph& graph, NodeId gather) {
  const auto values = graph.operands(gather).subspan(2);
  for (std::size_t k = 0; k < values.size(); ++k)
    if (graph.op(values[k]) != Op::parameter || graph.payload(values[k]) != graph.payload(values[0]) + static_cast<Index>(k))
      return false;
  return true;
}

}  // namespace rappel::detail
