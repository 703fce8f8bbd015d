#pragma once

// What a run of steps of a body computes, as single operations on vectors of rows in the order of the steps: what a
// compiler of bodies starts from. The formulas are those of ops.def, on the type Micro.

#include "program.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rappel::detail {

using ValueId = std::uint32_t;
inline constexpr ValueId no_value = ~ValueId{0};

enum class MicroOp : std::uint8_t {
  load,      // of the pointer numbered a, by row
  uniform,   // the uniform value numbered a
  constant,  // of the pool, number a
  add, sub, mul, div, fma,  // fma: a * b + c, rounded once
  neg, abs, sqrt, move,
  select,    // the mask numbered a ? b : c
};

enum class MaskOp : std::uint8_t { less, less_equal, equal, both, negation };  // of values; of masks

struct MicroInstruction {
  MicroOp op;
  std::uint32_t a = 0, b = 0, c = 0;
};
struct MicroMask {
  MaskOp op;
  std::uint32_t a = 0, b = 0;
};

// A result that stands in memory: where, and whether something outside of the run reads it there.
struct MicroResult {
  ValueId value;
  std::uint32_t pointer;
  bool is_read;
};

struct RowCode {
  std::vector<MicroInstruction> values;  // by ValueId
  std::vector<MicroMask> masks;
  std::vector<double> constants;
  std::vector<MicroResult> results;  // in the order of their values
};

// Whether a step can be part of RowCode.
bool has_row_code(const BodyStep& step);

// Of the steps first .. last - 1, for each of which has_row_code holds.
RowCode row_code(const Body& body, std::size_t first, std::size_t last);

}  // namespace rappel::detail
