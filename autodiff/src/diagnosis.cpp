#include <rappel/autodiff/diagnosis.hpp>

#include "diagnosis_hints.hpp"
#include "double_run.hpp"
#include "function_impl.hpp"
#include "lower_body.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace rappel {
namespace detail {
namespace {

// From outputs that are not finite back to where that began: of the nodes found the one computed first.
class Search {
 public:
  Search(const Graph& graph, NodeId value_size, DoubleRun& run, const std::vector<Columns>& tables)
      : graph_(graph),
        value_size_(value_size),
        run_(run),
        tables_(tables),
        users_(static_cast<std::size_t>(graph.size()), no_node) {}

  // `row`: of outputs that vary, whose values are those of that row.
  Diagnosis from(const std::vector<NodeId>& outputs, Index row) {
    row_ = row;
    for (const NodeId n : outputs) blame(n, n);
    for (NodeId n = static_cast<NodeId>(graph_.size()); n-- > 0;)
      if (blamed(n)) is_reduction(graph_.op(n)) ? follow_rows(n) : follow(n);
    return std::move(first_);
  }

 private:
  bool finite(NodeId n) const { return std::isfinite(run_.value(n)); }
  bool blamed(NodeId n) const { return users_[n] != no_node; }
  void blame(NodeId n, NodeId user) {
    if (!finite(n) && !blamed(n)) users_[n] = user;
  }

  // Those whose values went into n: of a select the arm taken; of a NaN the operands that are NaN, if any is,
  // since an infinity beside it may be meant.
  std::vector<NodeId> causes_of(NodeId n) const {
    const auto x = graph_.operands(n);
    if (graph_.op(n) == Op::select && !std::isnan(run_.value(x[0])))
      return {run_.value(x[0]) == 0.0 ? x[2] : x[1]};
    std::vector<NodeId> infinite, nan;
    for (const NodeId k : x)
      if (!finite(k)) (std::isnan(run_.value(k)) ? nan : infinite).push_back(k);
    return std::isnan(run_.value(n)) && !nan.empty() ? nan : infinite;
  }

  void follow(NodeId n) {
    if (graph_.op(n) == Op::result && graph_.op(graph_.operands(n)[0]) == Op::scatter_rows) {
      users_[graph_.operands(n)[0]] = n;
      return;
    }
    bool inherited = false;
    for (const NodeId x : causes_of(n)) {
      inherited = inherited || !finite(x);
      blame(x, n);
    }
    if (!inherited) report(n);
  }

  // The first row whose term is not finite (is NaN, where the sum is); there the search goes on. Else the sum
  // itself overflowed.
  void follow_rows(NodeId reduction) {
    const std::size_t table = graph_.reduced_rows(reduction).index;
    const bool nan = std::isnan(run_.value(reduction));
    std::optional<Index> infinite;
    for (Index row = 0; row < tables_[table].num_rows(); ++row) {
      run_.evaluate_row(table, row);
      const double term = run_.term(reduction);
      if (std::isnan(term) || (!nan && !std::isfinite(term))) return follow_row(reduction, table, row);
      if (!std::isfinite(term) && !infinite) infinite = row;
    }
    if (!infinite) return report(reduction);
    run_.evaluate_row(table, *infinite);
    follow_row(reduction, table, *infinite);
  }

  void follow_row(NodeId reduction, std::size_t table, Index row) {
    row_ = row;
    bool inherited = false;
    for (const NodeId x : graph_.operands(reduction)) {
      inherited = inherited || !finite(x);
      blame(x, reduction);
    }
    if (!inherited) report(reduction, row);  // a product overflowed
    for (NodeId n = reduction; n-- > 0;)
      if (graph_.varying(n) && graph_.row_set(n).index == table) {
        if (blamed(n)) follow(n);
        users_[n] = no_node;  // for the next row
      }
    row_ = -1;
  }

