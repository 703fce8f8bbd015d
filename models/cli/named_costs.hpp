#pragma once

// Costs that the command knows by name.

#include <rappel/autodiff.hpp>

#include <span>
#include <string>
#include <vector>

namespace rappel::cli {

struct NamedCost {
  std::string name, formula;
  std::vector<double> point;  // where it is looked at if the user does not say
  bool over_rows;             // of data that are made here, always the same
  Function (*record)(Index num_rows);

  Index dimension() const { return static_cast<Index>(point.size()); }
};

std::span<const NamedCost> named_costs();

// Throws std::invalid_argument that names the nearest one.
const NamedCost& cost_named(const std::string& name);

}  // namespace rappel::cli
