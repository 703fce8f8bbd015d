#include "uniform_schedule.hpp"

#include "large_array.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace rappel::detail {
namespace {

// Nodes are ordered by levels within windows of so many, so that what a long trace computes is read while it is in the
// cache (measured, an LSTM of 1,000 steps: 4,096 are slower by a sixth, 16,384 and 65,000 by a twentieth).
constexpr std::size_t window_nodes = 32768;

constexpr std::uint16_t most_terms = 128;  // of a chain: so that other work goes on beside its latency

// They stand first in the table.
constexpr int num_elementwise = 0
#define RAPPEL_UNARY(...) +1
#define RAPPEL_UNARY_AUX(...) +1
#define RAPPEL_BINARY(...) +1
#define RAPPEL_TERNARY(...) +1
#include <rappel/autodiff/ops.def>
    ;

constexpr std::size_t num_ops = static_cast<std::size_t>(num_elementwise)
#define RAPPEL_DERIVATIVES(...) +1
#define RAPPEL_STRUCTURE(...) +1
#include <rappel/autodiff/ops.def>
    ;

constexpr std::uint32_t fewest_members = 4;  // of any kind

// So many of a kind are worth the call of a kernel: one value by itself costs 2 ns and, of the elementary functions, 5
// to 20; a kernel costs 5 ns, and then less than 1 a value. 0: never.
std::uint32_t least_members(Op op) {
  switch (op) {
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::neg:
    case Op::square:
    case Op::fma:
    case Op::select:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
      return 8;
    case Op::sum:
    case Op::dot:
      return 4;
    default:
      return is_elementwise(op) ? 4 : 0;
  }
}

std::uint32_t mix(std::uint32_t h) {
  h = (h ^ h >> 16) * 0x7feb352du;
  h = (h ^ h >> 15) * 0x846ca68bu;
  return h ^ h >> 16;
}

// Members of a group sort by their roles, which are hashes of such numbers, and not every order lets groups be fused
// (uniform_fusion): these stay as they were when the orders were measured (Rosenbrock's function in 1,000 variables: 1.5 of the
// loop by hand against 2.2), whatever is added to the table.
std::uint32_t number_in_roles(Op op) {
  const auto number = static_cast<std::uint32_t>(op);
  std::uint32_t before = 0;
  for (const Op added : {Op::positive_part, Op::huber_slope, Op::shares}) {
    if (op == added) return number + (1u << 16);
    before += op > added ? 1 : 0;
  }
  return number - before;
}

}  // namespace

bool is_elementwise(Op op) { return static_cast<int>(op) < num_elementwise; }

UniformScheduler::UniformScheduler(const UniformWork& work)
    : work_(work),
      level_(large_array<std::uint32_t>(work.kept.size(), 0)),
      window_(large_array<std::uint32_t>(work.kept.size(), 0)),
      roles_(large_array<std::uint32_t>(work.kept.size(), 0)),
      reader_roles_(large_array<std::uint32_t>(work.kept.size(), 0)),
      step_of_(large_array<std::uint32_t>(work.kept.size(), 0)),
      terms_(work.kept.size(), 0),
      inside_(work.kept.size(), false),
      second_(work.kept.size(), false) {}

void UniformScheduler::find_roles(const std::vector<NodeId>& nodes) {
  const Graph& graph = work_.graph;
  struct Kind {
    std::uint32_t first, mixed, mixed_places[8];  // of the places of operands; the operation by itself; places by themselves
    bool alike;
  };
  std::array<Kind, num_ops> kinds;
  for (std::uint32_t i = 0; i < num_ops; ++i) {
    const auto op = static_cast<Op>(i);
    kinds[i] = {8 * number_in_roles(op), mix(number_in_roles(op)), {}, commutes(op) || op == Op::sum || op == Op::dot};
    for (std::uint32_t k = 0; k < 8; ++k) kinds[i].mixed_places[k] = mix(kinds[i].first + k + 1);
  }
  const auto for_each_operand = [&](NodeId n, auto f) {  // with its place among those that play the same part
    const auto operands = graph.operands(n);
    const Kind& kind = kinds[static_cast<std::size_t>(graph.op(n))];
    const std::uint32_t step = kind.alike || operands.size() > 8 ? 0 : 1;
    for (std::uint32_t k = 0; const NodeId x : operands) f(x, kind, std::exchange(k, k + step));
  };
  for (const NodeId n : nodes)
    for_each_operand(n, [&](NodeId x, const Kind& kind, std::uint32_t k) { reader_roles_[x] += kind.mixed_places[k]; });
  for (const NodeId n : nodes)
    for_each_operand(n, [&, own = reader_roles_[n]](NodeId x, const Kind& kind, std::uint32_t k) { roles_[x] += mix(own + kind.first + k); });
  for (const NodeId n : nodes) {
    std::uint32_t own = mix(roles_[n]);
    for (const NodeId x : graph.operands(n)) own += kinds[static_cast<std::size_t>(graph.op(x))].mixed;
    roles_[n] = own;
  }
}

