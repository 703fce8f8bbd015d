#pragma once

// How accurate a Function's results are, measured against the same graph in 50 digits: f.accuracy(x).

#include <rappel/autodiff/graph.hpp>

#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

namespace rappel {

struct AccuracyOptions {
  // The value and the outputs with the largest errors, so many in all, get a condition: each costs a reverse
  // sweep in 50 digits.
  Index max_conditions = 100;
};

enum class AccuracyVerdict {
  ok,          // ulp <= 4 * max(condition, 1): as close as the cost, computed in doubles as written, can be
  off,         // further away: an operation broke its bound, overflowed, or a comparison went the other way
  not_checked  // made of an operation that has no 50-digit form; or above 4 ulp, beyond max_conditions
};

// Where the largest part of a condition comes from: the node whose rounding the output magnifies most.
struct LossyNode {
  NodeId node = no_node;   // no_node: nothing rounds. From graph().size() on it is a node of the gradient
  std::string operation;   // its name: "cos", "+"
  Index row = -1;          // the row that it counts most at, if it varies
  double share = 0.0;      // of the condition, 0 to 1
  bool overflows = false;  // instead: the first node that lies beyond the doubles, though its operands do not
};

struct OutputAccuracy {
  std::string name;               // "value", "gradient[3]", "row 17"
  double computed = 0.0;          // by the kernels that the Function uses
  double exact = 0.0;             // the 50 digits, rounded to a double
  std::string exact_digits = {};  // the first 25
  double ulp = 0.0;               // |computed - exact| in spacings of doubles at the exact result
  // Sum of |adjoint * value| over |output|, over the nodes that round (data, parameters and constants are
  // exact) and over the rows. A sum of n terms counts as the sums on its way, a sum over rows as its terms,
  // what lies below the normal range as the least normal number. NaN if not asked for.
  // Above 1e34 the exact result is 0, or not known to 16 digits by 50 either.
  double condition = std::numeric_limits<double>::quiet_NaN();
  LossyNode loses_most = {};
  AccuracyVerdict verdict = AccuracyVerdict::not_checked;
};

struct Accuracy {
  std::vector<OutputAccuracy> outputs;   // the value, then the gradient; or one for each row
  std::vector<std::string> not_checked;  // operations in use that have no 50-digit form
  std::string instruction_set;  // of the kernels that ran over the rows: "avx512"; empty without rows

  bool ok() const;      // no output is off
  Index worst() const;  // of those with a condition, the largest ulp / max(condition, 1); -1: none has one
};

const char* name_of(AccuracyVerdict verdict);

// A line for each output, of many the worst, and where those above 4 ulp lose their digits.
std::ostream& operator<<(std::ostream& out, const Accuracy& accuracy);

}  // namespace rappel
