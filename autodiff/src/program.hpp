#pragma once

// What the executors run: no calculus below this line. Uniform values live in one array, uniforms; a body
// runs once for each leaf of rows of one table and ends in sums over rows, which are uniform values again.

#include <rappel/autodiff/graph.hpp>

#include "kernels.hpp"

namespace rappel::detail {

enum class StepKind { plain, dot_uniform, shared_products, copy };

struct BodyStep {
  Op op;
  StepKind kind;
  unsigned varying;     // bit i: operand i varies (the first three)
  std::uint32_t first;  // into Body::operands: inputs, then results
  std::uint32_t count;
  std::uint32_t result;  // a pointer number, or the number of the first sum
  std::uint32_t num_results;
};

// Pointers are numbered: the uniform values in use, then the columns in use, then blocks, then the row
// output.
struct Body {
  RowSet rows;
  Index leaf_rows = 0;  // 64, 128 or 256
  std::vector<std::uint32_t> uniforms;
  std::vector<std::uint32_t> columns;
  std::uint32_t num_blocks = 0;
  bool has_row_output = false;
  std::vector<BodyStep> steps;
  std::vector<std::uint32_t> operands;  // the top bit marks a uniform one
  std::vector<Reduce> reductions;       // by number
  std::vector<std::uint32_t> targets;   // the uniform value that each reduction becomes

  std::uint32_t num_pointers() const {
    return static_cast<std::uint32_t>(uniforms.size() + columns.size()) + num_blocks +
           (has_row_output ? 1 : 0);
  }
};

struct Program {
  Index num_parameters = 0;  // the first uniform values
  std::uint32_t num_uniforms = 0;
  std::vector<double> constants;  // the uniform values after the parameters
  std::vector<std::uint32_t>
      num_rows_of;  // the uniform values after the constants: row sets whose size they are
  std::vector<UniformInstruction> prologue, epilogue;
  std::vector<std::uint32_t> operands;
  std::vector<Body> bodies;            // at most one for each table
  std::vector<std::uint32_t> outputs;  // uniform values; none for the output by row
};

// Outputs are uniform, but for at most one that varies. Throws std::invalid_argument where a row needs the
// result of a sum over rows, which takes a second body.
Program lower(const Traced& traced);

}  // namespace rappel::detail
