#include "step_drafts.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace rappel::detail {
namespace {

constexpr std::size_t least_entries = 32;  // of a dot: shorter ones are worth more inside of a compiled run of steps
constexpr std::size_t least_products = 8;

bool is_dot_of_factors(const Draft& d) {
  return d.kind == StepKind::dot_uniform || d.kind == StepKind::dot_uniform_of_values;
}

void drop_joined(std::vector<Draft>& drafts) {
  std::erase_if(drafts, [](const Draft& d) { return d.results.empty() && d.sums.empty() && d.operands.empty(); });
}

// --- dots over one list ---

// Dots over one list of values, each with factors of its own that stand evenly spaced, and in one place of the list at
// most a uniform value of its own instead, times 1.
struct UniformDot {
  std::vector<NodeId> list, factors;  // the list has no_node for a value of its own
  NodeId own = no_node;
};

class OneList {
 public:
  OneList(std::vector<Draft>& drafts, const BodySource& source)
      : drafts_(drafts), graph_(source.traced.graph), uniform_(source.uniform) {}

  // Computed where the first of them stands.
  void join() {
    std::map<std::pair<std::int64_t, std::vector<NodeId>>, std::vector<std::pair<std::size_t, UniformDot>>> groups;
    for (std::size_t i = 0; i < drafts_.size(); ++i)
      if (std::optional<UniformDot> dot = uniform_dot(drafts_[i]))
        groups[{stride_of(*dot), dot->list}].emplace_back(i, std::move(*dot));
    for (const auto& [key, dots] : groups) {
      if (dots.size() < 2) continue;
      const UniformDot& first = dots[0].second;
      const bool own = first.own != no_node;
      Draft joined{drafts_[dots[0].first].node, own ? StepKind::dots_of_one_list_and_own : StepKind::dots_of_one_list,
                   first.list, {}, {}};
      for (NodeId& x : joined.operands)
        if (x == no_node) x = first.own;
      for (const auto& [i, dot] : dots) joined.operands.push_back(dot.factors[0]);
      joined.operands.push_back(first.factors[1]);
      for (const auto& [i, dot] : dots) {
        if (own) joined.operands.push_back(dot.own);
        joined.results.push_back(drafts_[i].node);
        drafts_[i] = {};
      }
      drafts_[dots[0].first] = std::move(joined);
    }
    drop_joined(drafts_);
  }

 private:
  std::optional<UniformDot> uniform_dot(const Draft& d) const {
    if (!is_dot_of_factors(d) || d.operands.size() < 2 * least_entries) return {};
    UniformDot dot;
    for (std::size_t i = 0; i < d.operands.size(); i += 2) {
      const NodeId factor = d.operands[i], x = d.operands[i + 1];
      if (graph_.varying(x)) {
        dot.list.push_back(x);
        dot.factors.push_back(factor);
        continue;
      }
      if (dot.own != no_node || !graph_.is_constant(factor) || graph_.value(factor) != 1.0) return {};
      dot.own = x;
      dot.list.push_back(no_node);
    }
    for (std::size_t k = 1; k < dot.factors.size(); ++k)
      if (place_of_factor(dot, k) - place_of_factor(dot, k - 1) != stride_of(dot)) return {};
    return dot;
  }
  std::int64_t place_of_factor(const UniformDot& dot, std::size_t k) const { return uniform_[dot.factors[k]]; }
  std::int64_t stride_of(const UniformDot& dot) const { return place_of_factor(dot, 1) - place_of_factor(dot, 0); }

  std::vector<Draft>& drafts_;
  const Graph& graph_;
  const std::vector<std::uint32_t>& uniform_;
};

// --- dots that share most of a list ---

// Up to as many as a tile of registers takes: each begins with one product, the shared entries are added for all, then to each what
// comes after. So each keeps the order of its terms. Steps between them that read one wait.
class SharedEntries {
 public:
  SharedEntries(std::vector<Draft>& drafts, const Graph& graph)
      : drafts_(drafts), graph_(graph), waits_(static_cast<std::size_t>(graph.size()), false) {
    if (is_too_long_to_compile(drafts)) least_ = least_entries / 4;
  }

