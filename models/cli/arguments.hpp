#pragma once

// The command lines of rappel's commands, checked.

#include <rappel/models.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rappel::cli {

struct FitArguments {
  ModelKind kind = ModelKind::linear;
  std::string data, target;
  std::vector<std::string> features;
  CsvOptions csv;
  FitSettings settings;
  bool drop_missing = false;
  std::string positive;
  int threads = 1;
  std::string save, trace, plot_cost, plot_fit;  // paths; empty: none
};

struct PredictArguments {
  std::string model, data;
  std::string out;  // empty: standard output
  CsvOptions csv;
  int threads = 1;
};

// Of `rappel accuracy` and `rappel check`.
struct CheckArguments {
  std::string name;        // of a cost; empty: list them
  std::vector<double> at;  // empty: the cost's own point
  std::optional<Index> rows;
  std::uint64_t seed = 1;  // of directions
  bool csv = false;
};

using Words = std::vector<std::string>;

// `words` are those after `fit`, `predict` and so on. None if help was asked for, and printed.
// Throw std::invalid_argument for what is wrong: one line, without the program's name.
std::optional<FitArguments> parse_fit(const Words& words);
std::optional<PredictArguments> parse_predict(const Words& words);
std::optional<CheckArguments> parse_accuracy(const Words& words);
std::optional<CheckArguments> parse_check(const Words& words);

// The nearest of `names`, as an end of a message: "; did you mean 'fit'?"; empty if there is none.
std::string did_you_mean(const std::string& name, const Words& names);

}  // namespace rappel::cli
