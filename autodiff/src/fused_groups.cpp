#include "fused_groups.hpp"

#include <limits>

namespace rappel::detail {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

}  // namespace

FusedGroups::FusedGroups(Body body, std::uint32_t num_members)
    : body_(std::move(body)),
      num_members_(num_members),
      padded_members_((num_members + group_padding - 1) / group_padding * group_padding),
      runs_left_(never) {}

// Compiling takes about as long as so many values by kernels.
void FusedGroups::bind(const KernelTable& kernels) {
  constexpr std::int64_t worth = std::int64_t{1} << 20;
  kernels_ = &kernels;
  const RowCompilation when = row_compilation();
  const auto values = static_cast<std::int64_t>(num_members_) * static_cast<std::int64_t>(body_.steps.size());
  if (when == RowCompilation::off || kernels.instruction_set != InstructionSet::avx512) return;
  runs_left_ = when == RowCompilation::always ? 1 : worth / values + 1;
}

// Null until it is worth while, in the thread that is the first to find so; others go on with the groups meanwhile.
const RowMachineCode* FusedGroups::compiled() const {
  if (runs_left_.load(std::memory_order_relaxed) == never || runs_left_.fetch_sub(1, std::memory_order_relaxed) > 1) return nullptr;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || owner_ != nullptr) return code_;
  owner_ = compile_rows(body_, *kernels_, 0);
  std::size_t next = 0;  // all of it is to be code
  if (owner_ != nullptr)
    for (const RowMachineCode::Run& r : owner_->runs)
      if (r.first == next) next = r.last;
  if (next == body_.steps.size() - 1)
    code_.store(owner_.get(), std::memory_order_release);
  else
    runs_left_ = never;
  return code_;
}

}  // namespace rappel::detail
