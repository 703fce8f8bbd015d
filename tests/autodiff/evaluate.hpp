#pragma once

// A graph read node by node, by the definitions of its operations: what executors, passes and the reverse
// sweep are held to. In doubles (by the scalar kernels) or in 50 digits (by the formulas, then derivatives
// are exact enough to be compared with differences and closed forms).

#include "by_row.hpp"
#include "real.hpp"

namespace rappel::test {

template <class T>
struct Inputs {
  std::vector<T> parameters;
  std::vector<std::vector<T>> columns = {};  // of table 0
};

// The results of an operation with formulas, or one of those named "structure" that works row by row.
std::vector<double> results_of(Op op, const std::vector<double>& operands, std::size_t num_results);
std::vector<Real> results_of(Op op, const std::vector<Real>& operands, std::size_t num_results);

// By node, one value, or one for each row.
template <class T>
std::vector<std::vector<T>> evaluate_nodes(const Graph& graph, const Inputs<T>& inputs);
extern template std::vector<std::vector<double>> evaluate_nodes(const Graph&, const Inputs<double>&);
extern template std::vector<std::vector<Real>> evaluate_nodes(const Graph&, const Inputs<Real>&);

// Of uniform nodes.
template <class T>
std::vector<T> evaluate(const Graph& graph, const std::vector<NodeId>& outputs, const Inputs<T>& inputs) {
  const auto values = evaluate_nodes(graph, inputs);
  std::vector<T> result;
  for (const NodeId n : outputs) result.push_back(values[n][0]);
  return result;
}

// The uniform outputs, simplified, lowered and run on an instruction set.
std::vector<double> run(const Traced& traced, const Inputs<double>& inputs,
                        const detail::KernelTable& kernels);

inline Inputs<Real> in_50_digits(const Inputs<double>& inputs) {
  Inputs<Real> real{{inputs.parameters.begin(), inputs.parameters.end()}};
  for (const auto& column : inputs.columns) real.columns.emplace_back(column.begin(), column.end());
  return real;
}

// A cost as a graph to which derivatives are appended, an order at a time.
struct Cost {
  Graph graph;
  std::vector<NodeId> parameters;
  NodeId output;

  // The derivatives of node n by all parameters, by one reverse sweep.
  std::vector<NodeId> gradient(NodeId n);
  std::vector<NodeId> gradient() { return gradient(output); }
};

Cost scalar_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost, PassOptions options = {});
// The sum over the rows of table 0 of cost(parameters, row).
Cost rows_cost(Index num_parameters, Index num_columns, const std::function<Expr(ExprSpan, ExprSpan)>& cost);
// Of a cost that uses sum_over_rows and the like.
Cost table_cost(Index num_parameters, const std::function<Expr(ExprSpan)>& cost);

}  // namespace rappel::test
