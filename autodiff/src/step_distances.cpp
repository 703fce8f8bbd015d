#include "step_drafts.hpp"

#include <algorithm>
#include <optional>

namespace rappel::detail {
namespace {

// Where rows choose by the least of many squared distances to centres, the distances, which nothing else reads but the choice,
// and their least are one step, where the last minimum stands.
class LeastDistances {
 public:
  LeastDistances(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block)
      : drafts_(drafts),
        graph_(graph),
        is_block_(is_block),
        made_by_(static_cast<std::size_t>(graph.size()), no_step),
        readers_(static_cast<std::size_t>(graph.size()), 0) {
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      if (drafts[i].kind == StepKind::chosen_sums) continue;
      for (const NodeId m : drafts[i].results) made_by_[m] = i;
      for (const NodeId x : drafts[i].operands) ++readers_[x];
    }
  }

  void join() {
    for (const Draft& d : drafts_)
      if (d.kind == StepKind::chosen_sums && d.chosen->shares != no_node) join(d.chosen->shares);
    std::erase_if(drafts_, [](const Draft& d) { return d.results.empty() && d.sums.empty() && d.operands.empty(); });
  }

 private:
  static constexpr std::size_t no_step = ~std::size_t{0};
  static constexpr std::size_t most_spread = 8192;  // coordinates: half of a second-level cache of 1 MB, which each tile goes through

  const Draft* step_of(NodeId n, Op op) const {
    if (!graph_.varying(n) || graph_.op(n) != op || made_by_[n] == no_step) return nullptr;
    const Draft& d = drafts_[made_by_[n]];
    return d.kind == StepKind::plain ? &d : nullptr;
  }

  struct Distance {
    std::vector<NodeId> columns, centre, differences;
  };

  std::optional<Distance> distance(NodeId n) const {
    const Draft* dot = step_of(n, Op::dot);
    if (dot == nullptr || !is_block_(n) || readers_[n] != 1) return {};
    Distance result;
    for (std::size_t k = 0; k < dot->operands.size(); k += 2) {
      const NodeId x = dot->operands[k];
      const Draft* difference = step_of(x, Op::sub);
      if (dot->operands[k + 1] != x || difference == nullptr) return {};
      NodeId column = difference->operands[0], centre = difference->operands[1];
      if (graph_.op(column) != Op::column) std::swap(column, centre);  // the square is the same
      if (graph_.op(column) != Op::column || graph_.varying(centre)) return {};
      result.columns.push_back(column);
      result.centre.push_back(centre);
      result.differences.push_back(x);
    }
    return result;
  }

  // The minima on the way from the least of `leaves` to them, each read by the next one alone; empty if there are others. In
  // whatever order: squares are no -0, and NaN is the least.
  std::vector<std::size_t> minima(NodeId least, std::vector<NodeId> leaves) const {
    std::vector<NodeId> open = {least}, found;
    std::vector<std::size_t> steps;
    while (!open.empty()) {
      const NodeId n = open.back();
      open.pop_back();
      const Draft* step = step_of(n, Op::min);
      if (step == nullptr) {
        found.push_back(n);
        continue;
      }
      if (n != least && (readers_[n] != 1 || !is_block_(n))) return {};
      steps.push_back(made_by_[n]);
      open.insert(open.end(), step->operands.begin(), step->operands.end());
    }
    std::ranges::sort(found);
    std::ranges::sort(leaves);
    return found == leaves ? steps : std::vector<std::size_t>{};
  }

  void join(NodeId shares) {
    const auto operands = graph_.operands(shares);
    const NodeId least = operands.back();
    const std::vector<NodeId> leaves(operands.begin(), operands.end() - 1);
    const std::vector<std::size_t> steps = minima(least, leaves);
    if (steps.empty() || !is_block_(least)) return;
    Draft joined{least, StepKind::least_distance, {}, leaves, {}};
    std::vector<NodeId> differences, centres;
    for (const NodeId n : leaves) {
      const std::optional<Distance> d = distance(n);
      if (!d || (n != leaves[0] && d->columns != joined.operands)) return;
      joined.operands = d->columns;
      centres.insert(centres.end(), d->centre.begin(), d->centre.end());
      differences.insert(differences.end(), d->differences.begin(), d->differences.end());
    }
    joined.results.push_back(least);
    const bool is_spread = centres.size() <= most_spread;
    (is_spread ? joined.spread : joined.packed) = std::move(centres);
    joined.numbers.push_back(is_spread ? 1 : 0);
    joined.chooses_for = shares;
    for (const NodeId n : leaves) drafts_[made_by_[n]] = {};
    for (const NodeId x : differences)
      if ((readers_[x] -= 2) == 0) drafts_[made_by_[x]] = {};
    for (const std::size_t i : steps) drafts_[i] = {};
    drafts_[made_by_[least]] = std::move(joined);
  }

  std::vector<Draft>& drafts_;
  const Graph& graph_;
  const std::function<bool(NodeId)>& is_block_;
  std::vector<std::size_t> made_by_;    // by node: its step
  std::vector<std::uint32_t> readers_;  // by node: how often it is read, but by choices
};

}  // namespace

void join_least_distances(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  LeastDistances(drafts, graph, is_block).join();
}

}  // namespace rappel::detail
