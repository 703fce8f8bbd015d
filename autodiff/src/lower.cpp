#include "program.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace rappel::detail {
namespace {

bool is_reduction(Op op) { return op >= Op::sum_rows; }

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
  void give_back(std::uint32_t block) { free_.push_back(block); }
  std::uint32_t count() const { return count_; }

 private:
  std::vector<std::uint32_t> free_;
  std::uint32_t count_ = 0;
};

class Lowering {
 public:
  explicit Lowering(const Traced& traced)
      : traced_(traced),
        graph_(traced.graph),
        size_(static_cast<NodeId>(graph_.size())),
        live_(size_, false),
        after_rows_(size_, false),
        uniform_(size_, no_node) {}

  Program run() {
    mark_live();
    check_stages();
    number_uniforms();
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && !graph_.varying(n)) add_uniform(n);
    for (Index i = 0; i < graph_.num_row_sets(); ++i) add_body({static_cast<std::uint16_t>(i)});
    for (const NodeId n : traced_.outputs)
      if (!graph_.varying(n)) program_.outputs.push_back(uniform_[n]);
    return std::move(program_);
  }

 private:
  void mark_live() {
    for (const NodeId n : traced_.outputs) live_[n] = true;
    for (const Guard& g : traced_.guards) live_[g.condition] = true;
    for (NodeId n = size_; n-- > 0;)
      if (live_[n])
        for (const NodeId x : graph_.operands(n)) live_[x] = true;
    for (NodeId n = 0; n < size_; ++n)
      if (graph_.op(n) == Op::result && live_[graph_.operands(n)[0]]) live_[n] = true;  // written in any case
  }

  void check_stages() {
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n]) continue;
      if (is_reduction(graph_.op(n))) after_rows_[n] = true;
      for (const NodeId x : graph_.operands(n)) after_rows_[n] = after_rows_[n] || after_rows_[x];
      if (graph_.varying(n) && after_rows_[n])
        throw std::invalid_argument(
            std::string("a row needs the result of a sum over rows (at ") + name_of(graph_.op(n)) +
            "): costs with a second pass over the rows are not supported; compute that sum outside "
            "of the cost, or write the cost so that a sum is used after the rows alone");
    }
  }

  // --- uniform values ---

  void number_uniforms() {
    std::uint32_t next = 0;
    program_.num_parameters = graph_.num_parameters();
    const auto number = [&](auto&& wanted) {
      for (NodeId n = 0; n < size_; ++n)
        if (!graph_.varying(n) && wanted(n)) uniform_[n] = next++;
    };
    number([&](NodeId n) { return graph_.op(n) == Op::parameter; });
    number([&](NodeId n) {
      if (!live_[n] || !graph_.is_constant(n)) return false;
      program_.constants.push_back(graph_.value(n));
      return true;
    });
    number([&](NodeId n) {
      if (!live_[n] || graph_.op(n) != Op::num_rows) return false;
      program_.num_rows_of.push_back(static_cast<std::uint32_t>(graph_.payload(n)));
      return true;
    });
    number([&](NodeId n) { return live_[n] && uniform_[n] == no_node; });
    program_.num_uniforms = next;
  }

  void add_uniform(NodeId n) {
    const Op op = graph_.op(n);
    if (op == Op::parameter || op == Op::constant || op == Op::num_rows || op == Op::result ||
        is_reduction(op))
      return;
    auto& part = after_rows_[n] ? program_.epilogue : program_.prologue;
    const auto x = graph_.operands(n);
    part.push_back({op, static_cast<std::uint32_t>(program_.operands.size()),
                    static_cast<std::uint32_t>(x.size()), uniform_[n]});
    for (const NodeId k : x) program_.operands.push_back(uniform_[k]);
    for (NodeId k = n; k < n + num_results(n); ++k) program_.operands.push_back(uniform_[k]);
  }

  NodeId num_results(NodeId n) const {
    const Op op = graph_.op(n);
    return op == Op::shifted_exps || op == Op::softmax ? static_cast<NodeId>(graph_.payload(n)) : 1;
  }

  // --- bodies ---

  // A step before its operands have pointer numbers: operands and results as nodes.
  struct Draft {
    NodeId node;
    StepKind kind;
    std::vector<NodeId> operands;
    NodeId num_results;  // varying ones, from node on; 0 for reductions
  };

  void add_body(RowSet rows) {
    std::vector<Draft> drafts = draft_body(rows);
    if (drafts.empty() && !has_row_output(rows)) return;
    Body body;
    body.rows = rows;
    add_row_output(rows, drafts);
    collect_sources(drafts, body);
    place(drafts, body);
    choose_leaf(body);
    program_.bodies.push_back(std::move(body));
  }

  bool in(RowSet rows, NodeId n) const { return graph_.varying(n) && graph_.row_set(n) == rows; }

  bool has_row_output(RowSet rows) const {
    return std::ranges::any_of(traced_.outputs, [&](NodeId n) { return in(rows, n); });
  }

  std::vector<Draft> draft_body(RowSet rows) {
    std::vector<Draft> drafts;
    std::vector<bool> done(size_, false);
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n] || done[n]) continue;
      const Op op = graph_.op(n);
      if (is_reduction(op) && graph_.payload(n) == rows.index) {
        drafts.push_back(draft_reduction(n, done));
      } else if (in(rows, n) && op != Op::column && op != Op::result) {
        drafts.push_back(draft_plain(n));
      }
    }
    return drafts;
  }

  Draft draft_plain(NodeId n) const {
    Draft draft{n, StepKind::plain, {graph_.operands(n).begin(), graph_.operands(n).end()}, num_results(n)};
    if (graph_.op(n) == Op::dot) {
      bool all = true;
      for (std::size_t i = 0; i < draft.operands.size(); i += 2) {
        if (graph_.varying(draft.operands[i])) std::swap(draft.operands[i], draft.operands[i + 1]);
        all = all && !graph_.varying(draft.operands[i]);
      }
      if (all) draft.kind = StepKind::dot_uniform;
    }
    return draft;
  }

  // (value, column) of a sum over rows of one product, with the value computed and the column read.
  bool value_times_column(NodeId n, NodeId& value, NodeId& column) const {
    if (graph_.op(n) != Op::sum_products || graph_.operands(n).size() != 2) return false;
    value = graph_.operands(n)[0];
    column = graph_.operands(n)[1];
    if (graph_.op(value) == Op::column) std::swap(value, column);
    return graph_.varying(value) && graph_.op(column) == Op::column;
  }

  // Sums over rows of one value times several columns are taken in one pass over the value.
  Draft draft_reduction(NodeId n, std::vector<bool>& done) {
    Draft draft{n, StepKind::plain, {graph_.operands(n).begin(), graph_.operands(n).end()}, 0};
    sums_of_.push_back({n});
    NodeId value, column;
    if (!value_times_column(n, value, column)) return draft;
    draft.kind = StepKind::shared_products;
    draft.operands = {value, column};
    if (products_by_value_.empty()) index_products();
    for (const NodeId m : products_by_value_[value]) {
      NodeId other, other_column;
      if (m <= n || done[m] || !value_times_column(m, other, other_column)) continue;
      done[m] = true;
      sums_of_.back().push_back(m);
      draft.operands.push_back(other_column);
    }
    return draft;
  }

  void index_products() {
    products_by_value_.resize(size_);
    for (NodeId m = 0; m < size_; ++m) {
      NodeId value, column;
      if (live_[m] && value_times_column(m, value, column)) products_by_value_[value].push_back(m);
    }
  }

  // The output by row is written by a step: a copy where it is a column.
  void add_row_output(RowSet rows, std::vector<Draft>& drafts) {
    row_output_ = no_node;
    for (const NodeId n : traced_.outputs)
      if (in(rows, n)) row_output_ = n;
    if (row_output_ == no_node || graph_.op(row_output_) != Op::column) return;
    drafts.push_back({row_output_, StepKind::copy, {row_output_}, 1});
  }

  void collect_sources(const std::vector<Draft>& drafts, Body& body) {
    pointer_.assign(size_, no_node);
    for (const Draft& d : drafts)
      for (const NodeId x : d.operands) {
        if (pointer_[x] != no_node || graph_.varying(x)) continue;
        pointer_[x] = static_cast<std::uint32_t>(body.uniforms.size());
        body.uniforms.push_back(uniform_[x]);
      }
    for (const Draft& d : drafts)
      for (const NodeId x : d.operands) {
        if (pointer_[x] != no_node || graph_.op(x) != Op::column) continue;
        pointer_[x] = static_cast<std::uint32_t>(body.uniforms.size() + body.columns.size());
        body.columns.push_back(static_cast<std::uint32_t>(graph_.payload(x)));
      }
  }

  void place(const std::vector<Draft>& drafts, Body& body) {
    std::vector<std::size_t> last_use(size_, 0);
    for (std::size_t i = 0; i < drafts.size(); ++i)
      for (const NodeId x : drafts[i].operands) last_use[x] = i + 1;
    const auto base = static_cast<std::uint32_t>(body.uniforms.size() + body.columns.size());
    constexpr std::uint32_t row_output = ~uniform_bit;  // known when the blocks are counted
    Blocks blocks;
    std::size_t sums = 0;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const Draft& d = drafts[i];
      BodyStep step{graph_.op(d.node),
                    d.kind,
                    0,
                    static_cast<std::uint32_t>(body.operands.size()),
                    static_cast<std::uint32_t>(d.operands.size()),
                    0,
                    d.num_results};
      for (std::size_t k = 0; k < d.operands.size(); ++k) {
        const NodeId x = d.operands[k];
        if (graph_.varying(x) && k < 3) step.varying |= 1u << k;
        body.operands.push_back(pointer_[x] | (graph_.varying(x) ? 0 : uniform_bit));
      }
      const auto free_operands = [&] {
        for (std::size_t k = 0; k < d.operands.size(); ++k) {
          const NodeId x = d.operands[k];
          const bool block = graph_.varying(x) && graph_.op(x) != Op::column && x != row_output_;
          if (block && last_use[x] == i + 1 &&
              std::find(d.operands.begin(), d.operands.begin() + static_cast<std::ptrdiff_t>(k), x) ==
                  d.operands.begin() + static_cast<std::ptrdiff_t>(k))
            blocks.give_back(pointer_[x] - base);
        }
      };
      if (d.num_results == 1) free_operands();  // element by element: a result may take an operand's place
      if (d.num_results == 0) {
        step.result = static_cast<std::uint32_t>(body.targets.size());
        for (const NodeId m : sums_of_[first_sum_ + sums]) {
          body.targets.push_back(uniform_[m]);
          body.reductions.push_back(kind_of(graph_.op(m)));
        }
        ++sums;
      }
      for (NodeId m = d.node; m < d.node + d.num_results; ++m) {
        const bool copied = d.kind == StepKind::copy;
        const std::uint32_t p = m == row_output_ ? row_output : base + blocks.take();
        if (!copied) pointer_[m] = p;
        if (m == d.node) step.result = p;
        body.operands.push_back(p);
      }
      if (d.num_results != 1) free_operands();
      for (NodeId m = d.node; d.num_results > 0 && m < d.node + d.num_results; ++m)
        if (last_use[m] == 0 && m != row_output_) blocks.give_back(pointer_[m] - base);  // never read
      body.steps.push_back(step);
    }
    first_sum_ += sums;
    finish_row_output(body, base, blocks.count(), row_output);
  }

  void finish_row_output(Body& body, std::uint32_t base, std::uint32_t num_blocks,
                         std::uint32_t placeholder) {
    body.num_blocks = num_blocks;
    body.has_row_output = row_output_ != no_node;
    const std::uint32_t pointer = base + num_blocks;
    for (std::uint32_t& x : body.operands)
      if (x == placeholder) x = pointer;
    for (BodyStep& s : body.steps)
      if (s.num_results > 0 && s.result == placeholder) s.result = pointer;
  }

  // The largest leaf whose blocks and columns fit a quarter of a second-level cache of 1 MB: measured against
  // leaves that fit the first level, a call of a kernel on four times the rows is worth more
  // (bench/derivative_speed).
  static void choose_leaf(Body& body) {
    constexpr std::size_t cache = 256 * 1024;
    const std::size_t per_row = 8 * (body.columns.size() + body.num_blocks + 1);
    body.leaf_rows = per_row * 256 <= cache ? 256 : per_row * 128 <= cache ? 128 : 64;
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  std::vector<bool> live_;
  std::vector<bool> after_rows_;
  std::vector<std::uint32_t> uniform_;        // by node: its number among the uniform values
  std::vector<std::uint32_t> pointer_;        // by node: its pointer number in the body at hand
  std::vector<std::vector<NodeId>> sums_of_;  // by reduction step: the nodes that it computes
  std::size_t first_sum_ = 0;
  std::vector<std::vector<NodeId>> products_by_value_;
  NodeId row_output_ = no_node;
  Program program_;
};

}  // namespace

Program lower(const Traced& traced) { return Lowering(traced).run(); }

}  // namespace rappel::detail
