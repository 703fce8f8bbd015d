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

// The largest number of values that are waiting for a use, sources apart.
std::size_t most_alive(const RowCode& code, const Uses& uses) {
  std::vector<int> change(code.values.size() + 1, 0);
  for (ValueId n = 0; n < code.values.size(); ++n) {
    if (is_source(code.values[n].op) || uses.first[n] == uses.first[n + 1]) continue;
    ++change[n];
    --change[uses.users[uses.first[n + 1] - 1]];
  }
  int now = 0, most = 0;
  for (const int c : change) most = std::max(most, now += c);
  return static_cast<std::size_t>(most);
}

// Vectors of rows that are worked on side by side: as many as registers nearly hold, but for those of the sums. A few values
// that wait in memory cost less than operations that wait for one another.
int vectors_at_once(const RowCode& code, const Uses& uses) {
  const std::size_t alive = most_alive(code, uses) + 1, registers = num_registers - code.sums.size();
  return alive * 4 <= registers + 16 ? 4 : alive * 2 <= registers + 8 ? 2 : 1;
}

}  // namespace
}  // namespace rappel::detail
