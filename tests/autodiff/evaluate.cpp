#include "evaluate.hpp"

#include "function_impl.hpp"

#include <algorithm>

namespace rappel::test {
namespace {

template <class T>
T dot_of(const std::vector<T>& x) {
  T total = x[0] * x[1];
  for (std::size_t i = 2; i < x.size(); i += 2) total = total + x[i] * x[i + 1];
  return total;
}

template <class T>
T reduced(Op op, const std::vector<T>& rows) {
  T result = rows[0];
  for (std::size_t r = 1; r < rows.size(); ++r)
    result = op == Op::max_rows   ? results_of(Op::max, std::vector<T>{result, rows[r]}, 1)[0]
             : op == Op::any_rows ? results_of(Op::logical_or, std::vector<T>{result, rows[r]}, 1)[0]
                                  : result + rows[r];
  return result;
}

template <class T>
class Evaluation {
 public:
  Evaluation(const Graph& graph, const Inputs<T>& inputs)
      : graph_(graph), inputs_(inputs), values_(static_cast<std::size_t>(graph.size())) {}

  std::vector<std::vector<T>> run() {
    for (NodeId n = 0; n < values_.size(); ++n) compute(n);
    return std::move(values_);
  }

 private:
  std::size_t num_rows() const { return inputs_.columns.empty() ? 0 : inputs_.columns[0].size(); }
  std::vector<T> operands_at(NodeId n, std::size_t row) const {
    std::vector<T> x;
    for (const NodeId o : graph_.operands(n)) x.push_back(values_[o][graph_.varying(o) ? row : 0]);
    return x;
  }

  void compute(NodeId n) {
    const auto place = static_cast<std::size_t>(graph_.payload(n));
    switch (const Op op = graph_.op(n)) {
      case Op::constant:
        values_[n] = {T(graph_.value(n))};
        return;
      case Op::parameter:
        values_[n] = {inputs_.parameters[place]};
        return;
      case Op::column:
        values_[n] = inputs_.columns[place];
        return;
      case Op::num_rows:
        values_[n] = {T(static_cast<double>(num_rows()))};
        return;
      case Op::result:
        return;  // came with its node
      case Op::sum_rows:
      case Op::max_rows:
      case Op::any_rows:
        values_[n] = {reduced(op, values_[graph_.operands(n)[0]])};
        return;
      case Op::sum_products: {
        std::vector<T> rows;
        for (std::size_t r = 0; r < num_rows(); ++r) rows.push_back(dot_of(operands_at(n, r)));
        values_[n] = {reduced(op, rows)};
        return;
      }
      default:
        for (std::size_t r = 0; r < (graph_.varying(n) ? num_rows() : 1); ++r) {
          const std::vector<T> results = results_of(op, operands_at(n, r), place);
          for (std::size_t i = 0; i < results.size(); ++i) values_[n + i].push_back(results[i]);
        }
    }
  }

  const Graph& graph_;
  const Inputs<T>& inputs_;
  std::vector<std::vector<T>> values_;
};

}  // namespace

std::vector<Real> results_of(Op op, const std::vector<Real>& operands, std::size_t) {
  return exact::results_of(op, operands);
}

std::vector<double> results_of(Op op, const std::vector<double>& operands, std::size_t num_results) {
  std::vector<double> results(num_results);
  detail::evaluate_scalar(op, operands, results);
  return results;
}

template <class T>
std::vector<std::vector<T>> evaluate_nodes(const Graph& graph, const Inputs<T>& inputs) {
  return Evaluation<T>(graph, inputs).run();
}
template std::vector<std::vector<double>> evaluate_nodes(const Graph&, const Inputs<double>&);
template std::vector<std::vector<Real>> evaluate_nodes(const Graph&, const Inputs<Real>&);

std::vector<double> run(const Traced& traced, const Inputs<double>& inputs,
                        const detail::KernelTable& kernels) {
  const auto executor = detail::make_interpreter(detail::lower(simplify(traced)), kernels);
  std::vector<double> outputs(traced.outputs.size());
  const Columns table = borrowed(inputs.columns);
  const std::span<const Columns> tables(&table, traced.graph.num_row_sets() == 0 ? 0u : 1u);
  executor->run({inputs.parameters, {}, tables}, 1, detail::Workspace::of_this_thread(), outputs, nullptr);
  return outputs;
}

std::vector<NodeId> Cost::gradient(NodeId n) {
  const NodeId one = graph.constant(1.0);
  return reverse_sweep(graph, {&n, 1}, {&one, 1}, parameters);
}

namespace {

Cost cost_of(Index num_parameters, detail::Builder& builder,
             const std::function<NodeId(detail::Recording&, ExprSpan)>& cost) {
  Cost result;
  std::vector<Expr> w;
  {
    detail::Recording recording(builder);
    for (Index i = 0; i < num_parameters; ++i) {
      result.parameters.push_back(builder.graph().parameter());
      w.push_back(recording.expr(result.parameters.back()));
    }
    result.output = cost(recording, w);
  }
  result.graph = builder.take();
  return result;
}

}  // namespace

Cost scalar_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost, PassOptions options) {
  detail::Builder builder(options);
  return cost_of(num_parameters, builder,
                 [&](detail::Recording& recording, ExprSpan w) { return recording.node(cost(w)); });
}

Cost rows_cost(Index num_parameters, Index num_columns, const std::function<Expr(ExprSpan, ExprSpan)>& cost) {
  detail::Builder builder;
  const RowSet rows = builder.graph().rows(num_columns);
  return cost_of(num_parameters, builder, [&](detail::Recording& recording, ExprSpan w) {
    std::vector<Expr> row;
    for (Index c = 0; c < num_columns; ++c) row.push_back(recording.expr(builder.column(rows, c)));
    return builder.reduce_rows(Reduce::sum, rows, recording.node(cost(w, row)));
  });
}

Cost table_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost) {
  detail::Builder builder;
  detail::CostRecording tables{builder, {}, {}, {}};
  return cost_of(num_parameters, builder, [&](detail::Recording& recording, ExprSpan w) {
    recording.tables = &tables;
    return recording.node(cost(w));
  });
}

}  // namespace rappel::test
