#pragma once

// What is written while a fit descends.

#include "gnuplot.hpp"

#include <iosfwd>
#include <vector>

namespace rappel::cli {

// A trace, a line an iteration: iteration,cost,gradient_norm,step,seconds. The start has no step.
class Trace {
 public:
  explicit Trace(std::ostream& out);
  void add(const Progress& progress);

 private:
  std::ostream& out_;
};

// One line on standard error that is written over, if that is a terminal; else nothing.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // the line disappears
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const Progress& progress);

 private:
  bool terminal_;
  double last_ = -1.0;  // seconds
};

}  // namespace rappel::cli
