#pragma once

// Groups of single values that run as one loop over their members: each reads places of its own, one place for all, or what
// an earlier one wrote for the same member. Once they have run often enough the loop is compiled, where there is a compiler
// (row_compiler.hpp), with the same bits: what no one else reads stays in registers.

#include "program.hpp"
#include "row_compiler.hpp"

#include <atomic>
#include <memory>
#include <mutex>

namespace rappel::detail {

// Their steps as those of a body of one block to each place, a row for each member.
class FusedGroups {
 public:
  // The last of the body's steps, which is none of the loop, reads what others than the groups read. A sum over rows is taken
  // in the order of the members, and is one more single value.
  FusedGroups(Body body, std::uint32_t num_members);

  void bind(const KernelTable& kernels);
  // False where the groups are to be run one by one.
  bool run(double* values) const {
    const RowMachineCode* code = code_.load(std::memory_order_acquire);
    if (code == nullptr && (code = compiled()) == nullptr) return false;
    const Leaf leaf{&values, nullptr, nullptr, num_members_, padded_members_};
    for (const RowMachineCode::Run& r : code->runs) r.kernel(leaf, {});
    return true;
  }

 private:
  const RowMachineCode* compiled() const;

  Body body_;
  std::ptrdiff_t num_members_, padded_members_;
  const KernelTable* kernels_ = nullptr;
  mutable std::atomic<std::int64_t> runs_left_;  // until it is worth while
  mutable std::mutex mutex_;
  mutable std::unique_ptr<RowMachineCode> owner_;
  mutable std::atomic<const RowMachineCode*> code_ = nullptr;
};

}  // namespace rappel::detail
