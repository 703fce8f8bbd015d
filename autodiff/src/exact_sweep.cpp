#include "exact_run.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>

namespace rappel::exact {
namespace {

const Real least_normal(0x1p-1022);

// Below the normal range roundings no longer shrink.
Real in_normal_range(const Real& size) {
  return size < least_normal && !(size == Real(0.0)) ? least_normal : size;
}

// An operation without partials in the table: differences in 50 digits, which leave about 30.
std::vector<Real> differences(Definition definition, Op op, std::vector<Real> x) {
  std::vector<Real> partials;
  for (Real& xi : x) {
    const Real at = xi, h = Real(1e-17) * (at == Real(0.0) ? Real(1.0) : math_abs(at));
    xi = at + h;
    const Real above = definition(op, x)[0];
    xi = at - h;
    partials.push_back((above - definition(op, x)[0]) / (h + h));
    xi = at;
  }
  return partials;
}

// d result / d operand of an operation with one result, by operand; shorter if the last ones get no adjoint.
std::vector<Real> partials_of(Definition definition, Op op, const std::vector<Real>& x, const Real& z) {
  switch (op) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return {formulas::name##_op::partial(x[0], z)};
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return {formulas::name##_op::partial(x[0], z)};
#define RAPPEL_BINARY(name, ...) \
  case Op::name:                 \
    return {formulas::name##_op::partial_x(x[0], x[1], z), formulas::name##_op::partial_y(x[0], x[1], z)};
#define RAPPEL_TERNARY(name, ...)                                \
  case Op::name:                                                 \
    return {formulas::name##_op::partial_x(x[0], x[1], x[2], z), \
            formulas::name##_op::partial_y(x[0], x[1], x[2], z), \
            formulas::name##_op::partial_z(x[0], x[1], x[2], z)};
#define RAPPEL_DERIVATIVES(name, ...) \
  case Op::name:                      \
    return {name(x[0], static_cast<int>(x[1].v) + 1)};
#include <rappel/autodiff/ops.def>
    case Op::select:
      return {0.0, x[0] == Real(0.0) ? 0.0 : 1.0, x[0] == Real(0.0) ? 1.0 : 0.0};
    case Op::power:
      return {power_value(x[0], x[1], static_cast<int>(x[2].v) + 1, static_cast<int>(x[3].v)),
              power_value(x[0], x[1], static_cast<int>(x[2].v), static_cast<int>(x[3].v) + 1)};
    case Op::sum:
      return std::vector<Real>(x.size(), Real(1.0));
    case Op::dot: {
      std::vector<Real> partials;
      for (std::size_t i = 0; i < x.size(); ++i) partials.push_back(x[i ^ 1]);
      return partials;
    }
    default:
      return differences(definition, op, x);
  }
}

}  // namespace

std::vector<Condition> Run::conditions(const std::vector<std::size_t>& outputs) {
  // Adjoints of at most 2^20 numbers at a time.
  const std::size_t width =
      by_row_ ? 1 : std::max<std::size_t>(1, (std::size_t{1} << 20) / std::max<std::size_t>(size_, 1));
  std::vector<Condition> result;
  for (std::size_t first = 0; first < outputs.size(); first += width) {
    const auto some = std::span(outputs).subspan(first, std::min(width, outputs.size() - first));
    start(some);
    sweep(by_row_ ? static_cast<Index>(some[0]) : -1);
    for (std::size_t k = 0; k < some.size(); ++k) {
      result.push_back(largest_part(k));
      find_odd_nodes(node_of_output(some[k]), result.back());
    }
  }
  return result;
}

void Run::start(std::span<const std::size_t> outputs) {
  width_ = outputs.size();
  adjoints_.assign(size_ * width_, Real(0.0));
  parts_.assign(size_ * width_, Part());
  scales_.clear();
  for (std::size_t k = 0; k < width_; ++k) {
    scales_.push_back(Real(1.0) / in_normal_range(math_abs(outputs_[outputs[k]])));
    if (!by_row_) adjoint(node_of_output(outputs[k]), k) = 1.0;
  }
}

// Uniform nodes by stages, the last first. Before those of a stage the rows of later stages hand on what they
// owe them; before those of stage 0, when all is known that rows get, what rounding in rows costs is counted.
void Run::sweep(Index output_row) {
  if (by_row_)
    for (auto* nodes : {&beyond_, &jumps_})
      std::erase_if(*nodes, [](const auto& node_and_row) { return node_and_row.second >= 0; });
  for (auto stage = static_cast<std::uint32_t>(uniforms_.size()); stage-- > 0;) {
    for (std::size_t t = 0; t < tables_.size(); ++t) sweep_rows(t, stage, output_row);
    for (auto n = uniforms_[stage].rbegin(); n != uniforms_[stage].rend(); ++n)
      propagate(*n, -1, true, [](NodeId) { return true; });
  }
}

// Whether a sum over the rows of the table is known only after the stage.
bool Run::ends_after(std::size_t table, std::uint32_t stage) const {
  return std::ranges::any_of(reductions_[table], [&](const Reduction& r) { return stages_[r.node] > stage; });
}

// From sums over the table's rows, known after the stage, to the rows' uniform operands of that stage. The
// output by row is that of output_row.
void Run::sweep_rows(std::size_t table, std::uint32_t stage, Index output_row) {
  const bool sums = ends_after(table, stage);
  const bool is_output = by_row_ && graph_.row_set(traced_.outputs[0]).index == table;
  const bool counts = stage == 0;
  if (!sums && !is_output) return;
  const auto takes = [&](NodeId n) { return graph_.varying(n) || stages_[n] == stage; };
  for (Index row = sums ? 0 : output_row, end = sums ? tables_[table].num_rows() : output_row + 1; row < end;
       ++row) {
    evaluate_row(table, row, static_cast<std::uint32_t>(uniforms_.size()));
    for (const NodeId n : rows_[table])
      for (std::size_t k = 0; k < width_; ++k) adjoint(n, k) = 0.0;
    if (is_output && row == output_row) adjoint(traced_.outputs[0], 0) = 1.0;
    propagate_reductions(table, stage);
    for (auto n = rows_[table].rbegin(); n != rows_[table].rend(); ++n) propagate(*n, row, counts, takes);
  }
}

// To the row at hand, from what is known after the stage.
void Run::propagate_reductions(std::size_t table, std::uint32_t stage) {
  for (const Reduction& r : reductions_[table]) {
    if (stages_[r.node] <= stage) continue;
    if (graph_.op(r.node) == Op::scatter_rows) {
      const auto operands = graph_.operands(r.node).subspan(3);
      const std::optional<NodeId> place = place_of(r.node);
      for (NodeId j = 0; place && j < operands.size(); ++j)
        for (std::size_t k = 0; k < width_; ++k)
          adjoint(operands[j], k) = adjoint(operands[j], k) + adjoint(r.node + *place + j, k);
      continue;
    }
    const NodeId x = graph_.operands(r.node)[0];
    const Op op = graph_.op(r.node);
    if (!matters_[x] || op == Op::any_rows || (op == Op::max_rows && !(values_[x] == values_[r.node])))
      continue;
    for (std::size_t k = 0; k < width_; ++k) {
      const Real& zbar = adjoint(r.node, k);
      adjoint(x, k) = adjoint(x, k) + (op == Op::sum_rows ? zbar : zbar / r.ties);
    }
  }
}

void Run::propagate(NodeId n, Index row, bool counts, const std::function<bool(NodeId)>& takes) {
  if (!matters_[n]) return;
  const auto begin = adjoints_.begin() + static_cast<std::ptrdiff_t>(n * width_);
  const bool several = has_several_results(graph_.op(n));
  if (!several && std::all_of(begin, begin + static_cast<std::ptrdiff_t>(width_),
                              [](const Real& a) { return a == Real(0.0); }))
    return;
  if (counts) count(n, row);
  if (reduces_rows(graph_.op(n))) return;
  for (const Edge& edge : edges_of(n)) {
    if (!matters_[edge.operand] || edge.partial == Real(0.0) || !takes(edge.operand)) continue;
    for (std::size_t k = 0; k < width_; ++k) {
      const Real& zbar = adjoint(edge.result, k);
      if (!(zbar == Real(0.0))) adjoint(edge.operand, k) = adjoint(edge.operand, k) + zbar * edge.partial;
    }
  }
}

// What the rounding of the node adds to the conditions.
void Run::count(NodeId n, Index row) {
  if (!rounds(graph_.op(n))) return;
  const Real size = size_of(n);
  if (size == Real(0.0)) return;  // an exact 0 was not rounded
  for (std::size_t k = 0; k < width_; ++k) {
    const Real& zbar = adjoint(n, k);
    if (zbar == Real(0.0)) continue;
    const auto part = static_cast<double>((math_abs(zbar) * size * scales_[k]).v);
    Part& own = parts_[n * width_ + k];
    own.total += part;
    if (!(part <= own.largest)) own.largest = part, own.row = row;
  }
}

Real Run::size_of(NodeId n) const {
  Real size = math_abs(values_[n]);
  if (const auto scattered = scattered_.find(n); scattered != scattered_.end())
    return in_normal_range(scattered->second);
  switch (graph_.op(n)) {
    case Op::sum:
    case Op::dot: {  // the sums on the way
      const std::vector<Real> x = operands_of(n);
      const bool products = graph_.op(n) == Op::dot;
      Real total = 0.0;
      size = 0.0;
      for (std::size_t i = 0; i < x.size(); i += products ? 2 : 1) {
        total = total + (products ? x[i] * x[i + 1] : x[i]);
        if (i > 0 || products) size = size + math_abs(total);
      }
      break;
    }
    case Op::logsumexp: {  // m + log(1 + rest)
      const Real& m = values_[*(graph_.operands(n).end() - 2)];
      if (!is_inf(m)) size = max(size, max(math_abs(m), math_abs(values_[n] - m)));
      break;
    }
    case Op::sum_rows:
      for (const Reduction& r : reductions_[static_cast<std::size_t>(graph_.payload(n))])
        if (r.node == n) size = r.size;
      break;
    default:
      break;
  }
  return in_normal_range(size);
}

std::vector<Run::Edge> Run::edges_of(NodeId n) const {
  const auto operands = graph_.operands(n);
  std::vector<Edge> edges;
  switch (const Op op = graph_.op(n)) {
    case Op::result:        // its node takes care of all results
    case Op::shifted_exps:  // auxiliary: adjoints go through what uses it
    case Op::scaled_norm:
    case Op::shares:  // constant but for jumps
      return {};
    case Op::norm:
    case Op::unit: {
      const std::size_t count = operands.size() - 2;
      const Real size = values_[operands[count + 1]] / values_[operands[count]];
      const auto share = [&](std::size_t i) {
        return size == Real(0.0) ? Real(0.0) : values_[operands[i]] / size;
      };
      for (std::size_t i = 0; i < (op == Op::norm ? 1 : count); ++i)
        for (std::size_t j = 0; j < count; ++j)
          edges.push_back(
              {n + static_cast<NodeId>(i), operands[j],
               op == Op::norm ? share(j) : (Real(i == j ? 1.0 : 0.0) - share(i) * share(j)) / size});
      return edges;
    }
    case Op::gather: {
      const std::optional<NodeId> place = place_of(n);
      for (NodeId j = 0; place && j < static_cast<NodeId>(graph_.payload(n)); ++j)
        edges.push_back({n + j, operands[2 + *place + j], Real(1.0)});
      return edges;
    }
    case Op::custom: {
      std::vector<Real> x = operands_of(n);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const Real at = x[i], h = Real(1e-17) * (at == Real(0.0) ? Real(1.0) : math_abs(at));
        x[i] = at + h;
        const std::vector<Real> above = results(n, x);
        x[i] = at - h;
        const std::vector<Real> below = results(n, x);
        x[i] = at;
        for (std::size_t j = 0; j < above.size(); ++j)
          edges.push_back({n + static_cast<NodeId>(j), operands[i], (above[j] - below[j]) / (h + h)});
      }
      return edges;
    }
    case Op::logsumexp: {
      const std::size_t count = operands.size() - 2;
      const NodeId parts = operands[count];  // largest, rest, e1 ..
      if (values_[parts] == -real_inf) return {};
      for (std::size_t i = 0; i < count; ++i)
        edges.push_back(
            {n, operands[i], values_[parts + 2 + static_cast<NodeId>(i)] / (Real(1.0) + values_[parts + 1])});
      return edges;
    }
    case Op::softmax: {
      const auto count = static_cast<NodeId>(graph_.payload(n));
      for (NodeId i = 0; i < count; ++i)
        for (NodeId j = 0; j < count; ++j)
          edges.push_back({n + i, operands[j], values_[n + i] * (Real(i == j ? 1.0 : 0.0) - values_[n + j])});
      return edges;
    }
    case Op::softmax_product: {
      const auto count = static_cast<NodeId>(graph_.payload(n));
      Real mean(0.0);
      for (NodeId i = 0; i < count; ++i) mean = mean + values_[operands[i]] * values_[operands[count + i]];
      for (NodeId i = 0; i < count; ++i)
        for (NodeId j = 0; j < count; ++j) {
          const Real &p = values_[operands[i]], &g = values_[operands[count + j]], one(i == j ? 1.0 : 0.0);
          edges.push_back({n + i, operands[j], one * (g - mean) - p * g});
          edges.push_back({n + i, operands[count + j], p * (one - values_[operands[j]])});
        }
      return edges;
    }
    case Op::unit_product: {
      const auto count = static_cast<NodeId>(graph_.payload(n));
      const Real size = values_[operands[count + 1]] / values_[operands[count]];
      const auto u = [&](NodeId i) { return values_[operands[i]] / size; };
      Real along(0.0);
      for (NodeId i = 0; i < count; ++i) along = along + u(i) * values_[operands[count + 2 + i]];
      for (NodeId i = 0; i < count; ++i)
        for (NodeId j = 0; j < count; ++j) {
          const Real across = (Real(i == j ? 1.0 : 0.0) - u(i) * u(j)) / size;
          edges.push_back(
              {n + i, operands[j], -(u(j) * values_[n + i] + across * along + u(i) * values_[n + j]) / size});
          edges.push_back({n + i, operands[count + 2 + j], across});
        }
      return edges;
    }
    default:
      const std::vector<Real> partials = partials_of(definition_, op, operands_of(n), values_[n]);
      for (std::size_t i = 0; i < partials.size(); ++i) edges.push_back({n, operands[i], partials[i]});
      return edges;
  }
}

void Run::find_odd_nodes(NodeId output, Condition& condition) const {
  if (beyond_.empty() && jumps_.empty()) return;
  std::vector<bool> used(size_, false);
  used[output] = true;
  for (NodeId n = output + 1; n-- > 0;)
    if (used[n])
      for (const NodeId x : graph_.operands(n)) used[x] = true;
  const auto is_used = [&](const auto& node_and_row) { return used[node_and_row.first]; };
  if (const auto first = std::ranges::find_if(beyond_, is_used); first != beyond_.end())
    std::tie(condition.overflow, condition.overflow_row) = *first;
  if (const auto first = std::ranges::find_if(jumps_, is_used); first != jumps_.end())
    std::tie(condition.jump, condition.jump_row) = *first;
}

Condition Run::largest_part(std::size_t k) const {
  Condition result;
  double largest = 0.0;
  for (NodeId n = 0; n < size_; ++n) {
    const Part& part = parts_[n * width_ + k];
    result.condition += part.total;
    if (part.total > largest) {
      largest = part.total;
      result.node = n;
      result.row = part.row;
    }
  }
  result.share = largest / result.condition;
  if (!(largest < std::numeric_limits<double>::infinity())) result.share = 1.0;
  if (result.node == no_node) result.share = 0.0;
  return result;
}

}  // namespace rappel::exact
