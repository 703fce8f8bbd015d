#pragma once

// Tests on the kernels of every instruction set that this processor has.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace rappel::test {

// The kernels of a set as long as it lives. A Function is bound to kernels when it is first called.
class Forced {
 public:
  explicit Forced(const std::string& set) { setenv("RAPPEL_INSTRUCTION_SET", set.c_str(), 1); }
  ~Forced() { unsetenv("RAPPEL_INSTRUCTION_SET"); }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;
};

// When rows are compiled as long as it lives: off or always. A Function asks when it is first called.
class Compiling {
 public:
  explicit Compiling(const char* when) { setenv("RAPPEL_ROW_COMPILER", when, 1); }
  ~Compiling() { unsetenv("RAPPEL_ROW_COMPILER"); }
  Compiling(const Compiling&) = delete;
  Compiling& operator=(const Compiling&) = delete;
};

// The sets that this processor has, as the library says.
inline std::vector<std::string> sets_here() {
  std::vector<std::string> sets;
  for (const char* set : {"scalar", "baseline", "avx2", "avx512"}) {
    const Forced forced(set);
    try {
      record(1, [](ExprSpan x) { return x[0]; }).value(Vector{{1.0}});
      sets.push_back(set);
    } catch (const std::invalid_argument&) {
      BOOST_TEST_MESSAGE("this processor has no " << set);
    }
  }
  return sets;
}

}  // namespace rappel::test