  void join() {
    for (Draft& d : drafts_) {
      const bool ready = std::ranges::none_of(d.operands, [&](NodeId x) { return waits_[x]; });
      if (ready && is_candidate(d)) {
        if (members_.size() == most_dots || (!members_.empty() && !takes(d))) close();
        if (members_.empty()) head_ = no_head, shared_ = d.operands.size() / 2;
        hold(members_, d);
      } else if (!ready) {
        hold(waiting_, d);
        if (waiting_.size() > most_waiting) close();
      } else {
        all_.push_back(std::move(d));
      }
    }
    close();
    drafts_ = std::move(all_);
  }

 private:
  static constexpr std::size_t most_dots = 6, most_waiting = 64, no_head = ~std::size_t{0};

  bool is_candidate(const Draft& d) const {
    if (!is_dot_of_factors(d) || d.operands.size() < 2 * least_) return false;
    for (std::size_t k = 1; k < d.operands.size(); k += 2)
      if (!graph_.varying(d.operands[k])) return false;
    return true;
  }

  void hold(std::vector<Draft>& steps, Draft& d) {
    for (const NodeId m : d.results) waits_[m] = true;
    steps.push_back(std::move(d));
  }

  // How many entries, from number `head` on, a dot shares with the first member.
  std::size_t shared_with(const Draft& d, std::size_t head) const {
    const std::vector<NodeId>&x = members_[0].operands, &y = d.operands;
    std::size_t k = head;
    while (2 * k + 1 < x.size() && 2 * k + 1 < y.size() && x[2 * k + 1] == y[2 * k + 1]) ++k;
    return k - head;
  }

  bool takes(const Draft& d) {
    std::size_t head = head_;
    if (head == no_head) head = shared_with(d, 1) > shared_with(d, 0) ? 1 : 0;
    const std::size_t shared = std::min(shared_, shared_with(d, head)), all = d.operands.size() / 2;
    if (4 * shared < 3 * std::min(all, shared_) || shared < least_ / 2) return false;
    head_ = head;
    shared_ = shared;
    return true;
  }

  void close() {
    if (members_.size() > 1)
      add_group();
    else
      std::ranges::move(members_, std::back_inserter(all_));
    std::ranges::move(waiting_, std::back_inserter(all_));
    for (const auto* steps : {&members_, &waiting_})
      for (const Draft& d : *steps)
        for (const NodeId m : d.results) waits_[m] = false;
    members_.clear();
    waiting_.clear();
  }

  // See KernelTable.
  void add_group() {
    const std::size_t begin = std::max<std::size_t>(head_, 1);  // the first product rounds
    const std::size_t end = head_ + shared_;
    Draft all{members_[0].node, StepKind::dots_sharing_entries, {}, {}, {}};
    const auto add = [&](const Draft& d, std::size_t entry, bool shared = false) {
      all.packed.push_back(d.operands[2 * entry]);
      if (!shared || &d == members_.data()) all.operands.push_back(d.operands[2 * entry + 1]);
    };
    all.numbers.push_back(static_cast<std::uint32_t>(end - begin));
    for (const Draft& d : members_) {
      add(d, 0);
      all.results.push_back(d.node);
      all.numbers.push_back(static_cast<std::uint32_t>(d.operands.size() / 2 - end));
    }
    for (std::size_t k = begin; k < end; ++k)
      for (const Draft& d : members_) add(d, k, true);
    for (const Draft& d : members_)
      for (std::size_t k = end; k < d.operands.size() / 2; ++k) add(d, k);
    all_.push_back(std::move(all));
  }

  std::vector<Draft>& drafts_;
  const Graph& graph_;
  std::vector<bool> waits_;             // by node: a result of what follows
  std::vector<Draft> members_, waiting_, all_;
  std::size_t head_ = no_head, shared_ = 0, least_ = least_entries;
};

// --- sums over rows of products ---

bool is_list_of_products(const Draft& d) {
  return d.kind == StepKind::products_of_lists && d.sums.size() >= least_products;
}

// Those of several factors with the same list, where the last of them stands.
void join_equal_lists(std::vector<Draft>& drafts) {
  std::map<std::vector<NodeId>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < drafts.size(); ++i)
    if (const Draft& d = drafts[i]; is_list_of_products(d)) groups[{d.operands.begin() + 2, d.operands.end()}].push_back(i);
  for (const auto& [list, steps] : groups) {
    if (steps.size() < 2) continue;
    Draft joined{drafts[steps.back()].node, StepKind::products_of_lists, {}, {}, {}};
    for (const std::size_t i : steps) {
      joined.operands.push_back(drafts[i].operands[0]);
      joined.sums.insert(joined.sums.end(), drafts[i].sums.begin(), drafts[i].sums.end());
      if (i != steps.back()) drafts[i] = {};
    }
    joined.operands.push_back(joined.operands[0]);
    joined.operands.insert(joined.operands.end(), list.begin(), list.end());
    drafts[steps.back()] = std::move(joined);
  }
  drop_joined(drafts);
}

