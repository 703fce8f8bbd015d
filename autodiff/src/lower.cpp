#include "large_array.hpp"
#include "lower_body.hpp"
#include "stages.hpp"
#include "uniform_code.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

class Lowering {
 public:
  Lowering(const Traced& traced, std::span<const NodeId> lookup_dots)
      : traced_(traced),
        graph_(traced.graph),
        size_(static_cast<NodeId>(graph_.size())),
        live_(size_, false),
        lookup_dots_(size_, false),
        stage_(stages_of(graph_)),
        uniform_(large_array(size_, no_node)),
        calls_(graph_, program_.calls, false, [this](NodeId n) { return uniform_[n]; }) {
    for (const NodeId n : lookup_dots) lookup_dots_[n] = true;
  }

  Program run() {
    mark_live();
    for (NodeId n = 0; n < size_ && graph_.num_row_sets() > 0; ++n)
      if (live_[n]) num_stages_ = std::max(num_stages_, stage_[n] + 1);
    program_.stages.resize(num_stages_);
    number_uniforms();
    find_scattered_outputs();
    add_uniforms();
    add_bodies();
    for (const NodeId n : traced_.outputs)
      if (!graph_.varying(n)) program_.outputs.push_back(uniform_[is_scaled(n) ? scaled_[n] : n]);
    place_scatters();
    find_copied_parameters();
    return std::move(program_);
  }

 private:
  void mark_live() {
    for (const NodeId n : traced_.outputs) live_[n] = true;
    for (const Guard& g : traced_.guards) live_[g.condition] = true;
    for (NodeId n = size_; n-- > 0;) {
      if (!live_[n]) continue;
      for (const NodeId x : graph_.operands(n)) live_[x] = true;
      for (NodeId k = num_results(graph_, n); k-- > 1;) live_[n + k] = true;  // written in any case
    }
  }

  // Lookups read parameters where the caller has them, if they stand one after the other.
  bool looks_up_in_place(NodeId n) const {
    if (graph_.op(n) != Op::gather) return false;
    const auto values = graph_.operands(n).subspan(2);
    for (std::size_t k = 0; k < values.size(); ++k)
      if (graph_.op(values[k]) != Op::parameter || uniform_[values[k]] != uniform_[values[0]] + k) return false;
    return true;
  }

