#pragma once

// Graphs made at random, node by node and with no builder between: equal nodes, constants to be folded and
// nodes that nobody uses are all there.

#include "evaluate.hpp"

#include <bit>
#include <cmath>

namespace rappel::test {

struct RandomGraphOptions {
  bool total = false;  // operations that are finite and continuous at zeros of either sign only
  bool polynomials_of_integers = false;  // +, -, *, sum and dot of small integers only
  bool sum_over_rows = false;            // every output is uniform; sums over rows are nowhere else,
  bool row_sums_inside = false;  // but for this: a row may then need a sum over rows, as no program can
};

struct RandomGraph {
  Traced traced;
  Inputs<double> inputs;
};

// Of two parameters and a table of two columns; the last nodes are its outputs.
RandomGraph random_graph(unsigned seed, const RandomGraphOptions& options);

// Whether a copysign takes the sign of a NaN, which no operation defines: compilers order operands as they like, and -1 * x
// becomes -x. `values` are those of evaluate_nodes.
bool reads_sign_of_nan(const Graph& graph, const std::vector<std::vector<double>>& values);

// NaNs are all the same.
inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

}  // namespace rappel::test
