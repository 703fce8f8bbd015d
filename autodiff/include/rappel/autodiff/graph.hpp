#pragma once

// The expression graph: a value, append-only, operands before users.

#include <rappel/autodiff/location.hpp>
#include <rappel/autodiff/ops_enum.hpp>
#include <rappel/core.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rappel {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = ~NodeId{0};

// A table of rows that a cost runs over; its columns vary by row.
struct RowSet {
  std::uint16_t index = 0;
  friend bool operator==(RowSet, RowSet) = default;
};

enum class Reduce { sum, max, any };

// The name by which an operation is printed.
const char* name_of(Op op);

namespace detail {
class Builder;
struct CustomOp;
struct ScanBody;
}

// Whether its nodes have several results.
bool has_several_results(Op op);

// Nodes are numbered in order of appending; a node with several results takes that many consecutive numbers.
// A node is uniform, or varies over the rows of one RowSet.
class Graph {
 public:
  NodeId parameter();                        // uniform: the next entry of the parameter vector
  NodeId argument();                         // uniform: set for each call, not differentiated
  RowSet rows(Index num_columns);            // a further table of rows; a cost may use several
  NodeId column(RowSet rows, Index column);  // varying
  NodeId num_rows(RowSet rows);              // uniform, known when the rows are bound
  NodeId constant(double value);             // one node for each bit pattern
  // Throw std::invalid_argument: an operand that does not exist, a wrong number of operands or results,
  // operands that vary over different row sets.
  NodeId node(Op op, std::span<const NodeId> operands);
  NodeId node(Op op, std::initializer_list<NodeId> operands) {
    return node(op, std::span(operands.begin(), operands.size()));
  }
  NodeId nodes(Op op, std::span<const NodeId> operands,
               Index num_results);                                 // the first of consecutive numbers
  NodeId reduce_rows(Reduce reduce, RowSet rows, NodeId varying);  // the result is uniform
  // A node of another graph with the same row sets, an operation of the table's formulas, operands by `map`.
  NodeId copy(const Graph& from, NodeId n, std::span<const NodeId> map);
  NodeId new_constant(double value) { return append_constant(value); }  // one that is not there, which is not checked

  // A loop over steps: operands are the first carry, stacked inputs and captures; results the last carry, then
  // stacked the carries before each step and the outputs. A stacked value is one node, whatever the steps:
  // stack makes one of as many nodes, unstack gives its entries.
  NodeId scan(std::shared_ptr<const detail::ScanBody> body, std::span<const NodeId> operands);
  NodeId unstack(NodeId stacked);
  bool is_stacked(NodeId n) const;
  Index num_steps(NodeId stacked) const;
  const std::shared_ptr<const detail::ScanBody>& scan_body(NodeId n) const;  // valid until the next scan is appended
  bool has_scans() const { return !scan_bodies_.empty(); }

  // Uniform values looked up by row, and its reverse, which sums over rows; see ops.def. Operands as there.
  NodeId gather(std::span<const NodeId> operands);        // first result
  NodeId scatter_rows(std::span<const NodeId> operands);  // likewise
  // Of a reduction over rows: the table.
  RowSet reduced_rows(NodeId n) const {
    return op(n) == Op::scatter_rows ? row_set(operands(n)[2]) : RowSet{static_cast<std::uint16_t>(payload(n))};
  }

  // An operation of the user's; the graph keeps it alive.
  NodeId custom(std::shared_ptr<const detail::CustomOp> op, std::span<const NodeId> operands);  // first result
  const std::shared_ptr<const detail::CustomOp>& custom_op(NodeId n) const;  // valid until the next one is appended

  // Nodes appended from now on were written there; a place inside of Eigen is passed over, so that the last
  // one outside stands.
  void set_location(LocationId location) {
    if (!detail::is_inside_eigen(location)) location_ = location;
  }
  void set_location_of(const Graph& other, NodeId n) { location_ = other.locations_[n]; }
  LocationId location(NodeId n) const { return locations_[n]; }

  void reserve(Index num_nodes);  // memory for so many, of two operands each

  Index size() const { return static_cast<Index>(records_.size()); }
  Index num_parameters() const { return num_parameters_; }
  Index num_arguments() const { return num_arguments_; }
  Index num_row_sets() const { return static_cast<Index>(num_columns_.size()); }
  Index num_columns(RowSet rows) const { return num_columns_[rows.index]; }

