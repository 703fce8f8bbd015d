#include "step_drafts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace rappel::detail {
namespace {

// --- squares and their sum ---

// A chain of sums of squares that nothing else reads becomes one step, where its last sum stands.
class SumsOfSquares {
 public:
  SumsOfSquares(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block)
      : drafts_(drafts), graph_(graph), is_block_(is_block), readers_(static_cast<std::size_t>(graph.size()), 0) {
    for (const Draft& d : drafts)
      for (const NodeId x : d.operands) ++readers_[x];
  }

  void join() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Draft& d = drafts_[i];
      if (d.kind != StepKind::plain || d.results.size() != 1) continue;
      const Op op = graph_.op(d.node);
      if (op == Op::square && graph_.varying(d.operands[0]))
        sums_[d.node] = {{d.operands[0]}, {i}};
      else if (op == Op::add)
        add(d, i);
    }
    for (auto& [node, sum] : sums_) {
      if (sum.terms.size() < least_terms) continue;
      for (std::size_t k = 0; k + 1 < sum.steps.size(); ++k) drafts_[sum.steps[k]] = {};
      drafts_[sum.steps.back()] = {node, StepKind::sum_of_squares, std::move(sum.terms), {node}, {}};
    }
    std::erase_if(drafts_, [](const Draft& d) { return d.results.empty() && d.sums.empty() && d.operands.empty(); });
  }

 private:
  static constexpr std::size_t least_terms = 4;
  struct Sum {
    std::vector<NodeId> terms;
    std::vector<std::size_t> steps;  // of the squares and the sums, the last sum at the end
  };

  Sum* sum_of(NodeId n) {
    const auto found = sums_.find(n);
    return found != sums_.end() && readers_[n] == 1 && is_block_(n) ? &found->second : nullptr;
  }

  // The order of the additions is kept: what is added is one square.
  void add(const Draft& d, std::size_t step) {
    NodeId left = d.operands[0], right = d.operands[1];
    Sum *to = sum_of(left), *added = sum_of(right);
    if (to == nullptr || added == nullptr || left == right) return;
    if (added->terms.size() > 1) std::swap(to, added), std::swap(left, right);
    if (added->terms.size() > 1) return;
    Sum sum = std::move(*to);
    sum.terms.push_back(added->terms[0]);
    sum.steps.insert(sum.steps.end(), {added->steps[0], step});
    sums_.erase(left);
    sums_.erase(right);
    sums_.emplace(d.node, std::move(sum));
  }

  std::vector<Draft>& drafts_;
  const Graph& graph_;
  const std::function<bool(NodeId)>& is_block_;
  std::vector<std::uint32_t> readers_;
  std::unordered_map<NodeId, Sum> sums_;
};

// --- lists of like steps ---

// Steps join an earlier one of their kind where what they read is there. Not from far away: results would wait for their readers.
class LikeSteps {
 public:
  LikeSteps(std::vector<Draft>& drafts, const Graph& graph)
      : drafts_(drafts), graph_(graph), made_at_(static_cast<std::size_t>(graph.size()), 0) {}

  void join() {
    for (Draft& d : drafts_) {
      const std::optional<Key> key = key_of(d);
      std::size_t at = all_.size();
      if (key) {
        auto& head = heads_.try_emplace(*key, all_.size()).first->second;  // no step yet
        if (takes(head, d))
          at = head;
        else
          head = at;
      }
      for (const NodeId m : d.results) made_at_[m] = at + 1;
      if (at == all_.size())
        all_.push_back(std::move(d));
      else
        append(all_[at], std::move(d));
    }
    drafts_ = std::move(all_);
    for (Draft& d : drafts_)
      if (d.results.size() > 1 && d.kind == StepKind::plain && key_of(d))
        d.kind = StepKind::list_of_pairs;
      else if (d.sums.size() > 1 && d.kind == StepKind::plain && key_of(d))
        d.kind = StepKind::sums_of_list;
  }

 private:
  static constexpr std::size_t most_members = 32;  // whose blocks the first-level cache holds
  static constexpr std::size_t farthest = 256;     // steps
  using Key = std::tuple<Op, bool, bool>;          // and which operands vary

  // What may be a member, or a list of them.
  std::optional<Key> key_of(const Draft& d) const {
    if (d.kind != StepKind::plain) return {};
    const Op op = graph_.op(d.node);
    if (op == Op::sum_rows) return Key{op, true, true};
    if (op != Op::add && op != Op::sub && op != Op::mul) return {};
    return Key{op, graph_.varying(d.operands[0]), graph_.varying(d.operands[1])};
  }

  bool takes(std::size_t head, const Draft& d) const {
    if (head >= all_.size() || all_.size() - head > farthest) return false;
    const Draft& list = all_[head];
    if (list.results.size() + list.sums.size() == most_members) return false;
    const auto is_older = [&](NodeId x) { return made_at_[x] <= head; };
    return std::ranges::all_of(d.operands, is_older) && std::ranges::all_of(d.results, is_older);  // or it is computed once more
  }

  static void append(Draft& list, Draft&& d) {
    const auto move = [](std::vector<NodeId>& to, const std::vector<NodeId>& from) { to.insert(to.end(), from.begin(), from.end()); };
    move(list.operands, d.operands);
    move(list.results, d.results);
    move(list.sums, d.sums);
  }

  std::vector<Draft>& drafts_;
  const Graph& graph_;
  std::vector<std::size_t> made_at_;  // by node: one more than its step
  std::map<Key, std::size_t> heads_;
  std::vector<Draft> all_;
};

}  // namespace

void join_like_steps(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  SumsOfSquares(drafts, graph, is_block).join();
  LikeSteps(drafts, graph).join();
}

}  // namespace rappel::detail
