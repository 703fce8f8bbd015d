// The command lines of `rappel accuracy` and `rappel check`.

#include "options.hpp"

#include <cmath>
#include <iostream>

namespace rappel::cli {

namespace {

constexpr const char* accuracy_usage = R"(rappel accuracy COST [options]

Computes a cost and its gradient, replays them in 50 digits, and prints for each how far it is off in ulp (spacings of
doubles), and its condition: how much the cost as written magnifies rounding. The verdict is ok where ulp <= 4 * condition
(4 where the condition is below 1): what is lost beyond that, an operation of rappel's lost. Where digits are lost, the
operation whose rounding counts most is named.

)";

constexpr const char* accuracy_examples = R"(
Examples:
  rappel accuracy --list
  rappel accuracy rosenbrock --at 0.5,2
  rappel accuracy naive-softplus
  rappel accuracy logistic --rows 1000 --csv

Exit status: 0 ok, 3 off, 2 command line, 1 internal error.
)";

constexpr const char* check_usage = R"(rappel check COST [options]

Compares the gradient of a cost with differences of its values (Ridders' method). The verdict is ok where the two are
apart by no more than the tolerance: what the differences leave open and the rounding of cost and gradient, all measured.

)";

constexpr const char* check_examples = R"(
Examples:
  rappel check --list
  rappel check rosenbrock --at 0.5,2
  rappel check logistic --rows 1000

Exit status: 0 ok, 3 off, 2 command line, 1 internal error.
)";

std::vector<double> numbers_of(const std::string& list) {
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    double value = 0.0;
    const auto [last, error] = std::from_chars(list.data() + begin, list.data() + end, value);
    if (error != std::errc() || last != list.data() + end || !std::isfinite(value))
      throw std::invalid_argument("--at is " + in_quotes(list) + ", it must be numbers, as in 0.5,2");
    numbers.push_back(value);
    begin = end + 1;
  }
  return numbers;
}

std::optional<CheckArguments> parse(const Words& words, const char* command,
                                    const po::options_description& known, const char* usage,
                                    const char* examples) {
  const bool has_name = !words.empty() && words[0].substr(0, 1) != "-";
  const Given given(Words(words.begin() + (has_name ? 1 : 0), words.end()), known);
  if (given.has("help")) {
    std::cout << usage << known << examples;
    return {};
  }
  CheckArguments arguments;
  if (given.has("list")) return arguments;
  if (!has_name || words[0].empty())
    throw std::invalid_argument(std::string("which cost? rappel ") + command + " --list names them");
  arguments.name = words[0];
  if (given.has("at")) arguments.at = numbers_of(given.text("at"));
  arguments.rows = given.number<Index>("rows", "a whole number from 1 to 1000000",
                                       [](Index n) { return n >= 1 && n <= 1000000; });
  if (known.find_nothrow("seed", false) != nullptr)
    arguments.seed =
        given.number<std::uint64_t>("seed", "a whole number >= 0", [](std::uint64_t) { return true; })
            .value_or(1);
  arguments.csv = given.has("csv");
  return arguments;
}

constexpr Entry at_entry = {"at", false, "the point, as in 0.5,2; if not given, the cost's own"};
constexpr Entry rows_entry = {"rows", false, "rows of the data of a cost over rows, 200 if not given"};
constexpr Entry csv_entry = {"csv", true, "a line of CSV for each number"};
constexpr Entry list_entry = {"list", true, "the costs there are"};

}  // namespace

std::optional<CheckArguments> parse_accuracy(const Words& words) {
  return parse(words, "accuracy",
               describe("Options", at_entry, rows_entry, csv_entry, list_entry, help_entry), accuracy_usage,
               accuracy_examples);
}

std::optional<CheckArguments> parse_check(const Words& words) {
  return parse(
      words, "check",
      describe("Options", at_entry, rows_entry,
               Entry{"seed", false, "of the points between which rounding is measured, 1 if not given"},
               csv_entry, list_entry, help_entry),
      check_usage, check_examples);
}

}  // namespace rappel::cli
