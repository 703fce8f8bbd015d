#include "builder.hpp"

#include "custom_op.hpp"
#include "literals.hpp"
#include "scan_body.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace rappel::detail {
namespace {

// Shapes whose second field of the hash key is not the number of results.
bool keyed_by_payload(Op op) { return op == Op::column || op == Op::custom || op == Op::num_rows || op >= Op::sum_rows; }

constexpr Op auxiliary_table[] = {
#define RAPPEL_UNARY(...) Op::constant,
#define RAPPEL_UNARY_AUX(name, symbol, aux, ...) Op::aux,
#define RAPPEL_BINARY(...) Op::constant,
#define RAPPEL_TERNARY(...) Op::constant,
#define RAPPEL_DERIVATIVES(...) Op::constant,
#define RAPPEL_STRUCTURE(...) Op::constant,
#include <rappel/autodiff/ops.def>
};

// Operations with formulas stand first in the table.
bool has_formula(Op op) { return op < Op::constant; }

}  // namespace

std::uint32_t Builder::hash(Op op, std::span<const NodeId> operands, Index payload) {
  if (payload == 0 && operands.size() == 1) return hash(op, operands[0]);
  if (payload == 0 && operands.size() == 2) return hash(op, operands[0], operands[1]);
  std::uint64_t h = seed(op) ^ static_cast<std::uint64_t>(payload);
  for (const NodeId n : operands) h = mixed(h ^ n);
  return static_cast<std::uint32_t>(mixed(h));
}

Builder::Builder(Graph graph, PassOptions options)
    : options_(options), graph_(std::move(graph)), table_(graph_.size()) {
  for (NodeId n = 0; n < static_cast<NodeId>(graph_.size()); ++n) insert(n);
}

// What nodes of one operation on the same operands differ in.
Index Builder::key_of(NodeId n) const {
  return graph_.op(n) == Op::custom ? static_cast<Index>(graph_.custom_op(n)->id) : graph_.payload(n);
}

bool Builder::equal(NodeId n, Op op, std::span<const NodeId> operands, Index payload) const {
  if (graph_.op(n) != op || (keyed_by_payload(op) && key_of(n) != payload)) return false;
  if (op == Op::column) return graph_.row_set(n).index == operands[0];
  const auto own = graph_.operands(n);
  if (std::ranges::equal(own, operands)) return true;
  return commutes(op) && own.size() == 2 && own[0] == operands[1] && own[1] == operands[0];
}

Builder::Slot& Builder::find(Op op, std::span<const NodeId> operands, Index payload) {
  NodeId largest = 0;
  for (const NodeId n : operands) largest = std::max(largest, n);
  return table_.find(largest, hash(op, operands, keyed_by_payload(op) ? payload : 0),
                     [&](NodeId n) { return equal(n, op, operands, payload); });
}

void Builder::insert(NodeId n) {
  const Op op = graph_.op(n);
  if (op == Op::constant || op == Op::parameter || op == Op::argument || op == Op::result || op == Op::scan ||
      op == Op::unstack)
    return;  // found by other means, or never equal
  if (has_formula(op) && graph_.operands(n).size() == 2) {  // most
    const NodeId* x = graph_.operands(n).data();
    Slot& slot = table_.find(std::max(x[0], x[1]), hash(op, x[0], x[1]), [&](NodeId other) { return equal(other, op, {x, 2}, 0); });
    if (slot.node == no_node) slot.node = n;
    return;
  }
  const NodeId rows = op == Op::column ? graph_.row_set(n).index : 0;
  const auto operands = op == Op::column ? std::span<const NodeId>(&rows, 1) : graph_.operands(n);
  if (Slot& slot = find(op, operands, key_of(n)); slot.node == no_node) slot.node = n;
}

NodeId Builder::num_rows(RowSet rows) {
  Slot& slot = find(Op::num_rows, {}, rows.index);
  return slot.node != no_node ? slot.node : slot.node = graph_.num_rows(rows);
}

NodeId Builder::column(RowSet rows, Index column) {
  const NodeId key = rows.index;
  Slot& slot = find(Op::column, {&key, 1}, column);
  return slot.node != no_node ? slot.node : slot.node = graph_.column(rows, column);
}

NodeId Builder::node(Op op, NodeId x) {
  const Op of_x = graph_.op(x);
  if (!has_formula(op) || of_x == Op::constant || (op == Op::neg && of_x == Op::neg)) return node(op, {&x, 1});
  Slot& slot = table_.find(x, hash(op, x), [&](NodeId n) { return graph_.op(n) == op && graph_.operands(n)[0] == x; });
  return slot.node != no_node ? slot.node : slot.node = graph_.append(op, x);
}

NodeId Builder::folded(Op op, NodeId x, NodeId y) {
  const NodeId operands[] = {x, y};
  return node(op, operands);
}

NodeId Builder::node(Op op, std::span<const NodeId> given) {
  std::array<NodeId, 2> swapped;
  std::span<const NodeId> operands = given;
  if (may_be_swapped(op) && given.size() == 2 && given[0] > given[1]) {
    swapped = {given[1], given[0]};
    operands = swapped;
  }
  if (const NodeId n = fold(op, operands); n != no_node) return n;
  Index payload = 0;  // of a reduction: its row set
  if (op >= Op::sum_rows)
    for (const NodeId n : operands)
      if (graph_.varying(n)) payload = graph_.row_set(n).index;
  Slot& slot = find(op, operands, payload);
  if (slot.node != no_node) return slot.node;
  return slot.node = has_formula(op) && operands.size() == 2 ? graph_.append(op, operands[0], operands[1]) : graph_.node(op, operands);
}

