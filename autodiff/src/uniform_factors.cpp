#include "uniform_factors.hpp"

#include "copy_nodes.hpp"

#include <vector>

namespace rappel::detail {
namespace {

// factor * core, or minus that; without a factor where it is no_node.
struct Scaled {
  NodeId core, factor = no_node;
  bool minus = false;
};

class UniformFactors {
 public:
  UniformFactors(const Traced& traced, NodeId first, PassOptions options)
      : traced_(traced), graph_(traced.graph), size_(static_cast<NodeId>(graph_.size())), first_(first), builder_(options) {
    find();
  }

  bool any() const { return any_; }

  Traced run() {
    copy_row_sets(graph_, builder_.graph());
    map_.assign(size_, no_node);
    scaled_.resize(size_);
    for (NodeId n = 0; n < size_; ++n) {
      const Op op = graph_.op(n);
      if (!live_[n] && op != Op::parameter && op != Op::argument && op != Op::result) continue;
      builder_.graph().set_location(graph_.location(n));
      if (passes_on_[n])
        scaled_[n] = scaled(n);
      else if (op == Op::sum_rows && n >= first_)
        map_[n] = sum_of(n);
      else
        map_[n] = copy_node(graph_, n, map_, operands_, builder_);
    }
    return renumbered(traced_, map_, builder_.take());
  }

 private:
  // What passes factors on: products that only others of them and sums over rows read.
  void find() {
    live_.assign(size_, false);
    passes_on_.assign(size_, false);
    std::vector<bool> read_as_it_is(size_, false);
    for (const NodeId n : traced_.outputs) live_[n] = read_as_it_is[n] = true;
    for (const Guard& g : traced_.guards) live_[g.condition] = read_as_it_is[g.condition] = true;
    for (NodeId n = size_; n-- > 0;) {
      if (!live_[n]) continue;
      const Op op = graph_.op(n);
      const auto x = graph_.operands(n);
      const bool sums = op == Op::sum_rows && n >= first_ && !graph_.is_stacked(x[0]);
      passes_on_[n] = graph_.varying(n) && !read_as_it_is[n] && (op == Op::mul || op == Op::neg);
      any_ = any_ || (passes_on_[n] && (op == Op::neg || (op == Op::mul && graph_.varying(x[0]) != graph_.varying(x[1]))));
      for (const NodeId y : x) {
        live_[y] = true;
        if (!sums && !passes_on_[n]) read_as_it_is[y] = true;
      }
    }
  }

  Scaled operand(NodeId n) const { return passes_on_[n] ? scaled_[n] : Scaled{map_[n]}; }

  NodeId product(NodeId x, NodeId y) {
    if (x == no_node || y == no_node) return x == no_node ? y : x;
    return builder_.node(Op::mul, x, y);
  }

  Scaled scaled(NodeId n) {
    const auto x = graph_.operands(n);
    if (graph_.op(n) == Op::mul && graph_.varying(x[0]) != graph_.varying(x[1])) {
      const bool first_varies = graph_.varying(x[0]);
      Scaled s = operand(x[first_varies ? 0 : 1]);
      s.factor = product(map_[x[first_varies ? 1 : 0]], s.factor);
      return s;
    }
    const Scaled a = operand(x[0]);
    if (graph_.op(n) == Op::neg) return {a.core, a.factor, !a.minus};
    const Scaled b = operand(x[1]);
    return {builder_.node(Op::mul, a.core, b.core), product(a.factor, b.factor), a.minus != b.minus};
  }

  NodeId sum_of(NodeId n) {
    const Scaled s = operand(graph_.operands(n)[0]);
    const NodeId sum = product(s.factor, builder_.reduce_rows(Reduce::sum, graph_.reduced_rows(n), s.core));
    return s.minus ? builder_.node(Op::neg, sum) : sum;
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_, first_;
  Builder builder_;
  bool any_ = false;
  std::vector<bool> live_, passes_on_;
  std::vector<Scaled> scaled_;
  std::vector<NodeId> map_, operands_;
};

}  // namespace

Traced with_factors_outside(Traced traced, NodeId first, PassOptions options) {
  if (traced.graph.num_row_sets() == 0) return traced;
  UniformFactors factors(traced, first, options);
  return factors.any() ? factors.run() : traced;
}

}  // namespace rappel::detail
