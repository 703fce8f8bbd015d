#pragma once

// How the adjoint of a node flows to its operands: the partials of ops.def, and those of the operations of
// many operands.

#include "chains.hpp"
#include "formulas.hpp"
#include "gates.hpp"
#include "recording.hpp"
#include "custom_op.hpp"
#include "scan_body.hpp"

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rappel::detail {

// Borrows builder, recording and the chains that are reversed at once. Only operands that `active` names are visited.
class Edges {
 public:
  // adjoint_of_result(n): that of one result of a node with several, as it is when the node's adjoint is
  // passed on.
  Edges(Builder& builder, Recording& recording, const std::vector<bool>& active, const Chains& chains,
        std::function<Expr(NodeId)> adjoint_of_result)
      : builder_(builder),
        graph_(builder.graph()),
        recording_(recording),
        active_(active),
        chains_(chains),
        adjoint_of_result_(std::move(adjoint_of_result)) {}

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
  // Whether its partials are 0 wherever they are: no adjoint flows through comparisons, floor and the like.
  static bool is_flat(Op op) {
    constexpr auto zero = [](std::string_view partial) { return partial == "T(0.0)"; };
    switch (op) {
#define RAPPEL_UNARY(name, symbol, formula, partial, ...) \
  case Op::name:                                          \
    return zero(#partial);
#define RAPPEL_BINARY(name, symbol, formula, dx, dy, ...) \
  case Op::name:                                          \
    return zero(#dx) && zero(#dy);
#include <rappel/autodiff/ops.def>
      default:
        return op == Op::shares;
    }
  }
  // An adjoint may come by each of its results.
  bool differentiates_results(NodeId n) const {
    return has_several_results(graph_.op(n)) && graph_.op(n) != Op::shifted_exps &&
           graph_.op(n) != Op::scaled_norm &&
           graph_.op(n) != Op::shares;
  }

  // visit_edge(operand, arm, contribution) for each operand that the node's adjoint zbar flows to. A node
  // that differentiates its results takes their adjoints in the place of zbar.
  template <class Visit>
  void visit(NodeId n, const Expr& zbar, Visit&& visit_edge) {
    const bool whole_chain = chains_.is_top(n);
    if (whole_chain)
      x_ = chains_.operands(graph_, n);
    else
      x_.assign(graph_.operands(n).begin(), graph_.operands(n).end());  // a copy: the graph grows on the way
    const std::vector<NodeId>& x = x_;
    const auto visit = [&](std::size_t i, const Gate& arm, auto&& contribution) {
      if (active_[x[i]]) visit_edge(x[i], arm, contribution);
    };
    if (whole_chain) return chain_edges(n, zbar, visit);
    const Expr z = expr(n);
    switch (graph_.op(n)) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return visit(0, {}, [&] { return times(zbar, formulas::name##_op::partial(expr(x[0]), z)); });
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return visit(0, {}, [&] { return times(zbar, formulas::name##_op::partial(expr(x[0]), z)); });
#define RAPPEL_BINARY(name, ...)                                                                   \
  case Op::name:                                                                                   \
    visit(0, gate_of(formulas::name##_op::arm_x(expr(x[0]), expr(x[1]))),                          \
          [&] { return times(zbar, formulas::name##_op::partial_x(expr(x[0]), expr(x[1]), z)); }); \
    return visit(1, gate_of(formulas::name##_op::arm_y(expr(x[0]), expr(x[1]))),                   \
                 [&] { return times(zbar, formulas::name##_op::partial_y(expr(x[0]), expr(x[1]), z)); });
#define RAPPEL_TERNARY(name, ...)                                                                \
  case Op::name:                                                                                 \
    visit(0, {}, [&] {                                                                           \
      return times(zbar, formulas::name##_op::partial_x(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });                                                                                          \
    visit(1, {}, [&] {                                                                           \
      return times(zbar, formulas::name##_op::partial_y(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });                                                                                          \
    return visit(2, {}, [&] {                                                                    \
      return times(zbar, formulas::name##_op::partial_z(expr(x[0]), expr(x[1]), expr(x[2]), z)); \
    });
#define RAPPEL_DERIVATIVES(name, ...) \
  case Op::name:                      \
    return visit(0, {},               \
                 [&] { return times(zbar, name(expr(x[0]), static_cast<int>(graph_.value(x[1])) + 1)); });
#include <rappel/autodiff/ops.def>
      case Op::select:
        visit(1, expr(x[0]), [&] { return zbar; });
        return visit(2, logical_not(expr(x[0])), [&] { return zbar; });
      case Op::power:
        visit(0, {}, [&] {
          const NodeId k = builder_.constant(graph_.value(x[2]) + 1.0);
          return times(zbar, expr(builder_.node(Op::power, {x[0], x[1], k, x[3]})));
        });
        return visit(1, {}, [&] {
          const NodeId j = builder_.constant(graph_.value(x[3]) + 1.0);
          return times(zbar, expr(builder_.node(Op::power, {x[0], x[1], x[2], j})));
        });
      case Op::sum:
        for (std::size_t i = 0; i < x.size(); ++i) visit(i, {}, [&] { return zbar; });
        return;
      case Op::dot:
      case Op::sum_products:
        for (std::size_t i = 0; i < x.size(); ++i) visit(i, {}, [&] { return times(zbar, expr(x[i ^ 1])); });
        return;
      case Op::logsumexp:
        return logsumexp_edges(x, zbar, visit);
      case Op::norm:
        for (std::size_t i = 0; i + 2 < x.size(); ++i)
          visit(i, {},
                [&] { return times(zbar, expr(builder_.node(Op::unit, x) + static_cast<NodeId>(i))); });
        return;
      case Op::unit:
        return unit_edges(n, x, visit);
      case Op::softmax:
        return softmax_edges(n, visit);
      case Op::softmax_product:
        return softmax_product_edges(n, x, visit);
      case Op::unit_product:
        return unit_product_edges(n, x, visit);
      case Op::stack:
        return stack_edges(x, zbar, visit);
      case Op::unstack:
        return visit(0, {}, [&] {
          std::vector<NodeId> entries;
          for (const Expr& e : adjoints_of_results(n)) entries.push_back(recording_.node(e));
          return expr(builder_.node(Op::stack, entries));
        });
      case Op::gather:  // the sweep's own; here for gates
        for (std::size_t i = 2; i < x.size(); ++i) visit(i, {}, [] { return Expr(0.0); });
        return;
      case Op::scatter_rows:
        return scatter_edges(n, x, visit);
      case Op::custom:
        return custom_edges(n, x, visit);
      case Op::scan:
        return scan_edges(n, x, visit);
      case Op::sum_rows:
        return visit(0, {}, [&] { return zbar; });
      case Op::max_rows:  // ties share equally
        return visit(0, equal(expr(x[0]), z), [&] {
          const NodeId ties = recording_.node(equal(expr(x[0]), z));
          return zbar / expr(builder_.reduce_rows(Reduce::sum, graph_.row_set(x[0]), ties));
        });
      default:
        return;  // leaves, conditions over rows, and auxiliary results: no adjoint flows through them
    }
  }

 private:
  template <class F>
  static constexpr bool has_condition() {
    return !std::is_same_v<decltype(F::arm_x(std::declval<Expr>(), std::declval<Expr>())), formulas::Always>;
  }

  static Gate gate_of(formulas::Always) { return {}; }
  static Gate gate_of(const Condition& c) { return c.value(); }

  // 2 x of a square: zbar is doubled, exactly. Many squares that are added up share it.
  Expr times(const Expr& zbar, const Expr& partial) const {
    if (partial.is_constant()) {
      const double c = partial.constant();
      if (c == 1.0) return zbar;  // of each addition: no literal has to be looked up, and no product folded
      if (c == -1.0) return -zbar;
      return c == 0.0 ? Expr(0.0) : zbar * partial;
    }
    const NodeId n = recording_.node(partial);
    if (graph_.op(n) != Op::mul) return zbar * partial;
    const NodeId x = graph_.operands(n)[0], y = graph_.operands(n)[1];
    if (graph_.is_constant(x, 2.0)) return 2.0 * zbar * expr(y);
    return graph_.is_constant(y, 2.0) ? 2.0 * zbar * expr(x) : zbar * partial;
  }

  Expr expr(NodeId n) const { return recording_.expr(n); }

  // Operands of a chain without a share are arms that were not taken.
  template <class Visit>
  void chain_edges(NodeId n, const Expr& zbar, const Visit& visit) {
    std::vector<NodeId> operands = x_;
    operands.push_back(n);
    const NodeId first = builder_.node(Op::shares, operands);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const Expr share = expr(first + static_cast<NodeId>(i));
      visit(i, share, [&] { return times(zbar, share); });
    }
  }

  template <class Visit>
  void logsumexp_edges(const std::vector<NodeId>& x, const Expr& zbar, const Visit& visit) {
    const std::size_t count = x.size() - 2;
    const NodeId parts = x[count];  // largest, rest, e1 ..
    std::vector<NodeId> operands(x);
    for (std::size_t i = 0; i < count; ++i) operands.push_back(parts + 2 + static_cast<NodeId>(i));
    std::optional<NodeId> shares;
    for (std::size_t i = 0; i < count; ++i)
      visit(i, {}, [&] {
        if (!shares) shares = builder_.node(Op::softmax, operands);
        return times(zbar, expr(*shares + static_cast<NodeId>(i)));
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

  template <class Visit>
  void stack_edges(const std::vector<NodeId>& x, const Expr& zbar, const Visit& visit) {
    std::optional<NodeId> entries;
    for (std::size_t t = 0; t < x.size(); ++t)
      visit(t, {}, [&]() -> Expr {
        if (zbar.is_constant()) return 0.0;
        if (!entries) entries = builder_.unstack(recording_.node(zbar));
        return expr(*entries + static_cast<NodeId>(t));
      });
  }

  template <class Visit>
  void scatter_edges(NodeId n, const std::vector<NodeId>& x, const Visit& visit) {
    std::optional<NodeId> made;
    for (std::size_t i = 3; i < x.size(); ++i)
      visit(i, {}, [&] {
        if (!made) {
          std::vector<NodeId> operands{x[1], x[2]};
          for (const Expr& e : adjoints_of_results(n)) operands.push_back(recording_.node(e));
          made = builder_.gather(operands);
        }
        return expr(*made + static_cast<NodeId>(i - 3));
      });
  }

  template <class Visit>
  void custom_edges(NodeId n, const std::vector<NodeId>& x, const Visit& visit) {
    const std::shared_ptr<const CustomOp> op = graph_.custom_op(n);
    std::vector<Expr> made;
    const auto make = [&] {
      const std::vector<Expr> operands = exprs_of(x, 0, x.size());
      const std::vector<Expr> results = results_at(n, static_cast<std::size_t>(op->num_results));
      made = op->forms.adjoint(ExprSpan(operands), ExprSpan(results), ExprSpan(adjoints_of_results(n)));
      if (made.size() != x.size())
        throw std::invalid_argument("the adjoint of " + op->name + " gives " + std::to_string(made.size()) +
                                    " values, it has " + std::to_string(x.size()) + " operands");
    };
    for (std::size_t i = 0; i < x.size(); ++i)
      visit(i, {}, [&] {
        if (made.empty()) make();
        return made[i];
      });
  }

  template <class Visit>
  void scan_edges(NodeId n, const std::vector<NodeId>& x, const Visit& visit) {
    std::optional<ReverseScan> made;
    const auto make = [&] {
      std::vector<NodeId> adjoints;
      const auto num_carry = static_cast<std::size_t>(graph_.scan_body(n)->num_carry);
      for (const Expr& e : adjoints_of_results(n)) {
        const bool none = e.is_constant() && (adjoints.size() >= num_carry || e.constant() == 0.0);
        adjoints.push_back(none ? no_node : recording_.node(e));
      }
      return reverse_scan(builder_, n, adjoints, active_);
    };
    for (std::size_t i = 0; i < x.size(); ++i)
      visit(i, {}, [&]() -> Expr {
        if (!made) made = make();
        return made->operands[i] == no_node ? Expr(0.0) : expr(made->operands[i]);
      });
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
    for (NodeId i = 0; i < static_cast<NodeId>(graph_.payload(n)); ++i)
      result.push_back(adjoint_of_result_(n + i));
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
  Recording& recording_;
  const std::vector<bool>& active_;
  const Chains& chains_;
  std::function<Expr(NodeId)> adjoint_of_result_;
  std::vector<NodeId> x_;  // operands of the node at hand
};

}  // namespace rappel::detail
