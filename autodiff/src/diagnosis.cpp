#include <rappel/autodiff/diagnosis.hpp>

#include "diagnosis_hints.hpp"
#include "function_impl.hpp"
#include "sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <sstream>

namespace rappel {
namespace detail {
namespace {

bool is_reduction(Op op) { return op >= Op::sum_rows; }

// The graph of value and gradient run node by node in doubles, one row at a time: memory does not grow with the rows.
class DoubleRun {
 public:
  DoubleRun(const Traced& traced, ConstSpan x, const std::vector<Columns>& tables)
      : graph_(traced.graph),
        x_(x),
        tables_(tables),
        size_(static_cast<NodeId>(graph_.size())),
        values_(size_, 0.0),
        late_(size_, false),
        live_(size_, false) {
    for (const NodeId n : traced.outputs) live_[n] = true;
    for (NodeId n = size_; n-- > 0;)
      if (live_[n])
        for (const NodeId o : graph_.operands(n)) live_[o] = true;
    for (NodeId n = 0; n < size_; ++n) {
      late_[n] = is_reduction(graph_.op(n));
      for (const NodeId o : graph_.operands(n)) late_[n] = late_[n] || late_[o];
    }
  }

  void run() {
    for (NodeId n = 0; n < size_; ++n)
      if (!graph_.varying(n) && !late_[n]) compute(n, -1);
    for (Index t = 0; t < graph_.num_row_sets(); ++t) run_rows(static_cast<std::size_t>(t));
    for (NodeId n = 0; n < size_; ++n)
      if (!graph_.varying(n) && late_[n] && !is_reduction(graph_.op(n))) compute(n, -1);
  }

  double value(NodeId n) const { return values_[n]; }
  bool finite(NodeId n) const { return std::isfinite(values_[n]); }

  // The nodes that vary, at this row.
  void evaluate_row(std::size_t table, Index row) {
    for (NodeId n = 0; n < size_; ++n)
      if (graph_.varying(n) && live_[n] && graph_.row_set(n).index == table) compute(n, row);
  }

  double term(NodeId reduction) const {
    const auto x = graph_.operands(reduction);
    if (graph_.op(reduction) != Op::sum_products) return values_[x[0]];
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); i += 2) sum += values_[x[i]] * values_[x[i + 1]];
    return sum;
  }

 private:
  void run_rows(std::size_t table) {
    std::vector<NodeId> reductions;
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && is_reduction(graph_.op(n)) && static_cast<std::size_t>(graph_.payload(n)) == table)
        reductions.push_back(n);
    std::vector<double> sums(reductions.size());
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = graph_.op(reductions[i]) == Op::max_rows ? -std::numeric_limits<double>::infinity() : 0.0;
    const Index rows = reductions.empty() ? 0 : tables_[table].num_rows();
    for (Index row = 0; row < rows; ++row) {
      evaluate_row(table, row);
      for (std::size_t i = 0; i < sums.size(); ++i) add(graph_.op(reductions[i]), sums[i], term(reductions[i]));
    }
    for (std::size_t i = 0; i < sums.size(); ++i) values_[reductions[i]] = sums[i];
  }

  static void add(Op op, double& sum, double term) {
    if (op == Op::max_rows)
      sum = sum > term ? sum : term >= sum ? term : sum + term;
    else if (op == Op::any_rows)
      sum = sum != 0.0 ? sum : term;
    else
      sum += term;
  }

  void compute(NodeId n, Index row) {
    const Op op = graph_.op(n);
    switch (op) {
      case Op::constant:
        values_[n] = graph_.value(n);
        return;
      case Op::parameter:
        values_[n] = x_[static_cast<std::size_t>(graph_.payload(n))];
        return;
      case Op::column: {
        const double* column = tables_[graph_.row_set(n).index].column(graph_.payload(n));
        values_[n] = column == nullptr ? 0.0 : column[row];  // null: with_columns lacks it, nothing reads it
        return;
      }
      case Op::num_rows:
        values_[n] = static_cast<double>(tables_[static_cast<std::size_t>(graph_.payload(n))].num_rows());
        return;
      case Op::result:
        return;  // came with its node
      default:
        operands_.clear();
        for (const NodeId o : graph_.operands(n)) operands_.push_back(values_[o]);
        evaluate_scalar(op, operands_,
                        {values_.data() + n, has_several_results(op) ? static_cast<std::size_t>(graph_.payload(n)) : 1});
    }
  }

  const Graph& graph_;
  ConstSpan x_;
  const std::vector<Columns>& tables_;
  NodeId size_;
  std::vector<double> values_, operands_;
  std::vector<bool> late_;  // known after the rows
  std::vector<bool> live_;
};

// From an output that is not finite back to where that began.
class Search {
 public:
  Search(const Graph& graph, NodeId value_size, DoubleRun& run, const std::vector<Columns>& tables)
      : graph_(graph), value_size_(value_size), run_(run), tables_(tables), seen_(static_cast<std::size_t>(graph.size()), false) {}

  Diagnosis from(const std::vector<NodeId>& outputs, Index row) {
    row_ = row;
    for (const NodeId n : outputs) visit(n);
    return std::move(first_);
  }

 private:
  // Operands that count: of a select the arm taken.
  std::vector<NodeId> operands_of(NodeId n) const {
    const auto x = graph_.operands(n);
    if (graph_.op(n) == Op::select) return {run_.value(x[0]) == 0.0 ? x[2] : x[1]};
    return {x.begin(), x.end()};
  }

