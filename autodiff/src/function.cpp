#include "function_impl.hpp"

#include "sweep.hpp"

#include <algorithm>
#include <array>

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

Recorded::Recorded(Traced traced, bool by_row, std::vector<bool> needs_rows, const RecordOptions& options)
    : traced_(std::move(traced)), by_row_(by_row), needs_rows_(std::move(needs_rows)), options_(options) {}

std::unique_ptr<Executor> Recorded::compile(const Traced& traced) const {
  return make_interpreter(lower(fuse_live(traced)), preferred_kernels(), options_.workspace_limit);
}

const Executor& Recorded::value() const {
  return value_.get([&] { return compile(traced_); });
}

Traced Recorded::with_gradient() const {
  Builder builder(traced_.graph, {options_.exact_zeros});
  std::vector<NodeId> parameters;
  for (NodeId n = 0; n < static_cast<NodeId>(traced_.graph.size()); ++n)
    if (traced_.graph.op(n) == Op::parameter) parameters.push_back(n);
  const NodeId one = builder.constant(1.0);
  Traced both{{}, traced_.outputs, traced_.guards};
  for (const NodeId g : reverse_sweep(builder, traced_.outputs, {&one, 1}, parameters))
    both.outputs.push_back(g);
  both.graph = builder.take();
  return both;
}

const Executor& Recorded::value_and_gradient() const {
  return gradient_.get([&] { return compile(with_gradient()); });
}

bool uses_column(const Traced& traced, Index column) {
  const Graph graph = remove_dead(traced).graph;
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n)
    if (graph.op(n) == Op::column && graph.payload(n) == column) return true;
  return false;
}

namespace {

// Records `cost` on fresh parameters; its result is handed to `output`, which gives the output node.
template <class Cost, class Output>
Function record_any(Index num_parameters, const Cost& cost, const RecordOptions& options, bool by_row,
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
  CostRecording tables{builder, {}, {}};
  Recording recording(builder);
  recording.tables = &tables;
  std::vector<Expr> parameters;
  for (Index i = 0; i < num_parameters; ++i)
    parameters.push_back(recording.expr(builder.graph().parameter()));
  const NodeId result = output(recording, cost(ExprSpan(parameters)));
  Traced traced{builder.take(), {result}, {}};
  auto impl = std::make_shared<Function::Impl>();
  impl->recorded =
      std::make_shared<Recorded>(std::move(traced), by_row, std::move(tables.needs_rows), options);
  impl->tables.assign(tables.columns.begin(), tables.columns.end());
  return Function(std::move(impl));
}

}  // namespace

Function record_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost,
                     const RecordOptions& options) {
  return record_any(num_parameters, cost, options, false, [](Recording& recording, const Expr& value) {
    const NodeId n = recording.node(value);
    if (recording.builder().graph().varying(n))
      throw std::invalid_argument(
          "record: the cost varies by row; it lacks a sum_over_rows or mean_over_rows");
    return n;
  });
}

Function record_rows(Index num_parameters, const std::function<RowValues(ExprSpan)>& cost,
                     const RecordOptions& options) {
  return record_any(num_parameters, cost, options, true, [](Recording& recording, const RowValues& rows) {
    const NodeId n = recording.node(rows.value());
    const Graph& graph = recording.builder().graph();
    if (graph.varying(n) && graph.row_set(n) != rows.rows())
      throw std::invalid_argument("record: the values of map_rows vary over another table's rows");
    if (recording.tables->columns.size() != 1)
      throw std::invalid_argument("record: map_rows takes one table, the cost uses " +
                                  std::to_string(recording.tables->columns.size()));
    return n;
  });
}

}  // namespace detail

namespace {

using detail::Recorded;
using detail::Workspace;

void check_size(const char* what, std::size_t given, Index expected) {
  if (static_cast<Index>(given) != expected)
    throw std::invalid_argument(std::string("Function::") + what + " has " + std::to_string(given) +
                                " entries, the function takes " + std::to_string(expected));
}

void check_scalar(const Function::Impl& f, const char* what) {
  if (f.recorded->by_row())
    throw std::invalid_argument(std::string("Function::") + what +
                                ": this function has one value for each row, use values()");
  for (std::size_t t = 0; t < f.tables.size(); ++t)
    if (f.recorded->needs_rows(t) && f.tables[t].num_rows() == 0)
      throw std::invalid_argument(std::string("Function::") + what + ": a mean over a table of no rows");
}

}  // namespace

