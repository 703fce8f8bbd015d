#include "step_drafts.hpp"

#include "lower_chosen.hpp"
#include "row_outputs.hpp"
#include "uniform_schedule.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

namespace rappel::detail {
namespace {

Reduce kind_of(Op op) {
  return op == Op::max_rows ? Reduce::max : op == Op::any_rows ? Reduce::any : Reduce::sum;
}

// Blocks are given out to values and taken back after the last use, so that the working set stays in the
// cache.
class Blocks {
 public:
  std::uint32_t take() {
    if (free_.empty()) return count_++;
    const std::uint32_t block = free_.back();
    free_.pop_back();
    return block;
  }
  void give_back(const std::vector<std::uint32_t>& blocks) { free_.insert(free_.end(), blocks.begin(), blocks.end()); }
  std::uint32_t count() const { return count_; }

 private:
  std::vector<std::uint32_t> free_;
  std::uint32_t count_ = 0;
};

// First the steps in the order of their nodes, then their pointers.
class BodyLowering {
 public:
  BodyLowering(const BodySource& source, const BodyRows& rows)
      : source_(source),
        graph_(source.traced.graph),
        size_(static_cast<NodeId>(graph_.size())),
        work_(rows),
        rows_(rows.rows),
        calls_(
            graph_, body_.calls, true, [this](NodeId n) { return operand(n); },
            [this](NodeId n) { return source_.uniform[n]; }) {}

  Body run() {
    body_.rows = rows_;
    find_chosen();
    draft_steps();
    read_rows_in_place(source_, kept_nodes(), drafts_);
    join_least_distances(drafts_, graph_, [this](NodeId n) { return is_block(n); });
    const bool is_long = is_too_long_to_compile(drafts_);
    join_matrix_products(drafts_, source_);
    draft_row_outputs();
    recompute_late(drafts_, graph_, [this](NodeId n) { return is_block(n); });
    if (is_long) join_like_steps(drafts_, graph_, [this](NodeId n) { return is_block(n); });
    sum_views_ = scattered_in_place(drafts_, graph_, [this](NodeId n) { return is_block(n); });
    collect_sources();
    place();
    choose_leaf();
    return std::move(body_);
  }

 private:
  bool varies_here(NodeId n) const { return graph_.varying(n) && graph_.row_set(n) == rows_; }
  bool is_sum_of_these_rows(NodeId n) const {
    return is_reduction(graph_.op(n)) && graph_.reduced_rows(n) == rows_ &&
           source_.stage[n] == work_.stage + 1;
  }
  bool is_kept(NodeId n) const { return graph_.op(n) == Op::column || work_.storage[n] != no_node; }
  bool is_block(NodeId n) const {
    return graph_.varying(n) && written_.count(n) == 0 && !is_kept(n) && !is_view(n) && sum_views_.count(n) == 0;
  }
  bool is_view(NodeId n) const {
    return graph_.op(n) == Op::gather && num_results(graph_, n) == 1 && written_.count(n) == 0 && !is_kept(n);
  }

  // --- steps ---

  // What is added by the rows that chose it alone is taken where the last sum of its family stands.
  void find_chosen() {
    std::vector<bool> is_sum(size_, false);
    for (NodeId n = 0; n < size_; ++n) is_sum[n] = source_.live[n] && is_sum_of_these_rows(n);
    chosen_ = find_chosen_terms(source_, work_, is_sum);
    for (const ChosenTerms& family : chosen_.families) {
      NodeId last = 0;
      for (const ChosenTerms::Member& m : family.members)
        for (const NodeId n : m.sums) last = std::max(last, n), family_of_sum_[n] = nullptr;
      family_of_sum_[last] = &family;
    }
  }
  bool is_chosen_alone(NodeId n) const { return !chosen_.inside.empty() && chosen_.inside[n]; }

  Draft draft_chosen(NodeId last, const ChosenTerms& family) const {
    Draft draft{last, StepKind::chosen_sums, {}, {}, {}, 0, {}, &family};
    const bool compares = family.shares != no_node;  // in the place of the shares their operands
    if (compares) draft.operands = operands(family.shares);
    for (const ChosenTerms::Member& m : family.members) {
      if (!compares) draft.operands.push_back(m.gate);
      for (const NodeId x : m.values)
        if (graph_.varying(x) && !(compares && x == m.gate)) draft.operands.push_back(x);
      draft.sums.insert(draft.sums.end(), m.sums.begin(), m.sums.end());
    }
    return draft;
  }

