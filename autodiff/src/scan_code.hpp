#pragma once

// Scans as executors run them. Values stand in a frame: the uniform ones of a program, the blocks of a leaf of
// rows, or those of a step of a scan around. Where rows do, a value is a block and the top bit of its number
// marks a uniform one.
//
// What a scan stacks is not kept as a whole, if it is large: the carry is kept every so many steps, and a reader
// of one step has the steps about it computed again, from the carry before them.

#include <rappel/core.hpp>

#include "kernels.hpp"
#include "lookup_kernels.hpp"
#include "program_steps.hpp"
#include "scan_body.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace rappel::detail {

struct ScanCode;
class FusedGroups;

// A stacked value: a list of values, or one that a scan of the frame stacks.
struct StackedSource {
  std::vector<std::uint32_t> values;  // by step
  std::uint32_t scan = 0, place = 0;  // if there are none
};

// Values that stand in a row, from and to.
struct PlaceRun {
  std::uint32_t from, to, count;
};

// What is copied of single values or blocks: runs and, where these would be short, single values one by one.
struct PlaceCopies {
  std::vector<PlaceRun> runs;
  std::vector<std::uint32_t> from, to;
};

// Of what a scan keeps.
struct StackedRun {
  std::uint32_t scan;
  PlaceRun run;
};

struct ScanCall {
  std::shared_ptr<ScanCode> code;
  std::vector<std::uint32_t> carry, captures, results;
  std::vector<StackedSource> inputs;
  std::vector<std::uint32_t> kept;  // the stacked results that something reads, by place
  // Once all calls of the frame are known, see find_runs().
  std::vector<StackedRun> stacked_inputs;
  std::vector<std::uint32_t> listed_inputs, listed_values;  // numbers of inputs; their sources, step by step
  PlaceCopies kept_carries, kept_outputs, next;             // to what is kept; to the carry
};

struct UnstackCall {
  StackedSource source;
  std::vector<std::uint32_t> results;
};

struct CustomCall {
  std::shared_ptr<const CustomOp> op;
  std::vector<std::uint32_t> operands, results;
  // The operands that the value reads, where they stand one after the other: runs of values.
  struct Run {
    std::uint32_t first, count;
  };
  std::vector<Run> runs = {};
  bool results_in_a_row = false;
};

// Where the rows of a leaf look up: found once for all lookups of the body that share it, by the first of them.
struct PlacesCall {
  std::uint32_t index, width;
  std::size_t count;  // of the values, width for each index
  std::uint32_t number;
  bool is_first;
  std::uint32_t finding = ~std::uint32_t{0};  // see RowsInARow: its number in the program, of a column that may have one
};

// Values looked up by row. `values`: numbers among the program's uniform values; of the first, where they stand one
// after the other.
struct GatherCall {
  PlacesCall places;
  std::uint32_t view = ~std::uint32_t{0};  // the number of the result among the views, if it is one
  std::vector<std::uint32_t> values, results;
};

// Rows that are looked up and read where they stand: parameters from `first` on.
struct RowsInPlace {
  PlacesCall places = {};
  std::uint32_t first = 0;
};

// The dots of two of them each: term j is added to partial j mod 8, and the partials fold 8, 4, 2, 1.
struct RowDotCall {
  RowsInPlace a, b;
  std::uint32_t result;
};

// Added to uniform values from `first` on, in the order of the rows. If these are outputs and nothing else, the first
// of them is output number `output`.
struct ScatterCall {
  PlacesCall places;
  std::uint32_t first;
  std::uint32_t output = ~std::uint32_t{0};
  bool of_rows = false;  // what is added is `row` times the one operand
  RowsInPlace row = {};
  std::vector<std::uint32_t> operands;
  bool never_minus_zero = false;  // what is added
};

