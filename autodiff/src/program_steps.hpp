#pragma once

// A step of a body, before it is bound to the kernels of an instruction set.

#include <rappel/autodiff/ops_enum.hpp>

#include <cstddef>
#include <cstdint>

namespace rappel::detail {

enum class StepKind {
  plain,
  dot_uniform,
  dot_uniform_of_values,
  dots_of_one_list,
  dots_of_one_list_and_own,
  dots_sharing_entries,  // see KernelTable
  products_of_lists,
  list_of_pairs,  // this and the next three: see KernelTable
  sums_of_list,
  sum_of_squares,
  least_distance,
  chosen_sums,  // see ChosenSums
  sum_log1p_of_units,
  sum_log1p_of_few,  // see KernelTable
  dot_of_rows,      // that are looked up: a call
  scatter_of_rows,  // that are looked up, times a factor: likewise
  copy
};

// Whether a step's kernel adds its sums to those of earlier leaves.
inline bool folds_sums(StepKind kind) { return kind == StepKind::products_of_lists || kind == StepKind::sums_of_list; }

inline bool is_sum_of_logs(StepKind kind) {
  return kind == StepKind::sum_log1p_of_units || kind == StepKind::sum_log1p_of_few;
}

// What the row compiler has room for, by which steps are ordered and joined: places for sums over rows in registers, of which a sum of
// logarithms takes two; and instructions, of which operands are a count beforehand. Each leaf runs them all: code that the second-level
// cache does not hold is slower than kernels (measured: chains of 4,000 sigmoids, 2.2 times).
inline constexpr std::size_t most_sums_in_registers = 22, places_of_logs = 2, most_compiled = 100'000;

// Values that stand one after the other.
struct UniformRun {
  std::uint32_t first, count;
};

struct BodyStep {
  Op op;
  StepKind kind;
  unsigned varying;     // bit i: operand i varies (the first three)
  std::uint32_t first;  // into Body::operands: inputs, then results
  std::uint32_t count;
  std::uint32_t result;  // a pointer number, or the number of the first sum
  std::uint32_t num_results;
};

}  // namespace rappel::detail
