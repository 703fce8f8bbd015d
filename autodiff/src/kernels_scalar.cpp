#include "kernels.hpp"

#if 1
#define RAPPEL_LANES 1
#include <math.h>
#include <sleef.h>

#include "formulas.hpp"

namespace rappel {
namespace {
#include "lanes.hpp"
#include "kernels_body.hpp"
constexpr detail::KernelTable table = {detail::InstructionSet::scalar, &find_kernel, &dot_uniform_varying_kernel, &shared_products_kernel};
}  // namespace

const detail::KernelTable* detail::scalar_kernels() { return &table; }
}  // namespace rappel
#else
const rappel::detail::KernelTable* rappel::detail::scalar_kernels() { return nullptr; }
#endif
