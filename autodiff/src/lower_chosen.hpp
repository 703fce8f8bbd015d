#pragma once

#include "chosen_terms.hpp"

#include <functional>

namespace rappel::detail {

// operand(n): as steps of the body have it, a pointer number and whether it is uniform.
ChosenSums lower_chosen(const ChosenTerms& family, const BodySource& source, const std::function<std::uint32_t(NodeId)>& operand);

}  // namespace rappel::detail
