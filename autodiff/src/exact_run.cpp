#include "exact_run.hpp"

#include "custom_op.hpp"
#include "stages.hpp"

#include <rappel/autodiff/graph.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rappel::exact {
namespace {

const Real beyond_doubles{Real::Number(ldexp(Real::Number(1.0), 1024))};

bool is_leaf(Op op) {
  return op == Op::constant || op == Op::parameter || op == Op::argument || op == Op::column ||
         op == Op::num_rows;
}

}  // namespace

bool rounds(Op op) {
  switch (op) {
#define RAPPEL_UNARY(name, symbol, value, partial, lowest, highest, value_ulp, ...) \
  case Op::name:                                                                    \
    return value_ulp > 0.0;
#define RAPPEL_UNARY_AUX(name, symbol, auxiliary, value, partial, lowest, highest, value_ulp, ...) \
  case Op::name:                                                                                   \
    return value_ulp > 0.0;
#define RAPPEL_BINARY(name, symbol, value, partial_x, partial_y, arm_x, arm_y, value_ulp, ...) \
  case Op::name:                                                                               \
    return value_ulp > 0.0;
#define RAPPEL_TERNARY(name, symbol, value, partial_x, partial_y, partial_z, value_ulp, ...) \
  case Op::name:                                                                             \
    return value_ulp > 0.0;
#include <rappel/autodiff/ops.def>
    case Op::constant:
    case Op::parameter:
    case Op::argument:
    case Op::column:
    case Op::num_rows:
    case Op::select:
    case Op::max_rows:
    case Op::any_rows:
    case Op::gather:
    case Op::shares:
      return false;
    default:
      return true;
  }
}

Run::Run(const Traced& traced, const detail::Call& call, Definition definition)
    : traced_(traced),
      graph_(traced.graph),
      parameters_(call.parameters),
      arguments_(call.arguments),
      tables_(call.tables),
      definition_(definition),
      size_(static_cast<NodeId>(graph_.size())),
      known_(size_, false),
      matters_(size_, false),
      stages_(detail::stages_of(graph_)),
      rows_(tables_.size()),
      reductions_(tables_.size()),
      values_(size_, real_nan) {
  for (const NodeId n : traced.outputs) by_row_ = by_row_ || graph_.varying(n);
  classify();
  for (std::uint32_t stage = 0; stage < uniforms_.size(); ++stage) run_stage(stage);
  if (!by_row_)
    for (const NodeId n : traced.outputs) outputs_.push_back(values_[n]);
}

// The uniform nodes of a stage, then the rows that they were needed for.
void Run::run_stage(std::uint32_t stage) {
  for (const NodeId n : uniforms_[stage])
    if (!reduces_rows(graph_.op(n))) evaluate(n, -1);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const auto ends_here = [&](const Reduction& r) { return stages_[r.node] == stage + 1; };
    const bool is_output =
        by_row_ && graph_.row_set(traced_.outputs[0]).index == t && stages_[traced_.outputs[0]] == stage;
    if (!is_output && std::ranges::none_of(reductions_[t], ends_here)) continue;
    for (Reduction& r : reductions_[t])
      if (ends_here(r) && graph_.op(r.node) == Op::scatter_rows)
        std::fill_n(values_.begin() + r.node, graph_.payload(r.node), Real(0.0));
      else if (ends_here(r))
        values_[r.node] = graph_.op(r.node) == Op::max_rows ? -real_inf : Real(0.0);
    for (Index row = 0; row < tables_[t].num_rows(); ++row) {
      evaluate_row(t, row, stage);
      for (Reduction& r : reductions_[t])
        if (ends_here(r)) reduce(r, row == 0);
      if (is_output) outputs_.push_back(values_[traced_.outputs[0]]);
    }
  }
}

