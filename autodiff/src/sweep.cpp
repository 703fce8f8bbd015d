#include "sweep.hpp"

#include "edges.hpp"
#include "stages.hpp"

#include <algorithm>
#include <utility>

namespace rappel {
namespace detail {
namespace {

// Graph to graph: adjoints are appended as Exprs, so the formulas of ops.def are the ones that everything
// else uses.
class ReverseSweep {
 public:
  ReverseSweep(Builder& builder, std::span<const NodeId> wrt)
      : builder_(builder),
        graph_(builder.graph()),
        recording_(builder),
        size_(static_cast<NodeId>(graph_.size())),
        gates_(builder, recording_),
        edges_(builder, recording_, active_, chains_, [this](NodeId n) { return adjoint_part(n); }) {
    recording_.holds_location = true;
    mark_active(wrt);
    if (has_arms_) gates_.resize(size_);
    adjoints_.resize(size_, no_node);
    if (graph_.num_row_sets() > 0) by_row_.resize(size_), factors_.resize(size_, no_node);
  }

  std::vector<NodeId> run(std::span<const NodeId> outputs, std::span<const NodeId> adjoints,
                          std::span<const NodeId> wrt) {
    find_chains(outputs, wrt);
    if (has_arms_) find_gates(outputs, wrt);
    for (std::size_t i = 0; i < outputs.size(); ++i) accumulate(adjoints_[outputs[i]], adjoints[i]);
    for (NodeId n = size_; n-- > 0;)
      if (active_[n] && has_adjoint(n)) propagate(n);
    std::vector<NodeId> result;
    for (const NodeId w : wrt) {
      const NodeId adjoint = adjoint_of(w);
      result.push_back(adjoint == no_node ? builder_.constant(0.0) : adjoint);
    }
    return result;
  }

  std::vector<NodeId> run_rows(NodeId output, std::span<const NodeId> wrt) {
    in_rows_ = true;
    by_row_.resize(size_);
    factors_.resize(size_, no_node);
    find_chains({&output, 1}, wrt);
    if (has_arms_) find_gates({&output, 1}, wrt);
    if (active_[output]) by_row_[output].push_back({no_node, builder_.constant(1.0)});
    for (NodeId n = size_; n-- > 0;)
      if (active_[n] && graph_.varying(n) && graph_.op(n) != Op::gather && has_adjoint(n)) propagate(n);
    std::vector<NodeId> result;
    for (const NodeId w : wrt) {
      NodeId sum = no_node;
      for (const Part& part : by_row_[w]) accumulate(sum, part.node);
      result.push_back(sum);
    }
    return result;
  }

 private:
  Expr expr(NodeId n) const { return recording_.expr(n); }
  std::span<const NodeId> operands(NodeId n) const { return graph_.operands(n); }

  void mark_active(std::span<const NodeId> wrt) {
    active_.assign(size_, false);
    for (const NodeId w : wrt) active_[w] = true;
    for (NodeId n = 0; n < size_; ++n)
      if (!Edges::is_flat(graph_.op(n)))
        for (const NodeId x : operands(n))
          if (active_[x]) active_[n] = true;
    for (NodeId n = 0; n < size_; ++n) has_arms_ = has_arms_ || (active_[n] && Edges::arms_of(graph_.op(n)));
  }

  void find_chains(std::span<const NodeId> outputs, std::span<const NodeId> wrt) {
    if (!has_arms_) return;
    std::vector<NodeId> ends(outputs.begin(), outputs.end());
    ends.insert(ends.end(), wrt.begin(), wrt.end());
    chains_.find(graph_, active_, ends);
  }

  // --- gates ---

  void find_gates(std::span<const NodeId> outputs, std::span<const NodeId> wrt) {
    for (const NodeId n : outputs) gates_.open(n);
    for (const NodeId n : wrt) gates_.open(n);
    for (NodeId n = size_; n-- > 0;) {
      if (!active_[n] || !gates_.reached(n)) continue;
      builder_.graph().set_location_of(graph_, n);
      edges_.visit(n, 0.0,
                   [&](NodeId x, const Gate& arm, const auto&) { gates_.widen(x, gates_.edge(n, arm)); });
    }
  }

