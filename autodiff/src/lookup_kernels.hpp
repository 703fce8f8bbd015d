#pragma once

// What lookups by row ask of an instruction set, as raw pointers: the files behind it are compiled once per instruction
// set (lookups_*.cpp), and lookups_body.hpp, which they share, has internal linkage. The values of a row stand one after
// the other where they are looked up, and in a block for each of them where rows use them: on the way a square of rows
// and values is transposed in registers.

#include "kernels.hpp"

#include <cstddef>
#include <cstdint>

namespace rappel::detail {

inline constexpr std::int32_t outside = -1;  // the place of an index that is none

enum class PlacesKind {
  any,
  in_a_row,     // each row's after that of the row before, of groups of one value
  some_outside  // not to be used with the kernels below
};

// Rows that stand where they are looked up.
struct PlacedRows {
  const double* from;
  const std::int32_t* places;
};

struct LookupKernels {
  // places[r] = index[r] * width, or `outside` where index[r] is no whole number in [0, groups). Rows from `rows` on
  // get what the last one gets.
  PlacesKind (*find_places)(const double* index, std::ptrdiff_t rows, std::ptrdiff_t padded, std::int32_t width,
                            double groups, std::int32_t* places);
  // to[j][r] = from[places[r] + j] for j < width, r < padded.
  void (*gather)(const double* from, const std::int32_t* places, std::ptrdiff_t padded, std::size_t width,
                 double* const* to);
  // sums[places[r] + j] += x[j][r] for j < width, in the order of r < rows. Reads x up to whole strips.
  void (*scatter)(const double* const* x, const std::int32_t* places, std::ptrdiff_t rows, std::size_t width,
                  double* sums);
  // sums[r] += x[r], and sums[r] = 0 + x[r], where x may be sums.
  void (*add)(const double* x, std::ptrdiff_t rows, double* sums);
  void (*begin)(const double* x, std::ptrdiff_t rows, double* sums);
  // x[i] *= factor.
  void (*multiply)(double* x, double factor, std::ptrdiff_t count);
  // The first of places in a row, of groups of one value; `outside` if they are not in a row or one is outside.
  std::int32_t (*find_in_a_row)(const double* index, std::ptrdiff_t rows, double groups);
  // to[r] = sum over j < width of a[r][j] * b[r][j], r < rows, width >= 8: term j is added to partial j mod 8, and the
  // partials fold 8, 4, 2, 1.
  void (*dot)(PlacedRows a, PlacedRows b, std::ptrdiff_t rows, std::size_t width, double* to);
  // sums[places[r] + j] += factor[r * step] * row[r][j], in the order of r < rows.
  void (*scatter_multiples)(const double* factor, std::ptrdiff_t step, PlacedRows row, const std::int32_t* places,
                            std::ptrdiff_t rows, std::size_t width, double* sums);
};

const LookupKernels* scalar_lookups();
const LookupKernels* baseline_lookups();  // null where this build has none
const LookupKernels* avx2_lookups();
const LookupKernels* avx512_lookups();

const LookupKernels* lookups_for(InstructionSet set);

}  // namespace rappel::detail
