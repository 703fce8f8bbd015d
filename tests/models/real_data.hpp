#pragma once

// The shipped data sets as matrices. A few lines of their own, so that these tests do not lean on read_csv.

#include <rappel/core.hpp>

#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rappel::test {

using CsvRow = std::map<std::string, std::string>;  // name of a column to its cell, quotes removed

inline std::vector<std::string> split_line(std::string line) {
  std::erase_if(line, [](char c) { return c == '"' || c == '\r'; });  // no quoted cell holds a comma here
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

inline std::vector<CsvRow> shipped_rows(const std::string& file) {
  std::ifstream in(std::string(RAPPEL_DATA_DIR) + "/" + file);
  if (!in) throw std::runtime_error("cannot open " + file);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = split_line(line);
  std::vector<CsvRow> rows;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = split_line(line);
    CsvRow& row = rows.emplace_back();
    for (std::size_t c = 0; c < names.size(); ++c) row[names[c]] = cells.at(c);
  }
  return rows;
}

struct Problem {
  std::vector<std::string> names;
  Matrix X;
  Vector y;
};

// The rows of which no cell in use is "NA".
inline Problem problem(const std::vector<CsvRow>& rows, const std::vector<std::string>& features,
                       const std::string& target, const std::function<double(const std::string&)>& value) {
  std::vector<CsvRow> complete;
  for (const CsvRow& row : rows) {
    bool missing = row.at(target) == "NA";
    for (const std::string& name : features) missing = missing || row.at(name) == "NA";
    if (!missing) complete.push_back(row);
  }
  Problem p{features, Matrix(complete.size(), features.size()), Vector(complete.size())};
  for (std::size_t r = 0; r < complete.size(); ++r) {
    const Index i = static_cast<Index>(r);
    for (std::size_t j = 0; j < features.size(); ++j) {
      p.X(i, static_cast<Index>(j)) = std::stod(complete[r].at(features[j]));
    }
    p.y[i] = value(complete[r].at(target));
  }
  return p;
}

inline Problem houses() {
  return problem(shipped_rows("sacramento.csv"), {"sqft", "beds", "baths"}, "price",
                 [](const std::string& cell) { return std::stod(cell); });
}

inline Problem penguins(const std::string& target, const std::string& positive) {
  return problem(shipped_rows("penguins.csv"),
                 {"bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"}, target,
                 [&](const std::string& cell) { return cell == positive ? 1.0 : 0.0; });
}

}  // namespace rappel::test
