#include <rappel/autodiff/graph.hpp>

#include "custom_op.hpp"
#include "large_array.hpp"
#include "scan_body.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

namespace rappel {
namespace {

struct OpInfo {
  const char* name;
  int num_operands;  // -1: any number
};

constexpr OpInfo op_table[] = {
#define RAPPEL_UNARY(name, symbol, ...) {symbol, 1},
#define RAPPEL_UNARY_AUX(name, symbol, ...) {symbol, 2},
#define RAPPEL_BINARY(name, symbol, ...) {symbol, 2},
#define RAPPEL_TERNARY(name, symbol, ...) {symbol, 3},
#define RAPPEL_DERIVATIVES(name, symbol, ...) {symbol, 2},
#define RAPPEL_STRUCTURE(name, symbol, ...) {symbol, -1},
#include <rappel/autodiff/ops.def>
};

// What two graphs hold of equal kinds.
bool same(const detail::ScanBody& a, const detail::ScanBody& b) {
  return a.num_carry == b.num_carry && a.num_inputs == b.num_inputs && a.steps == b.steps &&
         a.backwards == b.backwards && a.next == b.next && a.outputs == b.outputs && a.graph == b.graph;
}
bool same(const detail::CustomOp& a, const detail::CustomOp& b) { return a.id == b.id; }

const OpInfo& info(Op op) { return op_table[static_cast<std::size_t>(op)]; }

std::string count_message(Op op, std::size_t given, const std::string& expected) {
  return std::string("Graph::node: ") + info(op).name + " takes " + expected + " operands, " +
         std::to_string(given) + " given";
}

void check_operand_count(Op op, std::size_t given) {
  const int expected = info(op).num_operands;
  if (expected >= 0 && given != static_cast<std::size_t>(expected))
    throw std::invalid_argument(count_message(op, given, std::to_string(expected)));
  if (op < Op::constant) return;
  if (op == Op::select && given != 3) throw std::invalid_argument(count_message(op, given, "3"));
  if (op == Op::power && given != 4) throw std::invalid_argument(count_message(op, given, "4"));
  if ((op == Op::dot || op == Op::sum_products) && given % 2 != 0)
    throw std::invalid_argument(count_message(op, given, "an even number of"));
  const bool nary = op == Op::sum || op == Op::shifted_exps || op == Op::scaled_norm || op == Op::stack;
  if ((nary && given < 1) || ((op == Op::logsumexp || op == Op::norm || op == Op::unit || op == Op::shares) && given < 3) ||
      ((op == Op::softmax || op == Op::unit_product) && (given < 4 || given % 2)) ||
      (op == Op::softmax_product && (given < 2 || given % 2)))
    throw std::invalid_argument(count_message(op, given, "more"));
}

std::size_t num_results_of(Op op, std::size_t num_operands) {
  if (op == Op::shifted_exps) return num_operands + 2;
  if (op == Op::scaled_norm) return 2;
  if (op == Op::shares) return num_operands - 1;
  if (op == Op::unit) return num_operands - 2;
  if (op == Op::softmax_product) return num_operands / 2;
  if (op == Op::softmax || op == Op::unit_product) return (num_operands - 2) / 2;
  return 1;
}

}  // namespace

bool has_several_results(Op op) {
  return op == Op::shifted_exps || op == Op::softmax || op == Op::softmax_product || op == Op::scaled_norm ||
         op == Op::unit || op == Op::unit_product || op == Op::shares || op == Op::scan || op == Op::custom || op == Op::gather ||
         op == Op::scatter_rows || op == Op::unstack;
}

const char* name_of(Op op) { return info(op).name; }

std::string name_of(const Graph& graph, NodeId n) {
  return graph.op(n) == Op::custom ? graph.custom_op(n)->name : name_of(graph.op(n));
}

inline NodeId Graph::append_record(const Record& record, LocationId location) {
  if (records_.size() >= no_node) throw std::length_error("Graph: more than 2^32 - 2 nodes");
  detail::make_room(locations_);
  detail::make_room(records_);
  locations_.push_back(location);
  records_.push_back(record);
  return static_cast<NodeId>(records_.size() - 1);
}

NodeId Graph::append(Op op, std::uint16_t rate, std::span<const NodeId> operands, std::size_t payload) {
  const auto first = operands_.size();
  if (operands_.capacity() - first < operands.size()) {  // they may be our own, and move
    const std::vector<NodeId> kept(operands.begin(), operands.end());
    detail::make_room(operands_, operands.size());
    operands_.insert(operands_.end(), kept.begin(), kept.end());
  } else {
    for (std::size_t i = 0; i < operands.size(); ++i) operands_.push_back(operands[i]);
  }
  return append_record({op, rate, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(operands.size()),
                        static_cast<std::uint32_t>(payload)}, location_);
}

NodeId Graph::copy(const Graph& from, NodeId n, std::span<const NodeId> map) {
  const Record& record = from.records_[n];
  const std::size_t first = operands_.size();
  detail::make_room(operands_, record.num_operands);
  for (std::uint32_t i = 0; i < record.num_operands; ++i) operands_.push_back(map[from.operands_[record.first_operand + i]]);
  return append_record({record.op, record.rate, static_cast<std::uint32_t>(first), record.num_operands, record.payload}, location_);
}

NodeId Graph::append(Op op, NodeId x) {
  const std::size_t first = operands_.size();
  detail::make_room(operands_);
  operands_.push_back(x);
  return append_record({op, records_[x].rate, static_cast<std::uint32_t>(first), 1, 1}, location_);
}

NodeId Graph::append(Op op, NodeId x, NodeId y) {
  const std::array operands = {x, y};
  const std::uint16_t of_x = records_[x].rate, of_y = records_[y].rate;
  const std::uint16_t rate = of_x == of_y || of_y == 0 ? of_x : of_x == 0 ? of_y : rate_of(op, operands);
  const std::size_t first = operands_.size();
  detail::make_room(operands_, 2);
  operands_.push_back(x);
  operands_.push_back(y);
  return append_record({op, rate, static_cast<std::uint32_t>(first), 2, 1}, location_);
}

std::uint16_t Graph::rate_of(Op op, std::span<const NodeId> operands) const {
  std::uint16_t rate = 0;
  for (const NodeId n : operands) {
    if (n >= records_.size())
      throw std::invalid_argument("Graph::node: operand " + std::to_string(n) + " of " + info(op).name +
                                  " does not exist, the graph has " + std::to_string(records_.size()) +
                                  " nodes");
    const auto other = records_[n].rate;
    if (rate != 0 && other != 0 && rate != other)
      throw std::invalid_argument(std::string("Graph::node: operands of ") + info(op).name +
                                  " vary over the rows of table " + std::to_string(rate - 1) +
                                  " and of table " + std::to_string(other - 1) +
                                  "; sum or mean over rows before combining tables");
    if (other != 0) rate = other;
  }
  return rate;
}

void Graph::reserve(Index num_nodes) {
  const auto size = static_cast<std::size_t>(num_nodes);
  detail::reserve_large(records_, size);
  detail::reserve_large(locations_, size);
  detail::reserve_large(operands_, 2 * size);
}

NodeId Graph::parameter() {
  return append(Op::parameter, 0, {}, static_cast<std::size_t>(num_parameters_++));
}

NodeId Graph::argument() {
  return append(Op::argument, 0, {}, static_cast<std::size_t>(num_arguments_++));
}

RowSet Graph::rows(Index num_columns) {
  if (num_columns < 0) throw std::invalid_argument("Graph::rows: a negative number of columns");
  if (num_columns_.size() >= 65534) throw std::length_error("Graph::rows: more than 65,534 tables");
  num_columns_.push_back(num_columns);
  return {static_cast<std::uint16_t>(num_columns_.size() - 1)};
}

NodeId Graph::column(RowSet rows, Index column) {
  if (rows.index >= num_columns_.size())
    throw std::invalid_argument("Graph::column: there is no table " + std::to_string(rows.index));
  if (column < 0 || column >= num_columns(rows))
    throw std::invalid_argument("Graph::column: column " + std::to_string(column) + ", the table has " +
                                std::to_string(num_columns(rows)));
  return append(Op::column, static_cast<std::uint16_t>(rows.index + 1), {}, static_cast<std::size_t>(column));
}

NodeId Graph::num_rows(RowSet rows) {
  if (rows.index >= num_columns_.size())
    throw std::invalid_argument("Graph::num_rows: there is no table " + std::to_string(rows.index));
  return append(Op::num_rows, 0, {}, rows.index);
}

NodeId Graph::constant(double value) {
  if (num_found_ < constants_.size() || 2 * num_found_ >= constant_slots_.size()) find_constants();
  ConstantSlot& slot = constant_slot(value);
  if (slot.place != no_node) return constant_nodes_[slot.place];
  slot.place = static_cast<std::uint32_t>(constants_.size());
  ++num_found_;
  return append_constant(value);
}

NodeId Graph::append_constant(double value) {
  constants_.push_back(value);
  constant_nodes_.push_back(append(Op::constant, 0, {}, constants_.size() - 1));
  return constant_nodes_.back();
}

// Of the constant with these bits or, if there is none, the empty one where it belongs.
Graph::ConstantSlot& Graph::constant_slot(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t product = (bits ^ bits >> 32) * 0x9e3779b97f4a7c15u;
  const auto hash = static_cast<std::uint32_t>(product ^ product >> 32);
  const std::size_t mask = constant_slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; constant_slots_[i].place != no_node; i = (i + 1) & mask)
    if (constant_slots_[i].hash == hash &&
        std::bit_cast<std::uint64_t>(constants_[constant_slots_[i].place]) == bits)
      return constant_slots_[i];
  constant_slots_[i].hash = hash;
  return constant_slots_[i];
}

