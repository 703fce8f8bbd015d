#include "split_powers.hpp"

#include "copy_nodes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace rappel::detail {
namespace {

constexpr std::uint32_t group_size = 8, least_powers = 16;

// Powers of one value: x^1 .. x^most.
struct Chain {
  std::vector<NodeId> powers = {no_node};  // by exponent
  std::uint32_t most() const { return static_cast<std::uint32_t>(powers.size() - 1); }
};

// Which powers of which value the nodes are. A node may be a power of one value and the first of a chain of its own.
class Powers {
 public:
  explicit Powers(const Graph& graph) : power_(static_cast<std::size_t>(graph.size())) {
    std::vector<bool> fixed(power_.size(), false);  // by row, without parameters
    for (NodeId n = 0; n < power_.size(); ++n) {
      const auto x = graph.operands(n);
      fixed[n] = graph.op(n) != Op::parameter && graph.op(n) != Op::argument &&
                 std::ranges::all_of(x, [&](NodeId k) { return fixed[k]; });
      if (!fixed[n] || !graph.varying(n)) continue;
      if (graph.op(n) == Op::square || (graph.op(n) == Op::mul && x[0] == x[1]))
        add(n, x[0], 2);
      else if (graph.op(n) == Op::mul && power_[x[0]].base == x[1])
        add(n, x[1], power_[x[0]].exponent + 1);
      else if (graph.op(n) == Op::mul && power_[x[1]].base == x[0])
        add(n, x[0], power_[x[1]].exponent + 1);
    }
    std::erase_if(chains_, [](const auto& chain) { return chain.second.most() < least_powers; });
  }

  bool any() const { return !chains_.empty(); }
  const std::map<NodeId, Chain>& chains() const { return chains_; }
  const Chain& chain(NodeId base) const { return chains_.at(base); }

  // 0 if n is no power of the base.
  std::uint32_t exponent(NodeId n, NodeId base) const { return n == base ? 1 : power_[n].base == base ? power_[n].exponent : 0; }

  // Of the chain that n is part of as a product; no_node if there is none.
  NodeId base(NodeId n) const { return chains_.count(power_[n].base) != 0 ? power_[n].base : no_node; }
  bool begins_chain(NodeId n) const { return chains_.count(n) != 0; }

 private:
  struct Power {
    NodeId base = no_node;
    std::uint32_t exponent = 0;
  };

  // The same power may have been computed twice, as square(x) and as x * x: each is one, the chain goes on from either.
  void add(NodeId n, NodeId base, std::uint32_t exponent) {
    power_[n] = {base, exponent};
    std::vector<NodeId>& powers = chains_[base].powers;
    if (powers.size() == 1) powers.push_back(base);
    if (powers.size() == exponent) powers.push_back(n);
  }

  std::vector<Power> power_;
  std::map<NodeId, Chain> chains_;  // by base
};

class SplitPowers {
 public:
  SplitPowers(const Traced& traced, const Powers& powers)
      : traced_(traced), graph_(traced.graph), size_(static_cast<NodeId>(graph_.size())), powers_(powers) {
    mark_live();
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && graph_.op(n) == Op::dot && graph_.varying(n)) find_run(n);
    find_sums();
  }

  bool any() const { return !runs_.empty() || !sums_.empty(); }

