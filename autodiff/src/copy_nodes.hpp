#pragma once

// Nodes of one graph appended to another, or to a builder, which folds and merges them.

#include "builder.hpp"

#include <type_traits>
#include <utility>
#include <vector>

namespace rappel::detail {

inline Graph& graph_of(Graph& graph) { return graph; }
inline Graph& graph_of(Builder& builder) { return builder.graph(); }

// Appends node n of `from` to a graph or a builder, its operands renumbered by `map`.
template <class Target>
NodeId copy_node(const Graph& from, NodeId n, const std::vector<NodeId>& map, std::vector<NodeId>& operands,
                 Target& to) {
  graph_of(to).set_location_of(from, n);
  if constexpr (std::is_same_v<Target, Graph>)
    if (from.op(n) < Op::constant) return to.copy(from, n, map);
  switch (const Op op = from.op(n)) {
    case Op::parameter:
      return graph_of(to).parameter();
    case Op::argument:
      return graph_of(to).argument();
    case Op::constant:
      return to.constant(from.value(n));
    case Op::column:
      return to.column(from.row_set(n), from.payload(n));
    case Op::num_rows:
      return to.num_rows({static_cast<std::uint16_t>(from.payload(n))});
    case Op::unstack:
      return to.unstack(map[from.operands(n)[0]]);
    case Op::gather:
    case Op::scatter_rows:
      operands.clear();
      for (const NodeId x : from.operands(n)) operands.push_back(map[x]);
      return from.op(n) == Op::gather ? to.gather(operands) : to.scatter_rows(operands);
    case Op::custom:
      operands.clear();
      for (const NodeId x : from.operands(n)) operands.push_back(map[x]);
      return to.custom(from.custom_op(n), operands);
    case Op::scan:
      operands.clear();
      for (const NodeId x : from.operands(n)) operands.push_back(map[x]);
      return to.scan(from.scan_body(n), operands);
    case Op::result:
      return map[from.operands(n)[0]] + static_cast<NodeId>(from.payload(n));  // came with its node
    default:
      operands.clear();
      for (const NodeId x : from.operands(n)) operands.push_back(map[x]);
      if (op >= Op::sum_rows && op <= Op::any_rows) {
        const Reduce reduce = op == Op::sum_rows   ? Reduce::sum
                              : op == Op::max_rows ? Reduce::max
                                                   : Reduce::any;
        return to.reduce_rows(reduce, {static_cast<std::uint16_t>(from.payload(n))}, operands[0]);
      }
      return to.node(op, operands);
  }
}

// Copies node by node, with operands that were copied or mapped before.
class NodeCopy {
 public:
  explicit NodeCopy(const Graph& from) : from_(from), map_(static_cast<std::size_t>(from.size()), no_node) {}
  bool mapped(NodeId n) const { return map_[n] != no_node; }
  NodeId operator[](NodeId n) const { return map_[n]; }
  void map(NodeId n, NodeId copy) { map_[n] = copy; }
  NodeId to(Builder& builder, NodeId n) { return copy_node(from_, n, map_, operands_, builder); }

 private:
  const Graph& from_;
  std::vector<NodeId> map_, operands_;
};

inline void copy_row_sets(const Graph& from, Graph& to) {
  for (Index i = 0; i < from.num_row_sets(); ++i) to.rows(from.num_columns({static_cast<std::uint16_t>(i)}));
}

// The graph that `from` became, with its outputs and guards by their new numbers.
inline Traced renumbered(const Traced& from, const std::vector<NodeId>& map, Graph graph) {
  Traced to{std::move(graph), {}, {}};
  for (const NodeId n : from.outputs) to.outputs.push_back(map[n]);
  for (const Guard& g : from.guards) to.guards.push_back({map[g.condition], g.taken});
  return to;
}

}  // namespace rappel::detail
