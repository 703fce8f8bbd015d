#include "copy_nodes.hpp"
#include "function_impl.hpp"

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

// Records `cost` on fresh parameters; its result is handed to `output`, which gives the output node.
template <class Cost, class Output>
Function record_any(Index num_parameters, const Cost& cost, const RecordOptions& options, Outputs outputs,
                    const Output& output) {
  if (num_parameters < 0)
    throw std::invalid_argument("record: " + std::to_string(num_parameters) + " parameters");
  if (options.threads < 1)
    throw std::invalid_argument("record: threads is " + std::to_string(options.threads) +
                                ", at least 1 is needed");
  if (options.workspace_limit < 0)
    throw std::invalid_argument("record: workspace_limit is " + std::to_string(options.workspace_limit) +
                                " bytes, at least 0 is needed");
  Builder builder({options.exact_zeros});
  CostRecording tables{builder, {}, {}, {}};
  Recording recording(builder);
  recording.tables = &tables;
  std::vector<Expr> parameters;
  for (Index i = 0; i < num_parameters; ++i)
    parameters.push_back(recording.expr(builder.graph().parameter()));
  std::vector<NodeId> nodes = output(recording, cost(ExprSpan(parameters)));
  Traced traced{builder.take(), std::move(nodes), {}};
  auto impl = std::make_shared<Function::Impl>();
  impl->recorded =
      std::make_shared<Recorded>(std::move(traced), outputs, std::move(tables.needs_rows), options);
  impl->tables.assign(tables.columns.begin(), tables.columns.end());
  impl->arguments = std::move(tables.arguments);
  return Function(std::move(impl));
}

NodeId uniform_node(Recording& recording, const Expr& value) {
  const NodeId n = recording.node(value);
  if (recording.builder().graph().varying(n))
    throw std::invalid_argument("record: the cost varies by row; it lacks a sum_over_rows or mean_over_rows");
  return n;
}

}  // namespace

Function record_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost,
                     const RecordOptions& options) {
  return record_any(num_parameters, cost, options, Outputs::value,
                    [](Recording& recording, const Expr& value) {
                      return std::vector<NodeId>{uniform_node(recording, value)};
                    });
}

Function record_values(Index num_parameters, const std::function<std::vector<Expr>(ExprSpan)>& cost,
                       const RecordOptions& options) {
  return record_any(num_parameters, cost, options, Outputs::values,
                    [](Recording& recording, const std::vector<Expr>& values) {
                      std::vector<NodeId> nodes;
                      for (const Expr& value : values) nodes.push_back(uniform_node(recording, value));
                      return nodes;
                    });
}

Function record_rows(Index num_parameters, const std::function<RowValues(ExprSpan)>& cost,
                     const RecordOptions& options) {
  return record_any(
      num_parameters, cost, options, Outputs::rows, [](Recording& recording, const RowValues& rows) {
        const NodeId n = recording.node(rows.value());
        const Graph& graph = recording.builder().graph();
        if (graph.varying(n) && graph.row_set(n) != rows.rows())
          throw std::invalid_argument("record: the values of map_rows vary over another table's rows");
        if (recording.tables->columns.size() != 1)
          throw std::invalid_argument("record: map_rows takes one table, the cost uses " +
                                      std::to_string(recording.tables->columns.size()));
        return std::vector<NodeId>{n};
      });
}

}  // namespace detail

namespace {

using detail::CostRecording;
using detail::Recording;

Expr append_argument(std::optional<double> preset) {
  Recording& recording = Recording::required("argument()");
  if (recording.tables == nullptr) throw std::invalid_argument("argument(): no cost is being recorded");
  recording.tables->arguments.push_back(preset);
  return recording.expr(recording.builder().graph().argument());
}

// A Function's graph appended to a recording, with its tables and what its arguments are bound to.
class Inlined {
 public:
  Inlined(const Function::Impl& f, Recording& recording, ExprSpan x)
      : f_(f),
        from_(f.recorded->traced().graph),
        recording_(recording),
        x_(x),
        arguments_(f.bound_arguments("operator()")),
        map_(static_cast<std::size_t>(from_.size()), no_node) {
    for (std::size_t t = 0; t < f.tables.size(); ++t) add_table(t);
    mark_live();
    for (NodeId n = 0; n < map_.size(); ++n)
      if (live_[n]) map_[n] = copied(n);
  }

  std::vector<Expr> outputs() const {
    std::vector<Expr> exprs;
    for (const NodeId n : f_.recorded->traced().outputs) exprs.push_back(recording_.expr(map_[n]));
    return exprs;
  }

 private:
  void add_table(std::size_t t) {
    if (recording_.tables == nullptr || recording_.in_rows)
      throw std::invalid_argument("Function::operator(): a cost over rows cannot be used inside of a row");
    tables_.push_back(recording_.tables->add(f_.tables[t]));
    if (f_.recorded->needs_rows(t)) recording_.tables->needs_rows[tables_.back().index] = true;
  }

  void mark_live() {
    live_.assign(map_.size(), false);
    for (const NodeId n : f_.recorded->traced().outputs) live_[n] = true;
    for (auto n = static_cast<NodeId>(map_.size()); n-- > 0;)
      if (live_[n])
        for (const NodeId k : from_.operands(n)) live_[k] = true;
  }

  NodeId copied(NodeId n) {
    detail::Builder& builder = recording_.builder();
    const auto place = static_cast<std::size_t>(from_.payload(n));
    switch (from_.op(n)) {
      case Op::parameter:
        return recording_.node(x_[from_.payload(n)]);
      case Op::argument:
        return builder.constant(arguments_[place]);
      case Op::column:
        return builder.column(tables_[from_.row_set(n).index], from_.payload(n));
      case Op::num_rows:
        return builder.num_rows(tables_[place]);
      case Op::sum_rows:
        return builder.reduce_rows(Reduce::sum, tables_[place], map_[from_.operands(n)[0]]);
      case Op::max_rows:
        return builder.reduce_rows(Reduce::max, tables_[place], map_[from_.operands(n)[0]]);
      case Op::any_rows:
        return builder.reduce_rows(Reduce::any, tables_[place], map_[from_.operands(n)[0]]);
      default:
        return detail::copy_node(from_, n, map_, operands_, builder);
    }
  }

  const Function::Impl& f_;
  const Graph& from_;
  Recording& recording_;
  ExprSpan x_;
  std::vector<double> arguments_;
  std::vector<RowSet> tables_;
  std::vector<NodeId> map_, operands_;
  std::vector<bool> live_;
};

}  // namespace

Expr argument() { return append_argument({}); }
Expr argument(double preset) { return append_argument(preset); }

std::vector<Expr> Function::outputs(ExprSpan x) const {
  if (x.size() != dimension())
    throw std::invalid_argument("Function::operator(): " + std::to_string(x.size()) +
                                " Exprs given, the function takes " + std::to_string(dimension()));
  if (impl_->recorded->by_row())
    throw std::invalid_argument(
        "Function::operator(): this function has one value for each row; sum or mean over rows in it");
  if (std::ranges::all_of(x, [](const Expr& e) { return e.is_constant(); })) {
    std::vector<double> point, result(static_cast<std::size_t>(num_values()));
    for (const Expr& e : x) point.push_back(e.constant());
    values(point, result);
    return {result.begin(), result.end()};
  }
  return Inlined(*impl_, Recording::required("a Function of Exprs"), x).outputs();
}

Expr Function::operator()(ExprSpan x) const {
  if (!impl_->recorded->has_value())
    throw std::invalid_argument("Function::operator(): this function has several values; use outputs()");
  return outputs(x)[0];
}

}  // namespace rappel
