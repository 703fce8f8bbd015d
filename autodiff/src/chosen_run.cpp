#include "chosen_run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rappel::detail {

ChosenRun::ChosenRun(const ChosenSums& chosen, const BoundBody& terms, const LeafSteps& steps, double* uniforms, ChosenState& state)
    : chosen_(chosen),
      terms_(terms),
      steps_(steps.steps),
      uniforms_(uniforms),
      state_(state),
      lookups_(*terms.body.calls.lookups) {
  const Body& body = terms_.body;
  const std::size_t stride = block_stride(body), num_terms = chosen_.num_terms;
  double* next = state_.values.reserve(stride * (2 + chosen_.num_slots + body.num_blocks + num_terms));
  const auto take = [&] { return std::exchange(next, next + stride); };
  last_ = take();
  number_ = take();
  packed_ = pack(body, terms_.copies_of_spread, uniforms_, state_.packed);
  state_.slots.clear();
  for (std::uint32_t s = 0; s < chosen_.num_slots; ++s) state_.slots.push_back(take());
  state_.pointers.clear();
  for (const std::uint32_t u : body.uniforms) state_.pointers.push_back(uniforms_ + u);
  for (const std::uint32_t s : body.columns) state_.pointers.push_back(slot(s));
  for (std::uint32_t b = 0; b < body.num_blocks; ++b) state_.pointers.push_back(take());
  state_.terms.clear();
  for (std::size_t t = 0; t < num_terms; ++t) state_.terms.push_back(take());
  state_.pointers.insert(state_.pointers.end(), num_terms, nullptr);
  for (std::size_t t = 0; t < num_terms; ++t)
    state_.pointers[state_.pointers.size() - num_terms + t] = const_cast<double*>(state_.terms[body.row_outputs[t]]);
  state_.pointer_of_slot.assign(chosen_.num_slots, no_node);
  for (std::size_t c = 0; c < body.columns.size(); ++c)
    state_.pointer_of_slot[body.columns[c]] = static_cast<std::uint32_t>(body.uniforms.size() + c);
  const auto capacity = static_cast<std::size_t>(body.leaf_rows);
  for (auto* list : {&state_.rows, &state_.members, &state_.places}) list->resize(capacity);
  state_.shares.resize(capacity);
}

void ChosenRun::run(const Leaf& leaf, std::uint32_t first_sum) {
  double* const sums = leaf.sums + first_sum;
  std::fill_n(sums, std::size_t{chosen_.num_members} * chosen_.num_terms, 0.0);
  if (chosen_.choice != no_node && take_given_choices(leaf)) return add_terms(leaf, true, sums);
  terms_.find_choices(leaf, chosen_.operands.data(), static_cast<std::uint32_t>(chosen_.operands.size()), last_, number_);
  if (take_one_by_row(leaf))
    add_terms(leaf, true, sums);
  else
    add_choices(leaf, sums);
}

bool ChosenRun::take_given_choices(const Leaf& leaf) {
  const double* const choice = leaf.pointers[chosen_.choice];
  const auto rows = static_cast<std::size_t>(leaf.rows);
  bool one = true;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto operand = static_cast<std::int32_t>(choice[r]);
    state_.members[r] = operand < 0 ? -1 : chosen_.member[static_cast<std::size_t>(operand)];
    one = one && state_.members[r] >= 0;
  }
  std::fill_n(state_.shares.begin(), one ? rows : 0, 1.0);
  state_.count = leaf.rows;
  return one;
}

// Where each row chose one member: the rows as they stand.
bool ChosenRun::take_one_by_row(const Leaf& leaf) {
  const auto rows = static_cast<std::size_t>(leaf.rows);
  bool one = true;
  for (std::size_t r = 0; r < rows; ++r) {
    state_.members[r] = chosen_.member[static_cast<std::size_t>(last_[r])];
    one = one && number_[r] == 1.0 && state_.members[r] >= 0;
  }
  std::fill_n(state_.shares.begin(), one ? rows : 0, 1.0);
  state_.count = leaf.rows;
  return one;
}

