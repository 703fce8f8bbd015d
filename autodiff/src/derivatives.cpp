#include "derivatives.hpp"

#include "copy_nodes.hpp"
#include "linear_sums.hpp"
#include "sweep.hpp"
#include "uniform_factors.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

std::vector<NodeId> arguments(Graph& graph, std::size_t count) {
  std::vector<NodeId> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(graph.argument());
  return result;
}

std::vector<NodeId> row_of_jacobian(Builder& builder, NodeId output, std::span<const NodeId> wrt) {
  const NodeId one = builder.constant(1.0);
  return reverse_sweep(builder, {&output, 1}, {&one, 1}, wrt);
}

void append(std::vector<NodeId>& to, const std::vector<NodeId>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

std::vector<NodeId> parameters_of(const Graph& graph) {
  std::vector<NodeId> parameters;
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n)
    if (graph.op(n) == Op::parameter) parameters.push_back(n);
  return parameters;
}

Traced with_gradient(const Traced& traced, PassOptions options) {
  Graph graph;
  graph.reserve(4 * traced.graph.size());  // so that it does not move when adjoints are appended
  graph = traced.graph;
  Builder builder(std::move(graph), options);
  Traced both{{}, traced.outputs, traced.guards};
  append(both.outputs, row_of_jacobian(builder, traced.outputs[0], parameters_of(traced.graph)));
  both.graph = builder.take();
  auto first = static_cast<NodeId>(traced.graph.size());
  both = with_linear_sums(std::move(both), first, options);
  return with_factors_outside(std::move(both), first, options);
}

Traced vector_jacobian(const Traced& traced, PassOptions options) {
  Builder builder(traced.graph, options);
  const std::vector<NodeId> weights = arguments(builder.graph(), traced.outputs.size());
  Traced result{
      {}, reverse_sweep(builder, traced.outputs, weights, parameters_of(traced.graph)), traced.guards};
  result.graph = builder.take();
  return result;
}

// u^T J is linear in u, so its derivative by u along v is J v: forward mode by two reverse sweeps, of which
// only what the second leaves alive is computed.
Traced jacobian_vector(const Traced& traced, PassOptions options) {
  Builder builder(traced.graph, options);
  const std::vector<NodeId> parameters = parameters_of(traced.graph);
  const std::vector<NodeId> directions = arguments(builder.graph(), parameters.size());
  const std::vector<NodeId> weights = arguments(builder.graph(), traced.outputs.size());
  const std::vector<NodeId> products = reverse_sweep(builder, traced.outputs, weights, parameters);
  Traced result{{}, reverse_sweep(builder, products, directions, weights), traced.guards};
  result.graph = builder.take();
  return result;
}

Traced jacobian(const Traced& traced, PassOptions options, bool symmetric) {
  Builder builder(traced.graph, options);
  const std::vector<NodeId> parameters = parameters_of(traced.graph);
  const std::size_t m = traced.outputs.size(), n = parameters.size();
  Traced result{{}, {}, traced.guards};
  if (symmetric || m <= n) {
    for (std::size_t i = 0; i < m; ++i)
      append(result.outputs,
             row_of_jacobian(builder, traced.outputs[i], std::span(parameters).subspan(symmetric ? i : 0)));
  } else {
    const std::vector<NodeId> weights = arguments(builder.graph(), m);
    const std::vector<NodeId> products = reverse_sweep(builder, traced.outputs, weights, parameters);
    result.outputs.resize(m * n);
    for (std::size_t j = 0; j < n; ++j) {
      const std::vector<NodeId> column = row_of_jacobian(builder, products[j], weights);
      for (std::size_t i = 0; i < m; ++i) result.outputs[i * n + j] = column[i];
    }
  }
  result.graph = builder.take();
  return result;
}

// Of S(w, w') = sum of r(w) r(w'), taken at w' = w, the derivative by w is J^T r and the mixed one J^T J. The
// two become one graph where w' is replaced by w and equal nodes are merged.
Traced gauss_newton(const Traced& traced, PassOptions options) {
  Builder builder(traced.graph, options);
  const std::vector<NodeId> parameters = parameters_of(traced.graph);
  const std::vector<NodeId> others = arguments(builder.graph(), parameters.size());
  NodeCopy copy(traced.graph);
  for (std::size_t j = 0; j < parameters.size(); ++j) copy.map(parameters[j], others[j]);
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n)
    if (!copy.mapped(n)) copy.map(n, traced.graph.op(n) == Op::argument ? n : copy.to(builder, n));
  NodeId products = no_node;
  for (const NodeId r : traced.outputs) {
    const NodeId own = builder.node(Op::mul, {r, copy[r]});
    products = products == no_node ? own : builder.node(Op::add, {products, own});
  }
  const NodeId product = builder.reduce_rows(Reduce::sum, traced.graph.row_set(traced.outputs[0]), products);
  const std::vector<NodeId> gradient = row_of_jacobian(builder, product, parameters);
  std::vector<NodeId> outputs = {product};
  append(outputs, gradient);
  for (std::size_t j = 0; j < parameters.size(); ++j)
    append(outputs, row_of_jacobian(builder, gradient[j], std::span(others).subspan(j)));
  const Graph doubled = builder.take();

  Builder merged(options);
  NodeCopy back(doubled);
  for (std::size_t i = 0; i < static_cast<std::size_t>(doubled.num_row_sets()); ++i)
    merged.graph().rows(doubled.num_columns({static_cast<std::uint16_t>(i)}));
  std::vector<NodeId> first;
  NodeId first_sum = 0;  // of those that are not the residuals' own
  for (NodeId n = 0; n < static_cast<NodeId>(doubled.size()); ++n) {
    if (n == static_cast<NodeId>(traced.graph.size())) first_sum = static_cast<NodeId>(merged.graph().size());
    const auto place = static_cast<std::size_t>(doubled.payload(n));
    const auto own = static_cast<std::size_t>(traced.graph.num_arguments());
    if (doubled.op(n) == Op::parameter)
      first.push_back(merged.graph().parameter()), back.map(n, first.back());
    else if (doubled.op(n) == Op::argument)
      back.map(n, place < own ? merged.graph().argument() : first[place - own]);
    else
      back.map(n, back.to(merged, n));
  }
  Traced result{{}, {}, {}};
  for (const NodeId n : outputs) result.outputs.push_back(back[n]);
  result.outputs[0] = merged.node(Op::mul, {merged.constant(0.5), result.outputs[0]});
  for (const Guard& g : traced.guards) result.guards.push_back({back[g.condition], g.taken});
  result.graph = merged.take();
  return with_factors_outside(std::move(result), first_sum, options);
}

}  // namespace rappel::detail
