#pragma once

// What the rows of a leaf share with those before and after it where they look up and scatter.

#include <rappel/autodiff/rows.hpp>

#include "program.hpp"

#include <limits>
#include <span>
#include <vector>

namespace rappel::detail {

struct LeafLookups {
  // Where the first row of the chunk looks up, by finding, if each further row does one place further on than the one
  // before; else `outside`.
  const std::int32_t* first_places = nullptr;
  std::ptrdiff_t row = 0;  // of the chunk, the leaf's first
  // Views, and where each has a block of its own.
  double** views = nullptr;
  double* view_blocks = nullptr;
  std::size_t view_stride = 0;
  // Where the sums of a scatter stand, and how many of them, from the first on, are begun: the others are not yet 0.
  double* const* sums = nullptr;
  std::size_t* begun = nullptr;
};

// Lookups of one value a row by a column: whether they are in a row is found once for each chunk of rows and each call,
// for all bodies, since most index columns that are can be told from their first rows, and those that are need not be read
// again by every pass. (The column is the caller's, who may change it between calls.)
struct Finding {
  std::size_t table;
  std::uint32_t column;
  std::size_t count;  // of the values
  std::uint32_t number;
};
inline constexpr std::int32_t not_found_yet = std::numeric_limits<std::int32_t>::min();
inline constexpr std::uint32_t no_finding = ~std::uint32_t{0};

// Numbers the findings of a body among those of its program; those that the body needs.
std::vector<Finding> number_findings(Body& body, std::vector<Finding>& of_program);

// Completes the findings of a body for the rows first .. end - 1 of its table.
void find_in_chunk(std::span<const Finding> findings, const LookupKernels& kernels, const Columns& table, Index first, Index end,
                   std::int32_t* first_places);

}  // namespace rappel::detail