  void draft_steps() {
    index_products();
    for (NodeId n = 0; n < size_; ++n) {
      if (!source_.live[n]) continue;
      const Op op = graph_.op(n);
      if (is_sum_of_these_rows(n) && op == Op::scatter_rows) {
        drafts_.push_back({n, StepKind::plain, {graph_.operands(n).begin() + 2, graph_.operands(n).end()}, {}, {}});
      } else if (is_sum_of_these_rows(n)) {
        draft_reduction(n);
      } else if (varies_here(n) && work_.needed[n] && !is_chosen_alone(n) && op != Op::result && op != Op::stack) {
        drafts_.push_back(draft_plain(n));
      }
    }
  }

  // Outputs by row, and what later rows need.
  std::vector<bool> kept_nodes() const {
    std::vector<bool> kept(size_, false);
    for (NodeId n = 0; n < size_; ++n) kept[n] = work_.storage[n] != no_node;
    for (const NodeId n : source_.traced.outputs) kept[n] = true;
    return kept;
  }

  std::vector<NodeId> results_of(NodeId n, NodeId count) const {
    std::vector<NodeId> results(count);
    std::iota(results.begin(), results.end(), n);
    return results;
  }

  Draft draft_plain(NodeId n) const {
    if (graph_.op(n) == Op::gather)  // the values are read where they stand
      return {n, StepKind::plain, {graph_.operands(n)[1]}, results_of(n, num_results(graph_, n)), {}};
    if (is_call(graph_.op(n))) {
      const NodeId count = graph_.op(n) == Op::scan ? static_cast<NodeId>(graph_.scan_body(n)->num_carry)
                                                    : num_results(graph_, n);
      return {n, StepKind::plain, values_read(graph_, n), results_of(n, count), {}};
    }
    Draft draft{n, StepKind::plain, operands(n), results_of(n, num_results(graph_, n)), {}};
    if (graph_.op(n) != Op::dot) return draft;
    bool uniform_first = true;
    for (std::size_t i = 0; i < draft.operands.size(); i += 2) {
      if (graph_.varying(draft.operands[i])) std::swap(draft.operands[i], draft.operands[i + 1]);
      uniform_first = uniform_first && !graph_.varying(draft.operands[i]);
    }
    if (uniform_first)
      draft.kind = is_mostly_of_columns(draft.operands) ? StepKind::dot_uniform : StepKind::dot_uniform_of_values;
    return draft;
  }

  // Of the products of a dot: what is read of the table is worth asking for ahead.
  bool is_mostly_of_columns(const std::vector<NodeId>& pairs) const {
    const auto columns = std::ranges::count_if(pairs, [&](NodeId x) { return graph_.op(x) == Op::column; });
    return 4 * static_cast<std::size_t>(columns) >= pairs.size();
  }

  // Sums over rows of one product each are taken together where they share a factor, in one pass over it: with the
  // factor that has more of them. They are taken where the last of them stands, when all factors are there.
  struct Product {
    NodeId sum, factor;
  };

  bool is_product_of_rows(NodeId n) const {
    if (graph_.op(n) != Op::sum_products || !source_.live[n] || !is_sum_of_these_rows(n)) return false;
    const auto x = graph_.operands(n);
    return x.size() == 2 && varies_here(x[0]) && varies_here(x[1]);
  }

  void index_products() {
    std::vector<std::uint32_t> count(size_, 0);
    for (NodeId n = 0; n < size_; ++n)
      if (is_product_of_rows(n))
        for (const NodeId x : graph_.operands(n)) ++count[x];
    shared_factor_.assign(size_, no_node);
    for (NodeId n = 0; n < size_; ++n) {
      if (!is_product_of_rows(n)) continue;
      const auto x = graph_.operands(n);
      const bool first = count[x[0]] > count[x[1]] || (count[x[0]] == count[x[1]] && graph_.op(x[0]) != Op::column);
      shared_factor_[n] = x[first ? 0 : 1];
      products_by_factor_[shared_factor_[n]].push_back({n, x[first ? 1 : 0]});
    }
  }

