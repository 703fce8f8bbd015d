#pragma once

// Uniform values of one operation that do not depend on one another, many of them: a loop over them by the kernels
// that rows have. A trace that was written as a loop, or as matrices of Expr, is mostly made of such groups.

#include "program_steps.hpp"

#include <rappel/autodiff/graph.hpp>

#include <functional>
#include <vector>

namespace rappel::detail {

// Nodes of one operation, with as many operands each.
struct NodeGroup {
  std::vector<NodeId> nodes;
  std::uint32_t level;  // after all instructions of lower levels
};

// The groups among the nodes, which are uniform ones of one stage, in order; `level` receives by node how many of
// them it waits for. What is left in no group depends on others too much, or there are too few of its kind.
std::vector<NodeGroup> groups_of(const Graph& graph, const std::vector<NodeId>& nodes,
                                 std::vector<std::uint32_t>& level);

// Results take places from `result` on, padded to whole strips of the kernels.
struct UniformGroup {
  struct Operand {
    std::uint32_t first;                // one value for all, or
    bool in_a_row;                      // the values from the first on, or
    std::vector<std::uint32_t> places;  // by member
  };
  BodyStep step;
  std::uint32_t count, result;
  std::vector<Operand> operands;
  std::vector<std::uint32_t> numbers;  // of the operands' pointers; the top bit marks one value for all
};

// number(n): the place of a uniform value.
UniformGroup uniform_group(const Graph& graph, const NodeGroup& group,
                           const std::function<std::uint32_t(NodeId)>& number);

}  // namespace rappel::detail