  // --- adjoints ---
  //
  // The adjoint of a sum over rows is a factor of everything that its rows contribute. It stays outside of
  // the rows: they start from 1, and what leaves them is summed and then multiplied. So a cost may be any
  // function of a sum over rows, log(sum(..)) or sqrt(mean(..)), and its gradient still needs one pass over
  // the rows.

  // A part of an adjoint: `node` times the factor of the sum over rows `source` (no_node: times 1).
  struct Part {
    NodeId source;
    NodeId node;
  };

  bool has_adjoint(NodeId n) const {
    if (adjoints_[n] != no_node || (!by_row_.empty() && !by_row_[n].empty())) return true;
    if (!edges_.differentiates_results(n)) return false;
    for (NodeId i = 1; i < static_cast<NodeId>(graph_.payload(n)); ++i)
      if (adjoints_[n + i] != no_node || (!by_row_.empty() && !by_row_[n + i].empty())) return true;
    return false;
  }

  void accumulate(NodeId& sum, NodeId added) {
    if (sum == no_node)
      sum = added;
    else
      sum = graph_.is_stacked(added) ? add_stacked(builder_, sum, added) : builder_.node(Op::add, sum, added);
  }

  NodeId product(NodeId n, NodeId factor) {
    return graph_.is_stacked(n) ? scale_stacked(builder_, n, factor) : builder_.node(Op::mul, n, factor);
  }

  NodeId sum_over(RowSet rows, NodeId n) {
    return graph_.is_stacked(n) ? sum_rows_stacked(builder_, rows, n) : builder_.reduce_rows(Reduce::sum, rows, n);
  }

  // For what varies: its adjoint; for a uniform node: what rows contribute, not yet summed.
  void add_by_row(NodeId n, const Part& part) {
    for (Part& own : by_row_[n])
      if (own.source == part.source &&
          (graph_.varying(n) || graph_.row_set(own.node) == graph_.row_set(part.node)))
        return accumulate(own.node, part.node);
    by_row_[n].push_back(part);
  }

  // A part that leaves the rows of `source` for x, or joins other parts of x there. The factor is an adjoint inside of the sum's arm:
  // it may be inf or NaN where that was not taken.
  NodeId scaled(NodeId x, const Part& part) {
    return part.source == no_node ? part.node : gated(x, part, product(part.node, factors_[part.source]));
  }
  NodeId gated(NodeId x, const Part& part, NodeId whole) {
    return has_arms_ ? recording_.node(gates_.gated(x, gates_[part.source], expr(whole))) : whole;
  }

  // c, where a part is what c log(S), S the sum over rows of exp(a - m), gives to m, the largest a; else no_node. That is -c, and by
  // its parts the rounding of (c / S) * -S. S is at least 1, since a row has exp(0), or NaN, which all rows get by their a.
  NodeId through_shift(NodeId m, const Part& part) {
    if (part.source == no_node || graph_.op(m) != Op::max_rows || graph_.op(part.source) != Op::sum_rows) return no_node;
    const NodeId e = operands(part.source)[0];
    if (graph_.op(part.node) != Op::neg || operands(part.node)[0] != e || graph_.op(e) != Op::exp) return no_node;
    const NodeId shifted = operands(e)[0];
    if (graph_.op(shifted) != Op::sub || operands(shifted)[0] != operands(m)[0] || operands(shifted)[1] != m) return no_node;
    const auto is_reciprocal = [&](NodeId x) {
      return graph_.op(x) == Op::div && graph_.op(operands(x)[0]) == Op::constant && graph_.value(operands(x)[0]) == 1.0 && operands(x)[1] == part.source;
    };
    const NodeId factor = factors_[part.source];
    if (is_reciprocal(factor)) return builder_.constant(1.0);
    if (graph_.op(factor) != Op::mul) return no_node;
    for (const bool second : {false, true})
      if (is_reciprocal(operands(factor)[second ? 1 : 0])) return operands(factor)[second ? 0 : 1];
    return no_node;
  }