  Traced run(std::vector<NodeId>& kept) {
    mark_live();
    copy_row_sets(graph_, to_);
    to_.reserve(graph_.size());
    map_.assign(size_, no_node);
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n] && graph_.op(n) != Op::parameter && graph_.op(n) != Op::argument) continue;
      to_.set_location(graph_.location(n));
      map_[n] = copy(n);
    }
    for (NodeId& n : kept) n = map_[n];
    return renumbered(traced_, map_, std::move(to_));
  }

 private:
  // Of a dot: operands first .. last - 1 are uniform factors and powers of the base.
  struct Run {
    NodeId base;
    std::size_t first, last;
  };
  // A sum over rows of a power, times a value by row unless that is no_node.
  struct Sum {
    NodeId base, factor;
    std::uint32_t exponent;
  };
  struct Term {
    NodeId factor;
    std::uint32_t exponent;
  };

  // --- what is split ---

  // With what is found so far.
  void mark_live() {
    live_.assign(size_, false);
    for (const NodeId n : traced_.outputs) live_[n] = true;
    for (const Guard& g : traced_.guards) live_[g.condition] = true;
    for (NodeId n = size_; n-- > 0;)
      if (live_[n]) for_each_read(n, [&](NodeId x) { live_[x] = true; });
  }

  template <class F>
  void for_each_read(NodeId n, F f) const {
    const auto x = graph_.operands(n);
    const auto read_powers = [&](NodeId base) {
      const Chain& chain = powers_.chain(base);
      for (std::uint32_t j = 1; j < group_size; ++j) f(chain.powers[j]);
    };
    if (const auto found = runs_.find(n); found != runs_.end()) {
      const Run& run = found->second;
      for (std::size_t i = 0; i < x.size(); ++i)
        if (i < run.first || i >= run.last || !graph_.varying(x[i])) f(x[i]);
      read_powers(run.base);
    } else if (const auto sum = sums_.find(n); sum != sums_.end()) {
      if (sum->second.factor != no_node) f(sum->second.factor);
      read_powers(sum->second.base);
    } else {
      for (const NodeId y : x) f(y);
    }
  }

  // The factor that varies, of a product with one that does not.
  NodeId varying_factor(NodeId x, NodeId y) const { return graph_.varying(x) == graph_.varying(y) ? no_node : graph_.varying(x) ? x : y; }

  // The longest run of powers of one value, if it is long enough.
  void find_run(NodeId n) {
    const auto x = graph_.operands(n);
    std::optional<Run> longest;
    for (std::size_t i = 0; i < x.size();) {
      std::size_t last = i;
      const NodeId v = varying_factor(x[i], x[i + 1]);
      if (v != no_node)
        for (const NodeId base : {powers_.base(v), powers_.begins_chain(v) ? v : no_node}) {
          if (base == no_node) continue;
          const Run run{base, i, end_of_run(x, i, base)};
          last = std::max(last, run.last);
          if (!longest || run.last - run.first > longest->last - longest->first) longest = run;
        }
      i = std::max(i + 2, last);
    }
    if (longest && num_powers(x, *longest) >= least_powers) runs_.emplace(n, *longest);
  }

  std::size_t end_of_run(std::span<const NodeId> x, std::size_t first, NodeId base) const {
    std::size_t i = first;
    while (i < x.size() && varying_factor(x[i], x[i + 1]) != no_node && powers_.exponent(varying_factor(x[i], x[i + 1]), base) != 0) i += 2;
    return i;
  }

  std::size_t num_powers(std::span<const NodeId> x, const Run& run) const {
    std::vector<std::uint32_t> exponents;
    for (std::size_t i = run.first; i < run.last; i += 2) exponents.push_back(powers_.exponent(varying_factor(x[i], x[i + 1]), run.base));
    std::sort(exponents.begin(), exponents.end());
    return static_cast<std::size_t>(std::unique(exponents.begin(), exponents.end()) - exponents.begin());
  }

  // Sums are split where no power beyond the first few is left that is read by others: else all of them are computed anyway.
  void find_sums() {
    constexpr std::size_t most_factors = 4;
    std::map<std::pair<NodeId, NodeId>, std::vector<std::pair<NodeId, Sum>>> groups;  // by base and factor
    for (NodeId n = 0; n < size_; ++n)
      if (const std::optional<Sum> sum = live_[n] ? sum_of(n) : std::nullopt) groups[{sum->base, sum->factor}].emplace_back(n, *sum);
    std::map<NodeId, std::size_t> num_factors;
    for (const auto& [key, sums] : groups)
      if (sums.size() >= least_powers) ++num_factors[key.first];
    std::unordered_map<NodeId, Sum> chosen;
    for (const auto& [key, sums] : groups)
      if (sums.size() >= least_powers && num_factors[key.first] <= most_factors) chosen.insert(sums.begin(), sums.end());
    std::map<NodeId, bool> is_read;  // by base: a higher power, by others
    const auto read = [&](NodeId x, NodeId by) {
      const NodeId base = powers_.base(x);
      if (base == no_node || powers_.exponent(x, base) < group_size) return;
      const bool power = by != no_node && powers_.base(by) == base && graph_.op(by) != Op::square;
      if (!power) is_read[base] = true;
    };
    for (const NodeId n : traced_.outputs) read(n, no_node);
    for (const Guard& g : traced_.guards) read(g.condition, no_node);
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n]) continue;
      const auto sum = chosen.find(n);
      if (sum == chosen.end())
        for_each_read(n, [&](NodeId x) { read(x, n); });
      else if (sum->second.factor != no_node)
        read(sum->second.factor, no_node);
    }
    for (const auto& [n, sum] : chosen)
      if (!is_read[sum.base]) sums_.emplace(n, sum);
  }

  // Of a power that is not among the first.
  std::optional<Sum> sum_of(NodeId n) const {
    const auto x = graph_.operands(n);
    const auto sum = [&](NodeId power, NodeId factor) -> std::optional<Sum> {
      const NodeId base = powers_.base(power);
      if (base == no_node || powers_.exponent(power, base) < group_size) return {};
      return Sum{base, factor, powers_.exponent(power, base)};
    };
    if (graph_.op(n) == Op::sum_rows && !graph_.is_stacked(x[0])) return sum(x[0], no_node);
    if (graph_.op(n) != Op::sum_products || x.size() != 2 || !graph_.varying(x[0]) || !graph_.varying(x[1])) return {};
    const std::optional<Sum> first = sum(x[0], x[1]);
    return first ? first : sum(x[1], x[0]);
  }

  // --- the new graph ---

  NodeId copy(NodeId n) {
    if (const auto run = runs_.find(n); run != runs_.end()) return split_dot(n, run->second);
    if (const auto sum = sums_.find(n); sum != sums_.end()) return split_sum(sum->second);
    return graph_.is_constant(n) ? to_.new_constant(graph_.value(n)) : copy_node(graph_, n, map_, operands_, to_);
  }

  // x^j, 0 < j < 8
  NodeId power(NodeId base, std::uint32_t j) const { return map_[powers_.chain(base).powers[j]]; }

  // x^8 is high + off: what is rounded off would count as often as x^8 is multiplied.
  struct Heads {
    NodeId high, high_times_off;
    std::vector<NodeId> powers = {no_node};  // x^8, x^16, ..
  };

  // Where the highest power is beyond the range `off` counts as 0: it would make NaN of infinities.
  Heads first_head(NodeId base) {
    const auto square_of = [&](NodeId x) { return to_.node(Op::mul, {x, x}); };
    const auto rounded = [&](NodeId x, NodeId square) { return to_.node(Op::fma, {to_.node(Op::neg, {x}), x, square}); };  // square - x^2
    const auto rounded_again = [&](NodeId x, NodeId before, NodeId square) {  // square - (x - before)^2
      return to_.node(Op::fma, {to_.node(Op::add, {x, x}), before, rounded(x, square)});
    };
    const NodeId x1 = map_[base], x2 = power(base, 2), x4 = square_of(x2), x8 = square_of(x4);
    const NodeId off = rounded_again(x4, rounded_again(x2, rounded(x1, x2), x4), x8);
    const auto highest = static_cast<double>(powers_.chain(base).most() / group_size);
    const double largest = std::pow(std::numeric_limits<double>::max(), 1.0 / highest) * (1.0 - 1e-6);
    const NodeId in_range = to_.node(Op::less, {x8, to_.constant(largest)});
    const NodeId product = to_.node(Op::mul, {x8, to_.node(Op::neg, {off})});
    return {x8, to_.node(Op::select, {in_range, product, to_.constant(0.0)}), {no_node, x8}};
  }

  // x^(8 i), i > 0: the last one times high, and times off, for which the one before it times both will do; it is there sooner.
  NodeId head(NodeId base, std::uint32_t i) {
    if (heads_.count(base) == 0) heads_[base] = first_head(base);
    Heads& heads = heads_[base];
    std::vector<NodeId>& powers = heads.powers;
    while (powers.size() <= i) {
      const std::size_t n = powers.size();
      const NodeId added = n == 2 ? to_.node(Op::add, {heads.high_times_off, heads.high_times_off}) : to_.node(Op::mul, {powers[n - 2], heads.high_times_off});
      powers.push_back(to_.node(Op::fma, {powers[n - 1], heads.high, added}));
    }
    return powers[i];
  }

  // Groups come in the order of their first terms, which keep theirs.
  NodeId split_dot(NodeId n, const Run& run) {
    const auto x = graph_.operands(n);
    std::vector<std::pair<std::uint32_t, std::vector<Term>>> groups;
    for (std::size_t i = run.first; i < run.last; i += 2) {
      const NodeId v = varying_factor(x[i], x[i + 1]);
      const std::uint32_t exponent = powers_.exponent(v, run.base), group = exponent / group_size;
      auto found = std::ranges::find(groups, group, [](const auto& g) { return g.first; });
      if (found == groups.end()) found = groups.insert(groups.end(), {group, {}});
      found->second.push_back({v == x[i] ? x[i + 1] : x[i], exponent % group_size});
    }
    std::vector<NodeId> pairs;
    const auto copy_pairs = [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) pairs.push_back(map_[x[i]]);
    };
    copy_pairs(0, run.first);
    for (const auto& [group, terms] : groups) {
      if (group == 0)
        for (const Term& t : terms) pairs.insert(pairs.end(), {map_[t.factor], power(run.base, t.exponent)});
      else
        pairs.insert(pairs.end(), {head(run.base, group), sum_of_group(run.base, terms)});
    }
    copy_pairs(run.last, x.size());
    return to_.node(Op::dot, pairs);
  }

  NodeId sum_of_group(NodeId base, const std::vector<Term>& terms) {
    if (terms.size() == 1 && terms[0].exponent == 0) return map_[terms[0].factor];
    std::vector<NodeId> pairs;
    for (const Term& t : terms)
      pairs.insert(pairs.end(), {t.exponent == 0 ? to_.constant(1.0) : map_[t.factor], t.exponent == 0 ? map_[t.factor] : power(base, t.exponent)});
    return to_.node(pairs.size() == 2 ? Op::mul : Op::dot, pairs);
  }

  NodeId split_sum(const Sum& sum) {
    const std::uint32_t i = sum.exponent / group_size, j = sum.exponent % group_size;
    const NodeId weight = weighted_head(sum.base, i, sum.factor);
    if (j == 0) return to_.node(Op::sum_rows, {weight});
    return to_.node(Op::sum_products, {weight, power(sum.base, j)});
  }

  // u x^(8 i)
  NodeId weighted_head(NodeId base, std::uint32_t i, NodeId factor) {
    if (factor == no_node) return head(base, i);
    NodeId& weight = weights_.try_emplace({base, factor, i}, no_node).first->second;
    if (weight == no_node) weight = to_.node(Op::mul, {map_[factor], head(base, i)});
    return weight;
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  const Powers& powers_;
  std::vector<bool> live_;
  std::unordered_map<NodeId, Run> runs_;
  std::unordered_map<NodeId, Sum> sums_;
  Graph to_;  // no builder: equal nodes were merged before
  std::vector<NodeId> map_, operands_;
  std::map<NodeId, Heads> heads_;                                        // by base
  std::map<std::tuple<NodeId, NodeId, std::uint32_t>, NodeId> weights_;  // by base, factor and number
};

}  // namespace

Traced with_split_powers(Traced fused, std::vector<NodeId>& kept) {
  if (fused.graph.num_row_sets() == 0) return fused;
  const Powers powers(fused.graph);
  if (!powers.any()) return fused;
  SplitPowers split(fused, powers);
  return split.any() ? split.run(kept) : fused;
}

}  // namespace rappel::detail
