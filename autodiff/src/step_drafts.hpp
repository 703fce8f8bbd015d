#pragma once

// Steps of a body before their operands have pointer numbers, and what is made of a list of them: steps that do the work of
// many. Included by lower_body.cpp, lower_lookups.cpp, step_distances.cpp, step_joins.cpp and step_lists.cpp alone.

#include "chosen_terms.hpp"

#include <functional>
#include <map>
#include <vector>

namespace rappel::detail {

// Operands and results as nodes. A node may be the result of several steps, of which each reads what the one before left.
struct Draft {
  NodeId node;
  StepKind kind;
  std::vector<NodeId> operands;
  std::vector<NodeId> results;   // varying ones
  std::vector<NodeId> sums;      // the reductions that the step computes
  std::uint32_t row_output = 0;  // of a copy: its place among those of the body
  std::vector<NodeId> lookups = {};  // whose rows the step reads where they stand
  const ChosenTerms* chosen = nullptr;  // of a step of kind chosen_sums
  NodeId chooses_for = no_node;             // of a step of kind least_distance: the shares whose choice it makes
  std::vector<NodeId> packed = {};          // uniform values that the step reads one after the other
  std::vector<NodeId> spread = {};          // likewise, each in several copies
  std::vector<std::uint32_t> numbers = {};  // that follow its results and the place of what is packed
};

// Dots of looked-up rows, and scatters of looked-up rows times a factor, read those where they stand: the operands are the
// indices of both, then the factor. `kept` by node: what steps of this body are to compute though no other reads it. Lookups
// and products that nothing else reads are left out.
void read_rows_in_place(const BodySource& source, const std::vector<bool>& kept, std::vector<Draft>& drafts);

// What one step computes element by element for a scatter of one value a row, with the scatter's node: it may stand where the sums
// do, unless steps after the scatter read it. A sum begins with 0, so that -0 becomes 0 there; some operations never give it.
std::map<NodeId, NodeId> scattered_in_place(const std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block);
bool is_never_minus_zero(Op op);

inline bool is_too_long_to_compile(const std::vector<Draft>& drafts) {
  std::size_t num_operands = 0;
  for (const Draft& d : drafts) num_operands += d.operands.size();
  return num_operands > most_compiled;
}

// Dots over one list of values, and sums over rows of the products of two lists: tiles of a matrix product each. So are dots
// that share most of a list, and sums whose lists overlap.
void join_matrix_products(std::vector<Draft>& drafts, const BodySource& source);

// Where blocks do not fit the second-level cache, cheap values are computed once more where they are read again much later:
// between a model's forward and its backward half the blocks of the latter's operands need not wait.
void recompute_late(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block);

// What rows choose by, where it is the least of many squared distances of columns to uniform values.
void join_least_distances(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block);

// In bodies that are left to kernels: sums, differences and products of two, and sums over rows, that stand near one another, and
// chains of sums of squares. `is_block`: whether a value is neither kept for later nor an output.
void join_like_steps(std::vector<Draft>& drafts, const Graph& graph, const std::function<bool(NodeId)>& is_block);

}  // namespace rappel::detail
