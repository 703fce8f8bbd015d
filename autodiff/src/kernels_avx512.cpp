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
constexpr detail::KernelTable table = kernel_table(detail::InstructionSet::avx512);
}  // namespace

const detail::KernelTable* detail::avx512_kernels() { return &table; }
}  // namespace rappel
#else
const rappel::detail::KernelTable* rappel::detail::avx512_kernels() { return nullptr; }
#endif
