#pragma once

// Where a NaN or an infinity comes from: f.diagnose(x).

#include <rappel/autodiff/graph.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace rappel {

// The first operation whose result is not finite though its operands are, of those that the value or the
// gradient gets its NaN or infinity from.
struct Diagnosis {
  enum class Found {
    nothing,    // value and gradient are finite
    parameter,  // a parameter is not finite: its number in `place`
    argument,   // an argument is not: its number in `place`
    data,       // a cell of the table is not: its column in `place`, its row in `row`
    constant,   // a constant of the cost is not; `file` and `line` are those of an operation that uses it
    value,      // an operation of the cost
    gradient    // an operation of the reverse sweep; `file` and `line` are those of what it differentiates
  };
  Found found = Found::nothing;
  std::string operation;         // "log", "+"
  std::vector<double> operands;  // for sums over rows none
  double result = 0.0;
  Index row = -1;  // from 0; -1: the same for all rows
  Index place = -1;
  std::string column;  // its name, if it has one
  std::string file;    // its last component; empty: not known
  int line = 0;
  std::string hint;  // a form that does not fail so; empty: none is known

  bool ok() const { return found == Found::nothing; }
};

// One line: "row 17: log(-3.2) is NaN, at housing.cpp:42; ..".
std::ostream& operator<<(std::ostream& out, const Diagnosis& diagnosis);

}  // namespace rappel