  // Of a sum of log(1 + x).
  StepKind kind_of_logs(NodeId x) const {
    if (graph_.op(x) == Op::exp_neg_abs) return StepKind::sum_log1p_of_units;
    if (graph_.op(x) != Op::result) return StepKind::plain;
    const NodeId parts = graph_.operands(x)[0];
    const bool of_few = graph_.op(parts) == Op::shifted_exps && x == parts + 1 && graph_.operands(parts).size() <= few_factors + 1;
    return of_few ? StepKind::sum_log1p_of_few : StepKind::plain;
  }

  void draft_reduction(NodeId n) {
    if (const auto found = family_of_sum_.find(n); found != family_of_sum_.end()) {
      if (found->second != nullptr) drafts_.push_back(draft_chosen(n, *found->second));
      return;
    }
    if (shared_factor_[n] == no_node) {
      const StepKind kind = graph_.op(n) == Op::sum_log1p ? kind_of_logs(graph_.operands(n)[0]) : StepKind::plain;
      return drafts_.push_back({n, kind, operands(n), {}, {n}});
    }
    const std::vector<Product>& products = products_by_factor_.at(shared_factor_[n]);
    if (products.back().sum != n) return;
    Draft draft{n, StepKind::products_of_lists, {shared_factor_[n], shared_factor_[n]}, {}, {}};
    for (const Product& p : products) {
      draft.operands.push_back(p.factor);
      draft.sums.push_back(p.sum);
    }
    drafts_.push_back(std::move(draft));
  }

  // An output by row is written by the step that computes it; by a copy where it is kept elsewhere, or is one
  // already.
  void draft_row_outputs() {
    std::uint32_t number = 0;
    for (const NodeId n : source_.traced.outputs) {
      const std::uint32_t own = number++;
      if (!varies_here(n) || source_.stage[n] != work_.stage) continue;  // of uniform ones the caller fills the column
      const auto place = static_cast<std::uint32_t>(body_.row_outputs.size());
      body_.row_outputs.push_back(own);
      if (is_kept(n) || !written_.try_emplace(n, place).second)
        drafts_.push_back({n, StepKind::copy, {n}, {n}, {}, place});
    }
  }

  std::vector<NodeId> operands(NodeId n) const {
    return {graph_.operands(n).begin(), graph_.operands(n).end()};
  }

  // --- pointers ---

  void collect_sources() {
    pointer_.assign(size_, no_node);
    const auto number = [&](bool columns, std::size_t base, std::vector<std::uint32_t>& sources,
                            auto&& source) {
      for (const Draft& d : drafts_)
        for (const NodeId x : d.operands) {
          const bool wanted = columns ? graph_.op(x) == Op::column : !graph_.varying(x);
          if (!wanted || pointer_[x] != no_node) continue;
          pointer_[x] = static_cast<std::uint32_t>(base + sources.size());
          sources.push_back(source(x));
        }
    };
    number(false, 0, body_.uniforms, [&](NodeId x) {
      body_.literals.push_back(graph_.op(x) == Op::constant ? graph_.value(x) : std::numeric_limits<double>::quiet_NaN());
      return source_.uniform[x];
    });
    number(true, body_.uniforms.size(), body_.columns,
           [&](NodeId x) { return static_cast<std::uint32_t>(graph_.payload(x)); });
    base_ = static_cast<std::uint32_t>(body_.uniforms.size() + body_.columns.size());
    const auto number_stored = [&](NodeId x) {
      if (!varies_here(x) || work_.storage[x] == no_node || pointer_[x] != no_node) return;
      pointer_[x] = base_++;
      body_.stored.push_back(work_.storage[x]);
    };
    for (const Draft& d : drafts_) {
      std::ranges::for_each(d.operands, number_stored);
      std::ranges::for_each(d.results, number_stored);
    }
    for (const Draft& d : drafts_) {
      if (!is_view(d.node)) continue;
      pointer_[d.node] = base_++;
      ++body_.num_views;
    }
    for (const auto& [x, scatter] : sum_views_) {
      pointer_[x] = base_++;
      ++body_.num_views;
    }
  }

  void place() {
    find_deaths();
    for (std::size_t i = 0; i < drafts_.size(); ++i) place_step(i);
    body_.num_blocks = blocks_.count();
    settle_row_outputs(body_);
  }

