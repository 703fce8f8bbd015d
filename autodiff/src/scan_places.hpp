#pragma once

#include "scan_code.hpp"

namespace rappel::detail {

// Where the carry, the inputs and the captures of a scan's body stand, by parameter: each of these three kinds has its
// range, in which the caller's order does not matter. Groups read in place what stands in a row.
std::vector<std::uint32_t> places_as_recorded(std::size_t num_parameters);

// As groups of the code read them, the widest first: lists that they gather, all of one kind.
std::vector<std::uint32_t> places_as_groups_read(const ScanCode& code);

// What the groups of a frame gather, in values.
std::size_t num_gathered(const FrameCalls& calls);

}  // namespace rappel::detail
