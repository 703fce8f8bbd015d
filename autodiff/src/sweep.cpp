#include "sweep.hpp"

#include "formulas.hpp"
#include "recording.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace rappel {
namespace detail {
namespace {

// Where an operand takes part: nowhere narrower (always), or where a condition holds.
using Gate = std::optional<Expr>;  // none: always

// Graph to graph: adjoints are appended as Exprs, so the formulas of ops.def are the ones that everything
// else uses.
class ReverseSweep {
 public:
  ReverseSweep(Builder& builder, std::span<const NodeId> wrt)
      : builder_(builder),
        graph_(builder.graph()),
        recording_(builder),
        size_(static_cast<NodeId>(graph_.size())) {
    recording_.holds_location = true;
    mark_active(wrt);
    if (has_arms_) gates_.resize(size_);
    adjoints_.resize(size_, no_node);
    if (graph_.num_row_sets() > 0) by_row_.resize(size_), factors_.resize(size_, no_node);
  }

  std::vector<NodeId> run(std::span<const NodeId> outputs, std::span<const NodeId> adjoints,
                          std::span<const NodeId> wrt) {
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

 private:
  struct GateOf {
    bool reached = false;
    Gate gate;
  };

  Expr expr(NodeId n) const { return recording_.expr(n); }
  std::span<const NodeId> operands(NodeId n) const { return graph_.operands(n); }
  NodeId owner(NodeId n) const { return graph_.op(n) == Op::result ? operands(n)[0] : n; }

  void mark_active(std::span<const NodeId> wrt) {
    active_.assign(size_, false);
    for (const NodeId w : wrt) active_[w] = true;
    for (NodeId n = 0; n < size_; ++n)
      for (const NodeId x : operands(n))
        if (active_[x]) active_[n] = true;
    for (NodeId n = 0; n < size_; ++n) has_arms_ = has_arms_ || (active_[n] && arms_of(graph_.op(n)));
  }

  // --- gates ---

  void find_gates(std::span<const NodeId> outputs, std::span<const NodeId> wrt) {
    for (const NodeId n : outputs) open_gate(n);
    for (const NodeId n : wrt) open_gate(n);
    for (NodeId n = size_; n-- > 0;) {
      if (!active_[n] || !gates_[n].reached) continue;
      builder_.graph().set_location(graph_.location(n));
      for_each_edge(n, [&](NodeId x, const Gate& arm, const auto&) { widen_gate(x, edge_gate(n, arm)); });
    }
  }

  void open_gate(NodeId n) { gates_[owner(n)] = {true, {}}; }

  Gate edge_gate(NodeId user, const Gate& arm) {
    const Gate& outer = gates_[owner(user)].gate;
    if (!outer) return arm;
    return arm ? Gate(logical_and(*outer, *arm)) : outer;
  }

  // What holds on some row, where a uniform value is used by rows.
  Gate as_seen_by(NodeId n, Gate gate) {
    if (!gate || gate->is_constant() || graph_.varying(n) || !graph_.varying(gate->node())) return gate;
    const NodeId g = gate->node();
    return expr(builder_.reduce_rows(Reduce::any, graph_.row_set(g), g));
  }

  void widen_gate(NodeId n, Gate edge) {
    GateOf& own = gates_[owner(n)];
    edge = as_seen_by(n, edge);
    if (edge && edge->is_constant()) {
      if (edge->constant() == 0.0 && own.reached) return;
      if (edge->constant() != 0.0) edge.reset();
    }
    if (!own.reached) {
      own = {true, edge};
    } else if (own.gate) {
      own.gate = edge ? Gate(logical_or(*own.gate, *edge)) : Gate();
      if (own.gate && own.gate->is_constant()) own.gate.reset();
    }
  }

  static bool same(const Gate& a, const Gate& b) {
    if (!a || !b) return !a && !b;
    if (a->is_constant() || b->is_constant())
      return a->is_constant() && b->is_constant() && a->constant() == b->constant();
    return a->node() == b->node();
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

  // An adjoint may come by each of its results.
  bool differentiates_results(NodeId n) const {
    return has_several_results(graph_.op(n)) && graph_.op(n) != Op::shifted_exps &&
           graph_.op(n) != Op::scaled_norm;
  }

  bool has_adjoint(NodeId n) const {
    if (adjoints_[n] != no_node || (!by_row_.empty() && !by_row_[n].empty())) return true;
    if (!differentiates_results(n)) return false;
    for (NodeId i = 1; i < static_cast<NodeId>(graph_.payload(n)); ++i)
      if (adjoints_[n + i] != no_node || (!by_row_.empty() && !by_row_[n + i].empty())) return true;
    return false;
  }

  void accumulate(NodeId& sum, NodeId added) {
    sum = sum == no_node ? added : builder_.node(Op::add, {sum, added});
  }

  // For what varies: its adjoint; for a uniform node: what rows contribute, not yet summed.
  void add_by_row(NodeId n, const Part& part) {
    for (Part& own : by_row_[n])
      if (own.source == part.source &&
          (graph_.varying(n) || graph_.row_set(own.node) == graph_.row_set(part.node)))
        return accumulate(own.node, part.node);
    by_row_[n].push_back(part);
  }

  // A uniform part that leaves the rows of `source` for x. The factor is an adjoint inside of the sum's arm:
  // it may be inf or NaN where that was not taken.
  NodeId scaled(NodeId x, const Part& part) {
    if (part.source == no_node) return part.node;
    const Expr product = expr(part.node) * expr(factors_[part.source]);
    return recording_.node(has_arms_ ? gated(x, gates_[part.source].gate, product) : product);
  }

  // The adjoint of a uniform node, complete.
  NodeId adjoint_of(NodeId n) {
    if (!by_row_.empty() && !by_row_[n].empty()) {
      builder_.graph().set_location(graph_.location(n));
      for (const Part& part : std::exchange(by_row_[n], {})) {
        const NodeId sum = builder_.reduce_rows(Reduce::sum, graph_.row_set(part.node), part.node);
        accumulate(adjoints_[n], scaled(n, {part.source, sum}));
      }
    }
    return adjoints_[n];
  }

  // Whether a uniform node is known only when sums over rows are.
  bool needs_rows(NodeId n) {
    for (NodeId k = static_cast<NodeId>(needs_rows_.size()); k <= n; ++k) {
      bool needs = graph_.op(k) >= Op::sum_rows;
      for (const NodeId x : graph_.operands(k)) needs = needs || needs_rows_[x];
      needs_rows_.push_back(needs);
    }
    return needs_rows_[n];
  }

  // Of what varies: factors that are known before the rows join them where rows serve several sums, so that
  // one sweep through the rows does for all.
  void join_parts(NodeId n) {
    std::vector<Part>& parts = by_row_[n];
    if (parts.size() < 2) return;
    NodeId joined = no_node;
    std::erase_if(parts, [&](const Part& part) {
      if (part.source != no_node && needs_rows(factors_[part.source])) return false;
      accumulate(joined, part.source == no_node ? part.node
                                                : builder_.node(Op::mul, {part.node, factors_[part.source]}));
      return true;
    });
    if (joined != no_node) parts.push_back({no_node, joined});
  }

  void propagate(NodeId n) {
    if (graph_.op(n) == Op::result) return;  // its node takes care of all results
    builder_.graph().set_location(graph_.location(n));
    if (!graph_.varying(n)) {
      const NodeId adjoint = adjoint_of(n);
      zbar_ = adjoint == no_node ? Expr(0.0) : expr(adjoint);
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
    for (NodeId i = 0; i < (differentiates_results(n) ? static_cast<NodeId>(graph_.payload(n)) : 1); ++i) {
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

  void propagate_part(NodeId n) {
    for_each_edge(n, [&](NodeId x, const Gate& arm, auto&& contribution) {
      const Expr c = contribution();
      if (c.is_constant() && c.constant() == 0.0) return;
      contribute(n, x, has_arms_ ? gated(x, edge_gate(n, arm), c) : c);
    });
  }

  // The contribution to x sits inside of an arm where the edge's gate is narrower than that of x.
  Expr gated(NodeId x, const Gate& edge, const Expr& c) const {
    return !edge || same(edge, gates_[owner(x)].gate) ? c : select(Condition(*edge), c, Expr(0.0));
  }

  // A uniform contribution of a varying user counts once for each row.
  void contribute(NodeId user, NodeId x, const Expr& c) {
    NodeId node = recording_.node(c);
    if (graph_.varying(x) || graph_.varying(node)) return add_by_row(x, {source_, node});
    if (graph_.varying(user)) node = builder_.reduce_rows(Reduce::sum, graph_.row_set(user), node);
    accumulate(adjoints_[x], scaled(x, {source_, node}));
  }

  static Expr times(const Expr& zbar, const Expr& partial) {
    if (partial.is_constant() && partial.constant() == 0.0) return 0.0;
    return zbar * partial;
  }

  // Whether an operand of the operation may be an arm that was not taken.
  static bool arms_of(Op op) {
    switch (op) {
#define RAPPEL_BINARY(name, symbol, formula, dx, dy, ax, ay, ...) \
  case Op::name:                                                  \
    return has_condition<formulas::name##_op>();
#include <rappel/autodiff/ops.def>
      case Op::select:
      case Op::max_rows:
        return true;
      default:
        return false;
    }
  }
  template <class F>
  static constexpr bool has_condition() {
    return !std::is_same_v<decltype(F::arm_x(std::declval<Expr>(), std::declval<Expr>())), formulas::Always>;
  }

  static Gate gate_of(formulas::Always) { return {}; }
  static Gate gate_of(const Condition& c) { return c.value(); }

  // visit(operand, arm, contribution) for each operand that the node's adjoint flows to.
  template <class Visit>
  void for_each_edge(NodeId n, Visit&& visit_edge) {
    x_.assign(operands(n).begin(), operands(n).end());  // a copy: the graph grows on the way
    const std::vector<NodeId>& x = x_;
    const auto visit = [&](std::size_t i, const Gate& arm, auto&& contribution) {
      if (active_[x[i]]) visit_edge(x[i], arm, contribution);
    };
    const Expr z = expr(n);
    switch (graph_.op(n)) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return visit(0, {}, [&] { return times(zbar_, formulas::name##_op::partial(expr(x[0]), z)); });
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return visit(0, {}, [&] { return times(zbar_, formulas::name##_op::partial(expr(x[0]), z)); });
#define RAPPEL_BINARY(name, ...)                                                                    \
  case Op::name:                                                                                    \
    visit(0, gate_of(formulas::name##_op::arm_x(expr(x[0]), expr(x[1]))),                           \
          [&] { return times(zbar_, formulas::name##_op::partial_x(expr(x[0]), expr(x[1]), z)); }); \
    return visit(1, gate_of(formulas::name##_op::arm_y(expr(x[0]), expr(x[1]))),                    \
                 [&] { return times(zbar_, formulas::name##_op::partial_y(expr(x[0]), expr(x[1]), z)); });
#define RAPPEL_TERNARY(name, ...)                                                                 \
  case Op::name:                                                                                  \
    visit(0, {}, [&] {                                                                            \
      return times(zbar_, formulas::name##_op::partial_x(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });                                                                                           \
    visit(1, {}, [&] {                                                                            \
      return times(zbar_, formulas::name##_op::partial_y(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });                                                                                           \
    return visit(2, {}, [&] {                                                                     \
      return times(zbar_, formulas::name##_op::partial_z(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });
#define RAPPEL_DERIVATIVES(name, ...) \
  case Op::name:                      \
    return visit(0, {},               \
                 [&] { return times(zbar_, name(expr(x[0]), static_cast<int>(graph_.value(x[1])) + 1)); });
#include <rappel/autodiff/ops.def>
      case Op::select:
        visit(1, expr(x[0]), [&] { return zbar_; });
        return visit(2, logical_not(expr(x[0])), [&] { return zbar_; });
      case Op::power:
        visit(0, {}, [&] {
          const NodeId k = builder_.constant(graph_.value(x[2]) + 1.0);
          return times(zbar_, expr(builder_.node(Op::power, {x[0], x[1], k, x[3]})));
        });
        return visit(1, {}, [&] {
          const NodeId j = builder_.constant(graph_.value(x[3]) + 1.0);
          return times(zbar_, expr(builder_.node(Op::power, {x[0], x[1], x[2], j})));
        });
      case Op::sum:
        for (std::size_t i = 0; i < x.size(); ++i) visit(i, {}, [&] { return zbar_; });
        return;
      case Op::dot:
      case Op::sum_products:
        for (std::size_t i = 0; i < x.size(); ++i) visit(i, {}, [&] { return times(zbar_, expr(x[i ^ 1])); });
        return;
      case Op::logsumexp:
        return logsumexp_edges(x, visit);
      case Op::norm:
        for (std::size_t i = 0; i + 2 < x.size(); ++i)
          visit(i, {},
                [&] { return times(zbar_, expr(builder_.node(Op::unit, x) + static_cast<NodeId>(i))); });
        return;
      case Op::unit:
        return unit_edges(n, x, visit);
      case Op::softmax:
        return softmax_edges(n, visit);
      case Op::softmax_product:
        return softmax_product_edges(n, x, visit);
      case Op::unit_product:
        return unit_product_edges(n, x, visit);
      case Op::sum_rows:
        return visit(0, {}, [&] { return zbar_; });
      case Op::max_rows:  // ties share equally
        return visit(0, equal(expr(x[0]), z), [&] {
          const NodeId ties = recording_.node(equal(expr(x[0]), z));
          return zbar_ / expr(builder_.reduce_rows(Reduce::sum, graph_.row_set(x[0]), ties));
        });
      default:
        return;  // leaves, conditions over rows, and auxiliary results: no adjoint flows through them
    }
  }

  template <class Visit>
  void logsumexp_edges(const std::vector<NodeId>& x, const Visit& visit) {
    const std::size_t count = x.size() - 2;
    const NodeId parts = x[count];  // largest, rest, e1 ..
    std::vector<NodeId> operands(x);
    for (std::size_t i = 0; i < count; ++i) operands.push_back(parts + 2 + static_cast<NodeId>(i));
    std::optional<NodeId> shares;
    for (std::size_t i = 0; i < count; ++i)
      visit(i, {}, [&] {
        if (!shares) shares = builder_.node(Op::softmax, operands);
        return times(zbar_, expr(*shares + static_cast<NodeId>(i)));
      });
  }

  // d u_i / d x_j = (1{i = j} - u_i u_j) / norm.
  template <class Visit>
  void unit_edges(NodeId n, const std::vector<NodeId>& x, const Visit& visit) {
    visit_results(n, visit, [&] { return unit_product(x, adjoints_of_results(n)); });
  }

  // With q the adjoint, h the norm, a = unit_product(x, q) and b the results: gbar = a,
  // xbar_j = -(u_j q.b + a_j u.g + b_j u.q) / h.
  template <class Visit>
  void unit_product_edges(NodeId n, const std::vector<NodeId>& operands, const Visit& visit) {
    const auto count = static_cast<std::size_t>(graph_.payload(n));
    const std::vector<NodeId> x(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(count + 2));
    struct Made {
      std::vector<Expr> a, b, u;
      Expr ug, uq, qb, norm;
    };
    std::optional<Made> made;
    const auto parts = [&]() -> const Made& {
      if (made) return *made;
      const std::vector<Expr> q = adjoints_of_results(n), g = exprs_of(operands, count + 2, count);
      made = Made{results_at(unit_product(x, q), count),
                  results_at(n, count),
                  results_at(builder_.node(Op::unit, x), count),
                  0.0,
                  0.0,
                  0.0,
                  expr(builder_.node(Op::norm, x))};
      made->ug = dot(made->u, g), made->uq = dot(made->u, q), made->qb = dot(q, made->b);
      return *made;
    };
    for (std::size_t j = 0; j < count; ++j) {
      visit(j, {}, [&] {
        const Made& m = parts();
        return -(m.u[j] * m.qb + m.a[j] * m.ug + m.b[j] * m.uq) / m.norm;
      });
      visit(count + 2 + j, {}, [&] { return parts().a[j]; });
    }
  }

  // d p_i / d x_j = p_i (1{i = j} - p_j).
  template <class Visit>
  void softmax_edges(NodeId n, const Visit& visit) {
    const auto p = results_at(n, static_cast<std::size_t>(graph_.payload(n)));
    visit_results(n, visit, [&] { return softmax_product(p, adjoints_of_results(n)); });
  }

  // With q the adjoint: gbar = softmax_product(p, q), pbar_j = q_j (g_j - p.g) - g_j p.q.
  template <class Visit>
  void softmax_product_edges(NodeId n, const std::vector<NodeId>& operands, const Visit& visit) {
    const auto count = static_cast<std::size_t>(graph_.payload(n));
    const std::vector<Expr> p = exprs_of(operands, 0, count), g = exprs_of(operands, count, count);
    std::optional<NodeId> made;
    for (std::size_t j = 0; j < count; ++j) {
      visit(j, {}, [&] {
        const std::vector<Expr> q = adjoints_of_results(n);
        return q[j] * (g[j] - dot(p, g)) - g[j] * dot(p, q);
      });
      visit(count + j, {}, [&] {
        if (!made) made = softmax_product(p, adjoints_of_results(n));
        return expr(*made + static_cast<NodeId>(j));
      });
    }
  }

  // visit(j, result j of a node made when it is first needed).
  template <class Visit, class Make>
  void visit_results(NodeId n, const Visit& visit, const Make& make) {
    std::optional<NodeId> made;
    for (std::size_t j = 0; j < static_cast<std::size_t>(graph_.payload(n)); ++j)
      visit(j, {}, [&] {
        if (!made) made = make();
        return expr(*made + static_cast<NodeId>(j));
      });
  }

  std::vector<Expr> adjoints_of_results(NodeId n) {
    std::vector<Expr> result;
    for (NodeId i = 0; i < static_cast<NodeId>(graph_.payload(n)); ++i) result.push_back(adjoint_part(n + i));
    return result;
  }
  std::vector<Expr> exprs_of(const std::vector<NodeId>& nodes, std::size_t first, std::size_t count) const {
    std::vector<Expr> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(expr(nodes[first + i]));
    return result;
  }
  std::vector<Expr> results_at(NodeId n, std::size_t count) const {
    std::vector<Expr> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(expr(n + static_cast<NodeId>(i)));
    return result;
  }
  NodeId softmax_product(const std::vector<Expr>& p, const std::vector<Expr>& g) {
    std::vector<NodeId> operands;
    for (const Expr& e : p) operands.push_back(recording_.node(e));
    for (const Expr& e : g) operands.push_back(recording_.node(e));
    return builder_.node(Op::softmax_product, operands);
  }
  NodeId unit_product(std::vector<NodeId> x, const std::vector<Expr>& g) {
    for (const Expr& e : g) x.push_back(recording_.node(e));
    return builder_.node(Op::unit_product, x);
  }

  Builder& builder_;
  const Graph& graph_;
  Recording recording_;
  NodeId size_;
  std::vector<bool> active_;
  std::vector<GateOf> gates_;
  std::vector<NodeId> adjoints_;           // of uniform nodes
  std::vector<NodeId> x_;                  // operands of the node at hand
  bool has_arms_ = false;                  // else every gate is open
  std::vector<std::vector<Part>> by_row_;  // see add_by_row; empty without rows
  std::vector<NodeId> factors_;            // of sums over rows: their adjoints
  std::vector<bool> needs_rows_;
  NodeId source_ = no_node;  // of the part at hand
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

}  // namespace detail

std::vector<NodeId> reverse_sweep(Graph& graph, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt) {
  detail::Builder builder(graph);
  auto result = detail::reverse_sweep(builder, outputs, adjoints, wrt);
  graph = builder.take();
  return result;
}

}  // namespace rappel
