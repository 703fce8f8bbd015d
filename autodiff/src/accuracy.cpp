#include "accuracy.hpp"

#include "function_impl.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rappel {
namespace detail {
namespace {

// Where no output needs a condition to be right: the bound of every operation but the exceptional ones.
constexpr double always_ok = 4.0;

double allowed(double condition) { return always_ok * (condition > 1.0 ? condition : 1.0); }

std::string name_of_output(std::size_t i, OutputNames names) {
  if (names == OutputNames::rows) return "row " + std::to_string(i);
  if (names == OutputNames::values) return "value[" + std::to_string(i) + "]";
  return i == 0 ? "value" : "gradient[" + std::to_string(i - 1) + "]";
}

OutputAccuracy compared(std::string name, double computed, const exact::Real& exact, bool checked) {
  OutputAccuracy output{.name = std::move(name), .computed = computed};
  if (!checked) {
    output.exact = output.ulp = std::numeric_limits<double>::quiet_NaN();
    return output;
  }
  output.exact = static_cast<double>(exact.v);
  output.exact_digits = exact.v.str(25);
  output.ulp = exact::ulp_error(computed, exact);
  output.verdict = output.ulp <= always_ok ? AccuracyVerdict::ok : AccuracyVerdict::not_checked;
  return output;
}

// The value, then the largest errors.
std::vector<std::size_t> most_in_error(const std::vector<OutputAccuracy>& outputs, OutputNames names,
                                       Index max_conditions) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!std::isnan(outputs[i].ulp)) order.push_back(i);
  const bool has_value = names == OutputNames::value_and_gradient && !order.empty() && order[0] == 0;
  std::stable_sort(order.begin() + (has_value ? 1 : 0), order.end(),
                   [&](std::size_t a, std::size_t b) { return outputs[a].ulp > outputs[b].ulp; });
  if (order.size() > static_cast<std::size_t>(max_conditions))
    order.resize(static_cast<std::size_t>(max_conditions));
  return order;
}

void judge(OutputAccuracy& output, const exact::Condition& condition, const Graph& graph) {
  output.condition = condition.condition;
  output.verdict = output.ulp <= allowed(condition.condition) ? AccuracyVerdict::ok : AccuracyVerdict::off;
  LossyNode& lossy = output.loses_most;
  lossy = {condition.node, "", condition.row, condition.share};
  if (output.verdict == AccuracyVerdict::off && condition.overflow != no_node) {
    lossy = {condition.overflow, "", condition.overflow_row, 0.0, LossyNode::overflows};
  } else if (output.verdict == AccuracyVerdict::off && condition.jump != no_node) {
    lossy = {condition.jump, "", condition.jump_row, 0.0, LossyNode::jumps};
    output.verdict = AccuracyVerdict::not_checked;
  }
  if (lossy.node != no_node) lossy.operation = rappel::name_of(graph, lossy.node);
}

}  // namespace

Accuracy accuracy_of(const Traced& traced, OutputNames names, const Call& call, ConstSpan computed,
                     const AccuracyOptions& options, exact::Definition definition) {
  exact::Run run(traced, call, definition);
  Accuracy result;
  result.not_checked = run.not_checked();
  for (std::size_t i = 0; i < computed.size(); ++i)
    result.outputs.push_back(
        compared(name_of_output(i, names), computed[i], run.outputs()[i], run.checked(i)));
  const auto order = most_in_error(result.outputs, names, options.max_conditions);
  const auto conditions = run.conditions(order);
  for (std::size_t i = 0; i < order.size(); ++i) judge(result.outputs[order[i]], conditions[i], traced.graph);
  return result;
}

}  // namespace detail

namespace {

// Of several values a row: each for itself.
Accuracy accuracy_by_value(const Function::Impl& f, ConstSpan x, const AccuracyOptions& options) {
  Accuracy all;
  for (std::size_t j = 0; j < f.recorded->traced().outputs.size(); ++j) {
    auto impl = std::make_shared<Function::Impl>(f);
    impl->recorded = f.recorded->only(j);
    Accuracy one = Function(impl).accuracy(x, options);
    all.instruction_set = one.instruction_set;
    for (OutputAccuracy& output : one.outputs) {
      output.name = "value " + std::to_string(j) + " of " + output.name;
      all.outputs.push_back(std::move(output));
    }
    for (const std::string& name : one.not_checked)
      if (std::ranges::count(all.not_checked, name) == 0) all.not_checked.push_back(name);
  }
  return all;
}

}  // namespace

Accuracy Function::accuracy(ConstSpan x, const AccuracyOptions& options) const {
  if (options.max_conditions < 0)
    throw std::invalid_argument("Function::accuracy: max_conditions is " +
                                std::to_string(options.max_conditions) + ", must be >= 0");
  if (impl_->branching) return at(x).accuracy(x, options);
  if (impl_->recorded->by_row() && impl_->recorded->traced().outputs.size() > 1)
    return accuracy_by_value(*impl_, x, options);
  const auto unrolled = impl_->recorded->without_scans();
  const detail::Recorded& recorded = unrolled ? *unrolled : *impl_->recorded;
  using detail::OutputNames;
  const std::vector<double> arguments = impl_->bound_arguments("accuracy");
  const detail::Call call{x, arguments, impl_->tables};
  Accuracy result;
  if (recorded.has_value()) {
    std::vector<double> computed(static_cast<std::size_t>(dimension()) + 1);
    computed[0] = value_and_gradient(x, std::span(computed).subspan(1));
    result = detail::accuracy_of(recorded.with_gradient(), OutputNames::value_and_gradient, call, computed,
                                 options);
  } else {
    const Traced& traced = recorded.traced();
    std::vector<double> computed(static_cast<std::size_t>(num_values()));
    values(x, computed);
    if (recorded.by_row() && !traced.graph.varying(traced.outputs[0]) && computed.size() > 1)
      computed.resize(1);  // all the same
    result = detail::accuracy_of(traced, recorded.by_row() ? OutputNames::rows : OutputNames::values, call,
                                 computed, options);
  }
  if (!impl_->tables.empty()) result.instruction_set = name_of(detail::preferred_kernels().instruction_set);
  return result;
}

}  // namespace rappel
