#pragma once

#include "call.hpp"
#include "kernels.hpp"
#include "program.hpp"
#include "scan_run.hpp"

#include <algorithm>

namespace rappel::detail {

// Scratch memory of a step of kind chosen_sums.
struct ChosenState {
  AlignedBuffer values, packed;
  std::vector<double*> pointers, slots;  // of the body of its terms; of slots
  std::vector<double*> filled;           // slots
  std::vector<const double*> terms;
  std::vector<std::uint32_t> pointer_of_slot;
  std::vector<std::int32_t> rows, members, places;  // of each choice
  std::vector<double> shares;                       // likewise
  std::ptrdiff_t count = 0;                         // of choices
};

// Scratch memory of one thread, kept between calls; no result depends on it.
struct Workspace {
  std::uint64_t program = 0;  // whose constants stand in uniforms
  AlignedBuffer uniforms;
  AlignedBuffer blocks;  // of the body at hand, then the columns of a last leaf, padded
  AlignedBuffer stored;  // what later rows need of earlier ones, by table and column
  std::vector<double*> pointers;
  AlignedBuffer packed;        // uniform values that steps of the body read one after the other
  std::vector<double> levels;  // sums of the leaves so far, by level
  std::vector<double> chunk_sums;
  std::vector<double> outputs;
  std::vector<std::int32_t> first_places;  // see LeafLookups: by chunk and finding,
  std::vector<double*> scatter_sums;       // by scatter of the body at hand
  std::vector<std::size_t> begun_sums;     // likewise
  std::vector<ChosenState> chosen;
  FrameState uniform_scans, scans;  // of uniform values; of the leaf at hand
  bool in_use = false;  // by a program at work: an operation of the user's may run another
  static Workspace& of_this_thread();  // one that is not in use
};

// What the steps of a body read of uniform values packed or spread: see Leaf.
struct PackedUniforms {
  const double *packed, *spread;
};
inline PackedUniforms pack(const Body& body, std::size_t copies, const double* uniforms, AlignedBuffer& buffer) {
  const std::size_t first_spread = (body.packed.size() + 7) / 8 * 8;  // whole lines of the cache
  double* const packed = buffer.reserve(first_spread + copies * body.spread.size());
  double *to = packed, *spread = packed + first_spread;
  for (const std::uint32_t u : body.packed) *to++ = uniforms[u];
  to = spread;
  for (const std::uint32_t u : body.spread) to = std::fill_n(to, copies, uniforms[u]);
  return {packed, spread};
}

// Where uniform outputs go, in order.
struct OutputSpans {
  OutputSpans(MutableSpan all) : first(all) {}
  OutputSpans(std::vector<double>& all) : first(all) {}
  OutputSpans(double* all, std::size_t count) : first(all, count) {}
  OutputSpans(MutableSpan first_outputs, MutableSpan others) : first(first_outputs), rest(others) {}
  MutableSpan first, rest;
};

// How a program runs. Only uniform outputs and the output by row leave it.
class Executor {
 public:
  virtual ~Executor() = default;
  // outputs: one for each uniform output; row_output: num_rows doubles for each output where some vary by row, else
  // null: those of the uniform ones stay as they are.
  virtual void run(const Call& call, int threads, Workspace& workspace, const OutputSpans& outputs,
                   double* row_output) const = 0;
};

// Runs bodies over leaves of rows, an instruction at a time, by the kernels of an instruction set. What later
// rows need of earlier ones is stored up to so many bytes, else computed again, with the same bits. A program without
// rows becomes a run of a trace (trace_run.hpp).
std::unique_ptr<Executor> make_interpreter(Program program, const KernelTable& kernels,
                                           Index workspace_limit = default_workspace_limit);

// Those that this build has and this processor can run, the best one last.
std::vector<const KernelTable*> available_kernels();

// The best available one, or what the environment variable RAPPEL_INSTRUCTION_SET forces: scalar, baseline,
// avx2, avx512. Throws std::invalid_argument if it names another, or one that this processor lacks.
const KernelTable& preferred_kernels();
const char* name_of(InstructionSet set);

}  // namespace rappel::detail
