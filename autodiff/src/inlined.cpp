// Functions as values: what a Function computes, at Exprs of the recording in progress.

#include "branches.hpp"
#include "copy_nodes.hpp"
#include "point_values.hpp"

#include <algorithm>

namespace rappel {
namespace {

detail::Outputs kind_of(const Function::Impl& f) {
  return f.branching ? f.branching->outputs() : f.recorded->outputs_kind();
}

using detail::CostRecording;
using detail::Recording;

Expr append_argument(std::optional<double> preset) {
  Recording& recording = Recording::required("argument()");
  if (recording.tables == nullptr) throw std::invalid_argument("argument(): no cost is being recorded");
  recording.tables->arguments.push_back(preset);
  return recording.expr(recording.builder().graph().argument());
}

// A Function's graph appended to a recording, with its tables and what its arguments are bound to.
class Inlined {
 public:
  Inlined(const Function::Impl& f, Recording& recording, ExprSpan x)
      : f_(f),
        from_(f.recorded->traced().graph),
        recording_(recording),
        x_(x),
        arguments_(f.bound_arguments("operator()")),
        map_(static_cast<std::size_t>(from_.size()), no_node) {
    for (std::size_t t = 0; t < f.tables.size(); ++t) add_table(t);
    mark_live();
    for (NodeId n = 0; n < map_.size(); ++n)
      if (live_[n]) map_[n] = copied(n);
    for (const Guard& g : f.recorded->traced().guards) add_guard({map_[g.condition], g.taken});
  }

  std::vector<Expr> outputs() const {
    std::vector<Expr> exprs;
    for (const NodeId n : f_.recorded->traced().outputs) exprs.push_back(recording_.expr(map_[n]));
    return exprs;
  }

 private:
  void add_table(std::size_t t) {
    if (recording_.tables == nullptr || recording_.in_rows)
      throw std::invalid_argument("Function::operator(): a cost over rows cannot be used inside of a row");
    tables_.push_back(recording_.tables->add(f_.tables[t]));
    if (f_.recorded->needs_rows(t)) recording_.tables->needs_rows[tables_.back().index] = true;
  }

  // A branch of the Function is one of the cost.
  void add_guard(const Guard& guard) {
    if (recording_.builder().graph().is_constant(guard.condition)) return;
    if (recording_.tables->decided.try_emplace(guard.condition, guard.taken).second)
      recording_.tables->guards.push_back(guard);
  }

  void mark_live() {
    live_.assign(map_.size(), false);
    for (const NodeId n : f_.recorded->traced().outputs) live_[n] = true;
    for (const Guard& g : f_.recorded->traced().guards) live_[g.condition] = true;
    for (auto n = static_cast<NodeId>(map_.size()); n-- > 0;)
      if (live_[n])
        for (const NodeId k : from_.operands(n)) live_[k] = true;
  }

  NodeId copied(NodeId n) {
    detail::Builder& builder = recording_.builder();
    const auto place = static_cast<std::size_t>(from_.payload(n));
    switch (from_.op(n)) {
      case Op::parameter:
        return recording_.node(x_[from_.payload(n)]);
      case Op::argument:
        return builder.constant(arguments_[place]);
      case Op::column:
        return builder.column(tables_[from_.row_set(n).index], from_.payload(n));
      case Op::num_rows:
        return builder.num_rows(tables_[place]);
      case Op::sum_rows:
        return builder.reduce_rows(Reduce::sum, tables_[place], map_[from_.operands(n)[0]]);
      case Op::max_rows:
        return builder.reduce_rows(Reduce::max, tables_[place], map_[from_.operands(n)[0]]);
      case Op::any_rows:
        return builder.reduce_rows(Reduce::any, tables_[place], map_[from_.operands(n)[0]]);
      default:
        return detail::copy_node(from_, n, map_, operands_, builder);
    }
  }

  const Function::Impl& f_;
  const Graph& from_;
  Recording& recording_;
  ExprSpan x_;
  std::vector<double> arguments_;
  std::vector<RowSet> tables_;
  std::vector<NodeId> map_, operands_;
  std::vector<bool> live_;
};

}  // namespace

Expr argument() { return append_argument({}); }
Expr argument(double preset) { return append_argument(preset); }

std::vector<Expr> Function::outputs(ExprSpan x) const {
  if (x.size() != dimension())
    throw std::invalid_argument("Function::operator(): " + std::to_string(x.size()) +
                                " Exprs given, the function takes " + std::to_string(dimension()));
  if (kind_of(*impl_) == detail::Outputs::rows)
    throw std::invalid_argument(
        "Function::operator(): this function has one value for each row; sum or mean over rows in it");
  if (std::ranges::all_of(x, [](const Expr& e) { return e.is_constant(); })) {
    std::vector<double> point;
    for (const Expr& e : x) point.push_back(e.constant());
    const Function f = at(point);
    std::vector<double> result(static_cast<std::size_t>(f.num_values()));
    f.values(point, result);
    return {result.begin(), result.end()};
  }
  Recording& recording = Recording::required("a Function of Exprs");
  if (!impl_->branching) return Inlined(*impl_, recording, x).outputs();
  const std::vector<double> point = detail::values_at_point(recording, x);
  return Inlined(*impl_->branching->at(point), recording, x).outputs();
}

Expr Function::operator()(ExprSpan x) const {
  if (kind_of(*impl_) != detail::Outputs::value)
    throw std::invalid_argument("Function::operator(): this function has several values; use outputs()");
  return outputs(x)[0];
}

}  // namespace rappel
