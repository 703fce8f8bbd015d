#pragma once

#include <cstddef>

namespace rappel::bench {

// Calls of operator new, aligned ones included, since the process started. Needs count_allocations.cpp
// linked.
std::size_t num_allocations();

}  // namespace rappel::bench