  // The blocks that each step is the last to read, and the results that none does.
  void find_deaths() {
    deaths_.assign(drafts_.size(), {});
    std::vector<bool> is_read(size_, false);
    for (std::size_t i = drafts_.size(); i-- > 0;) {
      for (const NodeId m : drafts_[i].results) {
        if (is_block(m) && !is_read[m]) deaths_[i].results.push_back(m);
        is_read[m] = false;
      }
      for (const NodeId x : drafts_[i].operands) {
        if (is_block(x) && !is_read[x]) deaths_[i].operands.push_back(x);
        is_read[x] = true;
      }
    }
  }

  void place_step(std::size_t i) {
    const Draft& d = drafts_[i];
    const Op op = d.kind == StepKind::copy          ? Op::sum  // of one: what is copied may be a call's
                  : d.kind == StepKind::dot_of_rows ? row_dot_call
                                                    : graph_.op(d.node);
    BodyStep step{.op = op,
                  .kind = d.kind,
                  .varying = 0,
                  .first = static_cast<std::uint32_t>(body_.operands.size()),
                  .count = static_cast<std::uint32_t>(d.operands.size()),
                  .result = static_cast<std::uint32_t>(body_.targets.size()),  // the first of its sums
                  .num_results = static_cast<std::uint32_t>(d.results.size())};
    for (std::size_t k = 0; k < d.operands.size(); ++k) {
      const bool varying = graph_.varying(d.operands[k]);
      if (varying && k < 3) step.varying |= 1u << k;
      body_.operands.push_back(operand(d.operands[k]));
    }
    for (const NodeId m : d.sums) {
      body_.targets.push_back(source_.uniform[m]);
      body_.reductions.push_back(kind_of(graph_.op(m)));
    }
    // Element by element a result may take an operand's place; of several results, and of a scan's, none may, unless they are
    // computed one after the other.
    const bool is_list = d.kind == StepKind::list_of_pairs, in_place = d.results.size() == 1 && !is_body_call(step.op);
    std::vector<std::uint32_t> last_read;
    for (const NodeId x : deaths_[i].operands) last_read.push_back(pointer_[x] - base_);
    if (in_place) blocks_.give_back(last_read);
    for (std::size_t k = 0; k < d.results.size(); ++k) {
      const NodeId m = d.results[k];
      if (is_list) give_back_after(d, k, deaths_[i].operands);
      const auto written = written_.find(m);
      const std::uint32_t p = d.kind == StepKind::copy    ? first_row_output - d.row_output
                              : is_kept(m) || is_view(m) || sum_views_.count(m) != 0 ? pointer_[m]
                              : written != written_.end() ? first_row_output - written->second
                                                          : base_ + blocks_.take();
      if (d.kind != StepKind::copy) pointer_[m] = p;  // what is copied stays where it is
      if (m == d.results.front()) step.result = p;
      body_.operands.push_back(p);
    }
    if (!d.packed.empty()) body_.operands.push_back(static_cast<std::uint32_t>(body_.packed.size()));
    for (const NodeId x : d.packed) body_.packed.push_back(source_.uniform[x]);
    if (!d.spread.empty()) body_.operands.push_back(static_cast<std::uint32_t>(body_.spread.size()));
    for (const NodeId x : d.spread) body_.spread.push_back(source_.uniform[x]);
    body_.operands.insert(body_.operands.end(), d.numbers.begin(), d.numbers.end());
    if (d.chooses_for != no_node) {
      choices_[d.chooses_for] = base_ + blocks_.take();  // never given back: read where the sums are taken
      body_.operands.push_back(choices_[d.chooses_for]);
    }
    if (d.chosen != nullptr) {
      body_.chosen.push_back(lower_chosen(*d.chosen, source_, [this](NodeId n) { return operand(n); }));
      if (const auto found = choices_.find(d.chosen->shares); found != choices_.end()) body_.chosen.back().choice = found->second;
    }
    if (d.kind == StepKind::dot_of_rows)
      step.first = calls_.add_dot(d.node, d.lookups[0], d.lookups[1]);
    else if (d.kind == StepKind::scatter_of_rows)
      step.first = calls_.add_scatter(d.node, d.lookups[0], d.operands[2]);
    else if (is_call(step.op))
      step.first = calls_.add(d.node);
    if (const auto view = d.operands.size() == 2 ? sum_views_.find(d.operands[1]) : sum_views_.end(); view != sum_views_.end() && view->second == d.node) {
      body_.sum_views.push_back({pointer_[view->first] - body_.first_view(), step.first});
      body_.calls.scatters[step.first].never_minus_zero = is_never_minus_zero(graph_.op(view->first));
    }
    if (is_view(d.node)) body_.calls.gathers.back().view = pointer_[d.node] - body_.first_view();
    if (!in_place && !is_list) blocks_.give_back(last_read);
    for (const NodeId m : deaths_[i].results) blocks_.give_back({pointer_[m] - base_});
    body_.steps.push_back(step);
  }