  // Sums that are outputs alone, one after the other, may be taken where the outputs stand. So may sums of which the outputs are
  // one uniform factor times each: that is multiplied on the way out.
  void find_scattered_outputs() {
    if (graph_.num_row_sets() == 0) return;
    std::vector<std::uint32_t> uses(size_, 0);
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && graph_.op(n) != Op::result)
        for (const NodeId x : graph_.operands(n)) ++uses[x];
    for (const NodeId n : traced_.outputs) ++uses[n];
    std::vector<NodeId> outputs;
    std::ranges::copy_if(traced_.outputs, std::back_inserter(outputs), [&](NodeId n) { return !graph_.varying(n); });
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto [first, factor] = scattered(outputs[i]);
      if (first == no_node) continue;
      const auto count = static_cast<std::size_t>(graph_.payload(first));
      bool alone = count <= outputs.size() - i;
      for (std::size_t k = 0; k < count && alone; ++k) {
        const NodeId n = outputs[i + k], sum = first + static_cast<NodeId>(k);
        alone = uses[n] == 1 && uses[sum] == 1 && (factor == no_node ? n == sum : is_product(n, sum, factor));
      }
      if (!alone) continue;
      program_.scattered_outputs.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(count), graph_.operands(first).size() - 3, uniform_[first], no_node});
      if (factor != no_node) {
        scaled_.resize(size_, no_node);
        for (NodeId k = 0; k < static_cast<NodeId>(count); ++k) scaled_[outputs[i + k]] = first + k;
        factors_.emplace_back(program_.scattered_outputs.size() - 1, factor);
      }
      i += count - 1;
    }
  }

  // The scatter whose first sum an output is, or a factor times that.
  std::pair<NodeId, NodeId> scattered(NodeId n) const {
    if (graph_.op(n) == Op::scatter_rows) return {n, no_node};
    if (graph_.op(n) != Op::mul) return {no_node, no_node};
    const auto x = graph_.operands(n);
    for (const bool other : {false, true})
      if (graph_.op(x[other ? 1 : 0]) == Op::scatter_rows) return {x[other ? 1 : 0], x[other ? 0 : 1]};
    return {no_node, no_node};
  }

  bool is_product(NodeId n, NodeId x, NodeId y) const {
    if (graph_.op(n) != Op::mul) return false;
    const auto operands = graph_.operands(n);
    return (operands[0] == x && operands[1] == y) || (operands[0] == y && operands[1] == x);
  }

  bool is_scaled(NodeId n) const { return !scaled_.empty() && scaled_[n] != no_node; }

  void place_scatters() {
    for (const auto& [run, factor] : factors_) program_.scattered_outputs[run].factor = uniform_[factor];
    for (const Program::ScatteredOutputs& run : program_.scattered_outputs)
      for (Stage& stage : program_.stages)
        for (auto* bodies : {&stage.bodies, &stage.storing_bodies})
          for (Body& body : *bodies)
            for (ScatterCall& s : body.calls.scatters)
              if (s.first == run.first_sum) s.output = run.first;
  }

  void find_copied_parameters() {
    std::vector<bool> copied(static_cast<std::size_t>(program_.num_parameters), false);
    const auto copy = [&](NodeId n) {
      if (graph_.op(n) == Op::parameter) copied[uniform_[n]] = true;
    };
    for (const NodeId n : traced_.outputs) copy(n);
    for (const Guard& g : traced_.guards) copy(g.condition);
    if (graph_.num_row_sets() == 0) {  // nothing looks up: what is live is read
      for (const NodeId n : parameters_)
        if (live_[n]) copy(n);
    } else {
      for (NodeId n = 0; n < size_; ++n)
        if (live_[n] && !looks_up_in_place(n)) std::ranges::for_each(graph_.operands(n), copy);
    }
    for (std::uint32_t p = 0; p < copied.size(); ++p) {
      if (!copied[p]) continue;
      if (p == 0 || !copied[p - 1]) program_.copied_parameters.push_back({p, 0});
      ++program_.copied_parameters.back().count;
    }
  }

  // --- rows ---

  bool ends_rows(NodeId n, std::uint32_t stage) const {  // what is asked of the rows of a stage
    return live_[n] && is_reduction(graph_.op(n)) && stage_[n] == stage + 1;
  }

  void need(NodeId n, std::vector<bool>& needed) const {
    if (graph_.varying(n) && graph_.op(n) != Op::column) needed[n] = true;
  }

  // The nodes that the rows of a stage compute where nothing is stored.
  std::vector<bool> needed_at(std::uint32_t stage) const {
    std::vector<bool> needed(size_, false);
    for (const NodeId n : traced_.outputs)
      if (stage_[n] == stage) need(n, needed);
    for (NodeId n = size_; n-- > 0;)
      if (needed[n] || ends_rows(n, stage))
        for (const NodeId x : graph_.operands(n)) need(x, needed);
    return needed;
  }

  NodeId owner_of(NodeId n) const { return graph_.op(n) == Op::result ? graph_.operands(n)[0] : n; }

  bool is_looked_up_by_column(NodeId n) const {
    const NodeId owner = owner_of(n);
    return graph_.op(owner) == Op::gather && graph_.op(graph_.operands(owner)[1]) == Op::column;
  }

  // What one instruction makes of values that are there in any case: computing it again costs less than storing it, and
  // reading that.
  bool is_cheap(NodeId n) const {
    switch (graph_.op(n)) {
      case Op::add:
      case Op::sub:
      case Op::mul:
      case Op::neg:
      case Op::equal:
      case Op::less:
      case Op::less_equal:
        return std::ranges::all_of(graph_.operands(n), [&](NodeId x) {
          return !graph_.varying(x) || graph_.op(x) == Op::column || is_looked_up_by_column(x);
        });
      default:
        return false;
    }
  }

  // The nodes that the rows of each stage compute where each is computed once; others read it stored.
  std::vector<std::vector<bool>> needed_once() {
    std::vector<std::vector<bool>> by_stage(num_stages_, std::vector<bool>(size_, false));
    const auto need_stored = [&](NodeId x, std::uint32_t stage) {
      if (!graph_.varying(x) || graph_.op(x) == Op::column) return;
      // What is stacked is never stored: its scan runs again. Nor is what a column looks up: that would be a copy.
      if (graph_.is_stacked(x) || is_looked_up_by_column(x) || is_cheap(x)) {
        by_stage[stage][owner_of(x)] = true;
        return;
      }
      by_stage[stage_[x]][x] = true;
      if (stage_[x] < stage && storage_[x] == no_node)
        storage_[x] = program_.num_stored[graph_.row_set(x).index]++;
    };
    for (const NodeId n : traced_.outputs) need(n, by_stage[stage_[n]]);
    for (std::uint32_t stage = num_stages_; stage-- > 0;)
      for (NodeId n = size_; n-- > 0;)
        if (by_stage[stage][n] || ends_rows(n, stage))
          for (const NodeId x : graph_.operands(n)) need_stored(x, stage);
    return by_stage;
  }

  void add_bodies() {
    if (graph_.num_row_sets() == 0) return;
    const BodySource source{traced_, live_, uniform_, stage_, lookup_dots_};
    const std::vector<std::uint32_t> none(size_, no_node);
    program_.num_stored.assign(static_cast<std::size_t>(graph_.num_row_sets()), 0);
    storage_ = none;
    const auto once = num_stages_ > 2 ? needed_once() : std::vector<std::vector<bool>>();
    const bool stores =
        std::ranges::any_of(program_.num_stored, [](std::uint32_t count) { return count > 0; });
    for (std::uint32_t s = 0; s < num_stages_; ++s) {
      const std::vector<bool> needed = needed_at(s);
      for (Index i = 0; i < graph_.num_row_sets(); ++i) {
        const RowSet rows{static_cast<std::uint16_t>(i)};
        Stage& stage = program_.stages[s];
        Body body = lower_body(source, {rows, s, needed, none});
        if (stores) {
          Body storing = lower_body(source, {rows, s, once[s], storage_});
          storing.leaf_rows = body.leaf_rows;  // so that sums have the same bits
          if (!storing.steps.empty()) stage.storing_bodies.push_back(std::move(storing));
        }
        if (!body.steps.empty()) stage.bodies.push_back(std::move(body));
      }
    }
  }

  // --- uniform values ---

  // Parameters, arguments, constants, numbers of rows, then sums over rows, with their further results.
  void number_uniforms() {
    std::vector<NodeId> arguments, constants, num_rows, sums;
    std::uint32_t next = 0;
    for (NodeId n = 0; n < size_; ++n) {
      const Op op = graph_.op(n);
      if (op < Op::constant) continue;  // computed, by a formula
      if (op == Op::parameter) {
        uniform_[n] = next++;
        parameters_.push_back(n);
      }
      if (op == Op::argument) arguments.push_back(n);
      if (!live_[n] || graph_.varying(n)) continue;
      if (op == Op::constant) constants.push_back(n);
      if (op == Op::num_rows) num_rows.push_back(n);
      if (is_reduction(op == Op::result ? graph_.op(graph_.operands(n)[0]) : op)) sums.push_back(n);
    }
    program_.num_parameters = graph_.num_parameters();
    program_.num_arguments = graph_.num_arguments();
    for (const NodeId n : constants) program_.constants.push_back(graph_.value(n));
    for (const NodeId n : num_rows) program_.num_rows_of.push_back(static_cast<std::uint32_t>(graph_.payload(n)));
    for (const auto* list : {&arguments, &constants, &num_rows, &sums})
      for (const NodeId n : *list) {
        // Rows of sums that are scattered begin with a line of the cache, as do all where a row is whole lines.
        constexpr std::uint32_t line = 8;
        if (graph_.op(n) == Op::scatter_rows) next = (next + line - 1) / line * line;
        uniform_[n] = next++;
      }
    program_.num_uniforms = next;
  }

  // What uniform nodes alone read, in the stage that computes it, need not stand to the end.
  UniformWork uniform_work() const {
    UniformWork work{graph_, large_array<std::uint32_t>(size_, 0), large_array<std::uint32_t>(size_, 0)};
    std::uint32_t last = 0;
    const auto keep = [&](NodeId n) {
      if (work.kept[n] == 0) work.kept[n] = ++last;
    };
    for (const NodeId n : traced_.outputs)
      if (!is_scaled(n)) keep(n);
    for (const auto& [run, factor] : factors_) keep(factor);
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n] || is_scaled(n)) continue;
      const Op op = graph_.op(n);
      const bool reads_late = graph_.varying(n) || (op >= Op::constant && (op == Op::stack || op == Op::result || is_call(op) || is_reduction(op)));
      for (const NodeId x : graph_.operands(n)) {
        ++work.uses[x];
        if (reads_late || stage_[x] != stage_[n]) keep(x);
      }
    }
    return work;
  }

  void add_uniforms() {
    const UniformWork work = uniform_work();
    UniformCoder coder(work, uniform_, program_.num_uniforms, program_.operands, program_.calls);
    std::vector<std::vector<NodeId>> by_stage(num_stages_);
    if (num_stages_ == 1) reserve_large(by_stage[0], size_);
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && !graph_.varying(n) && uniform_[n] == no_node && !is_scaled(n)) by_stage[stage_[n]].push_back(n);
    for (std::uint32_t s = 0; s < num_stages_; ++s)
      coder.add(by_stage[s], program_.stages[s].uniforms, [&](NodeId n) { return calls_.add(n); });
    program_.num_uniforms = coder.num_places();
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  std::vector<bool> live_;
  std::vector<bool> lookup_dots_;
  std::vector<std::uint32_t> stage_;
  std::uint32_t num_stages_ = 1;
  std::vector<NodeId> parameters_;
  std::vector<std::uint32_t> uniform_;  // by node: its number among the uniform values
  std::vector<std::uint32_t> storage_;  // by node: the number of its stored column
  std::vector<NodeId> scaled_;          // by node: of outputs that are a factor times a sum of a scatter, that sum
  std::vector<std::pair<std::size_t, NodeId>> factors_;  // of scattered outputs, by their number
  Program program_;
  CallBuilder calls_;
};

}  // namespace

Program lower(const Traced& traced, std::span<const NodeId> lookup_dots) { return Lowering(traced, lookup_dots).run(); }

}  // namespace rappel::detail