// Those of one factor each whose lists overlap: the part that they share is one step, where the last of them stands.
class OverlappingLists {
 public:
  explicit OverlappingLists(std::vector<Draft>& drafts) : drafts_(drafts) {}

  void join() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Draft& d = drafts_[i];
      if (!is_list_of_products(d) || d.operands[0] != d.operands[1]) continue;
      std::vector<NodeId> list{d.operands.begin() + 2, d.operands.end()};
      std::ranges::sort(list);
      if (!std::ranges::any_of(open_, [&](Group& g) { return takes(g, list, i); })) open_.push_back({{i}, std::move(list)});
      std::erase_if(open_, [&](Group& g) { return g.members.size() == most_factors && (close(g), true); });
      if (open_.size() > most_open) close(open_.front()), open_.erase(open_.begin());
    }
    std::ranges::for_each(open_, [&](Group& g) { close(g); });
    std::vector<Draft> all;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      all.push_back(std::move(drafts_[i]));
      if (const auto made = made_.find(i); made != made_.end()) all.push_back(std::move(made->second));
    }
    drafts_ = std::move(all);
    drop_joined(drafts_);
  }

 private:
  static constexpr std::size_t most_factors = 3, most_open = 4;
  struct Group {
    std::vector<std::size_t> members;
    std::vector<NodeId> shared;  // in ascending order
  };

  static bool takes(Group& group, const std::vector<NodeId>& list, std::size_t i) {
    std::vector<NodeId> both;
    std::ranges::set_intersection(list, group.shared, std::back_inserter(both));
    if (both.size() < least_products || 4 * both.size() < 3 * std::min(list.size(), group.shared.size())) return false;
    group.shared = std::move(both);
    group.members.push_back(i);
    return true;
  }

  void close(const Group& group) {
    if (group.members.size() < 2) return;
    const std::vector<NodeId>& shared = group.shared;
    Draft joined{drafts_[group.members.back()].node, StepKind::products_of_lists, {}, {}, {}};
    for (const std::size_t i : group.members) {
      Draft& d = drafts_[i];
      joined.operands.push_back(d.operands[0]);
      std::vector<NodeId> sums(shared.size());
      Draft rest{d.node, d.kind, {d.operands[0], d.operands[0]}, {}, {}};
      for (std::size_t k = 0; k < d.sums.size(); ++k) {
        const NodeId x = d.operands[k + 2];
        if (const auto found = std::ranges::lower_bound(shared, x); found != shared.end() && *found == x) {
          sums[static_cast<std::size_t>(found - shared.begin())] = d.sums[k];
        } else {
          rest.operands.push_back(x);
          rest.sums.push_back(d.sums[k]);
        }
      }
      joined.sums.insert(joined.sums.end(), sums.begin(), sums.end());
      d = rest.sums.empty() ? Draft{} : std::move(rest);
    }
    joined.operands.push_back(joined.operands[0]);
    joined.operands.insert(joined.operands.end(), shared.begin(), shared.end());
    made_.emplace(group.members.back(), std::move(joined));
  }

  std::vector<Draft>& drafts_;
  std::vector<Group> open_;
  std::map<std::size_t, Draft> made_;  // by the step that they follow
};

