#pragma once

// What the executors run: no calculus below this line. Uniform values live in one array, uniforms; a body
// runs once for each leaf of rows of one table and ends in sums over rows, which are uniform values again.
// Where rows need the result of a sum over rows there are several stages; what a later body needs of the rows
// of an earlier one is stored or computed again, with the same bits.

#include <rappel/autodiff/graph.hpp>

#include "kernels.hpp"
#include "program_steps.hpp"
#include "scan_code.hpp"

namespace rappel::detail {

struct ChosenSums;

// Pointers are numbered: the uniform values in use, then the columns in use, then the stored columns written
// or read, then views, then blocks, then the outputs by row. A view is what was looked up, one value a row, or what is
// scattered, likewise: in place where rows do so one after the other, else in a block of its own.
struct Body {
  RowSet rows;
  Index leaf_rows = 0;  // 64, 128, .. or 1,024
  std::vector<std::uint32_t> uniforms;
  std::vector<double> literals;  // by uniform value: what it is, if that never changes; else NaN
  std::vector<std::uint32_t> columns;
  std::vector<std::uint32_t> stored;  // of the table's, by number
  std::uint32_t num_views = 0;
  struct SumView {  // what a scatter adds: its number among the views, and that of the scatter's call
    std::uint32_t view, scatter;
  };
  std::vector<SumView> sum_views;
  std::uint32_t num_blocks = 0;
  std::vector<std::uint32_t> row_outputs;  // that it writes, by number
  std::vector<BodyStep> steps;
  std::vector<std::uint32_t> operands;  // the top bit marks a uniform one
  std::vector<std::uint32_t> packed;    // uniform values that steps read one after the other
  std::vector<std::uint32_t> spread;    // likewise, in as many copies as the kernels ask for
  std::vector<Reduce> reductions;       // by number
  FrameCalls calls;
  std::vector<ChosenSums> chosen;       // of the steps of that kind, in order
  std::vector<std::uint32_t> targets;   // the uniform value that each reduction becomes

  std::uint32_t first_view() const { return static_cast<std::uint32_t>(uniforms.size() + columns.size() + stored.size()); }
  std::uint32_t first_block() const { return first_view() + num_views; }
  std::uint32_t num_pointers() const {
    return first_block() + num_blocks + static_cast<std::uint32_t>(row_outputs.size());
  }
};

// Sums over the rows of a leaf to which each row adds only for the members that it chose, often one of many. Terms are
// computed for those alone, from slots that each pair of a row and a member chosen fills; they are added in the order of
// the rows, then of the members.
struct ChosenSums {
  enum class By { gates, equality };    // chosen is what is not 0; or what equals the last operand, their min or max
  By by;
  std::vector<std::uint32_t> operands;  // pointers, the top bit marks a uniform one
  std::vector<std::int32_t> member;     // by operand; -1: no member's
  std::uint32_t num_members;
  std::uint32_t choice = no_node;       // the pointer to the operand that each row chose, -1 where it is to be found; if a step finds them
  struct Block {  // a slot that all members fill alike, from the row of a block or column
    std::uint32_t slot, pointer;
  };
  struct Blocks {  // a slot that each member fills from one of its own
    std::uint32_t slot;
    std::vector<std::uint32_t> pointers;
  };
  struct Uniforms {  // slots that members fill from uniform values in a row
    std::vector<std::uint32_t> slots;
    std::vector<std::uint32_t> places;  // by member: of the first one
  };
  std::vector<Block> same;
  std::vector<Blocks> blocks;
  std::vector<Uniforms> uniforms;
  std::vector<std::uint32_t> shares;  // slots for the shares of min or max
  std::uint32_t num_slots;
  std::uint32_t num_terms;  // of a member; the sum of term t of member m is number m * num_terms + t from the step's first
  Body terms;               // columns: the slots that it reads, by number; row_outputs: the terms
};

// Whether the blocks are the single values of a frame, one after the other, so that a row is one place further on in each.
// `pointers` of a leaf leads to the first of them, and uniforms are numbered among them. See FusedGroups.
inline bool of_single_values(const Body& body) { return body.leaf_rows == 1; }

// There, of operands: the result at a pointer of up to 7 rows before. Of results: the first row that has one.
inline constexpr std::uint32_t rows_shift = 28, most_rows_before = 7;
inline std::uint32_t rows_of(std::uint32_t pointer) { return pointer >> rows_shift; }
inline std::uint32_t without_rows(std::uint32_t pointer) { return pointer & ((1u << rows_shift) - 1); }

// Between the first rows of two blocks, in doubles: not a power of two, or the same rows of many blocks would compete for
// a few sets of the cache.
inline std::size_t block_stride(const Body& body) {
  return of_single_values(body) ? 1 : static_cast<std::size_t>(body.leaf_rows) + 8;
}

// Uniform values, then one body at most for each table.
struct Stage {
  std::vector<UniformInstruction> uniforms;
  std::vector<Body> bodies;
  std::vector<Body> storing_bodies;  // the same where columns are stored; empty if none ever is
};

struct Program {
  Index num_parameters = 0, num_arguments = 0;  // the first uniform values
  std::uint32_t num_uniforms = 0;
  std::vector<UniformRun> copied_parameters;  // the others are only looked up, where the caller has them
  std::vector<double> constants;  // the uniform values after the arguments
  std::vector<std::uint32_t>
      num_rows_of;  // the uniform values after the constants: row sets whose size they are
  std::vector<Stage> stages;
  std::vector<std::uint32_t> operands;    // of the uniforms' instructions
  FrameCalls calls;                        // of the uniforms'
  std::vector<std::uint32_t> num_stored;  // by table: columns that the storing bodies keep
  std::vector<std::uint32_t> outputs;     // uniform values; those by row are numbered for themselves
  struct ScatteredOutputs {  // the sums of a scatter of so many values a row, which nothing else reads
    std::uint32_t first, count;
    std::size_t width;
    std::uint32_t first_sum;
    std::uint32_t factor;  // the uniform value by which each is multiplied on the way out, or no_node
  };
  std::vector<ScatteredOutputs> scattered_outputs;
};

// Outputs are uniform, or vary over the rows of one table.
// `lookup_dots`: see fuse_live.
Program lower(const Traced& traced, std::span<const NodeId> lookup_dots = {});

}  // namespace rappel::detail
