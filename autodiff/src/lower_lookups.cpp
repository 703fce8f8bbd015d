#include "step_drafts.hpp"
#include "lookup_dots.hpp"

#include <algorithm>
#include <unordered_map>
#include <optional>

namespace rappel::detail {
namespace {

constexpr std::size_t least_width = 8;  // narrower rows are transposed on the way into registers

class LookupDrafts {
 public:
  LookupDrafts(const BodySource& source, const std::vector<bool>& kept, std::vector<Draft>& drafts)
      : source_(source), graph_(source.traced.graph), kept_(kept), drafts_(drafts), computed_(kept.size(), no_node) {
    for (std::size_t i = 0; i < drafts.size(); ++i)
      for (const NodeId x : drafts[i].results) computed_[x] = static_cast<std::uint32_t>(i);
  }

  void run() {
    bool any = false;
    for (Draft& d : drafts_) any = dot(d) || scatter(d) || any;
    if (any) drop_unread();
  }

 private:
  bool dot(Draft& d) {
    if (d.kind != StepKind::plain || graph_.op(d.node) != Op::dot || !source_.lookup_dots[d.node]) return false;
    const auto rows = rows_of_dot(graph_, d.operands);
    if (!rows || !finds_index(rows->first) || !finds_index(rows->second)) return false;
    d.kind = StepKind::dot_of_rows;
    d.lookups = {rows->first, rows->second};
    d.operands = {graph_.operands(rows->first)[1], graph_.operands(rows->second)[1]};
    return true;
  }

  // Each operand the same factor times what stands in its place in one looked-up row.
  bool scatter(Draft& d) {
    if (graph_.op(d.node) != Op::scatter_rows || d.operands.size() < 1 + least_width) return false;
    const auto width = static_cast<NodeId>(d.operands.size() - 1);
    const NodeId first = d.operands[1];
    if (graph_.op(first) != Op::mul) return false;
    for (const bool other : {false, true}) {
      const NodeId row = graph_.operands(first)[other ? 1 : 0], factor = graph_.operands(first)[other ? 0 : 1];
      const bool is_row = graph_.op(row) == Op::gather && static_cast<NodeId>(graph_.payload(row)) == width &&
                          looks_up_parameters(graph_, row) && finds_index(row);
      if (!is_row) continue;
      bool all = true;
      for (NodeId j = 0; j < width && all; ++j) all = is_product(d.operands[1 + j], row + j, factor);
      if (!all) continue;
      d.kind = StepKind::scatter_of_rows;
      d.lookups = {row};
      d.operands = {d.operands[0], graph_.operands(row)[1], factor};
      return true;
    }
    return false;
  }

  bool is_product(NodeId n, NodeId x, NodeId y) const {
    if (graph_.op(n) != Op::mul) return false;
    const auto operands = graph_.operands(n);
    return (operands[0] == x && operands[1] == y) || (operands[0] == y && operands[1] == x);
  }

  // This body has the index: it is a column, or looks up itself.
  bool finds_index(NodeId gather) const {
    return graph_.op(graph_.operands(gather)[1]) == Op::column || computed_[gather] != no_node;
  }

  // From the last one on: what reads them may go before they do.
  void drop_unread() {
    std::vector<std::uint32_t> uses(kept_.size(), 0);
    for (const Draft& d : drafts_)
      for (const NodeId x : d.operands) ++uses[x];
    for (std::size_t i = drafts_.size(); i-- > 0;) {
      Draft& d = drafts_[i];
      const bool may_go = d.kind == StepKind::plain && (graph_.op(d.node) == Op::mul || graph_.op(d.node) == Op::gather);
      if (!may_go || std::ranges::any_of(d.results, [&](NodeId x) { return uses[x] > 0 || kept_[x]; })) continue;
      for (const NodeId x : d.operands) --uses[x];
      d = {};
    }
    std::erase_if(drafts_, [](const Draft& d) { return d.results.empty() && d.sums.empty() && d.operands.empty(); });
  }

  const BodySource& source_;
  const Graph& graph_;
  const std::vector<bool>& kept_;
  std::vector<Draft>& drafts_;
  std::vector<std::uint32_t> computed_;  // by node: the step
};

}  // namespace

void read_rows_in_place(const BodySource& source, const std::vector<bool>& kept, std::vector<Draft>& drafts) {
  LookupDrafts(source, kept, drafts).run();
}

bool is_never_minus_zero(Op op) {
  return op == Op::exp || op == Op::exp_neg_abs || op == Op::sigmoid || op == Op::square || op == Op::abs;
}

std::map<NodeId, NodeId> scattered_in_place(const std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block) {
  std::map<NodeId, NodeId> scatters;
  std::unordered_map<NodeId, std::size_t> made, last_read;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& d = drafts[i];
    for (const NodeId x : d.operands) last_read[x] = i;
    const bool by_element = d.kind == StepKind::plain && d.results.size() == 1 && !is_body_call(graph.op(d.node));
    for (const NodeId x : d.results) made[x] = by_element && made.count(x) == 0 ? i : drafts.size();  // by one alone
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& d = drafts[i];
    if (d.kind != StepKind::plain || graph.op(d.node) != Op::scatter_rows || d.operands.size() != 2) continue;
    const NodeId x = d.operands[1];
    const auto by = made.find(x);
    if (by != made.end() && by->second < i && last_read[x] == i && x != d.operands[0] && is_block(x)) scatters.emplace(x, d.node);
  }
  return scatters;
}

}  // namespace rappel::detail
