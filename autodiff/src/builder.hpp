#pragma once

// Appends to a graph, folding constants and merging equal nodes on the way: recording, sweeps and passes
// share it.

#include "literals.hpp"
#include "merge_table.hpp"

#include <algorithm>
#include <utility>

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
  NodeId node(Op op, NodeId x);
  NodeId node(Op op, NodeId x, NodeId y) {
    return may_fold(op, x, y) ? folded(op, x, y) : merged(op, x, y, [] {});
  }
  NodeId node(Op op, std::initializer_list<NodeId> operands) {
    return node(op, std::span(operands.begin(), operands.size()));
  }
  // Of operations with formulas that do not fold: the equal node, or a new one after before_append(). Inlined where an
  // operator is called: a hit takes some 10 ns.
  bool may_fold(Op op, NodeId x, NodeId y) const {
    const Op of_x = graph_.op(x), of_y = graph_.op(y);
    const bool x_is_constant = of_x == Op::constant, y_is_constant = of_y == Op::constant;
    if (x_is_constant != y_is_constant && is_of_literals(graph_.value(x_is_constant ? x : y))) return true;
    return (x_is_constant && y_is_constant) || op >= Op::constant || op == Op::logical_and || op == Op::logical_or ||
           ((op == Op::add || op == Op::sub) && (of_x == Op::neg || of_y == Op::neg));
  }
  template <class BeforeAppend>
  NodeId merged(Op op, NodeId x, NodeId y, const BeforeAppend& before_append) {
    if (may_be_swapped(op) && x > y) std::swap(x, y);
    Slot& slot = table_.find(std::max(x, y), hash(op, x, y), [&](NodeId n) {
      if (graph_.op(n) != op) return false;
      const NodeId* own = graph_.operands(n).data();
      return (own[0] == x && own[1] == y) || (op == Op::add && own[0] == y && own[1] == x);
    });
    if (slot.node != no_node) return slot.node;
    before_append();
    return slot.node = graph_.append(op, x, y);
  }
  // What is appended from now on was written there, outside of Eigen.
  void locate(LocationId location) { graph_.location_ = location; }
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
  static bool commutes(Op op) { return op == Op::add || op == Op::mul || op == Op::equal; }
  // Sums keep the order in which they were written: fused with a product, each order rounds its own way, and
  // which operand has the lower number is a matter of the compiler's order of evaluation.
  static bool may_be_swapped(Op op) { return commutes(op) && op != Op::add; }

  static std::uint64_t seed(Op op) { return (static_cast<std::uint64_t>(op) + 1) * 0x9e3779b97f4a7c15u; }
  static std::uint64_t mixed(std::uint64_t h) {
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
  }
  static std::uint32_t hash(Op op, NodeId x) { return static_cast<std::uint32_t>(mixed(seed(op) ^ x)); }
  static std::uint32_t hash(Op op, NodeId x, NodeId y) {
    if (commutes(op) && x > y) std::swap(x, y);
    return static_cast<std::uint32_t>(mixed(seed(op) ^ (static_cast<std::uint64_t>(y) << 32 | x)));
  }
  static std::uint32_t hash(Op op, std::span<const NodeId> operands, Index payload);

  NodeId folded(Op op, NodeId x, NodeId y);
  NodeId fold(Op op,
              std::span<const NodeId> operands);  // an equal node that need not be appended, or no_node
  NodeId fold_constants(Op op, std::span<const NodeId> operands);
  using Slot = MergeTable::Slot;
  Slot& find(Op op, std::span<const NodeId> operands, Index payload);
  Index key_of(NodeId n) const;
  bool equal(NodeId n, Op op, std::span<const NodeId> operands, Index payload) const;
  void insert(NodeId n);

  PassOptions options_;
  Graph graph_;
  MergeTable table_;
};

// The rest of `simplify`, for a graph that came from a builder: it is folded and merged already.
// `lookup_dots`: gets the dots of two rows that are looked up (see rows_of_dot) which the user wrote as dots, so that their
// terms may be added in any order; each is a node of its own.
Traced fuse_live(const Traced& traced, std::vector<NodeId>* lookup_dots = nullptr);

// The operation's value on doubles, by the scalar kernel, bit for bit.
void evaluate_scalar(Op op, std::span<const double> operands, std::span<double> results);

}  // namespace rappel::detail
