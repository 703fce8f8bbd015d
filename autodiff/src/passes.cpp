#include "builder.hpp"

#include <utility>

namespace rappel {
namespace {

using detail::Builder;

// Copies a graph node by node into a builder; `map` gives each copied node's new number.
class Rebuild {
 public:
  Rebuild(const Traced& from, PassOptions options) : from_(from), builder_(options), map_(static_cast<std::size_t>(from.graph.size()), no_node) {
    for (Index i = 0; i < from.graph.num_row_sets(); ++i)
      builder_.graph().rows(from.graph.num_columns({static_cast<std::uint16_t>(i)}));
  }

  Builder& builder() { return builder_; }
  NodeId& operator[](NodeId n) { return map_[n]; }

  NodeId copy(NodeId n) {
    const Graph& graph = from_.graph;
    switch (const Op op = graph.op(n)) {
      case Op::parameter: return builder_.graph().parameter();
      case Op::constant: return builder_.constant(graph.value(n));
      case Op::column: return builder_.column(graph.row_set(n), graph.payload(n));
      case Op::num_rows: return builder_.num_rows({static_cast<std::uint16_t>(graph.payload(n))});
      case Op::result: return builder_.result(map_[graph.operands(n)[0]], graph.payload(n));
      case Op::sum_rows: return reduce(Reduce::sum, n);
      case Op::max_rows: return reduce(Reduce::max, n);
      case Op::any_rows: return reduce(Reduce::any, n);
      default:
        operands_.clear();
        for (const NodeId x : graph.operands(n)) operands_.push_back(map_[x]);
        return builder_.node(op, operands_);
    }
  }

  Traced finish() {
    Traced to;
    for (const NodeId n : from_.outputs) to.outputs.push_back(map_[n]);
    for (const Guard& g : from_.guards) to.guards.push_back({map_[g.condition], g.taken});
    to.graph = builder_.take();
    return to;
  }

 private:
  NodeId reduce(Reduce reduce, NodeId n) {
    return builder_.reduce_rows(reduce, {static_cast<std::uint16_t>(from_.graph.payload(n))}, map_[from_.graph.operands(n)[0]]);
  }

  const Traced& from_;
  Builder builder_;
  std::vector<NodeId> map_;
  std::vector<NodeId> operands_;
};

std::vector<bool> live_nodes(const Traced& traced) {
  const Graph& graph = traced.graph;
  std::vector<bool> live(static_cast<std::size_t>(graph.size()), false);
  for (const NodeId n : traced.outputs) live[n] = true;
  for (const Guard& g : traced.guards) live[g.condition] = true;
  for (auto n = static_cast<NodeId>(graph.size()); n-- > 0;)
    if (live[n])
      for (const NodeId x : graph.operands(n)) live[x] = true;
  return live;
}

struct Term {
  NodeId x, y;
};

// A node whose value is a sum of products and that one other node alone uses is kept as its terms, until its user
// either takes them into a longer sum or asks for the node after all.
class FuseProducts {
 public:
  explicit FuseProducts(const Traced& traced)
      : graph_(traced.graph), rebuild_(traced, {.exact_zeros = true}), terms_(static_cast<std::size_t>(graph_.size())), uses_(static_cast<std::size_t>(graph_.size()), 0) {
    for (NodeId n = 0; n < static_cast<NodeId>(graph_.size()); ++n)
      for (const NodeId x : graph_.operands(n)) ++uses_[x];
    for (const NodeId n : traced.outputs) uses_[n] += 2;
    for (const Guard& g : traced.guards) uses_[g.condition] += 2;
  }

  Traced run() {
    for (NodeId n = 0; n < static_cast<NodeId>(graph_.size()); ++n) visit(n);
    return rebuild_.finish();
  }

