#pragma once

// The order of instructions over single values, once their places are known. Groups of as many members that work on one
// another's results member by member stand together: they may run as one loop. Long sums, whose additions wait for one
// another, begin as soon as their terms stand, so that other work goes on beside them. Each value is computed as before,
// bit for bit.

#include "scan_code.hpp"

#include <span>

namespace rappel::detail {

// Up to where an instruction's results are read: the number of the first instruction after that; not within the frame's
// instructions, or not by them alone.
inline constexpr std::uint32_t read_by_others = ~0u;

// Reorders the instructions from `first` on, of one frame; read_until is by instruction from there on.
void fuse_groups(std::vector<UniformInstruction>& instructions, std::size_t first, std::span<const std::uint32_t> read_until,
                 std::vector<std::uint32_t>& operands, FrameCalls& calls);

}  // namespace rappel::detail