void Graph::find_constants() {
  if (2 * constants_.size() >= constant_slots_.size()) {
    constant_slots_.assign(std::bit_ceil(4 * constants_.size() + 8), {});
    num_found_ = 0;
  }
  for (; num_found_ < constants_.size(); ++num_found_)
    if (ConstantSlot& slot = constant_slot(constants_[num_found_]); slot.place == no_node)
      slot.place = static_cast<std::uint32_t>(num_found_);
}

NodeId Graph::node(Op op, std::span<const NodeId> operands) {
  if (op < Op::constant) {  // has a formula, and one result
    check_operand_count(op, operands.size());
    return append(op, rate_of(op, operands), operands, 1);
  }
  return nodes(op, operands, static_cast<Index>(num_results_of(op, operands.size())));
}

NodeId Graph::nodes(Op op, std::span<const NodeId> operands, Index num_results) {
  if ((op <= Op::result && op >= Op::constant) || op == Op::gather || op == Op::scatter_rows)
    throw std::invalid_argument(std::string("Graph::node: ") + info(op).name + " has a function of its own");
  check_operand_count(op, operands.size());
  if (static_cast<std::size_t>(num_results) != num_results_of(op, operands.size()))
    throw std::invalid_argument(std::string("Graph::nodes: ") + info(op).name + " has " +
                                std::to_string(num_results_of(op, operands.size())) + " results, " +
                                std::to_string(num_results) + " asked for");
  const auto rate = rate_of(op, operands);
  if (op >= Op::sum_rows) {
    if (rate == 0)
      throw std::invalid_argument(std::string("Graph::node: ") + info(op).name +
                                  " needs an operand that varies");
    return append(op, 0, operands, static_cast<std::size_t>(rate - 1));
  }
  const NodeId first = append(op, rate, operands, static_cast<std::size_t>(num_results));
  for (Index i = 1; i < num_results; ++i) append(Op::result, rate, {&first, 1}, static_cast<std::size_t>(i));
  return first;
}

