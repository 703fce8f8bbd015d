#include "lookup_kernels.hpp"

#if defined(__x86_64__)
#define RAPPEL_LANES 8
#include <immintrin.h>

namespace rappel {
namespace {
#include "lookups_body.hpp"
}  // namespace

const detail::LookupKernels* detail::avx512_lookups() { return &table; }
}  // namespace rappel
#else
const rappel::detail::LookupKernels* rappel::detail::avx512_lookups() { return nullptr; }
#endif
