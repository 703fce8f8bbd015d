#include "arguments.hpp"

#include "options.hpp"

#include <rappel/models/nearest_name.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

namespace rappel::cli {

namespace {

constexpr Entry separator_entry = {"separator", false,
                                   "what separates cells: one character, or tab; , if not given"};
constexpr Entry no_header_entry = {"no-header", true, "the first line is data; columns are c1, c2, .."};
constexpr Entry threads_entry = {"threads", false,
                                 "threads to use, 1 if not given; results do not depend on it"};
CsvOptions csv_options(const Given& given) {
  CsvOptions csv;
  csv.header = !given.has("no-header");
  const std::string separator = given.text("separator");
  if (separator == "tab" || separator == "\\t")
    csv.separator = '\t';
  else if (separator.size() == 1)
    csv.separator = separator[0];
  else if (given.has("separator"))
    throw std::invalid_argument("--separator is " + in_quotes(separator) +
                                ", it must be one character, or tab");
  return csv;
}

int num_threads(const Given& given) {
  return given
      .number<int>("threads", "a whole number from 1 to 256", [](int n) { return n >= 1 && n <= 256; })
      .value_or(1);
}

// "sqft,beds": names are separated by commas; one that holds a comma stands in double quotes.
Words split_names(const std::string& list) {
  Words names(1);
  bool quoted = false;
  for (const char c : list) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      names.emplace_back();
    else
      names.back() += c;
  }
  for (const std::string& name : names)
    if (name.empty()) throw std::invalid_argument("--features has an empty name: " + in_quotes(list));
  return names;
}

FitSettings settings_of(const Given& given) {
  FitSettings settings;
  const auto positive = [](double x) { return x > 0.0 && std::isfinite(x); };
  settings.l2 =
      given.number<double>("l2", "a number >= 0", [](double x) { return x >= 0.0 && std::isfinite(x); })
          .value_or(0.0);
  settings.max_iterations =
      given.number<Index>("max-iterations", "a whole number >= 1", [](Index n) { return n >= 1; });
  settings.learning_rate = given.number<double>("learning-rate", "a number > 0", positive);
  settings.momentum = given.number<double>("momentum", "a number from 0 to below 1",
                                           [](double x) { return x >= 0.0 && x < 1.0; });
  if (given.has("method")) settings.method = given.text("method");
  const Words methods = {"lbfgs", "gradient-descent"};
  if (settings.method == "gradient-descent") {
    settings.learning_rate = settings.learning_rate.value_or(0.1);
    settings.momentum = settings.momentum.value_or(0.0);
  } else if (settings.method != "lbfgs") {
    throw std::invalid_argument("unknown method " + in_quotes(settings.method) +
                                did_you_mean(settings.method, methods));
  } else if (settings.learning_rate || settings.momentum) {
    throw std::invalid_argument(
        std::string(settings.learning_rate ? "--learning-rate" : "--momentum") +
        " is not used by the method lbfgs; give --method gradient-descent, or leave it out");
  }
  return settings;
}

// Results must not be written over the data, nor over each other.
void check_paths(const std::vector<std::pair<std::string, std::string>>& inputs,
                 const std::vector<std::pair<std::string, std::string>>& outputs) {
  namespace fs = std::filesystem;
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code error;
    if (fs::exists(a, error) && !fs::is_regular_file(a, error)) return false;  // /dev/null may be several
    return fs::equivalent(a, b, error) ||
           fs::weakly_canonical(fs::absolute(a), error) == fs::weakly_canonical(fs::absolute(b), error);
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [option, path] = outputs[i];
    if (path.empty()) continue;
    auto others = inputs;
    others.insert(others.end(), outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(i));
    for (const auto& [other, other_path] : others)
      if (!other_path.empty() && same(path, other_path))
        throw std::invalid_argument(option + " and " + other + " are the same file, " + printable(path));
  }
}

// An empty path would silently mean none.
std::string output_path(const Given& given, const char* name) {
  if (given.has(name) && given.text(name).empty())
    throw std::invalid_argument(std::string("--") + name + " is empty, it must be the name of a file");
  return given.text(name);
}

constexpr const char* fit_usage = R"(rappel fit linear|logistic --data FILE --target COLUMN [options]

Fits a model to the rows of a CSV file and prints a summary.

  linear    least squares: the target is a number
  logistic  the probability of one of two classes: the target has two values, or --positive names one

Text columns named in --features become indicators of their levels. Missing cells are empty, NA, NaN or null.

)";

constexpr const char* fit_examples = R"(
Examples:
  rappel fit linear --data sacramento.csv --target price --features sqft,beds,baths --save houses.json
  rappel fit logistic --data penguins.csv --target species --positive Adelie --drop-missing

Exit status: 0 fitted, 2 command line, 3 not converged (the model is saved and marked), 4 diverged (nothing is
saved), 5 the content of a file, 1 internal error.
)";

