#include "double_run.hpp"

#include "builder.hpp"
#include "custom_op.hpp"
#include "lower_body.hpp"
#include "stages.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rappel::detail {
namespace {

void add_term(Op op, double& sum, double term) {
  if (op == Op::max_rows)
    sum = sum > term ? sum : term >= sum ? term : sum + term;
  else if (op == Op::any_rows)
    sum = sum != 0.0 ? sum : term;
  else
    sum += term;
}

}  // namespace

DoubleRun::DoubleRun(const Traced& traced, const Call& call)
    : graph_(traced.graph),
      call_(call),
      size_(static_cast<NodeId>(graph_.size())),
      values_(size_, 0.0),
      stages_(stages_of(graph_)),
      live_(size_, false) {
  for (const NodeId n : traced.outputs) live_[n] = true;
  for (NodeId n = size_; n-- > 0;)
    if (live_[n])
      for (const NodeId o : graph_.operands(n)) live_[o] = true;
  for (NodeId n = 0; n < size_; ++n)
    if (live_[n]) last_stage_ = std::max(last_stage_, stages_[n]);
}

void DoubleRun::run() {
  for (std::uint32_t stage = 0; stage <= last_stage_; ++stage) {
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && !graph_.varying(n) && stages_[n] == stage && !is_reduction(graph_.op(n)))
        compute(n, -1);
    for (Index t = 0; t < graph_.num_row_sets(); ++t) run_rows(static_cast<std::size_t>(t), stage);
  }
}

void DoubleRun::evaluate_row(std::size_t table, Index row) { evaluate_row(table, row, last_stage_); }

void DoubleRun::evaluate_row(std::size_t table, Index row, std::uint32_t stage) {
  for (NodeId n = 0; n < size_; ++n)
    if (live_[n] && graph_.varying(n) && graph_.row_set(n).index == table && stages_[n] <= stage)
      compute(n, row);
}

double DoubleRun::term(NodeId reduction) const {
  const auto x = graph_.operands(reduction);
  if (graph_.op(reduction) == Op::scatter_rows) {
    double sum = 0.0;
    for (const NodeId k : x.subspan(3)) sum += values_[k];
    return sum;
  }
  if (graph_.op(reduction) != Op::sum_products) return values_[x[0]];
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); i += 2) sum += values_[x[i]] * values_[x[i + 1]];
  return sum;
}

void DoubleRun::run_rows(std::size_t table, std::uint32_t stage) {
  std::vector<NodeId> reductions;
  for (NodeId n = 0; n < size_; ++n)
    if (live_[n] && is_reduction(graph_.op(n)) && stages_[n] == stage + 1 &&
        graph_.reduced_rows(n).index == table)
      reductions.push_back(n);
  if (reductions.empty()) return;
  for (const NodeId n : reductions)
    if (graph_.op(n) == Op::scatter_rows)
      std::fill_n(values_.begin() + n, graph_.payload(n), 0.0);
    else
      values_[n] = graph_.op(n) == Op::max_rows ? -std::numeric_limits<double>::infinity() : 0.0;
  for (Index row = 0; row < call_.tables[table].num_rows(); ++row) {
    evaluate_row(table, row, stage);
    for (const NodeId n : reductions)
      if (graph_.op(n) == Op::scatter_rows)
        scatter(n);
      else
        add_term(graph_.op(n), values_[n], term(n));
  }
}

void DoubleRun::scatter(NodeId n) {
  const auto x = graph_.operands(n).subspan(3);
  const double index = values_[graph_.operands(n)[2]], groups = static_cast<double>(graph_.payload(n)) / static_cast<double>(x.size());
  if (!(index >= 0.0 && index < groups && std::floor(index) == index)) return;
  for (std::size_t j = 0; j < x.size(); ++j) values_[n + static_cast<std::size_t>(index) * x.size() + j] += values_[x[j]];
}

void DoubleRun::gather(NodeId n) {
  const auto x = graph_.operands(n).subspan(2);
  const auto width = static_cast<std::size_t>(graph_.payload(n));
  const double index = values_[graph_.operands(n)[1]], groups = static_cast<double>(x.size() / width);
  const bool inside = index >= 0.0 && index < groups && std::floor(index) == index;
  for (std::size_t j = 0; j < width; ++j)
    values_[n + j] = inside ? values_[x[static_cast<std::size_t>(index) * width + j]] : std::numeric_limits<double>::quiet_NaN();
}

void DoubleRun::compute(NodeId n, Index row) {
  const Op op = graph_.op(n);
  switch (op) {
    case Op::constant:
      values_[n] = graph_.value(n);
      return;
    case Op::parameter:
      values_[n] = call_.parameters[static_cast<std::size_t>(graph_.payload(n))];
      return;
    case Op::argument:
      values_[n] = call_.arguments[static_cast<std::size_t>(graph_.payload(n))];
      return;
    case Op::column: {
      const ColumnView column = call_.tables[graph_.row_set(n).index].column(graph_.payload(n));
      values_[n] = column ? column[row] : 0.0;  // none: with_columns lacks it, nothing reads it
      return;
    }
    case Op::num_rows:
      values_[n] = static_cast<double>(call_.tables[static_cast<std::size_t>(graph_.payload(n))].num_rows());
      return;
    case Op::result:
      return;  // came with its node
    case Op::gather:
      return gather(n);
    case Op::custom:
      operands_.clear();
      for (const NodeId o : graph_.operands(n)) operands_.push_back(values_[o]);
      graph_.custom_op(n)->evaluate(operands_, {values_.data() + n, static_cast<std::size_t>(num_results(graph_, n))});
      return;
    default:
      operands_.clear();
      for (const NodeId o : graph_.operands(n)) operands_.push_back(values_[o]);
      evaluate_scalar(op, operands_, {values_.data() + n, static_cast<std::size_t>(num_results(graph_, n))});
  }
}

}  // namespace rappel::detail
