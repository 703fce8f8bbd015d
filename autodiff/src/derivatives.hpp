#pragma once

// Derivatives of what was recorded, graph to graph. Each takes outputs that are uniform; vectors that a call
// brings (directions, weights) are arguments appended to the graph's own.

#include <rappel/autodiff/graph.hpp>

namespace rappel::detail {

std::vector<NodeId> parameters_of(const Graph& graph);

// The outputs, with the numbers that they have, then the gradient of the only one.
Traced with_gradient(const Traced& traced, PassOptions options);

// u^T J, u by output: n numbers.
Traced vector_jacobian(const Traced& traced, PassOptions options);

// J v, v by parameter: m numbers. After the arguments v come m more, which no result depends on.
Traced jacobian_vector(const Traced& traced, PassOptions options);

// J by rows, m n numbers; of a symmetric one the upper triangle by rows.
Traced jacobian(const Traced& traced, PassOptions options, bool symmetric);

// Of outputs that vary, r: r^T r / 2, J^T r, and the upper triangle of J^T J by rows.
Traced gauss_newton(const Traced& traced, PassOptions options);

}  // namespace rappel::detail
