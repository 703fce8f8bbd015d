#include "uniform_groups.hpp"

#include "kernels.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace rappel::detail {
namespace {

// Operations whose kernels take each row by itself stand first in the table.
constexpr int num_elementwise = 0
#define RAPPEL_UNARY(...) +1
#define RAPPEL_UNARY_AUX(...) +1
#define RAPPEL_BINARY(...) +1
#define RAPPEL_TERNARY(...) +1
#include <rappel/autodiff/ops.def>
    ;

constexpr std::uint32_t fewest_members = 16, fewest_cheap_members = 64;

// So many of a kind are worth the call of a kernel and the copying of operands that do not stand in a row: measured,
// a value of the operations below takes a tenth of what others take.
std::uint32_t least_members(Op op) {
  const bool cheap = op == Op::add || op == Op::sub || op == Op::mul || op == Op::neg || op == Op::square ||
                     op == Op::fma || op == Op::less || op == Op::less_equal || op == Op::equal || op == Op::select ||
                     op == Op::sum || op == Op::dot;
  return cheap ? fewest_cheap_members : fewest_members;
}

bool can_be_grouped(Op op, std::size_t num_operands) {
  constexpr std::size_t most_terms = 16;  // more are a loop by themselves
  if (op == Op::sum || op == Op::dot) return num_operands <= most_terms;
  return op == Op::select || static_cast<int>(op) < num_elementwise;
}

}  // namespace

std::vector<NodeGroup> groups_of(const Graph& graph, const std::vector<NodeId>& nodes,
                                 std::vector<std::uint32_t>& level) {
  std::vector<std::uint32_t> width{0};  // by level: nodes that may be grouped
  const auto may_be = [&](NodeId n) { return can_be_grouped(graph.op(n), graph.operands(n).size()); };
  for (const NodeId n : nodes) {
    const auto operands = graph.operands(n);
    if (graph.op(n) == Op::result) {  // at the level of its node
      level[n] = level[operands[0]];
      continue;
    }
    std::uint32_t own = 0;
    for (const NodeId x : operands) own = std::max(own, level[x]);
    level[n] = ++own;
    if (own >= width.size()) width.resize(own + 1, 0);
    if (may_be(n)) ++width[own];
  }
  if (*std::ranges::max_element(width) < fewest_members) return {};
  using Kind = std::tuple<std::uint32_t, Op, std::size_t>;
  std::map<Kind, std::vector<NodeId>> by_kind;
  for (const NodeId n : nodes)
    if (width[level[n]] >= fewest_members && may_be(n))
      by_kind[{level[n], graph.op(n), graph.operands(n).size()}].push_back(n);
  std::vector<NodeGroup> groups;
  for (auto& [kind, members] : by_kind)
    if (members.size() >= least_members(std::get<Op>(kind))) groups.push_back({std::move(members), std::get<0>(kind)});
  return groups;
}

UniformGroup uniform_group(const Graph& graph, const NodeGroup& group,
                           const std::function<std::uint32_t(NodeId)>& number) {
  const NodeId first = group.nodes[0];
  const auto num_operands = static_cast<std::uint32_t>(graph.operands(first).size());
  UniformGroup result{{graph.op(first), StepKind::plain, 0, 0, num_operands, num_operands, 1},
                      static_cast<std::uint32_t>(group.nodes.size()),
                      number(first),
                      {},
                      {}};
  for (std::uint32_t k = 0; k < num_operands; ++k) {
    UniformGroup::Operand operand{number(graph.operands(first)[k]), true, {}};
    bool one_for_all = true;
    for (const NodeId n : group.nodes) {
      const std::uint32_t place = number(graph.operands(n)[k]);
      operand.in_a_row = operand.in_a_row && place == operand.first + operand.places.size();
      one_for_all = one_for_all && place == operand.first;
      operand.places.push_back(place);
    }
    if (one_for_all || operand.in_a_row) operand.places.clear();
    if (!one_for_all && k < 3) result.step.varying |= 1u << k;
    result.numbers.push_back(k | (one_for_all ? uniform_bit : 0));
    result.operands.push_back(std::move(operand));
  }
  result.numbers.push_back(num_operands);  // the result
  return result;
}

}  // namespace rappel::detail
