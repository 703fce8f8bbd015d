#pragma once

#include <rappel/autodiff/rows.hpp>

namespace rappel::detail {

// What a call of a program or a graph brings. The first arguments may be fewer than the program has: no result
// depends on the others.
struct Call {
  ConstSpan parameters;
  ConstSpan arguments;
  std::span<const Columns> tables;
};

}  // namespace rappel::detail
