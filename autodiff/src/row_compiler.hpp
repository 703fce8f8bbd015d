#pragma once

// Runs of steps of a body compiled for this processor while the program runs: values stay in registers from one
// operation to the next, where kernels write each to memory. The same operations in the same order on each row, so the
// same bits, but for the sign and the payload of a NaN.

#include "kernels.hpp"
#include "program.hpp"

#include <memory>
#include <vector>

namespace rappel::detail {

// Code in memory of its own, and the kernels that stand in it.
class RowMachineCode {
 public:
  virtual ~RowMachineCode() = default;
  // Of the steps first .. last - 1.
  struct Run {
    std::size_t first, last;
    BodyKernel kernel;
  };
  std::vector<Run> runs;
  bool reads_only_rows = false;  // that exist: columns need no rows beyond
};

// When bodies are compiled: never, once they have run over some leaves, at once. The environment variable
// RAPPEL_ROW_COMPILER may say off or always; no result depends on it, but for the sign of a NaN. Throws std::invalid_argument if it says another.
enum class RowCompilation { off, when_worth, always };
RowCompilation row_compilation();

// Null where there is nothing to gain, and where this build, the kernels' instruction set or the system (memory that may be
// executed) does not let code be made. `table_bytes`: of the columns that it runs over first, as doubles, which are fetched ahead where no cache
// holds them. `floats`: by column of the body, which ones it reads as floats, of those that are for_code_alone. Empty: none.
std::unique_ptr<RowMachineCode> compile_rows(const Body& body, const KernelTable& kernels, std::size_t table_bytes,
                                             const std::vector<bool>& floats = {});

// By column of the body: whether no kernel reads it where the body is compiled. Empty where it cannot be.
std::vector<bool> for_code_alone(const Body& body, const KernelTable& kernels);

}  // namespace rappel::detail
