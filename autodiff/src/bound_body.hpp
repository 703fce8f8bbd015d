#pragma once

// A body bound to the kernels of an instruction set.

#include "leaf_lookups.hpp"
#include "row_compiler.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace rappel::detail {

// A step as it is run: by a kernel or, without one, as a call. A run of steps that is compiled is one.
struct LeafStep {
  BodyInstruction instruction;
  Op op;
  std::uint32_t chosen = no_node;  // of kind chosen_sums: which of the body's
};

// From number `first` to before `last`.
struct SumRange {
  std::size_t first, last;
};

struct LeafSteps {
  std::vector<LeafStep> steps;
  std::vector<SumRange> left_to_fold;  // sums that no step adds to those of earlier leaves
  bool reads_only_rows = false;  // that exist: columns need no rows beyond
  std::vector<bool> floats;      // by column of the body: it is read as floats; empty: none is
};

// A body bound to the kernels of an instruction set. Once it has run over some leaves, what can be is compiled, with the
// same bits.
class BoundBody {
 public:
  BoundBody(Body bound_body, std::vector<LeafStep> steps, const KernelTable& kernels)
      : body(std::move(bound_body)),
        widen(kernels.widen),
        copies_of_spread(kernels.copies_of_spread),
        steps_{std::move(steps), left_to_fold({}), false, {}},
        kernels_(&kernels),
        compiled_(std::make_unique<Compiled>()) {
    constexpr std::size_t some = 64;
    const RowCompilation when = row_compilation();
    worth_ = when == RowCompilation::off ? std::numeric_limits<std::size_t>::max() : when == RowCompilation::always ? 1 : some;
  }

  // For a run over so many leaves of this table; without one, columns are of doubles.
  const LeafSteps& steps(std::size_t num_leaves, const Columns* table) const {
    constexpr Index usual = 256;  // rows: longer leaves count for more
    const std::size_t as_usual = num_leaves > 1 && body.leaf_rows > usual ? num_leaves * static_cast<std::size_t>(body.leaf_rows / usual) : num_leaves;
    if (compiled_->leaves < worth_ && (compiled_->leaves += as_usual) < worth_) return steps_;
    if (table != nullptr)
      if (const Code* code = with_floats(num_leaves, *table)) return steps_of(*code);
    if (!compiled_->done.load(std::memory_order_acquire)) {
      const std::lock_guard lock(compiled_->mutex);
      if (!compiled_->done.load(std::memory_order_relaxed)) compiled_->of_doubles = compile(num_leaves, {});
      compiled_->done.store(true, std::memory_order_release);
    }
    return steps_of(compiled_->of_doubles);
  }

  Body body;
  WideningKernel widen;  // of float columns
  std::size_t copies_of_spread;
  std::vector<Finding> findings;  // that it needs
  ChoiceKernel find_choices = nullptr;  // of the terms of chosen sums
  bool in_cache = false;                // its columns are always
  std::vector<BoundBody> chosen_terms;  // of the body's chosen sums

 private:
  struct Code {
    std::unique_ptr<RowMachineCode> code;  // null: nothing to gain
    LeafSteps steps;
  };
  Code compile(std::size_t num_leaves, const std::vector<bool>& floats) const;
  const LeafSteps& steps_of(const Code& made) const { return made.code == nullptr ? steps_ : made.steps; }
  // The code that reads the floats of this table where they stand; null where none does: that of doubles reads them widened.
  const Code* with_floats(std::size_t num_leaves, const Columns& table) const;
  std::vector<SumRange> left_to_fold(const std::vector<RowMachineCode::Run>& compiled) const;

  struct Compiled {
    std::atomic<std::size_t> leaves{0};
    std::atomic<bool> done{false};
    std::mutex mutex;
    Code of_doubles;  // once done
    std::once_flag asked;
    std::vector<bool> may_be_floats;  // by column; once asked
    // By mixture of floats and doubles, as they come. Each stands once it is not null; tables of further mixtures are widened.
    std::array<std::atomic<const Code*>, 8> with_floats{};
    std::deque<Code> owned;  // behind the mutex
  };
  LeafSteps steps_;
  const KernelTable* kernels_;
  std::size_t worth_;  // compiling, after so many leaves
  std::unique_ptr<Compiled> compiled_;
};

BodyKernel kernel_for(const BodyStep& step, const KernelTable& kernels);

// A call is bound to no kernel.
BoundBody bind(Body body, const KernelTable& kernels);

}  // namespace rappel::detail
