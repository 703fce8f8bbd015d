#pragma once

// Where a body writes its outputs by row: their pointers come last, and are known only when all blocks are given out. Until then
// they are numbered from the top downwards.

#include "program.hpp"

namespace rappel::detail {

inline constexpr std::uint32_t first_row_output = ~uniform_bit;

// Of a body that is otherwise done: each stands where it is to be.
void settle_row_outputs(Body& body);

}  // namespace rappel::detail
