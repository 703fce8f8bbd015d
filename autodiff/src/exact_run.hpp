#pragma once

// A graph replayed in 50 digits, rows included, and how much its outputs magnify the rounding of each node.

#include "call.hpp"
#include "exact.hpp"

#include <rappel/autodiff/rows.hpp>

#include <functional>
#include <map>
#include <optional>
#include <span>

namespace rappel::exact {

// The results of an operation; throws std::logic_error for one that has no 50-digit form.
using Definition = std::vector<Real> (*)(Op op, const std::vector<Real>& operands);

// Whether the kernels may round the operation, by its bound in the table.
bool rounds(Op op);

inline bool reduces_rows(Op op) {
  return op == Op::sum_rows || op == Op::max_rows || op == Op::any_rows || op == Op::scatter_rows;
}

struct Condition {
  double condition = 0.0;  // sum over nodes and rows of |adjoint * size| / |output|
  NodeId node = no_node;   // whose part is the largest
  Index row = -1;          // where that part is largest, if the node varies
  double share = 0.0;      // of the condition
  // The first node in use that lies beyond the doubles, and that stands at a jump, and where.
  NodeId overflow = no_node, jump = no_node;
  Index overflow_row = -1, jump_row = -1;
};

// Keeps one value for each node: rows are run through one at a time. Borrows what it is given.
class Run {
 public:
  // Outputs are uniform, or one that varies.
  Run(const Traced& traced, const detail::Call& call, Definition definition = results_of);

  // One for each output, or of one that varies one for each row. NaN where not checked.
  const std::vector<Real>& outputs() const { return outputs_; }
  bool checked(std::size_t output) const { return known_[node_of_output(output)]; }
  const std::vector<std::string>& not_checked() const { return not_checked_; }  // names of operations

  std::vector<Condition> conditions(const std::vector<std::size_t>& outputs);

 private:
  struct Edge {
    NodeId result, operand;
    Real partial;
  };
  struct Reduction {
    NodeId node;
    Real size = 0.0, ties = 0.0;
  };

  NodeId node_of_output(std::size_t output) const {
    return by_row_ ? traced_.outputs[0] : traced_.outputs[output];
  }
  void classify();
  bool has_definition(NodeId n);
  std::vector<Real> results(NodeId n, const std::vector<Real>& x) const;
  void evaluate(NodeId n, Index row);
  bool at_jump(NodeId n, std::vector<Real> x, const Real& z) const;
  bool shares_at_jump(NodeId n, const std::vector<Real>& x) const;
  void run_stage(std::uint32_t stage);
  void evaluate_row(std::size_t table, Index row, std::uint32_t stage);  // what is known by then
  void reduce(Reduction& reduction, bool first);
  // Where the values begin that a gather reads at the row at hand, or a scatter adds to; empty: at none.
  std::optional<NodeId> place_of(NodeId n) const;
  void gather(NodeId n);
  std::vector<Real> operands_of(NodeId n) const;

  void sweep(Index output_row);
  void sweep_rows(std::size_t table, std::uint32_t stage, Index output_row);
  bool ends_after(std::size_t table, std::uint32_t stage) const;
  void start(std::span<const std::size_t> outputs);
  void propagate(NodeId n, Index row, bool counts, const std::function<bool(NodeId)>& takes);
  void propagate_reductions(std::size_t table, std::uint32_t stage);
  void count(NodeId n, Index row);
  Real size_of(NodeId n) const;
  std::vector<Edge> edges_of(NodeId n) const;
  Real& adjoint(NodeId n, std::size_t k) { return adjoints_[n * width_ + k]; }
  Condition largest_part(std::size_t k) const;
  void find_odd_nodes(NodeId output, Condition& condition) const;

  const Traced& traced_;
  const Graph& graph_;
  ConstSpan parameters_, arguments_;
  std::span<const Columns> tables_;
  Definition definition_;
  NodeId size_;
  bool by_row_ = false;
  std::vector<bool> known_;           // live, and made of operations that have a definition
  std::vector<bool> matters_;         // rounds, or is made of what rounds
  std::vector<signed char> defined_;  // by operation; -1: not asked yet
  std::vector<std::string> not_checked_;
  std::vector<std::uint32_t> stages_;               // by node
  std::vector<std::vector<NodeId>> uniforms_;       // by stage: uniform nodes
  std::vector<std::vector<NodeId>> rows_;           // by table: nodes that vary
  std::vector<std::vector<Reduction>> reductions_;  // by table
  std::vector<Real> values_, outputs_;
  std::map<NodeId, Real> scattered_;  // by result of a scatter_rows: the sizes of what it adds
  std::map<NodeId, Index> beyond_, jumps_;  // such nodes, with the first row where they are

  // Of the sweep at hand, width_ outputs side by side.
  struct Part {
    double total = 0.0, largest = 0.0;
    Index row = -1;
  };
  std::size_t width_ = 0;
  std::vector<Real> adjoints_, scales_;  // by node and output; 1 / |output|
  std::vector<Part> parts_;              // by node and output
};

}  // namespace rappel::exact
