#include "kernels.hpp"

#if defined(__x86_64__)
#define RAPPEL_LANES 8
#include <math.h>
#include <sleef.h>
#include <immintrin.h>

#include "formulas.hpp"
#include "special.hpp"

namespace rappel {
namespace {
#include "lanes.hpp"
#include "lanes_functions.hpp"
#include "lanes_families.hpp"
#include "lanes_special.hpp"
#include "kernels_body.hpp"
constexpr detail::KernelTable table = {detail::InstructionSet::avx512, &find_kernel, &dot_uniform_kernel<true>,
                                       &dot_uniform_kernel<false>, &dots_of_one_list_kernel<false>, &dots_of_one_list_kernel<true>,
                                       &dots_sharing_entries_kernel, &products_of_lists_kernel, &find_list_kernel, &sums_of_list_kernel, &sum_of_squares_kernel, &least_distance_kernel, copies_of_spread, &sum_log1p_kernel<Factors::units>, &sum_log1p_kernel<Factors::few>, &copy_kernel, &widening_kernel, &find_open, &find_equal,
                                       &find_group_kernel, &sum_of_logs};
}  // namespace

const detail::KernelTable* detail::avx512_kernels() { return &table; }
}  // namespace rappel
#else
const rappel::detail::KernelTable* rappel::detail::avx512_kernels() { return nullptr; }
#endif
