#include "linear_sums.hpp"

#include "copy_nodes.hpp"

#include <algorithm>
#include <unordered_map>

namespace rappel::detail {
namespace {

// A sum over rows, the values within its argument that no one else reads and that pass sums on to their operands, and
// the values where that ends.
struct LinearSum {
  std::vector<NodeId> inner, leaves;  // leaves as often as they are read
  double num_products = 0.0;
};

std::vector<std::uint32_t> count_uses(const Traced& traced) {
  const Graph& graph = traced.graph;
  std::vector<std::uint32_t> uses(static_cast<std::size_t>(graph.size()), 0);
  for (const NodeId n : traced.outputs) uses[n] += 2;  // never by one sum alone
  for (const Guard& g : traced.guards) uses[g.condition] += 2;
  for (auto n = static_cast<NodeId>(graph.size()); n-- > 0;)
    if (uses[n] > 0)
      for (const NodeId x : graph.operands(n)) ++uses[x];
  return uses;
}

class LinearSums {
 public:
  LinearSums(const Traced& traced, NodeId first, PassOptions options)
      : traced_(traced), graph_(traced.graph), size_(static_cast<NodeId>(graph_.size())), builder_(options), uses_(count_uses(traced)) {
    find(first);
    choose();
  }

  bool any() const { return any_; }

  Traced run(NodeId& first) {
    const NodeId first_sum = first;
    copy_row_sets(graph_, builder_.graph());
    map_.assign(size_, no_node);
    for (NodeId n = 0; n < size_; ++n) {
      if (n == first_sum) first = static_cast<NodeId>(builder_.graph().size());
      if (uses_[n] == 0 && graph_.op(n) != Op::parameter && graph_.op(n) != Op::argument && graph_.op(n) != Op::result) continue;
      builder_.graph().set_location(graph_.location(n));
      if (is_inner_[n])
        map_[n] = sum_of(n);
      else if (is_chosen_[n])
        map_[n] = sum_over_rows(graph_.operands(n)[0], graph_.reduced_rows(n));
      else
        map_[n] = copy_node(graph_, n, map_, operands_, builder_);
    }
    return renumbered(traced_, map_, builder_.take());
  }

 private:
  bool passes_sums_on(NodeId n) const {
    if (!graph_.varying(n) || uses_[n] != 1) return false;
    const Op op = graph_.op(n);
    if (op == Op::mul) return graph_.varying(graph_.operands(n)[0]) != graph_.varying(graph_.operands(n)[1]);
    return op == Op::add || op == Op::sub || op == Op::neg;
  }

  void find(NodeId first) {
    std::vector<NodeId> open;
    for (NodeId n = first; n < size_; ++n) {
      if (uses_[n] == 0 || graph_.op(n) != Op::sum_rows) continue;
      if (graph_.is_stacked(graph_.operands(n)[0])) continue;
      LinearSum sum;
      open.assign(1, graph_.operands(n)[0]);
      while (!open.empty()) {
        const NodeId x = open.back();
        open.pop_back();
        if (!graph_.varying(x)) continue;
        if (!passes_sums_on(x)) {
          sum.leaves.push_back(x);
          continue;
        }
        sum.inner.push_back(x);
        if (graph_.op(x) == Op::mul) ++sum.num_products;
        for (const NodeId y : graph_.operands(x)) open.push_back(y);
      }
      if (sum.num_products > 0.0) sums_.emplace_back(n, std::move(sum));
    }
  }

  // The sum of a leaf costs about what a product does, and serves all who read the leaf. Worth it where what is left is at
  // most half.
  void choose() {
    if (sums_.empty()) return;
    std::vector<double> readers(size_, 0.0);
    for (const auto& [n, sum] : sums_)
      for (const NodeId x : sum.leaves) ++readers[x];
    is_inner_.assign(size_, false);
    is_chosen_.assign(size_, false);
    for (const auto& [n, sum] : sums_) {
      double cost = 0.0;
      for (const NodeId x : sum.leaves) cost += 1.0 / readers[x];
      if (2.0 * cost > sum.num_products) continue;
      any_ = is_chosen_[n] = true;
      for (const NodeId x : sum.inner) is_inner_[x] = true;
    }
  }

  NodeId sum_over_rows(NodeId x, RowSet rows) {
    return is_inner_[x] ? map_[x] : builder_.reduce_rows(Reduce::sum, rows, map_[x]);
  }

