#pragma once

// Tests that cannot run here say so: ctest reports them as skipped, and scripts/test fails on one that
// tests/may_skip.txt does not name.

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace rappel::test {

// Ends the process with the exit status that ctest takes for "skipped". Each case runs in a process of its
// own.
[[noreturn]] inline void skip(const std::string& reason) {
  std::cout << "SKIPPED: " << reason << std::endl;
  std::cerr.flush();
  std::fflush(nullptr);
  std::_Exit(77);
}

}  // namespace rappel::test