  // m + log(S) does not depend on m: what c times that gives to it cancels.
  void take_away(NodeId m, const Part& part, NodeId c) {
    if (adjoints_[m] == gated(m, part, c))
      adjoints_[m] = builder_.constant(0.0);
    else
      accumulate(adjoints_[m], gated(m, part, builder_.node(Op::neg, {c})));
  }

  // The adjoint of a uniform node, complete.
  NodeId adjoint_of(NodeId n) {
    if (!by_row_.empty() && !by_row_[n].empty()) {
      builder_.graph().set_location_of(graph_, n);
      for (const Part& part : std::exchange(by_row_[n], {})) {
        if (const NodeId c = through_shift(n, part); c != no_node) {
          take_away(n, part, c);
          continue;
        }
        const NodeId sum = sum_over(graph_.row_set(part.node), part.node);
        accumulate(adjoints_[n], scaled(n, {part.source, sum}));
      }
    }
    return adjoints_[n];
  }

  // The stage that knows a node, see stages_of.
  std::uint32_t stage_of(NodeId n) {
    for (NodeId k = static_cast<NodeId>(stages_.size()); k <= n; ++k) stages_.push_back(stage_after(graph_, k, stages_));
    return stages_[n];
  }

  // Of what varies: factors that are known before the rows join them where rows serve several sums, so that one sweep
  // through the rows does for all. Where a part waits for sums over rows itself, the rows are gone through once more after
  // these anyhow, and a factor may be any that is known by then.
  void join_parts(NodeId n) {
    std::vector<Part>& parts = by_row_[n];
    if (parts.size() < 2) return;
    std::uint32_t last = 0;
    for (const Part& part : parts) last = std::max(last, stage_of(part.node));
    NodeId joined = no_node;
    std::erase_if(parts, [&](const Part& part) {
      if (part.source != no_node && stage_of(factors_[part.source]) > last) return false;
      accumulate(joined, scaled(n, part));
      return true;
    });
    if (joined != no_node) parts.push_back({no_node, joined});
  }

  void propagate(NodeId n) {
    if (graph_.op(n) == Op::result) return;  // its node takes care of all results
    builder_.graph().set_location_of(graph_, n);
    if (!graph_.varying(n)) {
      const NodeId adjoint = adjoint_of(n);
      zbar_ = adjoint == no_node ? Expr(0.0) : expr(adjoint);
      // Shares are finite: they need not be known where they are multiplied by 0.
      if (graph_.op(n) == Op::max_rows && zbar_.is_constant() && zbar_.constant() == 0.0) return;
      const bool of_rows = graph_.op(n) == Op::sum_rows || graph_.op(n) == Op::sum_products;
      if (of_rows && !(zbar_.is_constant() && zbar_.constant() == 1.0)) {
        factors_[n] = adjoint;
        source_ = n;
        zbar_ = Expr(1.0);
      }
      propagate_part(n);
      source_ = no_node;
      return;
    }
    std::vector<NodeId> sources;
    for (NodeId i = 0; i < (edges_.differentiates_results(n) ? static_cast<NodeId>(graph_.payload(n)) : 1);
         ++i) {
      join_parts(n + i);
      for (const Part& part : by_row_[n + i]) sources.push_back(part.source);
    }
    std::ranges::sort(sources);
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    for (const NodeId source : sources) {
      source_ = source;
      zbar_ = adjoint_part(n);
      propagate_part(n);
    }
    source_ = no_node;
  }

  // The adjoint of a node or, of what varies, its part of the source at hand.
  Expr adjoint_part(NodeId n) {
    if (!graph_.varying(n)) return adjoint_of(n) == no_node ? Expr(0.0) : expr(adjoints_[n]);
    for (const Part& part : by_row_[n])
      if (part.source == source_) return expr(part.node);
    return 0.0;
  }

