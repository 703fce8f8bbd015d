#pragma once

// The order in which uniform values are computed. Values of one operation that do not depend on one another are a
// group: a loop over them by the lanes' kernels. A trace that was written as a loop, or as matrices of Expr, is mostly
// made of such groups.

#include <rappel/autodiff/graph.hpp>

#include <span>
#include <vector>

namespace rappel::detail {

// Operations whose kernels take each row by itself.
bool is_elementwise(Op op);

// Uniform nodes of one frame: of a program, or of the body of a scan.
struct UniformWork {
  const Graph& graph;
  std::vector<std::uint32_t> uses;  // by node: how often it is an operand of what is computed
  std::vector<std::uint32_t> kept;  // by node: read by others, too: outputs, rows, calls; numbered from 1 on in the
                                    // order in which they are read best
  static constexpr std::uint32_t in_any_order = ~0u;  // of what is kept
};

// Nodes `first` .. `first + count` of the schedule: one, or a group.
struct UniformStep {
  std::uint32_t first, count;
};

struct UniformSchedule {
  std::vector<NodeId> nodes;
  std::vector<UniformStep> steps;
};

class UniformScheduler {
 public:
  explicit UniformScheduler(const UniformWork& work);  // borrowed

  // Of nodes that are to be computed, in the order of their numbers; may be asked once for each stage.
  UniformSchedule schedule(const std::vector<NodeId>& nodes);

  // Chains of additions, each of which the next one alone reads, are one sum in the order written, bit for bit. What is
  // inside of one is no step of its own.
  bool inside_chain(NodeId n) const { return inside_[n]; }
  Op op(NodeId n) const { return terms_[n] > 2 ? Op::sum : work_.graph.op(n); }
  std::uint32_t num_operands(NodeId n) const;
  // Factors and, in sums of two, terms that may be swapped are in an order that the members of a group share.
  void operands(NodeId n, std::vector<NodeId>& result) const;
  // The same of what takes at most two, as most do; else count is 0.
  struct FewOperands {
    NodeId node[2];
    std::uint32_t count;
  };
  FewOperands few_operands(NodeId n) const {
    const std::span<const NodeId> x = work_.graph.operands(n);
    if (terms_[n] > 2 || x.size() > 2 || x.empty()) return {{no_node, no_node}, 0};
    if (x.size() == 1) return {{x[0], no_node}, 1};
    const Op op = work_.graph.op(n);
    const bool swapped = (commutes(op) || op == Op::dot) && swap(x[0], x[1]);
    return {{x[swapped ? 1 : 0], x[swapped ? 0 : 1]}, 2};
  }
  // What nodes that stand side by side have in common: how they are made, and what reads them.
  std::uint32_t role(NodeId n) const { return roles_[n]; }

 private:
  void find_roles(const std::vector<NodeId>& nodes);
  void find_chain(NodeId n, std::uint32_t window);
  void find_level(NodeId n, std::uint32_t least);
  std::uint32_t find_levels(std::span<const NodeId> window);
  void add_in_order(std::span<const NodeId> window, UniformSchedule& to) const;
  void add_groups(std::span<const NodeId> window, UniformSchedule& to);
  struct Entry {
    std::uint64_t kind;  // operation, number of operands
    std::uint32_t role;
    NodeId node;
  };
  void add_level(std::span<const Entry> entries, UniformSchedule& to) const;
  void order_late(UniformSchedule& schedule, std::size_t first_step);
  template <class F>
  void for_each_operand(NodeId n, F f) const;
  static bool commutes(Op op) { return op == Op::add || op == Op::mul; }
  bool swap(NodeId x, NodeId y) const {
    const Op a = work_.graph.op(x), b = work_.graph.op(y);
    return a != b ? a > b : roles_[x] > roles_[y];
  }

  const UniformWork& work_;
  std::vector<std::uint32_t> level_, window_, roles_, reader_roles_, step_of_;  // by node; from 1 on
  std::vector<std::uint16_t> terms_;                                  // by node: of its chain
  std::vector<bool> inside_, second_;                                 // by node; the chain goes on in the second operand
  std::uint32_t first_level_ = 0, last_level_ = 0, last_window_ = 0;
  std::vector<std::uint32_t> widths_;  // by level of the window at hand
  std::vector<Entry> entries_;         // of the window at hand, by level
  std::vector<std::uint32_t> latest_;  // by step of the window at hand
  std::vector<UniformStep> before_;    // order_late: the steps of the window as they were
  std::vector<std::uint32_t> next_;    // by time of its steps
};

}  // namespace rappel::detail
