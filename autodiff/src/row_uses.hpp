#pragma once

// Which values of a RowCode read which: what places in registers are given out by.

#include "row_code.hpp"

#include <algorithm>
#include <vector>

namespace rappel::detail {
namespace {

constexpr int num_registers = 32;  // of AVX-512

// The values that read each value, in order. What nothing reads is not live, and reads nothing.
struct Uses {
  explicit Uses(const RowCode& code) : live(code.values.size(), false), first(code.values.size() + 1, 0) {
    const auto count = static_cast<ValueId>(code.values.size());
    for (const MicroResult& r : code.results)
      if (r.is_read) live[r.value] = true;
    for (ValueId n = 0; n < count; ++n)
      if (is_sum(code.values[n].op)) live[n] = true;
    for (ValueId n = count; n-- > 0;)
      if (live[n]) for_each_operand(code, n, [&](ValueId x) { live[x] = true; });
    const auto for_each_use = [&](auto use) {
      for (ValueId n = 0; n < count; ++n)
        if (live[n]) for_each_operand(code, n, [&](ValueId x) { use(n, x); });
    };
    for_each_use([&](ValueId, ValueId x) { ++first[x + 1]; });
    for (ValueId n = 0; n < count; ++n) first[n + 1] += first[n];
    users.resize(first[count]);
    std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
    for_each_use([&](ValueId n, ValueId x) { users[next[x]++] = n; });
  }
  std::vector<bool> live;              // by value
  std::vector<std::uint32_t> first;  // by value, into users
  std::vector<ValueId> users;
};

// Sums stand in registers, if these are not too few; else all in memory, as vectors.
inline std::size_t sums_in_registers(const RowCode& code) {
  return code.sums.size() <= most_sums_in_registers ? code.sums.size() : 0;
}

// Values that are waiting for a use, sources apart.
struct Waiting {
  std::size_t in_registers, in_memory;  // the largest number of those read again soon, and of the others
  std::size_t late_reads;               // of the others
};

Waiting most_waiting(const RowCode& code, const Uses& uses) {
  constexpr ValueId soon = 64;
  std::vector<int> registers(code.values.size() + 1, 0), memory = registers;
  std::size_t late_reads = 0;
  for (ValueId n = 0; n < code.values.size(); ++n) {
    if (is_source(code.values[n].op)) continue;
    ValueId from = n;
    for (std::uint32_t k = uses.first[n]; k < uses.first[n + 1]; ++k) {
      const ValueId to = uses.users[k];
      const bool late = to - from > soon;
      late_reads += late;
      auto& change = late ? memory : registers;
      ++change[from];
      --change[to];
      from = to;
    }
  }
  const auto most = [](const std::vector<int>& change) {
    int now = 0, largest = 0;
    for (const int c : change) largest = std::max(largest, now += c);
    return static_cast<std::size_t>(largest);
  };
  return {most(registers), most(memory), late_reads};
}

// Loads that are read so often that they should stay in registers meanwhile: how many at once at most.
std::size_t most_frequent_loads(const RowCode& code, const Uses& uses) {
  constexpr std::uint32_t often = 4;
  std::vector<int> change(code.values.size() + 1, 0);
  for (ValueId n = 0; n < code.values.size(); ++n) {
    const std::uint32_t first = uses.first[n], last = uses.first[n + 1];
    if (code.values[n].op != MicroOp::load || last - first < often) continue;
    ++change[uses.users[first]];
    --change[uses.users[last - 1]];
  }
  int now = 0, most = 0;
  for (const int c : change) most = std::max(most, now += c);
  return static_cast<std::size_t>(most);
}

// Whether so many vectors of rows, 2 or 4, may be worked on side by side: if registers nearly hold them, but for those of the sums, and
// the first-level cache what stands in memory. A few values that wait in memory cost less than operations that wait for one another.
bool fit_side_by_side(const RowCode& code, const Uses& uses, std::size_t count) {
  constexpr std::size_t cache = 24 * 1024 / 64;  // vectors
  const Waiting waiting = most_waiting(code, uses);
  const std::size_t alive = waiting.in_registers + 1, registers = num_registers - sums_in_registers(code);
  const std::size_t sums = code.sums.size() - sums_in_registers(code);
  const bool hold = count == 4 ? alive * 4 <= registers + 20 && registers > 16 : alive * 2 <= registers + 8;
  return hold && waiting.in_memory * count + sums <= cache;
}

// Likewise as they are then arranged: more waits, some of it in memory (bench: two vectors of softmax, of which twice 26 values wait for 24
// registers, take 0.95 of the time of one after the other), and what is loaded often should stay in registers meanwhile.
bool stay_side_by_side(const RowCode& code, std::size_t count) {
  const Uses uses(code);
  const std::size_t alive = most_waiting(code, uses).in_registers + 1, loads = most_frequent_loads(code, uses);
  const std::size_t registers = num_registers - sums_in_registers(code);
  return alive * count <= registers + (count == 4 ? 20 : registers + 8) && (loads == 0 || loads * count + 8 <= registers);
}

}  // namespace
}  // namespace rappel::detail