  // What rows give to the values that they looked up: summed by scatter_rows, so that gates go inside.
  void propagate_gather(NodeId n) {
    const std::vector<NodeId> x(operands(n).begin(), operands(n).end());
    std::vector<NodeId> scattered{builder_.constant(static_cast<double>(x.size() - 2)), x[0], x[1]};
    const Gate gate = has_arms_ ? gates_.edge(n, {}) : Gate();
    bool any = false;
    for (NodeId j = 0; j < static_cast<NodeId>(graph_.payload(n)); ++j) {
      const Expr zbar = adjoint_part(n + j);
      any = any || !zbar.is_constant() || zbar.constant() != 0.0;
      scattered.push_back(recording_.node(gate ? select(Condition(*gate), zbar, Expr(0.0)) : zbar));
    }
    if (!any) return;
    const NodeId first = builder_.scatter_rows(scattered);
    for (std::size_t k = 2; k < x.size(); ++k)
      if (active_[x[k]])
        accumulate(adjoints_[x[k]], scaled(x[k], {source_, first + static_cast<NodeId>(k - 2)}));
  }

  void propagate_part(NodeId n) {
    if (graph_.op(n) == Op::gather) return propagate_gather(n);
    edges_.visit(n, zbar_, [&](NodeId x, const Gate& arm, auto&& contribution) {
      const Expr c = contribution();
      if (c.is_constant() && c.constant() == 0.0) return;
      contribute(n, x, has_arms_ ? gates_.gated(x, gates_.edge(n, arm), c) : c);
    });
  }

  // A uniform contribution of a varying user counts once for each row.
  void contribute(NodeId user, NodeId x, const Expr& c) {
    NodeId node = recording_.node(c);
    if (in_rows_ || graph_.varying(x) || graph_.varying(node)) return add_by_row(x, {source_, node});
    if (graph_.varying(user)) node = sum_over(graph_.row_set(user), node);
    accumulate(adjoints_[x], scaled(x, {source_, node}));
  }

  Builder& builder_;
  const Graph& graph_;
  Recording recording_;
  NodeId size_;
  std::vector<bool> active_;
  Gates gates_;
  Chains chains_;
  Edges edges_;
  std::vector<NodeId> adjoints_;           // of uniform nodes
  bool has_arms_ = false;                  // else every gate is open
  std::vector<std::vector<Part>> by_row_;  // see add_by_row; empty without rows
  std::vector<NodeId> factors_;            // of sums over rows: their adjoints
  std::vector<std::uint32_t> stages_;
  NodeId source_ = no_node;  // of the part at hand
  bool in_rows_ = false;     // see reverse_sweep_of_rows
  Expr zbar_;
};

}  // namespace

std::vector<NodeId> reverse_sweep(Builder& builder, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt) {
  if (outputs.size() != adjoints.size())
    throw std::invalid_argument("reverse_sweep: " + std::to_string(outputs.size()) + " outputs, " +
                                std::to_string(adjoints.size()) + " adjoints");
  const auto check = [&](NodeId n, const char* what) {
    if (n >= builder.graph().size())
      throw std::invalid_argument(std::string("reverse_sweep: ") + what + " " + std::to_string(n) +
                                  " does not exist");
    if (builder.graph().varying(n))
      throw std::invalid_argument(std::string("reverse_sweep: ") + what + " " + std::to_string(n) +
                                  " varies by row; sum over rows first");
  };
  for (const NodeId n : outputs) check(n, "output");
  for (const NodeId n : wrt) check(n, "node");
  return ReverseSweep(builder, wrt).run(outputs, adjoints, wrt);
}

std::vector<NodeId> reverse_sweep_of_rows(Builder& builder, NodeId output, std::span<const NodeId> wrt) {
  return ReverseSweep(builder, wrt).run_rows(output, wrt);
}

}  // namespace detail

std::vector<NodeId> reverse_sweep(Graph& graph, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt) {
  detail::Builder builder(graph);
  auto result = detail::reverse_sweep(builder, outputs, adjoints, wrt);
  graph = builder.take();
  return result;
}

}  // namespace rappel