void UniformScheduler::find_chain(NodeId n, std::uint32_t window) {
  const Graph& graph = work_.graph;
  if (graph.op(n) != Op::add) return;
  terms_[n] = 2;
  const auto x = graph.operands(n);
  const auto goes_on = [&](NodeId k) {
    return graph.op(k) == Op::add && window_[k] == window && work_.uses[k] == 1 && !work_.kept[k] && terms_[k] < most_terms;
  };
  for (const std::size_t i : {0, 1})
    if (goes_on(x[i])) {
      inside_[x[i]] = true;
      second_[n] = i == 1;
      terms_[n] = static_cast<std::uint16_t>(terms_[x[i]] + 1);
      return;
    }
}

void UniformScheduler::find_level(NodeId n, std::uint32_t least) {
  std::uint32_t own = least;
  for (const NodeId x : work_.graph.operands(n)) own = std::max(own, level_[x] + (inside_[x] ? 0 : 1));
  level_[n] = own;
  last_level_ = std::max(last_level_, own);
}

UniformSchedule UniformScheduler::schedule(const std::vector<NodeId>& nodes) {
  UniformSchedule result;
  reserve_large(result.nodes, nodes.size());
  reserve_large(result.steps, nodes.size());
  bool has_roles = false;
  for (std::size_t begin = 0; begin < nodes.size(); begin += window_nodes) {
    const std::span window(nodes.data() + begin, std::min(nodes.size() - begin, window_nodes));
    if (find_levels(window) < fewest_members) {
      add_in_order(window, result);
      continue;
    }
    if (!has_roles) find_roles(nodes);
    has_roles = true;
    const std::size_t first_step = result.steps.size();
    add_groups(window, result);
    order_late(result, first_step);
  }
  return result;
}

// The largest number of nodes on one level.
std::uint32_t UniformScheduler::find_levels(std::span<const NodeId> window) {
  ++last_window_;
  first_level_ = last_level_ + 1;
  widths_.assign(1, 0);
  for (const NodeId n : window) {
    window_[n] = last_window_;
    find_chain(n, last_window_);
    find_level(n, first_level_);
    const std::uint32_t level = level_[n] - first_level_;
    if (level >= widths_.size()) widths_.resize(level + 1, 0);
    ++widths_[level];
  }
  return *std::ranges::max_element(widths_);
}

void UniformScheduler::add_in_order(std::span<const NodeId> window, UniformSchedule& to) const {
  for (const NodeId n : window) {
    if (inside_[n] || work_.graph.op(n) == Op::result) continue;
    to.steps.push_back({static_cast<std::uint32_t>(to.nodes.size()), 1});
    to.nodes.push_back(n);
  }
}

// Level by level: few nodes to sort at a time.
void UniformScheduler::add_groups(std::span<const NodeId> window, UniformSchedule& to) {
  next_.resize(widths_.size());
  std::exclusive_scan(widths_.begin(), widths_.end(), next_.begin(), 0u);
  entries_.resize(window.size());
  for (const NodeId n : window)
    if (!inside_[n] && work_.graph.op(n) != Op::result)
      entries_[next_[level_[n] - first_level_]++] = {static_cast<std::uint64_t>(op(n)) << 32 | num_operands(n), roles_[n], n};
  std::uint32_t begin = 0;
  for (std::size_t level = 0; level < widths_.size(); begin += widths_[level++]) {
    const std::span entries(entries_.data() + begin, next_[level] - begin);
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
      return a.kind != b.kind ? a.kind < b.kind : a.role != b.role ? a.role < b.role : a.node < b.node;
    });
    add_level(entries, to);
  }
}

