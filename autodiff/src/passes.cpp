#include "builder.hpp"
#include "copy_nodes.hpp"

#include <algorithm>
#include <utility>

namespace rappel {
namespace {

using detail::Builder;
using detail::copy_node;
using detail::copy_row_sets;

// Outputs and guards by their new numbers.
Traced renumbered(const Traced& from, const std::vector<NodeId>& map, Graph graph) {
  Traced to{std::move(graph), {}, {}};
  for (const NodeId n : from.outputs) to.outputs.push_back(map[n]);
  for (const Guard& g : from.guards) to.guards.push_back({map[g.condition], g.taken});
  return to;
}

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

// Longer sums of products of uniform values are several nodes, with the same bits: so that what a long trace adds up is
// read soon after it is computed, and other work goes on beside the latency of the sum. Likewise a sum of products
// that goes on with what is no product is a node of its own: a chain of such additions is one sum then.
constexpr std::size_t most_uniform_terms = 8;

// A node whose value is a sum of products and that one other node alone uses is kept as its terms, until its
// user either takes them into a longer sum or asks for the node after all.
class FuseProducts {
 public:
  explicit FuseProducts(const Traced& traced)
      : traced_(traced),
        graph_(traced.graph),
        size_(static_cast<std::size_t>(graph_.size())),
        map_(size_, no_node),
        negative_(size_, no_node),
        terms_(size_),
        uses_(size_, 0) {
    copy_row_sets(graph_, to_);
    to_.reserve(graph_.size());
    for (NodeId n = 0; n < size_; ++n)
      for (const NodeId x : graph_.operands(n)) ++uses_[x];
    for (const NodeId n : traced.outputs) uses_[n] += 2;
    for (const Guard& g : traced.guards) uses_[g.condition] += 2;
  }

  Traced run() {
    for (NodeId n = 0; n < size_; ++n) visit(n);
    return renumbered(traced_, map_, std::move(to_));
  }

 private:
  void visit(NodeId n) {
    to_.set_location(graph_.location(n));
    switch (graph_.op(n)) {
      case Op::mul:
      case Op::dot:
        return keep(n, pairs_of(n));
      case Op::add:
      case Op::sub:
        if (std::vector<Term> terms = sum_of(n); !terms.empty()) return keep(n, std::move(terms));
        break;
      case Op::sum_rows:
        if (const NodeId x = graph_.operands(n)[0]; !terms_[x].empty()) {
          map_[n] = to_.node(Op::sum_products, flat(terms_[x]));
          return;
        }
        break;
      default:
        break;
    }
    for (const NodeId x : graph_.operands(n)) materialise(x);
    map_[n] = copy_node(graph_, n, map_, operands_, to_);
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

  // left + right as terms; empty if neither is a product. The order written is kept: right may be taken in
  // only as one product, since x + (a*b + c*d) is not (x + a*b) + c*d.
  std::vector<Term> sum_of(NodeId n) {
    NodeId left = graph_.operands(n)[0], right = graph_.operands(n)[1];
    const bool minus = graph_.op(n) == Op::sub;
    if (left == right || (terms_[left].empty() && terms_[right].empty())) return {};
    if (!minus && (terms_[right].size() > 1 || terms_[left].empty())) std::swap(left, right);
    if (minus && terms_[left].empty() && terms_[right].size() != 1) return {};
    if (!graph_.varying(n)) {
      if (terms_[left].size() > 1 && terms_[right].size() != 1) return {};
      if (terms_[left].size() >= most_uniform_terms) materialise(left);
    }
    std::vector<Term> terms = std::move(terms_[left]);
    terms_[left].clear();
    if (terms.empty()) terms.push_back({one(1.0), map_[left]});
    if (terms_[right].size() == 1) {
      const Term t = std::exchange(terms_[right], {})[0];
      terms.push_back(minus ? negated(t) : t);
    } else {
      terms.push_back({one(minus ? -1.0 : 1.0), materialise(right)});
    }
    return terms;
  }

  NodeId one(double value) { return to_.constant(value); }

  // The uniform factor is negated, if there is one: once, not for each row.
  Term negated(Term t) {
    if (to_.varying(t.x)) std::swap(t.x, t.y);
    return {negative_of(t.x), t.y};
  }

  NodeId negative_of(NodeId x) {
    if (to_.is_constant(x)) return to_.constant(-to_.value(x));
    if (to_.op(x) == Op::neg) return to_.operands(x)[0];
    if (x >= negative_.size()) negative_.resize(x + 1, no_node);
    return negative_[x] != no_node ? negative_[x] : negative_[x] = to_.node(Op::neg, {x});
  }

  static std::vector<NodeId> flat(const std::vector<Term>& terms) {
    std::vector<NodeId> operands;
    for (const Term& t : terms) operands.insert(operands.end(), {t.x, t.y});
    return operands;
  }

  NodeId materialise(NodeId n) {
    if (terms_[n].empty()) return map_[n];
    const std::vector<Term> terms = std::exchange(terms_[n], {});
    const bool product = terms.size() == 1;
    return map_[n] = to_.node(product ? Op::mul : Op::dot, flat(terms));
  }

  const Traced& traced_;
  const Graph& graph_;
  std::size_t size_;
  Graph to_;  // no builder: equal nodes were merged before
  std::vector<NodeId> map_;
  std::vector<NodeId> negative_;  // by new number
  std::vector<std::vector<Term>> terms_;
  std::vector<std::uint32_t> uses_;
  std::vector<NodeId> operands_;
};

}  // namespace

Traced fold_and_merge(const Traced& traced, PassOptions options) {
  Builder builder(options);
  copy_row_sets(traced.graph, builder.graph());
  std::vector<NodeId> map(static_cast<std::size_t>(traced.graph.size()), no_node), operands;
  for (NodeId n = 0; n < static_cast<NodeId>(map.size()); ++n)
    map[n] = copy_node(traced.graph, n, map, operands, builder);
  return renumbered(traced, map, builder.take());
}

Traced remove_dead(const Traced& traced) {
  const std::vector<bool> live = live_nodes(traced);
  std::vector<NodeId> map(live.size(), no_node), operands;
  Graph graph;  // no builder: what is there was merged before
  copy_row_sets(traced.graph, graph);
  graph.reserve(static_cast<Index>(std::ranges::count(live, true)));
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n) {
    const bool kept = traced.graph.op(n) == Op::parameter || traced.graph.op(n) == Op::argument;
    if (kept || live[n]) map[n] = copy_node(traced.graph, n, map, operands, graph);
  }
  return renumbered(traced, map, std::move(graph));
}

Traced fuse_products(const Traced& traced) { return FuseProducts(traced).run(); }

Traced detail::fuse_live(const Traced& traced) { return fuse_products(remove_dead(traced)); }

Traced simplify(const Traced& traced, PassOptions options) {
  return detail::fuse_live(fold_and_merge(traced, options));
}

}  // namespace rappel
