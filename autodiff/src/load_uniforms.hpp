#pragma once

// What each call of a program begins with. Included by executors alone.

#include "interpreter.hpp"

#include <algorithm>
#include <atomic>

namespace rappel::detail {

// Of programs, so that a workspace knows whose constants it holds.
inline std::uint64_t next_program_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// While it lives, the thread's further calls find another workspace.
class InUse {
 public:
  explicit InUse(Workspace& workspace) : workspace_(workspace) { workspace.in_use = true; }
  ~InUse() { workspace_.in_use = false; }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  Workspace& workspace_;
};

// Parameters and outputs of short traces are few: a call of memmove would take longer than they do.
inline void copy_values(const double* from, std::size_t count, double* to) {
  constexpr std::size_t few = 8;
  if (count > few)
    std::copy_n(from, count, to);
  else
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

// The array of uniform values, with the caller's and the constants. `number`: of the program.
inline double* load_uniforms(const Program& program, std::uint64_t number, const Call& call, Workspace& workspace) {
  double* uniforms = workspace.uniforms.reserve(program.num_uniforms);
  double* next = uniforms + program.num_parameters + program.num_arguments;
  if (workspace.program != number) std::copy(program.constants.begin(), program.constants.end(), next);
  workspace.program = number;
  next += program.constants.size();
  for (const std::uint32_t rows : program.num_rows_of) *next++ = static_cast<double>(call.tables[rows].num_rows());
  for (const UniformRun& run : program.copied_parameters)
    copy_values(call.parameters.data() + run.first, run.count, uniforms + run.first);
  copy_values(call.arguments.data(), call.arguments.size(), uniforms + program.num_parameters);
  return uniforms;
}

}  // namespace rappel::detail
