#pragma once

// What a run of steps of a body computes, as single operations on vectors of rows in the order of the steps: what a
// compiler of bodies starts from. The formulas are those of ops.def, on the type Micro.

#include "program.hpp"

#include <array>
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
  eight,     // of the pool, one for each row of a vector: RowCode::eights, number a
  add, sub, mul, div, fma, negated_fma,  // a * b + c and -(a * b) + c, rounded once
  least, most,  // b where one is NaN
  nearer_to_zero,  // a or b; the other where one is NaN
  scale,        // a times 2^b
  neg, abs, neg_abs, sqrt, rint, reciprocal_14, move,
  before,    // a, a result that is read, of the row b rows before: of bodies of single values
  select,    // the mask numbered a ? b : c
  pick,      // of the eights b and c by the low four bits of a
  // Over the rows that exist, into c of RowCode::sums:
  add_to_sum, add_product_to_sum,                // a, or a * b rounded once
  multiply_product_by_unit, multiply_product,  // in two parts by 1 + a, with 0 <= a <= 1, where b is 1 + a rounded; by a + b
};

enum class MaskOp : std::uint8_t { less, less_equal, equal };

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
  std::uint32_t first_row = 0;  // that has one
};

// Over rows: which number among the body's, what kind. A product of factors, whose logarithm is the sum, takes two places.
struct MicroSum {
  std::uint32_t number;
  enum class Kind : std::uint8_t { plain, product, low } kind = Kind::plain;
};

struct RowCode {
  std::vector<MicroInstruction> values;  // by ValueId
  int num_vectors = 1;  // of rows, that are worked on side by side
  std::vector<MicroMask> masks;
  std::vector<double> constants;
  std::vector<std::array<double, 8>> eights;
  std::vector<MicroResult> results;  // in the order of their values
  std::vector<MicroSum> sums;
};

// Calls f with each value that value n reads, as often as it reads it.
template <class F>
void for_each_operand(const RowCode& code, ValueId n, F f);

inline bool is_sum(MicroOp op) { return op >= MicroOp::add_to_sum; }
inline bool is_product(MicroOp op) { return op >= MicroOp::multiply_product_by_unit; }
inline bool has_one_operand(MicroOp op) { return (op >= MicroOp::neg && op <= MicroOp::before) || op == MicroOp::add_to_sum; }
inline bool is_source(MicroOp op) { return op <= MicroOp::eight; }

// The same values, those that are added to others as soon as both are there: a long sum holds one register then, where its
// terms would hold one each.
RowCode with_early_additions(const RowCode& code);

// The same values in an order in which those that wait for one another stand apart: a processor looks ahead over some
// hundred instructions only, and each value is one of them for every one of `num_vectors` vectors of rows.
RowCode spread_out(const RowCode& code, int num_vectors);

// Whether a step can be part of RowCode.
bool has_row_code(const BodyStep& step);

// Of a step that has code: the places of sums over rows that it takes.
std::uint32_t num_sums(const Body& body, const BodyStep& step);

// Whether a step adds the products of two lists up which both fill the tiles of a kernel: that holds more sums in registers at
// once than a run of steps does.
bool fills_tiles(const Body& body, const BodyStep& step);

// Of the steps first .. last - 1, for each of which has_row_code holds.
RowCode row_code(const Body& body, std::size_t first, std::size_t last);

template <class F>
void for_each_operand(const RowCode& code, ValueId n, F f) {
  const MicroInstruction& i = code.values[n];
  if (is_source(i.op)) return;
  if (has_one_operand(i.op)) return f(i.a);
  switch (i.op) {
    case MicroOp::fma:
    case MicroOp::negated_fma:
    case MicroOp::pick:
      return f(i.a), f(i.b), f(i.c);
    case MicroOp::select:
      return f(code.masks[i.a].a), f(code.masks[i.a].b), f(i.b), f(i.c);
    default:
      return f(i.a), f(i.b);
  }
}

}  // namespace rappel::detail
