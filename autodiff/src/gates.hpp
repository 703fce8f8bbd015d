#pragma once

// Which arms of select, min and max have to be taken for a node to take part in the outputs of a reverse
// sweep.

#include "recording.hpp"
#include "scan_body.hpp"

#include <optional>
#include <vector>

namespace rappel::detail {

// Where an operand takes part: nowhere narrower (always), or where a condition holds.
using Gate = std::optional<Expr>;  // none: always

// Borrows the builder and its recording.
class Gates {
 public:
  Gates(Builder& builder, const Recording& recording)
      : builder_(builder), graph_(builder.graph()), recording_(recording) {}

  void resize(NodeId num_nodes) { gates_.resize(num_nodes); }
  bool reached(NodeId n) const { return gates_[n].reached; }
  const Gate& operator[](NodeId n) const { return gates_[n].gate; }
  void open(NodeId n) { gates_[owner(n)] = {true, {}}; }

  // Of an edge from `user` to an operand that is an arm of it.
  Gate edge(NodeId user, const Gate& arm) const {
    const Gate& outer = gates_[owner(user)].gate;
    if (!outer) return arm;
    return arm ? Gate(logical_and(*outer, *arm)) : outer;
  }

  // One more edge leads to n.
  void widen(NodeId n, Gate edge) {
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

  // The contribution c to x, inside of an arm where the edge's gate is narrower than that of x.
  Expr gated(NodeId x, const Gate& edge, const Expr& c) const {
    if (!edge || same(edge, gates_[owner(x)].gate)) return c;
    if (graph_.is_stacked(x) && !edge->is_constant())
      return recording_.expr(select_stacked(builder_, edge->node(), c.node()));
    return select(Condition(*edge), c, Expr(0.0));
  }

 private:
  struct GateOf {
    bool reached = false;
    Gate gate;
  };

  NodeId owner(NodeId n) const { return graph_.op(n) == Op::result ? graph_.operands(n)[0] : n; }

  // What holds on some row, where a uniform value is used by rows.
  Gate as_seen_by(NodeId n, Gate gate) const {
    if (!gate || gate->is_constant() || graph_.varying(n) || !graph_.varying(gate->node())) return gate;
    const NodeId g = gate->node();
    return recording_.expr(builder_.reduce_rows(Reduce::any, graph_.row_set(g), g));
  }

  static bool same(const Gate& a, const Gate& b) {
    if (!a || !b) return !a && !b;
    if (a->is_constant() || b->is_constant())
      return a->is_constant() && b->is_constant() && a->constant() == b->constant();
    return a->node() == b->node();
  }

  Builder& builder_;
  const Graph& graph_;
  const Recording& recording_;
  std::vector<GateOf> gates_;
};

}  // namespace rappel::detail