NodeId Builder::reduce_rows(Reduce reduce, RowSet rows, NodeId n) {
  if (!graph_.varying(n)) {
    if (reduce == Reduce::sum) return node(Op::mul, {num_rows(rows), n});
    return n;
  }
  const Op op = reduce == Reduce::sum ? Op::sum_rows : reduce == Reduce::max ? Op::max_rows : Op::any_rows;
  Slot& slot = find(op, {&n, 1}, rows.index);
  return slot.node != no_node ? slot.node : slot.node = graph_.reduce_rows(reduce, rows, n);
}

NodeId Builder::scan(std::shared_ptr<const ScanBody> body, std::span<const NodeId> given) {
  std::vector<NodeId> operands(given.begin(), given.end());
  if (std::ranges::any_of(operands, [&](NodeId x) { return graph_.varying(x); }))
    for (NodeId& x : operands)
      if (graph_.is_stacked(x) && graph_.op(x) != Op::stack && !graph_.varying(x)) {
        std::vector<NodeId> entries(static_cast<std::size_t>(graph_.num_steps(x)), unstack(x));
        for (std::size_t t = 0; t < entries.size(); ++t) entries[t] += static_cast<NodeId>(t);
        x = node(Op::stack, entries);
      }
  return graph_.scan(std::move(body), operands);
}

NodeId Builder::gather(std::span<const NodeId> operands) {
  Slot& slot = find(Op::gather, operands, 0);
  return slot.node != no_node ? slot.node : slot.node = graph_.gather(operands);
}

NodeId Builder::scatter_rows(std::span<const NodeId> operands) {
  Slot& slot = find(Op::scatter_rows, operands, 0);
  return slot.node != no_node ? slot.node : slot.node = graph_.scatter_rows(operands);
}

NodeId Builder::custom(const std::shared_ptr<const CustomOp>& op, std::span<const NodeId> operands) {
  if (op->num_results == 1 && std::ranges::all_of(operands, [&](NodeId x) { return graph_.is_constant(x); })) {
    std::vector<double> values;
    for (const NodeId x : operands) values.push_back(graph_.value(x));
    double result;
    op->evaluate(values, {&result, 1});
    return constant(result);
  }
  Slot& slot = find(Op::custom, operands, static_cast<Index>(op->id));
  return slot.node != no_node ? slot.node : slot.node = graph_.custom(op, operands);
}

NodeId Builder::auxiliary(Op op, NodeId x) {
  const Op aux = auxiliary_table[static_cast<std::size_t>(op)];
  return aux == Op::constant ? no_node : node(aux, {x});
}

NodeId Builder::fold_constants(Op op, std::span<const NodeId> operands) {
  std::array<double, 64> values;
  double result;
  if (operands.size() > values.size() || operands.empty() || !graph_.is_constant(operands.back())) return no_node;
  if (has_several_results(op) || op == Op::stack) return no_node;  // several results stay several nodes
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!graph_.is_constant(operands[i])) return no_node;
    values[i] = graph_.value(operands[i]);
  }
  evaluate_scalar(op, {values.data(), operands.size()}, {&result, 1});
  return constant(result);
}

NodeId Builder::fold(Op op, std::span<const NodeId> operands) {
  if (const NodeId n = fold_constants(op, operands); n != no_node) return n;
  switch (literally(op, [&](int i, double value) { return graph_.is_constant(operands[static_cast<std::size_t>(i)], value); },
                    options_.exact_zeros)) {
    case Literally::first:
      return operands[0];
    case Literally::second:
      return operands[1];
    case Literally::minus_first:
      return node(Op::neg, operands[0]);
    case Literally::minus_second:
      return node(Op::neg, operands[1]);
    case Literally::zero:
      return constant(0.0);
    case Literally::one:
      return constant(1.0);
    case Literally::nothing:
      break;
  }
  const auto negated = [&](std::size_t i) { return graph_.op(operands[i]) == Op::neg; };
  const auto inside = [&](std::size_t i) { return graph_.operands(operands[i])[0]; };
  switch (op) {
    case Op::neg:
      return negated(0) ? inside(0) : no_node;
    case Op::add:
      if (negated(1)) return node(Op::sub, operands[0], inside(1));  // x + (-y) is x - y, bit for bit
      return negated(0) ? node(Op::sub, operands[1], inside(0)) : no_node;
    case Op::sub:
      return negated(1) ? node(Op::add, operands[0], inside(1)) : no_node;
    case Op::select:
      if (operands[1] == operands[2]) return operands[1];
      return graph_.is_constant(operands[0]) ? operands[graph_.value(operands[0]) != 0.0 ? 1 : 2] : no_node;
    case Op::logical_and:
      return operands[0] == operands[1] ? operands[0] : no_node;
    case Op::logical_or:
      if (operands[0] == operands[1]) return operands[0];
      for (const int i : {0, 1})  // c or not c
        if (graph_.op(operands[i]) == Op::logical_not && graph_.operands(operands[i])[0] == operands[1 - i])
          return constant(1.0);
      return no_node;
    case Op::sum:
      return operands.size() == 1 ? operands[0] : no_node;
    default:
      return no_node;
  }
}

}  // namespace rappel::detail