Index Function::dimension() const { return impl_->recorded->traced().graph.num_parameters(); }

Index Function::num_rows() const {
  if (impl_->tables.size() > 1)
    throw std::invalid_argument("Function::num_rows: the cost runs over " +
                                std::to_string(impl_->tables.size()) + " tables");
  return impl_->tables.empty() ? 0 : impl_->tables[0].num_rows();
}

double Function::value(ConstSpan x) const {
  check_size("value: x", x.size(), dimension());
  check_scalar(*impl_, "value");
  double result;
  const Recorded& recorded = *impl_->recorded;
  recorded.value().run(x, impl_->tables, recorded.options().threads, Workspace::of_this_thread(),
                       {&result, 1}, nullptr);
  return result;
}

void Function::values(ConstSpan x, MutableSpan result) const {
  const Recorded& recorded = *impl_->recorded;
  if (!recorded.by_row())
    throw std::invalid_argument(
        "Function::values: this function has one value, not one for each row; use value()");
  check_size("values: x", x.size(), dimension());
  if (static_cast<Index>(result.size()) != num_rows())
    throw std::invalid_argument("Function::values: the result has " + std::to_string(result.size()) +
                                " entries, there are " + std::to_string(num_rows()) + " rows");
  const NodeId output = recorded.traced().outputs[0];
  const bool varying = recorded.traced().graph.varying(output);
  double uniform;
  const MutableSpan outputs = varying ? MutableSpan() : MutableSpan(&uniform, 1);
  recorded.value().run(x, impl_->tables, recorded.options().threads, Workspace::of_this_thread(), outputs,
                       result.data());
  if (!varying) std::ranges::fill(result, uniform);
}

double Function::value_and_gradient(ConstSpan x, MutableSpan gradient) const {
  const Index n = dimension();
  check_size("value_and_gradient: x", x.size(), n);
  check_size("value_and_gradient: the gradient", gradient.size(), n);
  check_scalar(*impl_, "value_and_gradient");
  const Recorded& recorded = *impl_->recorded;
  const detail::Executor& executor = recorded.value_and_gradient();
  Workspace& workspace = Workspace::of_this_thread();
  workspace.outputs.resize(gradient.size() + 1);
  executor.run(x, impl_->tables, recorded.options().threads, workspace, workspace.outputs, nullptr);
  std::copy(workspace.outputs.begin() + 1, workspace.outputs.end(), gradient.begin());
  return workspace.outputs[0];
}

Function Function::with_columns(const Columns& columns) const {
  if (impl_->tables.size() != 1)
    throw std::invalid_argument("Function::with_columns: the cost runs over " +
                                std::to_string(impl_->tables.size()) + " tables, one is needed");
  const Columns& old = impl_->tables[0];
  std::vector<const double*> pointers;
  if (!old.names().empty() && !columns.names().empty()) {
    for (const std::string& name : old.names()) {
      const auto found = std::ranges::find(columns.names(), name);
      if (found == columns.names().end() &&
          detail::uses_column(impl_->recorded->traced(), static_cast<Index>(pointers.size())))
        throw std::invalid_argument("Function::with_columns: the cost uses column " + name +
                                    ", which the new columns lack");
      pointers.push_back(found == columns.names().end() ? nullptr
                                                        : columns.column(found - columns.names().begin()));
    }
  } else {
    if (columns.num_columns() != old.num_columns())
      throw std::invalid_argument("Function::with_columns: " + std::to_string(columns.num_columns()) +
                                  " columns given, the cost was recorded over " +
                                  std::to_string(old.num_columns()));
    for (Index c = 0; c < columns.num_columns(); ++c) pointers.push_back(columns.column(c));
  }
  auto impl = std::make_shared<Impl>(*impl_);
  std::vector<std::string> names = old.names();
  names.resize(pointers.size());
  impl->tables[0] = Columns::from(std::move(names), std::move(pointers), columns.num_rows(),
                                  std::make_shared<const Columns>(columns));
  return Function(std::move(impl));
}

const Graph& Function::graph() const { return impl_->recorded->traced().graph; }

}  // namespace rappel