  Op op(NodeId n) const { return records_[n].op; }
  std::span<const NodeId> operands(NodeId n) const {
    return {operands_.data() + records_[n].first_operand, records_[n].num_operands};
  }
  bool varying(NodeId n) const { return records_[n].rate != 0; }
  RowSet row_set(NodeId n) const {
    return {static_cast<std::uint16_t>(records_[n].rate - 1)};
  }  // of a varying node
  // The entry of a parameter or argument, the column of a column, the row set of num_rows and of reductions, the number
  // of results of a node with several, the place of a further result among them.
  Index payload(NodeId n) const { return records_[n].payload; }
  double value(NodeId n) const { return constants_[records_[n].payload]; }  // of a constant
  bool is_constant(NodeId n) const { return op(n) == Op::constant; }
  bool is_constant(NodeId n, double value) const;  // bit for bit

  Index num_bytes() const;
  // The same nodes in the same order; where they were written does not count.
  friend bool operator==(const Graph& a, const Graph& b);

 private:
  struct Record {
    Op op;
    std::uint16_t rate;  // 0: uniform, else 1 + row set
    std::uint32_t first_operand;
    std::uint32_t num_operands;
    std::uint32_t payload;
  };
  NodeId append(Op op, std::uint16_t rate, std::span<const NodeId> operands, std::size_t payload);
  // An operation of one result, on operands that exist and so many as it takes.
  friend class detail::Builder;
  NodeId append_record(const Record& record, LocationId location);
  NodeId append(Op op, NodeId x);
  NodeId append(Op op, NodeId x, NodeId y);
  std::uint16_t rate_of(Op op, std::span<const NodeId> operands) const;
  struct ConstantSlot {
    std::uint32_t hash = 0, place = no_node;  // place: in constants_; no_node: empty
  };
  NodeId append_constant(double value);
  ConstantSlot& constant_slot(double value);
  void find_constants();

  std::vector<Record> records_;
  std::vector<LocationId> locations_;
  LocationId location_ = 0;
  std::vector<NodeId> operands_;
  std::vector<double> constants_;
  // Constants by their bits, open addressing; its size is a power of two. Those from num_found_ on are not in yet.
  std::vector<ConstantSlot> constant_slots_;
  std::vector<NodeId> constant_nodes_;  // by place
  std::size_t num_found_ = 0;
  std::vector<Index> num_columns_;
  std::vector<std::pair<NodeId, std::shared_ptr<const detail::ScanBody>>> scan_bodies_;  // in the order of the nodes
  std::vector<std::pair<NodeId, std::shared_ptr<const detail::CustomOp>>> custom_ops_;   // likewise
  Index num_parameters_ = 0, num_arguments_ = 0;
};

// By which the node is printed.
std::string name_of(const Graph& graph, NodeId n);

// A recorded branch: `condition` was `taken`; where it turns, the graph no longer stands for the cost.
struct Guard {
  NodeId condition;
  bool taken;
};

// A graph with what is asked of it. Guards are live roots, like outputs.
struct Traced {
  Graph graph;
  std::vector<NodeId> outputs;
  std::vector<Guard> guards;
};

// Appends to `graph` the adjoints of `wrt` for outputs whose adjoints are given: for each w of wrt the node
// sum over outputs of adjoint * d output / d w, made of the same operations, so that it can be differentiated
// again. Adjoints are uniform. Only nodes between wrt and outputs take part; arms that a select, min or max
// did not choose contribute nothing (DESIGN section 4). Throws std::invalid_argument if sizes differ or an
// output varies.
std::vector<NodeId> reverse_sweep(Graph& graph, std::span<const NodeId> outputs,
                                  std::span<const NodeId> adjoints, std::span<const NodeId> wrt);

struct PassOptions {
  bool exact_zeros = false;  // true: 0 * x, 0 / x and x + 0 stay as written (they differ where x is not
                             // finite, 0 / x where x is 0, and by the sign of 0)
};

// The passes, each Traced -> Traced. All keep values bit for bit but for the rules that exact_zeros turns
// off, and but for fusing, which contracts multiply-adds into FMA in the written order.
Traced fold_and_merge(const Traced& traced,
                      PassOptions options = {});  // constants folded, equal nodes merged
Traced remove_dead(const Traced& traced);         // keeps parameters and row sets
Traced fuse_products(const Traced& traced);       // a*b + c*d + .. into dot, sums over rows likewise
Traced simplify(const Traced& traced, PassOptions options = {});  // all of them

}  // namespace rappel
