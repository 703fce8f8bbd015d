#pragma once

// The summary of a fit as text.

#include "rappel/models/statistics.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rappel {

// What a summary prints besides the statistics: words and counts.
struct SummaryText {
  std::string title = "fit";               // "linear regression"
  std::string target;                      // "price"
  std::vector<std::string> feature_names;  // as the coefficients of the statistics
  std::vector<std::string> notes;          // one line each: rows left out, base levels, which class is 1
  std::string cost_formula;                // empty: not printed
  std::string outcome;                     // why the descent stopped, in words
  std::string advice;                      // what to try, if anything
  double cost = 0.0;
  std::size_t num_rows = 0;
  std::size_t num_parameters = 0;
  std::size_t iterations = 0;
  std::size_t evaluations = 0;
  bool converged = false;
};

// Title and notes, the table of coefficients, the measures, and how the descent ended. `statistics` may be
// null (a model that has none). Ends with a newline.
std::string format_summary(const SummaryText&, const Statistics* statistics);

}  // namespace rappel
