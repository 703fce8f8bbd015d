#include "branches.hpp"
#include "copy_nodes.hpp"
#include "point_values.hpp"

#include <algorithm>

namespace rappel {
namespace detail {

RowSet CostRecording::add(const Columns& table) {
  const auto same = [&](const Columns& other) {
    if (other.num_rows() != table.num_rows() || other.num_columns() != table.num_columns() ||
        other.names() != table.names())
      return false;
    for (Index c = 0; c < table.num_columns(); ++c)
      if (other.column(c) != table.column(c)) return false;
    return true;
  };
  const auto found = std::find_if(columns.begin(), columns.end(), same);
  if (found != columns.end()) return {static_cast<std::uint16_t>(found - columns.begin())};
  columns.push_back(table);
  needs_rows.push_back(false);
  return builder.graph().rows(table.num_columns());
}

namespace {

void check(Index num_parameters, const RecordOptions& options) {
  if (num_parameters < 0)
    throw std::invalid_argument("record: " + std::to_string(num_parameters) + " parameters");
  if (options.threads < 1)
    throw std::invalid_argument("record: threads is " + std::to_string(options.threads) +
                                ", at least 1 is needed");
  if (options.workspace_limit < 0)
    throw std::invalid_argument("record: workspace_limit is " + std::to_string(options.workspace_limit) +
                                " bytes, at least 0 is needed");
  if (options.max_recordings < 1)
    throw std::invalid_argument("record: max_recordings is " + std::to_string(options.max_recordings) +
                                ", at least 1 is needed");
}

Function plain(Trace trace) {
  auto impl = std::make_shared<Function::Impl>();
  impl->recorded = std::move(trace.recorded);
  impl->tables = std::move(trace.tables);
  impl->arguments = std::move(trace.arguments);
  return Function(std::move(impl));
}

NodeId uniform_node(Recording& recording, const Expr& value) {
  const NodeId n = recording.node(value);
  if (recording.builder().graph().varying(n))
    throw std::invalid_argument("record: the cost varies by row; it lacks a sum_over_rows or mean_over_rows");
  return n;
}

// A Function of what is recorded once; of a cost that branches, of what is recorded at the points of calls.
Function record_any(Index num_parameters, RecordedCost cost, RecordOptions options, Outputs outputs) {
  check(num_parameters, options);
  const PointView at = std::exchange(options.at, PointView());
  if (at.given() && static_cast<Index>(at.x().size()) != num_parameters)
    throw std::invalid_argument("record: at has " + std::to_string(at.x().size()) + " entries, there are " +
                                std::to_string(num_parameters) + " parameters");
  if (!at.given()) {
    try {
      return plain(record_once(cost, num_parameters, outputs, options, nullptr));
    } catch (const NeedsPoint&) {
    }
  } else {
    const Changes none;
    const PointOfCall point{at.x(), none};
    Trace trace = record_once(cost, num_parameters, outputs, options, &point);
    if (trace.recorded->traced().guards.empty()) return plain(std::move(trace));
  }
  auto branches = std::make_shared<Branches>(std::move(cost), num_parameters, outputs, options);
  auto impl = std::make_shared<Function::Impl>();
  impl->branching = std::make_shared<Branching>(std::move(branches), Changes());
  if (at.given()) impl->branching->at(at.x());
  return Function(std::move(impl));
}

}  // namespace

Trace record_once(const RecordedCost& cost, Index num_parameters, Outputs outputs, const RecordOptions& options,
                  const PointOfCall* point) {
  Builder builder({options.exact_zeros});
  CostRecording tables{builder};
  std::optional<PointValues> values;
  if (point != nullptr) tables.point = &values.emplace(tables, *point);
  Recording recording(builder);
  recording.tables = &tables;
  std::vector<Expr> parameters;
  for (Index i = 0; i < num_parameters; ++i)
    parameters.push_back(recording.expr(builder.graph().parameter()));
  std::vector<NodeId> nodes = cost(recording, ExprSpan(parameters));
  if (tables.needs_point) throw NeedsPoint();  // the cost caught it
  Trace trace;
  trace.recorded = std::make_shared<Recorded>(Traced{builder.take(), std::move(nodes), std::move(tables.guards)},
                                              outputs, std::move(tables.needs_rows), options);
  trace.tables.assign(tables.columns.begin(), tables.columns.end());
  trace.arguments = std::move(tables.arguments);
  if (point == nullptr || point->changes.columns.empty()) check_index_columns(trace.recorded->traced(), trace.tables);
  return trace;
}

namespace {

// A condition in the body of a scan, in the recording around it: it may depend on what the body captures alone.
NodeId lifted(Recording& recording, NodeId condition) {
  const Captures& captures = *recording.captures;
  const Graph& graph = recording.builder().graph();
  std::vector<bool> used(condition + 1, false);
  used[condition] = true;
  NodeCopy copy(graph);
  for (NodeId n = condition + 1; n-- > 0;) {
    if (!used[n]) continue;
    if (graph.op(n) == Op::parameter && graph.payload(n) < captures.first)
      throw std::invalid_argument(
          "a comparison of the carry or the inputs of a scan was used as a bool: it has no single answer for all "
          "steps; write select(condition, a, b) instead of if, ?:, && and ||");
    for (const NodeId x : graph.operands(n)) used[x] = true;
  }
  for (NodeId n = 0; n <= condition; ++n)
    if (used[n])
      copy.map(n, graph.op(n) == Op::parameter
                      ? captures.nodes[static_cast<std::size_t>(graph.payload(n) - captures.first)]
                      : copy.to(captures.outer.builder(), n));
  return copy[condition];
}

bool decide(Recording& recording, NodeId n) {
  const Graph& graph = recording.builder().graph();
  if (graph.is_constant(n)) return graph.value(n) != 0.0;
  if (recording.captures != nullptr) return decide(recording.captures->outer, lifted(recording, n));
  if (graph.varying(n))
    throw std::invalid_argument(
        "a comparison that varies by row was used as a bool: it has no single answer; "
        "write select(condition, a, b) instead of if, ?:, && and ||");
  CostRecording* cost = recording.tables;
  if (cost == nullptr)
    throw std::invalid_argument(
        "a comparison was used as a bool in a derivative that is being recorded, where values are not known; "
        "write select(condition, a, b)");
  if (cost->point == nullptr) {
    cost->needs_point = true;
    throw NeedsPoint();
  }
  const auto [decided, first_time] = cost->decided.try_emplace(n, false);
  if (first_time) {
    decided->second = cost->point->value(n) != 0.0;
    cost->guards.push_back({n, decided->second});
  }
  return decided->second;
}

}  // namespace

bool decide(const Expr& condition) {
  Recording& recording = Recording::required("a comparison used as bool");
  return decide(recording, recording.node(condition));
}

Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<Expr>> kept, const RecordOptions& options) {
  return record_any(
      num_parameters,
      [cost = std::shared_ptr(std::move(kept))](Recording& recording, ExprSpan x) {
        return std::vector<NodeId>{uniform_node(recording, (*cost)(x))};
      },
      options, Outputs::value);
}

Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<std::vector<Expr>>> kept, const RecordOptions& options) {
  return record_any(
      num_parameters,
      [cost = std::shared_ptr(std::move(kept))](Recording& recording, ExprSpan x) {
        std::vector<NodeId> nodes;
        for (const Expr& value : (*cost)(x)) nodes.push_back(uniform_node(recording, value));
        return nodes;
      },
      options, Outputs::values);
}

Function record_kept(Index num_parameters, std::unique_ptr<KeptCost<RowValues>> kept, const RecordOptions& options) {
  return record_any(
      num_parameters,
      [cost = std::shared_ptr(std::move(kept))](Recording& recording, ExprSpan x) {
        const RowValues rows = (*cost)(x);
        const Graph& graph = recording.builder().graph();
        std::vector<NodeId> nodes;
        for (const Expr& e : rows.values()) {
          nodes.push_back(recording.node(e));
          if (graph.varying(nodes.back()) && graph.row_set(nodes.back()) != rows.rows())
            throw std::invalid_argument("record: the values of map_rows vary over another table's rows");
        }
        if (nodes.empty()) throw std::invalid_argument("record: map_rows has no value for a row");
        if (recording.tables->columns.size() != 1)
          throw std::invalid_argument("record: map_rows takes one table, the cost uses " +
                                      std::to_string(recording.tables->columns.size()));
        return nodes;
      },
      options, Outputs::rows);
}

}  // namespace detail
}  // namespace rappel