void Run::classify() {
  std::vector<bool> live(size_, false);
  for (const NodeId n : traced_.outputs) live[n] = true;
  for (NodeId n = size_; n-- > 0;)
    if (live[n])
      for (const NodeId x : graph_.operands(n)) live[x] = true;
  for (NodeId n = 0; n < size_; ++n) {
    const Op op = graph_.op(n);
    const auto x = graph_.operands(n);
    if (op == Op::result) live[n] = live[x[0]];  // written in any case
    if (!live[n]) continue;
    const bool defined =
        is_leaf(op) || reduces_rows(op) || op == Op::result || op == Op::gather || has_definition(n);
    known_[n] = defined && std::ranges::all_of(x, [&](NodeId k) { return known_[k]; });
    if (!known_[n]) continue;
    matters_[n] = rounds(op) || std::ranges::any_of(x, [&](NodeId k) { return matters_[k]; });
    if (stages_[n] >= uniforms_.size()) uniforms_.resize(stages_[n] + 1);
    if (reduces_rows(op)) reductions_[graph_.reduced_rows(n).index].push_back({n});
    if (graph_.varying(n))
      rows_[graph_.row_set(n).index].push_back(n);
    else
      uniforms_[stages_[n]].push_back(n);
  }
}

bool Run::has_definition(NodeId n) {
  const Op op = graph_.op(n);
  if (op == Op::custom) {
    const bool defined = graph_.custom_op(n)->forms.digits != nullptr;
    if (!defined && std::ranges::count(not_checked_, graph_.custom_op(n)->name) == 0)
      not_checked_.push_back(graph_.custom_op(n)->name);
    return defined;
  }
  const auto place = static_cast<std::size_t>(op);
  if (place >= defined_.size()) defined_.resize(place + 1, -1);
  if (defined_[place] < 0) {
    try {
      definition_(op, std::vector<Real>(graph_.operands(n).size(), Real(0.5)));
      defined_[place] = 1;
    } catch (const std::logic_error&) {
      defined_[place] = 0;
      not_checked_.push_back(rappel::name_of(op));
    }
  }
  return defined_[place] == 1;
}

std::vector<Real> Run::results(NodeId n, const std::vector<Real>& x) const {
  if (graph_.op(n) != Op::custom) return definition_(graph_.op(n), x);
  std::vector<std::string> digits;
  for (const Real& xi : x) digits.push_back(xi.v.str(60));
  std::vector<Real> z;
  for (const std::string& text : graph_.custom_op(n)->forms.digits(digits)) z.push_back(Real(Real::Number(text)));
  return z;
}

std::vector<Real> Run::operands_of(NodeId n) const {
  std::vector<Real> x;
  x.reserve(graph_.operands(n).size());
  for (const NodeId k : graph_.operands(n)) x.push_back(values_[k]);
  return x;
}

void Run::evaluate(NodeId n, Index row) {
  const auto place = static_cast<std::size_t>(graph_.payload(n));
  switch (const Op op = graph_.op(n)) {
    case Op::constant:
      values_[n] = graph_.value(n);
      return;
    case Op::parameter:
      values_[n] = parameters_[place];
      return;
    case Op::argument:
      values_[n] = arguments_[place];
      return;
    case Op::num_rows:
      values_[n] = static_cast<double>(tables_[place].num_rows());
      return;
    case Op::column:
      values_[n] = tables_[graph_.row_set(n).index].column(graph_.payload(n))[row];
      return;
    case Op::result:
      return;  // came with its node
    case Op::gather:
      return gather(n);
    default:
      const std::vector<Real> x = operands_of(n), made = results(n, x);
      std::ranges::copy(made, values_.begin() + n);
      if (!rounds(op) && (op == Op::shares ? shares_at_jump(n, x) : at_jump(n, x, made[0]))) jumps_.emplace(n, row);
      for (const Real& z : made)
        if (math_abs(z) >= beyond_doubles && !is_inf(z)) beyond_.emplace(n, row);
  }
}

