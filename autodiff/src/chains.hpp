#pragma once

// Chains of min, or of max: min(min(min(a, b), c), d), ... The sweep reverses a long one at once, by the operation that
// gives all its operands their shares of the adjoint (Op::shares), where node by node each share is a product as long
// as the chain.

#include <rappel/autodiff/graph.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace rappel::detail {

inline constexpr std::size_t least_chain = 8;  // operands; shorter ones are worth more inside of a compiled run of rows

// The chains among the nodes that are active when `find` is called. What is inside of a chain serves nothing but the next
// node of it: not an end either, whose adjoint is given or asked for.
class Chains {
 public:
  void find(const Graph& graph, const std::vector<bool>& active, std::span<const NodeId> ends) {
    const auto size = static_cast<NodeId>(active.size());
    const auto is_link = [&](NodeId n) { return active[n] && (graph.op(n) == Op::min || graph.op(n) == Op::max); };
    std::size_t count = 0;
    for (NodeId n = 0; n < size; ++n) count += is_link(n);
    if (count + 1 < least_chain) return;
    std::vector<std::uint32_t> uses(size, 0), length(size, 0);
    for (NodeId n = 0; n < size; ++n)
      for (const NodeId x : graph.operands(n)) ++uses[x];
    for (const NodeId n : ends) uses[n] += 2;
    below_.assign(size, no_node);
    std::vector<bool> inside(size, false);
    for (NodeId n = 0; n < size; ++n) {
      if (!is_link(n)) continue;
      length[n] = 1;
      for (const NodeId x : graph.operands(n))  // of two the longer one goes on
        if (is_link(x) && graph.op(x) == graph.op(n) && uses[x] == 1 && graph.varying(x) == graph.varying(n) &&
            length[x] >= length[n])
          length[n] = length[x] + 1, below_[n] = x;
      if (below_[n] != no_node) inside[below_[n]] = true;
    }
    is_top_.assign(size, false);
    for (NodeId n = 0; n < size; ++n) is_top_[n] = !inside[n] && length[n] + 1 >= least_chain;
  }

  bool is_top(NodeId n) const { return n < is_top_.size() && is_top_[n]; }

  // Of the chain that ends in n, in the order in which they are compared.
  std::vector<NodeId> operands(const Graph& graph, NodeId n) const {
    std::vector<NodeId> result;
    for (; below_[n] != no_node; n = below_[n]) {
      const auto x = graph.operands(n);
      result.push_back(x[0] == below_[n] ? x[1] : x[0]);
    }
    result.push_back(graph.operands(n)[1]);
    result.push_back(graph.operands(n)[0]);
    std::ranges::reverse(result);
    return result;
  }

 private:
  std::vector<bool> is_top_;
  std::vector<NodeId> below_;  // by node: the node of the same chain that it goes on from
};

}  // namespace rappel::detail
