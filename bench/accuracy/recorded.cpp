#include "recorded.hpp"

#include "differences.hpp"
#include "recording.hpp"
#include "sweep.hpp"

namespace rappel::accuracy {
namespace {

// The function of parameters: its graph, and the nodes of value, gradient and second derivatives.
struct Derived {
  Graph graph;
  std::vector<NodeId> outputs;
};

Derived derived(const Subject& subject) {
  detail::Builder builder;
  std::vector<NodeId> operands;
  for (Index i = 0; i < subject.num_operands; ++i) operands.push_back(builder.graph().parameter());
  NodeId value;
  {
    detail::Recording recording(builder);
    std::vector<Expr> x;
    for (const NodeId n : operands) x.push_back(recording.expr(n));
    value = recording.node(subject.record(x));
  }
  const NodeId one = builder.constant(1.0);
  std::vector<NodeId> outputs = {value};
  const auto gradient_of = [&](NodeId n) {
    return detail::reverse_sweep(builder, {&n, 1}, {&one, 1}, operands);
  };
  const std::vector<NodeId> gradient = gradient_of(value);
  outputs.insert(outputs.end(), gradient.begin(), gradient.end());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::vector<NodeId> row = gradient_of(gradient[i]);
    outputs.insert(outputs.end(), row.begin() + static_cast<std::ptrdiff_t>(i), row.end());
  }
  return {builder.take(), std::move(outputs)};
}

// The same operations on columns in the place of parameters.
Traced by_row(const Graph& graph, NodeId output, Index num_columns) {
  detail::Builder builder;
  const RowSet rows = builder.graph().rows(num_columns);
  std::vector<NodeId> now(static_cast<std::size_t>(graph.size()));
  for (NodeId n = 0; n <= output; ++n) {
    std::vector<NodeId> operands;
    for (const NodeId x : graph.operands(n)) operands.push_back(now[x]);
    switch (graph.op(n)) {
      case Op::constant:
        now[n] = builder.constant(graph.value(n));
        break;
      case Op::parameter:
        now[n] = builder.column(rows, graph.payload(n));
        break;
      case Op::result:
        now[n] = builder.result(operands[0], graph.payload(n));
        break;
      default:
        now[n] = builder.node(graph.op(n), operands);
    }
  }
  return simplify({builder.take(), {now[output]}, {}});
}

}  // namespace

Recorded::Recorded(const Subject& subject) {
  const Derived d = derived(subject);
  for (const NodeId output : d.outputs) outputs_.push_back(by_row(d.graph, output, subject.num_operands));
}

std::vector<std::vector<double>> Recorded::values(const detail::KernelTable& kernels,
                                                  const std::vector<std::vector<double>>& columns) const {
  std::vector<const double*> pointers;
  for (const auto& column : columns) pointers.push_back(column.data());
  const std::size_t rows = columns[0].size();
  const Columns table =
      Columns::from(std::vector<std::string>(columns.size()), std::move(pointers), static_cast<Index>(rows));
  std::vector<std::vector<double>> results;
  for (const Traced& traced : outputs_) {
    const auto executor = detail::make_interpreter(detail::lower(traced), kernels);
    const bool varying = traced.graph.varying(traced.outputs[0]);
    std::vector<double> values(rows), uniform(varying ? 0 : 1);
    executor->run({}, {&table, 1}, 1, detail::Workspace::of_this_thread(), uniform,
                  varying ? values.data() : nullptr);
    if (!varying) values.assign(rows, uniform[0]);
    results.push_back(std::move(values));
  }
  return results;
}

std::vector<Path> paths() {
  std::vector<Path> all = {
      {"scalar", nullptr}, {"baseline", nullptr}, {"avx2", nullptr}, {"avx512", nullptr}};
  for (const detail::KernelTable* kernels : detail::available_kernels())
    for (Path& path : all)
      if (path.name == detail::name_of(kernels->instruction_set)) path.kernels = kernels;
  return all;
}

}  // namespace rappel::accuracy
