#pragma once

namespace rappel::test {

// Calls of operator new since the process started. Needs count_allocations.cpp among the test's sources.
long num_allocations();

}  // namespace rappel::test
