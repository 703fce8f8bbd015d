#include "point_values.hpp"

#include "custom_op.hpp"
#include "scan_body.hpp"

namespace rappel::detail {
namespace {

// What takes a program: sums over rows, and what scans give.
bool takes_program(const Graph& graph, NodeId n) {
  const Op op = graph.op(graph.op(n) == Op::result ? graph.operands(n)[0] : n);
  return op >= Op::scatter_rows || (op == Op::scan && !graph.is_stacked(n)) || op == Op::unstack;
}

bool is_computed(const Graph& graph, NodeId n) { return !graph.varying(n) && !graph.is_stacked(n); }

}  // namespace

double PointValues::value(NodeId n) {
  const auto first = static_cast<NodeId>(values_.size());
  if (n >= first) {
    values_.resize(n + 1, 0.0);
    from_program_.resize(n + 1, false);
    const Graph& graph = cost_.builder.graph();
    for (NodeId k = first; k <= n; ++k) {
      if (!is_computed(graph, k)) continue;
      if (!takes_program(graph, k))
        compute(k);
      else if (!from_program_[k])
        run_program(k, n);
    }
  }
  return values_[n];
}

void PointValues::compute(NodeId n) {
  const Graph& graph = cost_.builder.graph();
  const auto place = static_cast<std::size_t>(graph.payload(n));
  switch (const Op op = graph.op(n)) {
    case Op::parameter:
      values_[n] = point_.x[place];
      return;
    case Op::argument: {
      const auto& arguments = point_.changes.arguments;
      if (arguments && place < arguments->size())
        values_[n] = (*arguments)[place];
      else if (cost_.arguments[place])
        values_[n] = *cost_.arguments[place];
      else
        throw std::invalid_argument("record: the cost branches, and argument " + std::to_string(place) +
                                    " has no value; give it one by with()");
      return;
    }
    case Op::constant:
      values_[n] = graph.value(n);
      return;
    case Op::num_rows:
      values_[n] = static_cast<double>(
          (place < point_.changes.columns.size() ? point_.changes.columns[place] : cost_.columns[place]).num_rows());
      return;
    case Op::result:
      return;  // came with its node
    default:
      operands_.clear();
      for (const NodeId x : graph.operands(n)) operands_.push_back(values_[x]);
      results_.resize(has_several_results(op) ? place : 1);
      if (op == Op::custom)
        graph.custom_op(n)->evaluate(operands_, results_);
      else
        evaluate_scalar(op, operands_, results_);
      if (values_.size() < n + results_.size()) {
        values_.resize(n + results_.size(), 0.0);
        from_program_.resize(values_.size(), false);
      }
      std::copy(results_.begin(), results_.end(), values_.begin() + n);
  }
}

// All of them at once: each takes a run over the rows.
void PointValues::run_program(NodeId first, NodeId last) {
  Traced traced{cost_.builder.graph(), {}, {}};
  for (NodeId n = first; n <= last; ++n)
    if (is_computed(traced.graph, n) && takes_program(traced.graph, n)) traced.outputs.push_back(n);
  const std::vector<NodeId> wanted = traced.outputs;
  std::vector<double> arguments, results(wanted.size());
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n)
    if (traced.graph.op(n) == Op::argument) arguments.push_back(n < values_.size() ? values_[n] : 0.0);
  const std::vector<Columns> tables(cost_.columns.begin(), cost_.columns.end());
  const std::span<const Columns> changed = point_.changes.columns;  // of later tables, too
  const Recorded recorded(std::move(traced), Outputs::values, cost_.needs_rows, {});
  recorded.outputs().run(
      {point_.x, arguments,
       changed.size() < tables.size() ? tables : replaced_columns(recorded, tables, changed.first(tables.size()))},
      1, Workspace::of_this_thread(), results, nullptr);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    values_[wanted[i]] = results[i];
    from_program_[wanted[i]] = true;
  }
}

std::vector<double> values_at_point(Recording& recording, ExprSpan x) {
  CostRecording* cost = recording.tables;
  if (cost == nullptr)
    throw std::invalid_argument("a Function that branches cannot be used in a derivative that is being recorded");
  std::vector<double> values;
  for (const Expr& e : x) {
    const NodeId n = recording.node(e);
    if (recording.builder().graph().varying(n))
      throw std::invalid_argument(
          "a Function that branches was given values that vary by row; write select(condition, a, b) in it "
          "instead of if, ?:, && and ||");
    if (cost->point == nullptr) {
      cost->needs_point = true;
      throw NeedsPoint();
    }
    values.push_back(cost->point->value(n));
  }
  return values;
}

}  // namespace rappel::detail