// Each pair of a row and a member that it chose.
void ChosenRun::add_choices(const Leaf& leaf, double* sums) {
  state_.count = 0;
  const auto add = [&](std::ptrdiff_t r, std::size_t operand, double share) {
    const std::int32_t member = chosen_.member[operand];
    if (member < 0 || share == 0.0) return;
    const auto place = static_cast<std::size_t>(state_.count++);
    state_.rows[place] = static_cast<std::int32_t>(r);
    state_.members[place] = member;
    state_.shares[place] = share;
    if (place + 1 < state_.rows.size()) return;
    add_terms(leaf, false, sums);
    state_.count = 0;
  };
  for (std::ptrdiff_t r = 0; r < leaf.rows; ++r) {
    if (number_[r] == 0.0) continue;
    const auto last = static_cast<std::size_t>(last_[r]);
    if (number_[r] == 1.0) {
      add(r, last, 1.0);
      continue;
    }
    const auto value = [&](std::size_t k) {
      const std::uint32_t operand = chosen_.operands[k];
      return (operand & uniform_bit) != 0 ? *leaf.pointers[operand & ~uniform_bit] : leaf.pointers[operand][r];
    };
    // The shares of a tie, see kernels_shares.hpp: the last takes half, the first as much as the second.
    const bool by_gates = chosen_.by == ChosenSums::By::gates;
    const double extreme = value(chosen_.operands.size() - 1);
    const auto number = static_cast<int>(number_[r]);
    int left = number;
    for (std::size_t k = 0; k <= last; ++k) {
      if (by_gates ? value(k) == 0.0 : value(k) != extreme) continue;
      add(r, k, by_gates ? 1.0 : std::ldexp(1.0, left == number ? 1 - left : -left));
      --left;
    }
  }
  if (state_.count > 0) add_terms(leaf, false, sums);
}

void ChosenRun::add_terms(const Leaf& leaf, bool rows_in_place, double* sums) {
  const std::ptrdiff_t count = state_.count, padded = (count + row_padding - 1) / row_padding * row_padding;
  for (auto* list : {&state_.rows, &state_.members})
    std::fill(list->begin() + count, list->begin() + padded, (*list)[static_cast<std::size_t>(count - 1)]);
  std::fill(state_.shares.begin() + count, state_.shares.begin() + padded, state_.shares[static_cast<std::size_t>(count - 1)]);
  fill_slots(leaf, rows_in_place, padded);
  const Leaf chosen{state_.pointers.data(), terms_.body.operands.data(), nullptr, count, padded, packed_.packed, packed_.spread};
  for (const LeafStep& step : steps_) step.instruction.kernel(chosen, step.instruction);
  const auto width = static_cast<std::int32_t>(chosen_.num_terms);
  for (std::ptrdiff_t h = 0; h < padded; ++h)
    state_.places[static_cast<std::size_t>(h)] = state_.members[static_cast<std::size_t>(h)] * width;
  lookups_.scatter(state_.terms.data(), state_.places.data(), count, chosen_.num_terms, sums);
}

void ChosenRun::fill_slots(const Leaf& leaf, bool rows_in_place, std::ptrdiff_t padded) {
  const auto count = static_cast<std::size_t>(padded);
  for (const ChosenSums::Block& b : chosen_.same) {
    double* to = slot(b.slot);
    const double* from = leaf.pointers[b.pointer];
    if (!rows_in_place) lookups_.gather(from, state_.rows.data(), padded, 1, &to);
    // Terms only read their slots.
    state_.pointers[state_.pointer_of_slot[b.slot]] = rows_in_place ? const_cast<double*>(from) : to;
  }
  for (const ChosenSums::Blocks& b : chosen_.blocks) {
    double* const to = slot(b.slot);
    for (std::size_t h = 0; h < count; ++h) {
      const auto row = rows_in_place ? std::min(h, static_cast<std::size_t>(leaf.rows - 1)) : static_cast<std::size_t>(state_.rows[h]);
      to[h] = leaf.pointers[b.pointers[static_cast<std::size_t>(state_.members[h])]][row];
    }
  }
  for (const std::uint32_t s : chosen_.shares) std::copy_n(state_.shares.data(), count, slot(s));
  for (const ChosenSums::Uniforms& u : chosen_.uniforms) {
    for (std::size_t h = 0; h < count; ++h)
      state_.places[h] = static_cast<std::int32_t>(u.places[static_cast<std::size_t>(state_.members[h])]);
    state_.filled.clear();
    for (const std::uint32_t s : u.slots) state_.filled.push_back(slot(s));
    lookups_.gather(uniforms_, state_.places.data(), padded, u.slots.size(), state_.filled.data());
  }
}

}  // namespace rappel::detail