 private:
  void visit(NodeId n) {
    switch (graph_.op(n)) {
      case Op::mul:
      case Op::dot: return keep(n, pairs_of(n));
      case Op::add:
      case Op::sub:
        if (std::vector<Term> terms = sum_of(n); !terms.empty()) return keep(n, std::move(terms));
        break;
      case Op::sum_rows:
        if (const NodeId x = graph_.operands(n)[0]; !terms_[x].empty()) {
          rebuild_[n] = rebuild_.builder().node(Op::sum_products, flat(terms_[x]));
          return;
        }
        break;
      default: break;
    }
    for (const NodeId x : graph_.operands(n)) materialise(x);
    rebuild_[n] = rebuild_.copy(n);
  }

  void keep(NodeId n, std::vector<Term> terms) {
    terms_[n] = std::move(terms);
    if (uses_[n] != 1) materialise(n);
  }

  std::vector<Term> pairs_of(NodeId n) {
    const auto x = graph_.operands(n);
    std::vector<Term> terms;
    for (std::size_t i = 0; i < x.size(); i += 2) terms.push_back({materialise(x[i]), materialise(x[i + 1])});
    return terms;
  }

  // left + right as terms; empty if neither is a product. The order written is kept: right may be taken in only as one
  // product, since x + (a*b + c*d) is not (x + a*b) + c*d.
  std::vector<Term> sum_of(NodeId n) {
    NodeId left = graph_.operands(n)[0], right = graph_.operands(n)[1];
    const bool minus = graph_.op(n) == Op::sub;
    if (left == right || (terms_[left].empty() && terms_[right].empty())) return {};
    if (!minus && (terms_[right].size() > 1 || terms_[left].empty())) std::swap(left, right);
    if (minus && terms_[left].empty() && terms_[right].size() != 1) return {};
    std::vector<Term> terms = std::move(terms_[left]);
    terms_[left].clear();
    if (terms.empty()) terms.push_back({one(1.0), rebuild_[left]});
    if (terms_[right].size() == 1) {
      const Term t = std::exchange(terms_[right], {})[0];
      terms.push_back(minus ? negated(t) : t);
    } else {
      terms.push_back({one(minus ? -1.0 : 1.0), materialise(right)});
    }
    return terms;
  }

  NodeId one(double value) { return rebuild_.builder().constant(value); }

  Term negated(Term t) {
    Builder& b = rebuild_.builder();
    if (b.graph().varying(t.x)) std::swap(t.x, t.y);
    return {b.node(Op::neg, {t.x}), t.y};
  }

  static std::vector<NodeId> flat(const std::vector<Term>& terms) {
    std::vector<NodeId> operands;
    for (const Term& t : terms) operands.insert(operands.end(), {t.x, t.y});
    return operands;
  }

  NodeId materialise(NodeId n) {
    if (terms_[n].empty()) return rebuild_[n];
    const std::vector<Term> terms = std::exchange(terms_[n], {});
    const bool product = terms.size() == 1;
    return rebuild_[n] = rebuild_.builder().node(product ? Op::mul : Op::dot, flat(terms));
  }

  const Graph& graph_;
  Rebuild rebuild_;
  std::vector<std::vector<Term>> terms_;
  std::vector<std::uint32_t> uses_;
};

}  // namespace

Traced fold_and_merge(const Traced& traced, PassOptions options) {
  Rebuild rebuild(traced, options);
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n) rebuild[n] = rebuild.copy(n);
  return rebuild.finish();
}

Traced remove_dead(const Traced& traced) {
  const std::vector<bool> live = live_nodes(traced);
  Rebuild rebuild(traced, {.exact_zeros = true});
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n) {
    const Op op = traced.graph.op(n);
    if (live[n] || op == Op::parameter) rebuild[n] = rebuild.copy(n);
  }
  return rebuild.finish();
}

Traced fuse_products(const Traced& traced) { return FuseProducts(traced).run(); }

Traced simplify(const Traced& traced, PassOptions options) {
  return remove_dead(fuse_products(remove_dead(fold_and_merge(traced, options))));
}

}  // namespace rappel
