#pragma once

#include <rappel/autodiff/graph.hpp>

#include <functional>
#include <string>

namespace rappel::detail {

// A stable form for what node n is part of, where one is known, else empty. value_of gives the nodes' values.
std::string hint_for(const Graph& graph, NodeId n, double result,
                     const std::function<double(NodeId)>& value_of);

}  // namespace rappel::detail
