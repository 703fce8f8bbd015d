#include "commands.hpp"
#include "named_costs.hpp"

#include <rappel/optim.hpp>

#include <charconv>
#include <iostream>
#include <span>

namespace rappel::cli {

namespace {

std::string digits_of(double value) {
  if (std::isnan(value)) return "NA";
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

void list_costs() {
  for (const NamedCost& cost : named_costs()) {
    std::cout << cost.name << std::string(16 - std::min<std::size_t>(15, cost.name.size()), ' ')
              << cost.formula << (cost.over_rows ? "  (over rows)\n" : "\n");
  }
}

struct Asked {
  Function function;
  Vector point;
};

Asked asked(const NamedCost& cost, const CheckArguments& arguments) {
  const std::vector<double>& at = arguments.at.empty() ? cost.point : arguments.at;
  if (static_cast<Index>(at.size()) != cost.dimension())
    throw std::invalid_argument("--at has " + std::to_string(at.size()) +
                                (at.size() == 1 ? " number, " : " numbers, ") + cost.name + " takes " +
                                std::to_string(cost.dimension()));
  if (arguments.rows && !cost.over_rows)
    throw std::invalid_argument("--rows is not used by " + cost.name + ", which has no rows");
  return {cost.record(arguments.rows.value_or(200)), vector_of(at)};
}

void print_title(const NamedCost& cost, const Asked& a) {
  std::cout << cost.name << ": " << cost.formula;
  if (cost.over_rows) std::cout << "; " << a.function.num_rows() << " rows";
  std::cout << "\nat ";
  for (Index i = 0; i < a.point.size(); ++i) std::cout << (i == 0 ? "" : ", ") << digits_of(a.point[i]);
  std::cout << "\n";
}

void write_csv(const Accuracy& accuracy) {
  std::cout << "output,computed,exact,ulp,condition,verdict,operation\n";
  for (const OutputAccuracy& o : accuracy.outputs)
    std::cout << o.name << ',' << digits_of(o.computed) << ',' << o.exact_digits << ',' << digits_of(o.ulp)
              << ',' << digits_of(o.condition) << ',' << name_of(o.verdict) << ',' << o.loses_most.operation
              << '\n';
}

void write_csv(const GradientCheck& check) {
  std::cout << "output,gradient,differences,tolerance,verdict\n";
  for (const SlopeCheck& s : check.slopes)
    std::cout << "gradient[" << s.coordinate << "]," << digits_of(s.analytic) << ',' << digits_of(s.numeric)
              << ',' << digits_of(s.tolerance) << ',' << name_of(s.verdict) << '\n';
}

template <class Report>
int report(const NamedCost& cost, const Asked& a, const CheckArguments& arguments, const Report& result) {
  if (arguments.csv) {
    write_csv(result);
  } else {
    print_title(cost, a);
    std::cout << result;
  }
  return result.ok() ? 0 : status_off;
}

}  // namespace

int run_accuracy(const CheckArguments& arguments) {
  if (arguments.name.empty()) return list_costs(), 0;
  const NamedCost& cost = cost_named(arguments.name);
  const Asked a = asked(cost, arguments);
  return report(cost, a, arguments, a.function.accuracy(a.point));
}

int run_check(const CheckArguments& arguments) {
  if (arguments.name.empty()) return list_costs(), 0;
  const NamedCost& cost = cost_named(arguments.name);
  const Asked a = asked(cost, arguments);
  return report(cost, a, arguments, check_gradient(a.function, a.point, {.seed = arguments.seed}));
}

}  // namespace rappel::cli
