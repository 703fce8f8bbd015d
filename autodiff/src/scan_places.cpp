#include "scan_places.hpp"

#include <algorithm>
#include <numeric>

namespace rappel::detail {
namespace {

constexpr std::uint32_t none = ~0u;

// The lists of places that groups gather.
std::vector<std::span<const std::uint32_t>> gathered_lists(const FrameCalls& calls) {
  std::vector<std::span<const std::uint32_t>> lists;
  for (const UniformGroup& g : calls.groups)
    for (std::uint32_t k = 0; k < g.num_operands; ++k)
      if (const std::uint32_t operand = calls.group_operands[g.first + k]; (operand & one_for_all) == 0 && (operand & gathered) != 0)
        lists.emplace_back(calls.group_places.data() + (operand & ~gathered), g.count);
  return lists;
}

}  // namespace

std::vector<std::uint32_t> places_as_recorded(std::size_t num_parameters) {
  std::vector<std::uint32_t> places(num_parameters);
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

std::size_t num_gathered(const FrameCalls& calls) {
  std::size_t count = 0;
  for (const auto& list : gathered_lists(calls)) count += list.size();
  return count;
}

std::vector<std::uint32_t> places_as_groups_read(const ScanCode& code) {
  const std::uint32_t ends[] = {code.num_carry, code.num_carry + code.num_inputs, code.first_constant};
  const auto kind_of = [&](std::uint32_t place) { return std::ranges::upper_bound(ends, place) - ends; };
  std::uint32_t next[] = {0, ends[0], ends[1]};
  std::vector<std::uint32_t> moved(code.first_constant, none);  // by place
  auto lists = gathered_lists(code.calls);
  std::ranges::stable_sort(lists, std::greater{}, [](const auto& list) { return list.size(); });
  for (const auto& list : lists) {
    const auto kind = kind_of(list[0]);
    const bool are_free = std::ranges::all_of(list, [&](std::uint32_t p) { return kind < 3 && kind_of(p) == kind && moved[p] == none; });
    std::vector<std::uint32_t> sorted(list.begin(), list.end());
    std::ranges::sort(sorted);
    if (!are_free || std::ranges::adjacent_find(sorted) != sorted.end()) continue;
    for (const std::uint32_t p : list) moved[p] = next[kind]++;
  }
  for (std::uint32_t p = 0; p < moved.size(); ++p)
    if (moved[p] == none) moved[p] = next[kind_of(p)]++;
  std::vector<std::uint32_t> places = code.place_of;
  for (std::uint32_t& p : places) p = moved[p];
  return places;
}

}  // namespace rappel::detail
