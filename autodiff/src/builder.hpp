#pragma once

// Appends to a graph, folding constants and merging equal nodes on the way: recording, sweeps and passes
// share it.

#include <rappel/autodiff/graph.hpp>

namespace rappel::detail {

class Builder {
 public:
  explicit Builder(PassOptions options = {}) : Builder(Graph(), options) {}
  explicit Builder(Graph graph,
                   PassOptions options = {});  // goes on with a graph; its nodes are found by later ones

  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  PassOptions options() const { return options_; }
  Graph take() { return std::move(graph_); }

  NodeId constant(double value) { return graph_.constant(value); }
  NodeId num_rows(RowSet rows);
  NodeId column(RowSet rows, Index column);
  // One node or, for an operation with several results, the first of them.
  NodeId node(Op op, std::span<const NodeId> operands);
  NodeId node(Op op, std::initializer_list<NodeId> operands) {
    return node(op, std::span(operands.begin(), operands.size()));
  }
  // The place-th result of a node with several, which may have been folded to constants.
  NodeId result(NodeId first, Index place) const { return first + static_cast<NodeId>(place); }
  NodeId reduce_rows(Reduce reduce, RowSet rows, NodeId n);  // n may be uniform
  // Not merged with equal ones. A scan that varies reads what a uniform one stacked by way of its entries.
  NodeId scan(std::shared_ptr<const ScanBody> body, std::span<const NodeId> operands);
  NodeId gather(std::span<const NodeId> operands);
  NodeId scatter_rows(std::span<const NodeId> operands);
  NodeId custom(const std::shared_ptr<const CustomOp>& op, std::span<const NodeId> operands);
  NodeId unstack(NodeId stacked) { return graph_.unstack(stacked); }
  // Op::exp_neg_abs and the like: the auxiliary operand of a unary operation, or no_node.
  NodeId auxiliary(Op op, NodeId x);

 private:
  NodeId fold(Op op,
              std::span<const NodeId> operands);  // an equal node that need not be appended, or no_node
  NodeId fold_constants(Op op, std::span<const NodeId> operands);
  // The slot of the node equal to what is described, or the empty slot where it belongs.
  struct Slot {
    std::uint32_t hash = 0;
    NodeId node = no_node;  // empty
  };
  Slot& find(Op op, std::span<const NodeId> operands, Index payload);
  Index key_of(NodeId n) const;
  bool equal(NodeId n, Op op, std::span<const NodeId> operands, Index payload) const;
  NodeId fill(Slot& slot, NodeId n);
  void insert(NodeId n);
  void rehash(std::size_t size);

  PassOptions options_;
  Graph graph_;
  std::vector<Slot> table_;  // open addressing; its size is a power of two, at least twice used_
  std::size_t used_ = 0;
};

// The rest of `simplify`, for a graph that came from a builder: it is folded and merged already.
Traced fuse_live(const Traced& traced);

// The operation's value on doubles, by the scalar kernel, bit for bit.
void evaluate_scalar(Op op, std::span<const double> operands, std::span<double> results);

}  // namespace rappel::detail
