// The command `rappel`: subcommands, and exit statuses for what goes wrong.

#include "commands.hpp"
#include "process.hpp"

#include <iostream>

namespace rappel::cli {
namespace {

constexpr const char* usage =
    R"(rappel fit linear|logistic ...   fit a model to a CSV file     (rappel fit --help)
rappel predict ...               use a model that was saved   (rappel predict --help)
rappel accuracy COST ...         a cost and its gradient against 50 digits       (rappel accuracy --help)
rappel check COST ...            a gradient against differences of its values    (rappel check --help)
rappel --version
)";

int run(const Words& words) {
  const std::string command = words.empty() ? "--help" : words[0];
  const Words rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (command == "fit") {
    const auto arguments = parse_fit(rest);
    return arguments ? run_fit(*arguments) : 0;
  }
  if (command == "predict") {
    const auto arguments = parse_predict(rest);
    return arguments ? run_predict(*arguments) : 0;
  }
  if (command == "accuracy") {
    const auto arguments = parse_accuracy(rest);
    return arguments ? run_accuracy(*arguments) : 0;
  }
  if (command == "check") {
    const auto arguments = parse_check(rest);
    return arguments ? run_check(*arguments) : 0;
  }
  if (command == "--version") {
    std::cout << "rappel " RAPPEL_VERSION "\n";
  } else if (command == "--help" || command == "-h") {
    std::cout << usage;
  } else {
    const Words known = {"fit", "predict", "accuracy", "check", "--version", "--help"};
    throw std::invalid_argument("unknown command " + in_quotes(command) + did_you_mean(command, known));
  }
  return 0;
}

int report(const char* what, int status) {
  std::cerr << "rappel: " << what << "\n";
  return status;
}

}  // namespace
}  // namespace rappel::cli

int main(int argc, char** argv) {
  using namespace rappel::cli;
  keep_standard_files_apart();
  fail_writes_beyond_limits();
  try {
    const int status = run(Words(argv + 1, argv + argc));
    finish_output();
    return status;
  } catch (const rappel::DataError& error) {
    return report(error.what(), 5);
  } catch (const std::invalid_argument& error) {
    return report(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return report("out of memory", 1);
  } catch (const std::exception& error) {
    return report(error.what(), 1);
  }
}