  // Of a list of pairs: what pair number `pair` is the last to read.
  void give_back_after(const Draft& list, std::size_t pair, const std::vector<NodeId>& last_read) {
    const auto begin = list.operands.begin() + static_cast<std::ptrdiff_t>(2 * pair), after = begin + 2;
    for (auto x = begin; x != after; ++x)
      if (std::find(begin, x, *x) == x && std::find(after, list.operands.end(), *x) == list.operands.end() &&
          std::ranges::find(last_read, *x) != last_read.end())
        blocks_.give_back({pointer_[*x] - base_});
  }

  std::uint32_t operand(NodeId n) const { return pointer_[n] | (graph_.varying(n) ? 0 : uniform_bit); }

  // The largest leaf whose blocks and columns fit a quarter of a second-level cache of 1 MB: measured against
  // leaves that fit the first level, a call of a kernel on four times the rows is worth more, and so is a sum that is folded
  // once for them (bench/derivative_speed). Of bodies with so many sums that each leaf's go by the caches as its blocks do,
  // twice that second-level cache (bench: 0.93 of the time of once for a mixture, d 64; four times took no less, eight more).
  void choose_leaf() {
    const std::size_t values = columns_in_cache() + body_.stored.size() + body_.num_views + body_.num_blocks + 1;
    const std::size_t cache = (body_.reductions.size() > 16 * values ? 2048 : 256) * 1024, per_row = 8 * values;
    body_.leaf_rows = body_.chosen.empty() ? most_leaf_rows : 256;
    while (body_.leaf_rows > 64 && per_row * static_cast<std::size_t>(body_.leaf_rows) > cache) body_.leaf_rows /= 2;
  }

  // Those that go by once for each of a tile of results need not stay.
  std::size_t columns_in_cache() const {
    std::vector<bool> stays(graph_.size(), false);
    for (const Draft& d : drafts_)
      if (d.kind != StepKind::dots_of_one_list && d.kind != StepKind::dots_of_one_list_and_own &&
          (d.kind != StepKind::products_of_lists || d.operands[1] == d.operands[0]))
        for (const NodeId x : d.operands) stays[x] = stays[x] || graph_.op(x) == Op::column;
    return static_cast<std::size_t>(std::ranges::count(stays, true));
  }

  const BodySource& source_;
  const Graph& graph_;
  NodeId size_;
  BodyRows work_;
  RowSet rows_;
  ChosenRows chosen_;
  std::unordered_map<NodeId, const ChosenTerms*> family_of_sum_;  // by sum: of the last one of its family; else null
  std::unordered_map<NodeId, std::vector<Product>> products_by_factor_;
  std::vector<NodeId> shared_factor_;  // by node: of a sum of products that is taken with others
  std::vector<Draft> drafts_;
  std::unordered_map<NodeId, std::uint32_t> written_;  // outputs by row that their own step writes: their places
  std::map<NodeId, NodeId> sum_views_;  // by what is scattered in place: the scatter
  std::unordered_map<NodeId, std::uint32_t> choices_;  // by shares: the pointer number of what rows chose
  std::uint32_t base_ = 0;              // the pointer number of the first block
  std::vector<std::uint32_t> pointer_;  // by node: its pointer number
  struct Deaths {
    std::vector<NodeId> operands, results;
  };
  std::vector<Deaths> deaths_;  // by step
  Blocks blocks_;
  Body body_;
  CallBuilder calls_;
};

}  // namespace

Body lower_body(const BodySource& source, const BodyRows& rows) { return BodyLowering(source, rows).run(); }

}  // namespace rappel::detail
