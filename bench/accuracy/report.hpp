#pragma once

// What the program accuracy prints and writes.

#include "compare.hpp"
#include "measure.hpp"

#include <iosfwd>

namespace rappel::accuracy {

struct Report {
  std::vector<Measurement> measurements;
  std::vector<Comparison> comparisons;
  std::vector<std::string> missing;  // subjects that the library does not have
  MeasureOptions options;
};

// details: a line for each region, path and order.
void write_table(std::ostream& out, const Report& report, bool details);
void write_csv(std::ostream& out, const Report& report);
void write_json(std::ostream& out, const Report& report);
// docs/accuracy.md: operations that exceed the goal first, then all, then the conventions.
void write_markdown(std::ostream& out, const Report& report);

}  // namespace rappel::accuracy