  // The sum over rows of an inner value.
  NodeId sum_of(NodeId n) {
    const RowSet rows = graph_.row_set(n);
    const auto x = graph_.operands(n);
    if (graph_.op(n) == Op::neg) return builder_.node(Op::neg, sum_over_rows(x[0], rows));
    if (graph_.op(n) == Op::mul) {
      const bool first_varies = graph_.varying(x[0]);
      const NodeId sum = sum_over_rows(x[first_varies ? 0 : 1], rows);
      return builder_.node(Op::mul, map_[x[first_varies ? 1 : 0]], sum);
    }
    const NodeId left = sum_over_rows(x[0], rows);
    return builder_.node(graph_.op(n), left, sum_over_rows(x[1], rows));
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  Builder builder_;
  std::vector<std::uint32_t> uses_;
  std::vector<std::pair<NodeId, LinearSum>> sums_;
  std::vector<bool> is_inner_, is_chosen_;
  bool any_ = false;
  std::vector<NodeId> map_, operands_;
};

// Sums over rows of terms, some of which hold a logarithm of 1 + x.
class SumsOfLogs {
 public:
  explicit SumsOfLogs(const Traced& traced)
      : traced_(traced), graph_(traced.graph), size_(static_cast<NodeId>(graph_.size())), uses_(count_uses(traced)) {
    for (NodeId n = 0; n < size_; ++n)
      if (uses_[n] > 0 && graph_.op(n) == Op::sum_rows) find(n);
  }

  bool any() const { return !logs_.empty(); }

  Traced run() {
    copy_row_sets(graph_, to_);
    to_.reserve(graph_.size());
    map_.assign(size_, no_node);
    for (NodeId n = 0; n < size_; ++n) {
      to_.set_location(graph_.location(n));
      map_[n] = copy(n);
    }
    return renumbered(traced_, map_, std::move(to_));
  }

 private:
  struct Log {
    NodeId x;  // of log(1 + x)
    bool minus;
  };

  bool holds_log(NodeId n) const {
    if (uses_[n] != 1) return false;
    const auto x = graph_.operands(n);
    return (graph_.op(n) == Op::softplus && graph_.varying(x[1])) || (graph_.op(n) == Op::logsumexp && graph_.varying(x.back()));
  }

  void find(NodeId sum) {
    struct Term {
      NodeId node;
      bool minus;
    };
    std::vector<Term> open = {{graph_.operands(sum)[0], false}};
    while (!open.empty()) {
      const auto [n, minus] = open.back();
      open.pop_back();
      if (!graph_.varying(n) || uses_[n] != 1) continue;
      const auto x = graph_.operands(n);
      if (holds_log(n)) {
        is_parted_.resize(size_);
        is_parted_[n] = true;
        logs_[sum].push_back({x.back(), minus});
      } else if (graph_.op(n) == Op::add || graph_.op(n) == Op::sub) {
        open.push_back({x[1], minus != (graph_.op(n) == Op::sub)});
        open.push_back({x[0], minus});
      } else if (graph_.op(n) == Op::neg) {
        open.push_back({x[0], !minus});
      }
    }
  }

  NodeId copy(NodeId n) {
    if (n < is_parted_.size() && is_parted_[n]) {
      const auto x = graph_.operands(n);
      return graph_.op(n) == Op::softplus ? to_.node(Op::positive_part, {map_[x[0]]}) : map_[x[x.size() - 2]];
    }
    NodeId result = graph_.is_constant(n) ? to_.new_constant(graph_.value(n)) : copy_node(graph_, n, map_, operands_, to_);
    if (const auto found = logs_.find(n); found != logs_.end())
      for (const Log& log : found->second) {
        const NodeId sum = to_.node(Op::sum_log1p, {map_[log.x]});
        result = to_.node(log.minus ? Op::sub : Op::add, {result, sum});
      }
    return result;
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  std::vector<std::uint32_t> uses_;
  std::vector<bool> is_parted_;                     // by node: its logarithm is summed apart
  std::unordered_map<NodeId, std::vector<Log>> logs_;  // by sum over rows
  Graph to_;
  std::vector<NodeId> map_, operands_;
};

}  // namespace

Traced with_linear_sums(Traced traced, NodeId& first, PassOptions options) {
  if (traced.graph.num_row_sets() == 0) return traced;
  LinearSums sums(traced, first, options);
  return sums.any() ? sums.run(first) : traced;
}

Traced with_sums_of_logs(Traced traced) {
  if (traced.graph.num_row_sets() == 0) return traced;
  SumsOfLogs sums(traced);
  return sums.any() ? sums.run() : traced;
}

}  // namespace rappel::detail
