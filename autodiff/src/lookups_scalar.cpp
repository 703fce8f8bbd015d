#include "lookup_kernels.hpp"

#define RAPPEL_LANES 1

namespace rappel {
namespace {
#include "lookups_body.hpp"
}  // namespace

const detail::LookupKernels* detail::scalar_lookups() { return &table; }
}  // namespace rappel