// What a frame does besides the instructions that kernels run.
struct FrameCalls {
  std::vector<ScanCall> scans;
  std::vector<UnstackCall> unstacks;
  std::vector<CustomCall> customs;
  std::vector<GatherCall> gathers;
  std::vector<ScatterCall> scatters;
  std::vector<RowDotCall> row_dots;
  const LookupKernels* lookups = nullptr;  // bound, of a body
  std::vector<UniformGroup> groups;
  std::vector<std::uint32_t> group_operands, group_places;
  std::vector<std::shared_ptr<FusedGroups>> fused;
};

// The values of a step are its carry, inputs and captures, then constants, then what it computes. The first three are in an
// order of the code's own: that of `place_of`, by parameter of the body; so are the lists of its calls.
struct ScanCode {
  Index steps = 0;
  bool by_row = false;
  bool backwards = false;
  Index checkpoints = 0;
  std::uint32_t num_carry = 0, num_inputs = 0, num_values = 0, first_constant = 0;
  std::vector<double> constants;
  std::vector<UniformInstruction> uniform;    // over single values,
  std::vector<BodyStep> body;                 // or over blocks,
  std::vector<BodyInstruction> instructions;  // bound to kernels
  std::vector<std::uint32_t> operands;
  std::vector<std::uint32_t> place_of, next, outputs;
  FrameCalls calls;
};

// How the scans of a frame copy what they read and keep.
void find_runs(FrameCalls& calls);

// Numbers the calls of a frame, in the order of their nodes.
class CallBuilder {
 public:
  // number(n) of a value of the frame; uniform(n) of a program's uniform value, for frames that are a leaf's.
  CallBuilder(const Graph& graph, FrameCalls& calls, bool by_row, std::function<std::uint32_t(NodeId)> number,
              std::function<std::uint32_t(NodeId)> uniform = {})
      : graph_(graph), calls_(calls), by_row_(by_row), number_(std::move(number)), uniform_(std::move(uniform)) {}

  std::uint32_t add(NodeId n);  // a node for which is_call holds; the number of the call
  // Of rows that are looked up, where they stand: by nodes of gathers.
  std::uint32_t add_dot(NodeId n, NodeId a, NodeId b);
  std::uint32_t add_scatter(NodeId n, NodeId row, NodeId factor);

 private:
  std::uint32_t add_scan(NodeId n);
  std::uint32_t add_unstack(NodeId n);
  std::uint32_t add_custom(NodeId n);
  std::uint32_t add_gather(NodeId n);
  std::uint32_t add_scatter(NodeId n);
  RowsInPlace rows_in_place(NodeId gather);
  StackedSource source(NodeId stacked);
  PlacesCall places(NodeId index, std::size_t width, std::size_t count);

  const Graph& graph_;
  FrameCalls& calls_;
  bool by_row_;
  std::function<std::uint32_t(NodeId)> number_, uniform_;
  std::unordered_map<NodeId, std::uint32_t> scans_;  // calls by node
  struct Places {
    NodeId index;
    std::size_t width, count;
    bool operator==(const Places&) const = default;
  };
  std::vector<Places> places_;  // by number
};

// The values that a scan or an unstack reads, also by way of the scans whose stacked results it reads: they
// must stand until then.
std::vector<NodeId> values_read(const Graph& graph, NodeId n);

// What an instruction of a frame has for an operation where it is a group's call: further results are no instruction.
inline constexpr Op group_call = Op::result;
// Where groups follow, `count` of them, that may run as one loop: those numbered `first` among the fused ones. Likewise.
inline constexpr Op fused_call = Op::max_rows;

// An instruction of a frame that is a call: `first` is its number.
inline bool is_call(Op op) { return op == Op::scan || op == Op::unstack || op == Op::custom || op == Op::gather || op == Op::scatter_rows; }

// What a step of a body has for an operation where it is a RowDotCall. Likewise.
inline constexpr Op row_dot_call = Op::result;
inline bool is_body_call(Op op) { return is_call(op) || op == row_dot_call; }

}  // namespace rappel::detail