constexpr const char* predict_usage = R"(rappel predict --model FILE --data FILE [options]

Writes the columns of the data and a column prediction; for a logistic model also a column probability. A row in
which a cell in use is missing has NA.

)";

constexpr const char* predict_examples = R"(
Example, with a model saved by `rappel fit`:
  rappel predict --model houses.json --data sacramento.csv --out predicted.csv

Exit status: 0 written, 2 command line, 5 the content of a file, 1 internal error.
)";

}  // namespace

std::string did_you_mean(const std::string& name, const Words& names) {
  // What was begun is meant more likely than what takes fewer edits.
  const auto begun =
      std::find_if(names.begin(), names.end(), [&](const std::string& n) { return n.starts_with(name); });
  const std::string_view nearest = begun != names.end() ? *begun : nearest_name(name, names);
  return nearest.empty() ? "" : "; the nearest is " + in_quotes(nearest);
}

std::optional<FitArguments> parse_fit(const Words& words) {
  const po::options_description known = describe(
      "Options", Entry{"data", false, "CSV file"}, Entry{"target", false, "column to be explained"},
      Entry{"features", false,
            "columns to explain it by, as in sqft,beds; if not given, all other number columns"},
      Entry{"method", false, "lbfgs, if not given, or gradient-descent"},
      Entry{"learning-rate", false, "of gradient descent, 0.1 if not given"},
      Entry{"momentum", false, "of gradient descent, 0 if not given"},
      Entry{"max-iterations", false, "1000 for lbfgs, 10000 for gradient descent if not given"},
      Entry{"drop-missing", true, "leave out rows with a missing cell in a column in use"},
      Entry{"positive", false, "the value of the target that is class 1 (logistic)"},
      Entry{"l2", false, "ridge penalty l2/2 * sum of w^2, on standardised features; 0 if not given"},
      threads_entry, separator_entry, no_header_entry, Entry{"save", false, "write the model to this file"},
      Entry{"trace", false, "write each iteration's cost, gradient norm, step and seconds to this CSV file"},
      Entry{"plot-cost", false, "draw the cost by iteration (.png, .svg or .pdf, by gnuplot)"},
      Entry{"plot-fit", false, "draw the fit (.png, .svg or .pdf, by gnuplot)"}, help_entry);
  const bool has_kind = !words.empty() && words[0].substr(0, 1) != "-";
  const Given given(Words(words.begin() + (has_kind ? 1 : 0), words.end()), known);
  if (given.has("help")) {
    std::cout << fit_usage << known << fit_examples;
    return {};
  }
  if (!has_kind) throw std::invalid_argument("which model? rappel fit linear, or rappel fit logistic");
  FitArguments arguments;
  if (words[0] != "linear" && words[0] != "logistic")
    throw std::invalid_argument("unknown model " + in_quotes(words[0]) +
                                did_you_mean(words[0], {"linear", "logistic"}));
  arguments.kind = words[0] == "linear" ? ModelKind::linear : ModelKind::logistic;
  arguments.data = given.required("data");
  arguments.target = given.required("target");
  if (given.has("features")) arguments.features = split_names(given.text("features"));
  arguments.csv = csv_options(given);
  arguments.settings = settings_of(given);
  arguments.drop_missing = given.has("drop-missing");
  arguments.positive = given.has("positive") ? given.required("positive") : "";
  if (given.has("positive") && arguments.kind == ModelKind::linear)
    throw std::invalid_argument(
        "--positive is not used by a linear model; did you mean rappel fit logistic?");
  arguments.threads = num_threads(given);
  arguments.save = output_path(given, "save");
  arguments.trace = output_path(given, "trace");
  arguments.plot_cost = output_path(given, "plot-cost");
  arguments.plot_fit = output_path(given, "plot-fit");
  check_paths({{"--data", arguments.data}}, {{"--save", arguments.save},
                                             {"--trace", arguments.trace},
                                             {"--plot-cost", arguments.plot_cost},
                                             {"--plot-fit", arguments.plot_fit}});
  return arguments;
}

std::optional<PredictArguments> parse_predict(const Words& words) {
  const po::options_description known =
      describe("Options", Entry{"model", false, "model file, as written by rappel fit --save"},
               Entry{"data", false, "CSV file with the columns that the model uses"},
               Entry{"out", false, "file to write; if not given, standard output"}, threads_entry,
               separator_entry, no_header_entry, help_entry);
  const Given given(words, known);
  if (given.has("help")) {
    std::cout << predict_usage << known << predict_examples;
    return {};
  }
  PredictArguments arguments;
  arguments.model = given.required("model");
  arguments.data = given.required("data");
  arguments.out = output_path(given, "out");
  arguments.csv = csv_options(given);
  arguments.threads = num_threads(given);
  check_paths({{"--data", arguments.data}, {"--model", arguments.model}}, {{"--out", arguments.out}});
  return arguments;
}

}  // namespace rappel::cli