  void visit(NodeId n) {
    if (run_.finite(n) || seen_[n]) return;
    seen_[n] = true;
    if (is_reduction(graph_.op(n))) return visit_reduction(n);
    bool inherited = false;
    for (const NodeId x : operands_of(n))
      if (!run_.finite(x)) {
        inherited = true;
        visit(x);
      }
    if (!inherited && n < found_at_) report(n);
  }

  // The first row whose term is not finite; there the search goes on. Else the sum itself overflowed.
  void visit_reduction(NodeId n) {
    const auto table = static_cast<std::size_t>(graph_.payload(n));
    for (Index row = 0; row < tables_[table].num_rows(); ++row) {
      run_.evaluate_row(table, row);
      if (std::isfinite(run_.term(n))) continue;
      row_ = row;
      const NodeId before = found_at_;
      for (const NodeId x : graph_.operands(n)) visit(x);
      if (found_at_ == before && n < found_at_) report(n);  // each product overflowed
      row_ = -1;
      return;
    }
    if (n < found_at_) report(n);
  }

  void report(NodeId n) {
    found_at_ = n;
    first_ = Diagnosis();
    const Op op = graph_.op(n);
    first_.operation = name_of(op == Op::result ? graph_.op(graph_.operands(n)[0]) : op);
    first_.result = run_.value(n);
    if (graph_.varying(n)) first_.row = row_;
    if (op == Op::parameter || op == Op::column) {
      first_.found = op == Op::parameter ? Diagnosis::Found::parameter : Diagnosis::Found::data;
      first_.place = graph_.payload(n);
      if (op == Op::column && !tables_[graph_.row_set(n).index].names().empty())
        first_.column = tables_[graph_.row_set(n).index].names()[static_cast<std::size_t>(first_.place)];
      return;
    }
    first_.found = n < value_size_ ? Diagnosis::Found::value : Diagnosis::Found::gradient;
    if (!is_reduction(op) && op != Op::result)
      for (const NodeId x : graph_.operands(n)) first_.operands.push_back(run_.value(x));
    const Location at = location_of(graph_.location(n));
    first_.file = at.file;
    first_.line = at.line;
    first_.hint = hint_for(graph_, n, first_.result, [&](NodeId k) { return run_.value(k); });
  }

  const Graph& graph_;
  NodeId value_size_;
  DoubleRun& run_;
  const std::vector<Columns>& tables_;
  std::vector<bool> seen_;
  Diagnosis first_;
  NodeId found_at_ = no_node;
  Index row_ = -1;
};

// With the gradient, where there is one: of a single value.
Traced with_gradient(const Recorded& recorded) {
  const Traced& traced = recorded.traced();
  if (recorded.by_row()) return traced;
  Builder builder(traced.graph, {recorded.options().exact_zeros});
  std::vector<NodeId> parameters;
  for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n)
    if (traced.graph.op(n) == Op::parameter) parameters.push_back(n);
  const NodeId one = builder.constant(1.0);
  Traced both{{}, traced.outputs, {}};
  for (const NodeId g : reverse_sweep(builder, traced.outputs, {&one, 1}, parameters)) both.outputs.push_back(g);
  both.graph = builder.take();
  return both;
}

}  // namespace
}  // namespace detail

Diagnosis Function::diagnose(ConstSpan x) const {
  if (static_cast<Index>(x.size()) != dimension())
    throw std::invalid_argument("Function::diagnose: x has " + std::to_string(x.size()) +
                                " entries, the function takes " + std::to_string(dimension()));
  const detail::Recorded& recorded = *impl_->recorded;
  const Traced traced = detail::with_gradient(recorded);
  const auto value_size = static_cast<NodeId>(recorded.traced().graph.size());
  detail::DoubleRun run(traced, x, impl_->tables);
  run.run();
  const NodeId value = traced.outputs[0];
  detail::Search search(traced.graph, value_size, run, impl_->tables);
  if (traced.graph.varying(value)) {  // map_rows
    const std::size_t table = traced.graph.row_set(value).index;
    for (Index row = 0; row < impl_->tables[table].num_rows(); ++row) {
      run.evaluate_row(table, row);
      if (!run.finite(value)) return search.from(traced.outputs, row);
    }
    return {};
  }
  return search.from(traced.outputs, -1);
}

namespace {

std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  std::ostringstream text;
  text << value;
  return text.str();
}

bool is_infix(const std::string& operation) {
  return operation.find_first_of("+-*/<=") != std::string::npos;
}

std::string call_of(const Diagnosis& d) {
  if (d.operands.empty()) return d.operation;
  if (is_infix(d.operation) && d.operands.size() == 2)
    return text_of(d.operands[0]) + " " + d.operation + " " + text_of(d.operands[1]);
  std::string text = d.operation + "(";
  const std::size_t shown = std::min<std::size_t>(d.operands.size(), 6);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + text_of(d.operands[i]);
  return text + (shown < d.operands.size() ? ", ..)" : ")");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Diagnosis& d) {
  if (d.ok()) return out << "every value and every derivative is finite";
  if (d.row >= 0) out << "row " << d.row << ": ";
  if (d.found == Diagnosis::Found::parameter) return out << "parameter " << d.place << " is " << text_of(d.result);
  if (d.found == Diagnosis::Found::data) {
    out << "column ";
    d.column.empty() ? out << d.place : out << d.column;
    return out << " is " << text_of(d.result);
  }
  if (d.found == Diagnosis::Found::gradient) out << "in the gradient: ";
  out << call_of(d) << " is " << text_of(d.result);
  if (!d.file.empty()) out << ", at " << d.file << ":" << d.line;
  if (!d.hint.empty()) out << "; " << d.hint;
  return out;
}

}  // namespace rappel
