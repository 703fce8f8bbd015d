#pragma once

// What the block interpreter asks of an instruction set: kernels over a leaf of rows, as raw pointers. The
// files behind it are compiled once per instruction set; this header and kernels_body.hpp hold no inline
// function and no container, so that nothing is shared between them.

#include <cstddef>
#include <cstdint>

#include <rappel/autodiff/ops_enum.hpp>

namespace rappel::detail {

enum class InstructionSet { scalar, baseline, avx2, avx512 };

// Blocks of rows are whole multiples of so many.
inline constexpr std::ptrdiff_t row_padding = 32;

// The sums over rows keep this many partials: row r adds to partial r mod 8, and the partials fold 8, 4, 2, 1.
inline constexpr std::ptrdiff_t num_partials = 8;

// A leaf of rows at work. Varying values are blocks of `padded` doubles, a multiple of row_padding.
struct Leaf {
  double* const*
      pointers;  // by operand number: a uniform value, a block, or a column at the leaf's first row
  const std::uint32_t* operands;  // of all instructions; the top bit marks an operand that is uniform
  double* sums;                   // the leaf's reductions
  std::ptrdiff_t rows;            // that exist
  std::ptrdiff_t padded;
  const double* packed = nullptr;  // uniform values that steps read one after the other
  const double* spread = nullptr;  // others, each so many times as the kernels ask for
  // Sums of earlier leaves to which steps that say so (folds_sums) add theirs, one after the other.
  const double* const* older = nullptr;
  std::ptrdiff_t num_older = 0;
};

inline constexpr std::uint32_t uniform_bit = 0x80000000u;

struct BodyInstruction;
using BodyKernel = void (*)(const Leaf&, const BodyInstruction&);

// Writes so many floats as doubles; meanwhile fetches those that stand `ahead` further on.
using WideningKernel = void (*)(const float* from, std::ptrdiff_t count, std::ptrdiff_t ahead, double* to);

// What each row of a leaf chooses of `count` operands: the last one, and how many.
using ChoiceKernel = void (*)(const Leaf& leaf, const std::uint32_t* operands, std::uint32_t count, double* last,
                              double* number);

struct BodyInstruction {
  BodyKernel kernel;
  std::uint32_t first;   // into operands: inputs, then results
  std::uint32_t count;   // of inputs
  std::uint32_t result;  // the pointer written, or the first of the sums written
  std::uint32_t num_results;
};

// --- Groups of single values ---

// Results of a group take whole vectors of places, of any instruction set; what stands behind its operands is read.
inline constexpr std::uint32_t group_padding = 8;

// The top bits of an operand of a group; with none it is the first of places in a row.
inline constexpr std::uint32_t one_for_all = 0x80000000u;
inline constexpr std::uint32_t gathered = 0x40000000u;  // the first of as many entries of a list of places, padded

struct UniformGroup;
struct GroupLists {
  const std::uint32_t *operands, *places;
};
using GroupKernel = void (*)(const UniformGroup&, const GroupLists&, double* values);

// Values of one operation that do not depend on one another.
struct UniformGroup {
  GroupKernel kernel;
  Op op;
  std::uint32_t first;  // into the operands
  std::uint32_t num_operands;
  std::uint32_t count;   // members
  std::uint32_t result;  // the first of places in a row
};

// A product of 1 + x, one x for each of a leaf's rows that one partial takes, is below 2^1000 up to this x.
inline constexpr std::ptrdiff_t most_leaf_rows = 1024, few_factors = 200;
static_assert(most_leaf_rows / num_partials <= 128);  // 201^128 < 2^980

// Kernels are found by operation and, for one to three operands, by which of them vary (bit i: operand i).
struct KernelTable {
  InstructionSet instruction_set;
  BodyKernel (*find)(Op op, unsigned varying);
  BodyKernel dot_uniform;      // the first operand of every pair is uniform, the second a column
  BodyKernel dot_uniform_of_values;  // likewise, the second a value that was computed
  BodyKernel dots_of_one_list;  // of several results, see kernels_tiles.hpp
  BodyKernel dots_of_one_list_and_own;
  // (x1, x2, ..; y1, y2, ..; z, ..; z, ..; ..), one list of z for each dot: f_i x_i + g_i1 y_1 + g_i2 y_2 + .. + h z + .., in this order.
  // After the results: where its packed factors begin, how many y there are, and how many z of each dot. Packed:
  // f1, f2, ..; g11, g21, ..; g12, g22, ..; ..; h, ..; h, ..; ..
  BodyKernel dots_sharing_entries;
  BodyKernel products_of_lists;  // (a1, a2, .., a1; b1, b2, ..): sums over rows of all a_i * b_j
  // Many like steps as one, see kernels_lists.hpp: (x1, y1, x2, y2, ..) of as many results; null but for sums, differences and
  // products of which one at least varies. Then of (x1, x2, ..): their sums over rows; the sum of their squares.
  BodyKernel (*find_list)(Op op, unsigned varying);
  BodyKernel sums_of_list;
  BodyKernel sum_of_squares;
  // (x1, x2, ..): the squared distances to many centres, the sum of (x_i - c_i)^2 as a dot adds it, and the least of them. After the
  // results: where its centres begin, one after the other; 1 if they are spread, 0 if they are packed; and the block for the number of
  // the nearest: -1 where that has equalled another distance, or one is NaN, and also where a distance has equalled the least before it.
  BodyKernel least_distance;
  std::uint32_t copies_of_spread;  // of each value in Leaf::spread
  BodyKernel sum_log1p_of_units;  // of values in [0, 1]
  BodyKernel sum_log1p_of_few;    // of values in [0, few_factors]
  BodyKernel copy;
  WideningKernel widen;
  ChoiceKernel find_open;   // those that are not 0
  ChoiceKernel find_equal;  // those that equal the last operand, which is not one to choose
  GroupKernel (*find_group)(Op op);
  // Of partials, each a product in two parts: the sum of their logarithms, folded as sums are.
  double (*sum_of_logs)(const double* products, const double* lows);
};

struct UniformInstruction {
  Op op;
  std::uint32_t first;   // into the program's operands: inputs, then results
  std::uint32_t count;   // of inputs
  std::uint32_t result;  // the first result
  std::uint32_t until_call = 0;  // instructions from here to the next one that is none of a kernel's
};

// What an instruction has for an operation where it adds `count` values that stand in a row: its operands are the places of the
// value they are added to and of the first of them. Sums over rows are no instruction.
inline constexpr Op sum_in_a_row = Op::sum_rows;

// Runs instructions over single values; the scalar kernels' formulas, bit for bit.
void run_uniform(const UniformInstruction* first, const UniformInstruction* last,
                 const std::uint32_t* operands, double* values);

const KernelTable* scalar_kernels();
const KernelTable* baseline_kernels();  // null where this build has none
const KernelTable* avx2_kernels();
const KernelTable* avx512_kernels();

}  // namespace rappel::detail
