#include "interpreter.hpp"
#include "lookup_kernels.hpp"
#include "row_compiler.hpp"

#include <cstdlib>

namespace rappel::detail {

const char* name_of(InstructionSet set) {
  static constexpr const char* names[] = {"scalar", "baseline", "avx2", "avx512"};
  return names[static_cast<std::size_t>(set)];
}

std::vector<const KernelTable*> available_kernels() {
  std::vector<const KernelTable*> available = {scalar_kernels()};
#if defined(__x86_64__)
  available.push_back(baseline_kernels());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    available.push_back(avx2_kernels());
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
      available.push_back(avx512_kernels());
  }
#endif
  return available;
}

const LookupKernels* lookups_for(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return avx512_lookups();
    case InstructionSet::avx2:
      return avx2_lookups();
    case InstructionSet::baseline:
      return baseline_lookups();
    case InstructionSet::scalar:
      break;
  }
  return scalar_lookups();
}

const KernelTable& preferred_kernels() {
  const auto available = available_kernels();
  const char* forced = std::getenv("RAPPEL_INSTRUCTION_SET");
  if (forced == nullptr || *forced == '\0') return *available.back();
  std::string names;
  for (const KernelTable* kernels : available) {
    if (std::string_view(forced) == name_of(kernels->instruction_set)) return *kernels;
    names += std::string(names.empty() ? "" : ", ") + name_of(kernels->instruction_set);
  }
  throw std::invalid_argument(std::string("RAPPEL_INSTRUCTION_SET is ") + forced +
                              "; this processor can run " + names);
}

RowCompilation row_compilation() {
  const char* said = std::getenv("RAPPEL_ROW_COMPILER");
  const std::string_view word = said == nullptr ? "" : said;
  if (word.empty()) return RowCompilation::when_worth;
  if (word == "off") return RowCompilation::off;
  if (word == "always") return RowCompilation::always;
  throw std::invalid_argument("RAPPEL_ROW_COMPILER is " + std::string(word) + "; it may be off or always");
}

}  // namespace rappel::detail