NodeId Graph::scan(std::shared_ptr<const detail::ScanBody> body, std::span<const NodeId> operands) {
  if (static_cast<Index>(operands.size()) != body->graph.num_parameters())
    throw std::invalid_argument("Graph::scan: the body takes " + std::to_string(body->graph.num_parameters()) +
                                " operands, " + std::to_string(operands.size()) + " given");
  for (Index i = 0; i < static_cast<Index>(operands.size()); ++i) {
    const NodeId x = operands[static_cast<std::size_t>(i)];
    const bool input = i >= body->num_carry && i < body->num_carry + body->num_inputs;
    if (x >= records_.size() || is_stacked(x) != input || (input && num_steps(x) != body->steps))
      throw std::invalid_argument("Graph::scan: operand " + std::to_string(i) + " is not " +
                                  (input ? "stacked over " + std::to_string(body->steps) + " steps" : "one value"));
  }
  const auto rate = rate_of(Op::scan, operands);
  const std::size_t count = 2 * body->next.size() + body->outputs.size();
  const NodeId first = append(Op::scan, rate, operands, count);
  for (std::size_t i = 1; i < count; ++i) append(Op::result, rate, {&first, 1}, i);
  scan_bodies_.emplace_back(first, std::move(body));
  return first;
}

NodeId Graph::custom(std::shared_ptr<const detail::CustomOp> op, std::span<const NodeId> operands) {
  if (static_cast<Index>(operands.size()) != op->num_operands)
    throw std::invalid_argument(op->name + " takes " + std::to_string(op->num_operands) + " operands, " +
                                std::to_string(operands.size()) + " given");
  const auto rate = rate_of(Op::custom, operands);
  const auto count = static_cast<std::size_t>(op->num_results);
  const NodeId first = append(Op::custom, rate, operands, count);
  for (std::size_t i = 1; i < count; ++i) append(Op::result, rate, {&first, 1}, i);
  custom_ops_.emplace_back(first, std::move(op));
  return first;
}

namespace {

template <class Held>
const Held& held_by(const std::vector<std::pair<NodeId, Held>>& all, NodeId n) {
  const auto found = std::ranges::lower_bound(all, n, {}, &std::pair<NodeId, Held>::first);
  if (found == all.end() || found->first != n) throw std::out_of_range("Graph: node " + std::to_string(n) + " holds nothing of that kind");
  return found->second;
}

}  // namespace

const std::shared_ptr<const detail::ScanBody>& Graph::scan_body(NodeId n) const { return held_by(scan_bodies_, n); }
const std::shared_ptr<const detail::CustomOp>& Graph::custom_op(NodeId n) const { return held_by(custom_ops_, n); }