  void report(NodeId n) { report(n, graph_.varying(n) ? row_ : -1); }
  void report(NodeId n, Index row) {
    if (n > found_at_ || (n == found_at_ && first_.row <= row)) return;
    found_at_ = n;
    first_ = Diagnosis();
    const Op op = graph_.op(n);
    first_.operation = name_of(graph_, op == Op::result ? graph_.operands(n)[0] : n);
    first_.result = run_.value(n);
    first_.row = row;
    const Location at = location_of(graph_.location(op == Op::constant ? users_[n] : n));
    if (op == Op::parameter || op == Op::argument || op == Op::column) return report_input(n);
    first_.file = at.file;
    first_.line = static_cast<int>(at.line);
    if (op == Op::constant) {
      first_.found = Diagnosis::Found::constant;
      return;
    }
    first_.found = n < value_size_ ? Diagnosis::Found::value : Diagnosis::Found::gradient;
    if (!is_reduction(op) && op != Op::result)
      for (const NodeId x : graph_.operands(n)) first_.operands.push_back(run_.value(x));
    first_.hint = hint_for(graph_, n, first_.result, [&](NodeId k) { return run_.value(k); });
  }

  void report_input(NodeId n) {
    using Found = Diagnosis::Found;
    const Op op = graph_.op(n);
    first_.found = op == Op::parameter  ? Found::parameter
                   : op == Op::argument ? Found::argument
                                        : Found::data;
    first_.place = graph_.payload(n);
    if (op != Op::column) return;
    const auto& names = tables_[graph_.row_set(n).index].names();
    if (!names.empty()) first_.column = names[static_cast<std::size_t>(first_.place)];
  }

  const Graph& graph_;
  NodeId value_size_;
  DoubleRun& run_;
  const std::vector<Columns>& tables_;
  std::vector<NodeId> users_;  // by node: who got its NaN or infinity from it
  Diagnosis first_;
  NodeId found_at_ = no_node;
  Index row_ = -1;
};

// The first row whose value is not finite.
Diagnosis search_rows(Search& search, DoubleRun& run, const Traced& traced, const Columns& table) {
  const NodeId value = traced.outputs[0];
  for (Index row = 0; row < table.num_rows(); ++row) {
    run.evaluate_row(traced.graph.row_set(value).index, row);
    if (!std::isfinite(run.value(value))) return search.from(traced.outputs, row);
  }
  return {};
}

}  // namespace
}  // namespace detail

Diagnosis Function::diagnose(ConstSpan x) const {
  if (static_cast<Index>(x.size()) != dimension())
    throw std::invalid_argument("Function::diagnose: x has " + std::to_string(x.size()) +
                                " entries, the function takes " + std::to_string(dimension()));
  if (impl_->branching) return at(x).diagnose(x);
  if (impl_->recorded->by_row() && impl_->recorded->traced().outputs.size() > 1) {
    Diagnosis found;
    for (std::size_t j = 0; j < impl_->recorded->traced().outputs.size() && found.ok(); ++j) {
      auto impl = std::make_shared<Impl>(*impl_);
      impl->recorded = impl_->recorded->only(j);
      found = Function(impl).diagnose(x);
    }
    return found;
  }
  const auto unrolled = impl_->recorded->without_scans();
  const detail::Recorded& recorded = unrolled ? *unrolled : *impl_->recorded;
  const Traced traced = recorded.has_value() ? recorded.with_gradient() : recorded.traced();
  const std::vector<double> arguments = impl_->bound_arguments("diagnose");
  detail::DoubleRun run(traced, {x, arguments, impl_->tables});
  run.run();
  detail::Search search(traced.graph, static_cast<NodeId>(recorded.traced().graph.size()), run,
                        impl_->tables);
  if (recorded.by_row() && traced.graph.varying(traced.outputs[0]))
    return detail::search_rows(search, run, traced,
                               impl_->tables[traced.graph.row_set(traced.outputs[0]).index]);
  return search.from(traced.outputs, -1);
}

}  // namespace rappel
