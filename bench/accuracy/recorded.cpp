#include "recorded.hpp"

#include "differences.hpp"
#include "recording.hpp"
#include "sweep.hpp"

namespace rappel::accuracy {
namespace {

// A function of parameters.
class Derivation {
 public:
  Derivation(Index num_operands, const Recorded::Cost& cost) {
    for (Index i = 0; i < num_operands; ++i) operands_.push_back(builder_.graph().parameter());
    detail::Recording recording(builder_);
    std::vector<Expr> x;
    for (const NodeId n : operands_) x.push_back(recording.expr(n));
    value_ = recording.node(cost(x));
  }
  NodeId value() const { return value_; }
  std::vector<NodeId> gradient(NodeId n) {
    const NodeId one = builder_.constant(1.0);
    return detail::reverse_sweep(builder_, {&n, 1}, {&one, 1}, operands_);
  }
  Graph take() { return builder_.take(); }

 private:
  detail::Builder builder_;
  std::vector<NodeId> operands_;
  NodeId value_;
};

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

Recorded::Recorded(const Graph& graph, const std::vector<NodeId>& outputs, Index num_operands)
    : of_parameters_{graph, outputs, {}} {
  for (const NodeId output : outputs) outputs_.push_back(by_row(graph, output, num_operands));
}

Recorded::Recorded(Index num_operands, const Cost& cost)
    : Recorded([&] {
        Derivation d(num_operands, cost);
        std::vector<NodeId> outputs = {d.value()};
        const std::vector<NodeId> gradient = d.gradient(d.value());
        outputs.insert(outputs.end(), gradient.begin(), gradient.end());
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          const std::vector<NodeId> row = d.gradient(gradient[i]);
          outputs.insert(outputs.end(), row.begin() + static_cast<std::ptrdiff_t>(i), row.end());
        }
        return Recorded(d.take(), outputs, num_operands);
      }()) {}

Recorded Recorded::of_orders(const Cost& cost, int order) {
  Derivation d(1, cost);
  std::vector<NodeId> outputs = {d.value()};
  for (int k = 0; k < order; ++k) outputs.push_back(d.gradient(outputs.back())[0]);
  return Recorded(d.take(), outputs, 1);
}

std::vector<double> Recorded::values(std::span<const double> x) const {
  std::vector<double> results(of_parameters_.outputs.size());
  detail::make_interpreter(detail::lower(of_parameters_), *detail::available_kernels()[0])
      ->run({x, {}, {}}, 1, detail::Workspace::of_this_thread(), results, nullptr);
  return results;
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
    executor->run({{}, {}, {&table, 1}}, 1, detail::Workspace::of_this_thread(), uniform,
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
