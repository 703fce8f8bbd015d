#include "branches.hpp"

#include <algorithm>
#include <iomanip>
#include <limits>
#include <ostream>
#include <sstream>

namespace rappel {
namespace {

std::string text_of(double value) {
  std::ostringstream text;
  for (int digits = 6; digits <= 17; ++digits) {  // the shortest that reads back as the same number
    text.str("");
    text << std::setprecision(digits) << value;
    if (std::strtod(text.str().c_str(), nullptr) == value) break;
  }
  return text.str();
}

std::string label_of(const Graph& graph, NodeId n, const std::vector<Columns>& tables) {
  const auto payload = graph.payload(n);
  switch (graph.op(n)) {
    case Op::constant:
      return text_of(graph.value(n));
    case Op::parameter:
      return "x[" + std::to_string(payload) + "]";
    case Op::argument:
      return "argument[" + std::to_string(payload) + "]";
    case Op::num_rows:
      return "rows of table " + std::to_string(payload);
    case Op::result:
      return "result " + std::to_string(payload) + " of n" + std::to_string(graph.operands(n)[0]);
    case Op::column: {
      const auto& names = tables[graph.row_set(n).index].names();
      std::ostringstream text;
      if (names.empty())
        text << "row[" << payload << "]";
      else
        text << "row[" << std::quoted(names[static_cast<std::size_t>(payload)]) << "]";
      return text.str();
    }
    default:
      return name_of(graph, n);
  }
}

bool infix(Op op) {
  return op == Op::add || op == Op::sub || op == Op::mul || op == Op::div || op == Op::less ||
         op == Op::less_equal || op == Op::equal;
}

std::string expression_of(const Graph& graph, NodeId n, const std::vector<Columns>& tables) {
  const auto operands = graph.operands(n);
  const auto node = [](NodeId k) { return "n" + std::to_string(k); };
  if (operands.empty() || graph.op(n) == Op::result) return label_of(graph, n, tables);
  if (infix(graph.op(n))) return node(operands[0]) + " " + name_of(graph.op(n)) + " " + node(operands[1]);
  std::string text = name_of(graph, n) + "(";
  for (std::size_t i = 0; i < operands.size(); ++i) text += (i == 0 ? "" : ", ") + node(operands[i]);
  return text + ")";
}

}  // namespace

namespace {

void print_branches(std::ostream& out, const detail::Branching& f) {
  const BranchStatistics s = f.statistics();
  out << "branches on values: " << s.recordings << (s.recordings == 1 ? " recording" : " recordings") << " made in "
      << s.calls << (s.calls == 1 ? " call, " : " calls, ") << s.kept << " kept\n";
  if (s.calls >= 10 && 2 * s.recordings > s.calls)
    out << "most calls record anew, which is slow: write select(condition, a, b) where a branch turns often, or "
           "raise max_recordings\n";
}

}  // namespace

void Function::print(std::ostream& out) const {
  if (impl_->branching) {
    if (impl_->branching->is_recorded())
      Function(impl_->branching->latest("print")).print(out);
    else
      out << "function of " << dimension() << (dimension() == 1 ? " parameter" : " parameters")
          << ", not recorded yet: the cost branches on values; call it, or record it with {.at = x}\n";
    return print_branches(out, *impl_->branching);
  }
  const Traced& traced = impl_->recorded->traced();
  const Graph& graph = traced.graph;
  out << "function of " << dimension() << (dimension() == 1 ? " parameter, " : " parameters, ")
      << graph.size() << (graph.size() == 1 ? " node\n" : " nodes\n");
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n)
    out << "n" << n << " = " << expression_of(graph, n, impl_->tables)
        << (graph.varying(n) ? "  by row\n" : "\n");
  out << (impl_->recorded->has_value() ? "value =" : "values =");
  for (const NodeId n : traced.outputs) out << " n" << n;
  out << "\n";
  for (const Guard& g : traced.guards)
    out << "where n" << g.condition << (g.taken ? " holds" : " does not hold") << "\n";
}

std::string Function::to_dot() const {
  if (impl_->branching) return Function(impl_->branching->latest("to_dot")).to_dot();
  const Traced& traced = impl_->recorded->traced();
  const Graph& graph = traced.graph;
  std::string text = "digraph rappel {\n  rankdir=BT;\n  node [shape=box];\n";
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) {
    std::string label;
    for (const char c : label_of(graph, n, impl_->tables))
      label += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    text += "  n" + std::to_string(n) + " [label=\"" + label + "\"" +
            (graph.varying(n) ? ", style=rounded" : "") + (std::ranges::count(traced.outputs, n) > 0 ? ", peripheries=2" : "") +
            "];\n";
    for (const NodeId x : graph.operands(n))
      text += "  n" + std::to_string(x) + " -> n" + std::to_string(n) + ";\n";
  }
  return text + "}\n";
}

std::ostream& operator<<(std::ostream& out, const Function& f) {
  f.print(out);
  return out;
}

}  // namespace rappel