void UniformScheduler::add_level(std::span<const Entry> entries, UniformSchedule& to) const {
  for (auto first = entries.begin(); first != entries.end();) {
    const auto last = std::find_if(first, entries.end(), [&](const Entry& e) { return e.kind != first->kind; });
    const auto count = static_cast<std::uint32_t>(last - first), least = least_members(op(first->node));
    const bool group = least > 0 && count >= least;
    for (; first != last; ++first) {
      if (!group) to.steps.push_back({static_cast<std::uint32_t>(to.nodes.size()), 1});
      to.nodes.push_back(first->node);
    }
    if (group) to.steps.push_back({static_cast<std::uint32_t>(to.nodes.size()) - count, count});
  }
}

// The steps of a window as late as what reads them allows: values are read while they are in the cache, and long sums,
// which wait for themselves, have other work beside them.
void UniformScheduler::order_late(UniformSchedule& schedule, std::size_t first_step) {
  const std::span steps(schedule.steps.data() + first_step, schedule.steps.size() - first_step);
  for (std::uint32_t i = 0; i < steps.size(); ++i)
    for (std::uint32_t k = 0; k < steps[i].count; ++k) step_of_[schedule.nodes[steps[i].first + k]] = i + 1;
  latest_.assign(steps.size(), static_cast<std::uint32_t>(steps.size()));
  for (std::size_t i = steps.size(); i-- > 0;)
    for (std::uint32_t k = 0; k < steps[i].count; ++k) {
      for_each_operand(schedule.nodes[steps[i].first + k], [&](NodeId x) {
        if (work_.graph.op(x) == Op::result) x = work_.graph.operands(x)[0];
        if (window_[x] == last_window_ && step_of_[x] != 0)
          latest_[step_of_[x] - 1] = std::min(latest_[step_of_[x] - 1], latest_[i] - 1);
      });
    }
  // By counting; those of the same time keep their order.
  next_.assign(steps.size() + 2, 0);
  for (const std::uint32_t time : latest_) ++next_[time + 1];
  std::partial_sum(next_.begin(), next_.end(), next_.begin());
  before_.assign(steps.begin(), steps.end());
  for (std::size_t i = 0; i < steps.size(); ++i) steps[next_[latest_[i]]++] = before_[i];
}

// In any order.
template <class F>
void UniformScheduler::for_each_operand(NodeId n, F f) const {
  const Graph& graph = work_.graph;
  for (; terms_[n] > 2; n = graph.operands(n)[second_[n] ? 1 : 0]) f(graph.operands(n)[second_[n] ? 0 : 1]);
  for (const NodeId x : graph.operands(n)) f(x);
}

std::uint32_t UniformScheduler::num_operands(NodeId n) const {
  return terms_[n] > 2 ? terms_[n] : static_cast<std::uint32_t>(work_.graph.operands(n).size());
}

void UniformScheduler::operands(NodeId n, std::vector<NodeId>& result) const {
  const Graph& graph = work_.graph;
  result.clear();
  if (const FewOperands few = few_operands(n); few.count > 0) {
    for (std::uint32_t k = 0; k < few.count; ++k) result.push_back(few.node[k]);
    return;
  }
  for (; terms_[n] > 2; n = graph.operands(n)[second_[n] ? 1 : 0]) result.push_back(graph.operands(n)[second_[n] ? 0 : 1]);
  const auto x = graph.operands(n);
  const bool pairs = commutes(graph.op(n)) || graph.op(n) == Op::dot;
  const std::size_t others = result.size();
  result.insert(result.end(), x.begin(), x.end());
  for (std::size_t k = 0; pairs && k + 1 < x.size(); k += 2)
    if (swap(result[others + k], result[others + k + 1])) std::swap(result[others + k], result[others + k + 1]);
  if (others > 0) {  // the innermost first
    std::swap(result[others], result[others + 1]);
    std::reverse(result.begin(), result.end());
  }
}

}  // namespace rappel::detail
