// What a Function holds, and whether two hold the same.

#include "branches.hpp"

#include <algorithm>
#include <ostream>

namespace rappel {
namespace {

bool same_columns(const Columns& a, const Columns& b) {
  if (a.bound() != b.bound() || a.num_rows() != b.num_rows() || a.num_columns() != b.num_columns() ||
      a.names() != b.names())
    return false;
  for (Index c = 0; c < a.num_columns(); ++c)
    if (a.column(c) != b.column(c)) return false;
  return true;
}

bool same_guards(const std::vector<Guard>& a, const std::vector<Guard>& b) {
  return std::ranges::equal(
      a, b, [](const Guard& x, const Guard& y) { return x.condition == y.condition && x.taken == y.taken; });
}

bool same_recording(const detail::Recorded& a, const detail::Recorded& b) {
  return a.outputs_kind() == b.outputs_kind() && a.traced().outputs == b.traced().outputs &&
         a.traced().graph == b.traced().graph && same_guards(a.traced().guards, b.traced().guards);
}

bool same_tables(const std::vector<Columns>& a, const std::vector<Columns>& b) {
  return std::ranges::equal(a, b, same_columns);
}

// A recording as a Function of the cost has it.
std::vector<Columns> tables_of(const detail::Trace& trace, const detail::Changes& changes) {
  return changes.columns.empty() ? trace.tables
                                 : detail::replaced_columns(*trace.recorded, trace.tables, changes.columns);
}

bool same_branches(const detail::Branching& a, const detail::Branching& b) {
  const auto &mine = a.changes(), &other = b.changes();
  const std::vector<detail::Branches::Shared> kept = a.kept(), others = b.kept();
  const auto same = [&](const detail::Trace& x, const detail::Trace& y) {
    return mine.arguments_for(x.arguments) == other.arguments_for(y.arguments) &&
           same_tables(tables_of(x, mine), tables_of(y, other)) && same_recording(*x.recorded, *y.recorded);
  };
  return mine.gradient == other.gradient && kept.size() == others.size() &&
         std::ranges::all_of(kept, [&](const auto& x) {
           return std::ranges::any_of(others, [&](const auto& y) { return same(*x, *y); });
         });
}

}  // namespace

bool operator==(const Function& a, const Function& b) {
  const Function::Impl &x = *a.impl_, &y = *b.impl_;
  if (a.impl_ == b.impl_) return true;
  if (!x.branching != !y.branching) return false;
  if (x.branching) return same_branches(*x.branching, *y.branching);
  return x.arguments == y.arguments && same_tables(x.tables, y.tables) && same_recording(*x.recorded, *y.recorded);
}

FunctionStatistics Function::statistics() const {
  if (impl_->branching) {
    FunctionStatistics result = Function(impl_->branching->latest("statistics")).statistics();
    result.branches = impl_->branching->statistics();
    return result;
  }
  const Traced& traced = impl_->recorded->traced();
  const Graph& graph = traced.graph;
  FunctionStatistics result;
  result.nodes = graph.size();
  result.parameters = graph.num_parameters();
  result.arguments = graph.num_arguments();
  result.guards = static_cast<Index>(traced.guards.size());
  result.bytes = graph.num_bytes();
  for (const Columns& table : impl_->tables) result.columns += table.num_columns();
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) ++result.operations[name_of(graph, n)];
  return result;
}

std::ostream& operator<<(std::ostream& out, const FunctionStatistics& s) {
  out << "nodes: " << s.nodes << " in " << s.bytes << " bytes\n"
      << "parameters: " << s.parameters << ", arguments: " << s.arguments << ", columns: " << s.columns << "\n"
      << "guards: " << s.guards << ", recordings: " << s.branches.recordings << " made in " << s.branches.calls
      << " calls, " << s.branches.kept << " kept\n"
      << "operations:";
  const char* separator = " ";
  for (const auto& [name, count] : s.operations) {
    out << separator << name << " " << count;
    separator = ", ";
  }
  return out << "\n";
}

}  // namespace rappel