// Whether the result jumps if an operand that was rounded moves by 16 roundings: a comparison, floor or sign
// that doubles may decide otherwise.
bool Run::at_jump(NodeId n, std::vector<Real> x, const Real& z) const {
  Real size = math_abs(z);
  for (const Real& xi : x) size = size + math_abs(xi);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!matters_[graph_.operands(n)[i]]) continue;
    const Real at = x[i], h = at == Real(0.0) ? Real(1e-300) : math_abs(at) * Real(0x1p-49);
    for (const Real& moved : {at - h, at + h}) {
      x[i] = moved;
      if (math_abs(definition_(graph_.op(n), x)[0] - z) > size * Real(0x1p-40)) return true;
    }
    x[i] = at;
  }
  return false;
}

// Likewise whether the shares of a min or max do: another operand comes to be the least.
bool Run::shares_at_jump(NodeId n, const std::vector<Real>& x) const {
  const Real& least = x.back();
  const std::size_t count = x.size() - 1, chosen = static_cast<std::size_t>(std::ranges::find(x, least) - x.begin());
  Real nearest = real_inf;
  for (std::size_t i = 0; i < count; ++i)
    if (i != chosen) nearest = min(nearest, math_abs(x[i] - least));
  for (std::size_t i = 0; i < count; ++i) {
    if (!matters_[graph_.operands(n)[i]]) continue;
    const Real distance = i == chosen ? nearest : math_abs(x[i] - least);
    if (distance <= (x[i] == Real(0.0) ? Real(1e-300) : math_abs(x[i]) * Real(0x1p-49))) return true;
  }
  return false;
}

void Run::evaluate_row(std::size_t table, Index row, std::uint32_t stage) {
  for (const NodeId n : rows_[table])
    if (stages_[n] <= stage) evaluate(n, row);
}

std::optional<NodeId> Run::place_of(NodeId n) const {
  const auto x = graph_.operands(n);
  const bool gathers = graph_.op(n) == Op::gather;
  const std::size_t width = gathers ? static_cast<std::size_t>(graph_.payload(n)) : x.size() - 3;
  const std::size_t count = gathers ? x.size() - 2 : static_cast<std::size_t>(graph_.payload(n));
  const auto index = static_cast<double>(values_[x[gathers ? 1 : 2]].v);
  if (!(index >= 0.0 && index < static_cast<double>(count / width)) || std::floor(index) != index) return {};
  return static_cast<NodeId>(static_cast<std::size_t>(index) * width);
}

void Run::gather(NodeId n) {
  const std::optional<NodeId> place = place_of(n);
  for (NodeId j = 0; j < static_cast<NodeId>(graph_.payload(n)); ++j)
    values_[n + j] = place ? values_[graph_.operands(n)[2 + *place + j]] : real_nan;
}

void Run::reduce(Reduction& reduction, bool first) {
  if (graph_.op(reduction.node) == Op::scatter_rows) {
    const auto x = graph_.operands(reduction.node).subspan(3);
    const std::optional<NodeId> place = place_of(reduction.node);
    for (NodeId j = 0; place && j < x.size(); ++j) {
      const NodeId n = reduction.node + *place + j;
      values_[n] = values_[n] + values_[x[j]];
      Real& size = scattered_.try_emplace(n, 0.0).first->second;
      size = size + math_abs(values_[x[j]]);
    }
    return;
  }
  Real& total = values_[reduction.node];
  const Real& x = values_[graph_.operands(reduction.node)[0]];
  switch (graph_.op(reduction.node)) {
    case Op::sum_rows:
      total = total + x;
      reduction.size = reduction.size + math_abs(x);
      return;
    case Op::max_rows:
      reduction.ties = first || x > total ? Real(1.0)
                       : x == total       ? reduction.ties + Real(1.0)
                                          : reduction.ties;
      total = max(total, x);
      return;
    default:
      total = total == Real(0.0) ? x : total;
  }
}

}  // namespace rappel::exact
