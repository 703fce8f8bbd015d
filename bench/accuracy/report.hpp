#pragma once

// What the program accuracy prints and writes.

#include "measure.hpp"

#include <iosfwd>

namespace rappel::accuracy {

struct Settings {
  MeasureOptions measure;
  std::string command;  // that makes these figures
};

void print_table(std::ostream& out, const std::vector<Measurement>& all);

}  // namespace rappel::accuracy