// Whether sums of logarithms find registers beside all others that compiled rows hold there: not those of one list that are too many.
bool hold_logs(const std::vector<Draft>& drafts) {
  std::size_t places = 0;
  std::map<std::vector<NodeId>, std::size_t> joined;  // by the list: the sums of all, which become one step
  for (const Draft& d : drafts) {
    if (!d.results.empty() || d.sums.size() > most_sums_in_registers) continue;
    if (is_list_of_products(d))
      joined[{d.operands.begin() + 2, d.operands.end()}] += d.sums.size();
    else
      places += is_sum_of_logs(d.kind) ? places_of_logs : d.sums.size();
  }
  for (const auto& [list, sums] : joined)
    if (sums <= most_sums_in_registers) places += sums;
  return places <= most_sums_in_registers;
}

// Sums over rows come as soon as their terms are there, so that these need not stand longer than that; those that have no
// code of the row compiler, or no registers there, come last, so that they part no run of steps.
void sum_early(std::vector<Draft>& drafts, const Graph& graph) {
  std::vector<std::size_t> made_by(static_cast<std::size_t>(graph.size()), 0);
  std::vector<std::vector<std::size_t>> after(drafts.size() + 1);  // by step: the sums that follow it; 0 for those of columns
  const auto only_sums = [](const Draft& d) { return d.results.empty() && !d.sums.empty(); };
  const bool logs_early = hold_logs(drafts);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (only_sums(drafts[i])) {
      std::size_t last = 0;
      for (const NodeId x : drafts[i].operands) last = std::max(last, made_by[x]);
      const bool is_late = graph.op(drafts[i].node) == Op::sum_log1p && (drafts[i].kind == StepKind::plain || !logs_early);
      after[is_late ? drafts.size() : last].push_back(i);
    }
    for (const NodeId m : drafts[i].results) made_by[m] = i + 1;
  }
  std::vector<Draft> all;
  all.reserve(drafts.size());
  for (std::size_t i = 0; i <= drafts.size(); ++i) {
    if (i > 0 && !only_sums(drafts[i - 1])) all.push_back(std::move(drafts[i - 1]));
    for (const std::size_t k : after[i]) all.push_back(std::move(drafts[k]));
  }
  drafts = std::move(all);
}

}  // namespace

void join_matrix_products(std::vector<Draft>& drafts, const BodySource& source) {
  OneList(drafts, source).join();
  sum_early(drafts, source.traced.graph);
  SharedEntries(drafts, source.traced.graph).join();
  join_equal_lists(drafts);
  OverlappingLists(drafts).join();
}

// --- what is computed again ---

namespace {

// Of sources alone, and cheaper than a block that has left the cache.
bool is_cheap(const Draft& d, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  if (d.kind != StepKind::plain || d.results.size() != 1 || !d.sums.empty() || !is_block(d.node)) return false;
  const Op op = graph.op(d.node);
  if (op != Op::add && op != Op::sub && op != Op::mul && op != Op::neg) return false;
  return std::ranges::all_of(d.operands, [&](NodeId x) { return !graph.varying(x) || graph.op(x) == Op::column; });
}

std::size_t most_blocks_alive(const std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  std::vector<bool> alive(static_cast<std::size_t>(graph.size()), false);
  std::size_t now = 0, most = 0;
  for (std::size_t i = drafts.size(); i-- > 0;) {
    for (const NodeId m : drafts[i].results)
      if (alive[m]) alive[m] = false, --now;
    for (const NodeId x : drafts[i].operands)
      if (is_block(x) && !alive[x]) alive[x] = true, ++now;
    most = std::max(most, now);
  }
  return most;
}

}  // namespace

void recompute_late(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  constexpr std::size_t many_blocks = 512, much_later = 256;
  if (drafts.size() < many_blocks || most_blocks_alive(drafts, graph, is_block) <= many_blocks) return;
  constexpr std::size_t none = ~std::size_t{0};
  std::vector<std::size_t> made_by(static_cast<std::size_t>(graph.size()), none), read_last = made_by;
  std::vector<Draft> all;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    for (const NodeId x : drafts[i].operands) {
      if (made_by[x] == none) continue;
      if (i - read_last[x] > much_later) all.push_back(drafts[made_by[x]]);
      read_last[x] = i;
    }
    if (is_cheap(drafts[i], graph, is_block)) made_by[drafts[i].node] = read_last[drafts[i].node] = i;
    all.push_back(drafts[i]);
  }
  drafts = std::move(all);
}

}  // namespace rappel::detail