NodeId Graph::gather(std::span<const NodeId> operands) {
  const auto rate = rate_of(Op::gather, operands);
  const auto width = static_cast<std::size_t>(value(operands[0])), count = operands.size() - 2;
  for (const NodeId u : operands.subspan(2))
    if (varying(u)) throw std::invalid_argument("gather: node " + std::to_string(u) + " varies by row; it looks up uniform values");
  if (rate == 0) throw std::invalid_argument("gather: the index does not vary by row (in the body of a scan nothing does: look up before it)");
  if (width < 1 || count % width != 0)
    throw std::invalid_argument("gather: " + std::to_string(count) + " values do not divide into groups of " +
                                std::to_string(width));
  const NodeId first = append(Op::gather, rate, operands, width);
  for (std::size_t i = 1; i < width; ++i) append(Op::result, rate, {&first, 1}, i);
  return first;
}

NodeId Graph::scatter_rows(std::span<const NodeId> operands) {
  if (rate_of(Op::scatter_rows, operands) == 0)
    throw std::invalid_argument("scatter_rows: the index does not vary by row");
  const auto count = static_cast<std::size_t>(value(operands[0]));
  const NodeId first = append(Op::scatter_rows, 0, operands, count);
  for (std::size_t i = 1; i < count; ++i) append(Op::result, 0, {&first, 1}, i);
  return first;
}

NodeId Graph::unstack(NodeId stacked) {
  if (stacked >= records_.size() || !is_stacked(stacked))
    throw std::invalid_argument("Graph::unstack: node " + std::to_string(stacked) + " is not stacked");
  const auto count = static_cast<std::size_t>(num_steps(stacked));
  const auto rate = records_[stacked].rate;
  const NodeId first = append(Op::unstack, rate, {&stacked, 1}, count);
  for (std::size_t i = 1; i < count; ++i) append(Op::result, rate, {&first, 1}, i);
  return first;
}

bool Graph::is_stacked(NodeId n) const {
  if (op(n) == Op::stack) return true;
  const NodeId owner = op(n) == Op::result ? operands(n)[0] : n;
  return op(owner) == Op::scan && static_cast<Index>(n - owner) >= scan_body(owner)->num_carry;
}

Index Graph::num_steps(NodeId stacked) const {
  if (op(stacked) == Op::stack) return static_cast<Index>(operands(stacked).size());
  return scan_body(op(stacked) == Op::result ? operands(stacked)[0] : stacked)->steps;
}

NodeId Graph::reduce_rows(Reduce reduce, RowSet rows, NodeId varying) {
  if (varying >= records_.size() || !this->varying(varying) || row_set(varying) != rows)
    throw std::invalid_argument("Graph::reduce_rows: node " + std::to_string(varying) +
                                " does not vary over table " + std::to_string(rows.index));
  const Op op = reduce == Reduce::sum ? Op::sum_rows : reduce == Reduce::max ? Op::max_rows : Op::any_rows;
  return append(op, 0, {&varying, 1}, rows.index);
}

namespace {

template <class Held>  // std::shared_ptr, by node
bool same_held(const std::vector<std::pair<NodeId, Held>>& a, const std::vector<std::pair<NodeId, Held>>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && (x.second == y.second || same(*x.second, *y.second));
  });
}

}  // namespace

bool operator==(const Graph& a, const Graph& b) {
  const auto same_node = [&](const Graph::Record& x, const Graph::Record& y) {
    return x.op == y.op && x.rate == y.rate && x.num_operands == y.num_operands && x.payload == y.payload &&
           std::equal(a.operands_.begin() + x.first_operand, a.operands_.begin() + x.first_operand + x.num_operands,
                      b.operands_.begin() + y.first_operand);
  };
  const auto bits = [](double v) { return std::bit_cast<std::uint64_t>(v); };
  return std::ranges::equal(a.records_, b.records_, same_node) &&
         std::ranges::equal(a.constants_, b.constants_, {}, bits, bits) && a.num_columns_ == b.num_columns_ &&
         same_held(a.scan_bodies_, b.scan_bodies_) && same_held(a.custom_ops_, b.custom_ops_);
}

Index Graph::num_bytes() const {
  Index bytes = static_cast<Index>(records_.capacity() * sizeof(Record) + locations_.capacity() * sizeof(LocationId) +
                                   operands_.capacity() * sizeof(NodeId) + constants_.capacity() * sizeof(double));
  for (const auto& [node, body] : scan_bodies_) bytes += body->graph.num_bytes();
  return bytes;
}

bool Graph::is_constant(NodeId n, double value) const {
  return is_constant(n) &&
         std::bit_cast<std::uint64_t>(this->value(n)) == std::bit_cast<std::uint64_t>(value);
}

}  // namespace rappel
