#include "uniform_code.hpp"

#include "large_array.hpp"
#include "lower_body.hpp"
#include "uniform_fusion.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

constexpr std::uint32_t no_block = ~0u;

bool is_computed(Op op) {
  return op != Op::parameter && op != Op::argument && op != Op::constant && op != Op::num_rows && op != Op::result &&
         op != Op::stack && !is_reduction(op);
}

std::uint32_t padded(std::uint32_t count) { return (count + group_padding - 1) / group_padding * group_padding; }

bool is_arithmetic(Op op) {
  return op == Op::add || op == Op::sub || op == Op::mul || op == Op::neg || op == Op::square || op == Op::fma ||
         op == Op::sum || op == Op::dot;
}

// Runs of so many members on the average are worth a kernel each; else one kernel gathers them. (A gather takes about
// 6 cycles a vector, a kernel 20.)
std::size_t least_run(Op op) { return is_arithmetic(op) ? 12 : 48; }

}  // namespace

UniformCoder::UniformCoder(const UniformWork& work, std::vector<std::uint32_t>& place, std::uint32_t first_free,
                           std::vector<std::uint32_t>& operands, FrameCalls& calls)
    : work_(work),
      place_(place),
      first_free_(padded(first_free)),
      next_(first_free_),
      operands_(operands),
      calls_(calls),
      scheduler_(work),
      block_of_(large_array(place.size(), no_block)) {}

void UniformCoder::add(const std::vector<NodeId>& nodes, std::vector<UniformInstruction>& instructions,
                       const std::function<std::uint32_t(NodeId)>& add_call) {
  const std::size_t first = instructions.size();
  block_of_instruction_.clear();
  UniformSchedule schedule = scheduler_.schedule(nodes);
  reserve_large(instructions, first + schedule.steps.size());  // most steps are one instruction, of one or two operands
  reserve_large(block_of_instruction_, schedule.steps.size());
  reserve_large(blocks_, blocks_.size() + schedule.steps.size());
  reserve_large(operands_, operands_.size() + 3 * schedule.steps.size());
  for (const UniformStep& step : schedule.steps) {
    const std::span members(schedule.nodes.data() + step.first, step.count);
    const NodeId n = members[0];
    if (!is_computed(work_.graph.op(n))) continue;
    if (step.count > 1) {
      add_group(members, instructions);
    } else if (is_call(work_.graph.op(n))) {
      add_places(n, num_results(work_.graph, n));
      instructions.push_back({work_.graph.op(n), add_call(n), 0, 0});
      block_of_instruction_.push_back(no_block);
    } else {
      add_single(n, instructions);
    }
  }
  std::vector<std::uint32_t> read_until;
  reserve_large(read_until, block_of_instruction_.size());
  for (const std::uint32_t block : block_of_instruction_)
    read_until.push_back(block == no_block ? read_by_others : blocks_[block].read_until);
  fuse_groups(instructions, first, read_until, operands_, calls_);
}

void UniformCoder::add_single(NodeId n, std::vector<UniformInstruction>& instructions) {
  add_places(n, num_results(work_.graph, n));
  const auto few = scheduler_.few_operands(n);
  if (few.count == 0 || num_results(work_.graph, n) > 1) {
    add_instruction(n, instructions);
    for (const NodeId x : operands_of_member_) has_read(x, instructions.size());
    return;
  }
  make_room(instructions);
  make_room(block_of_instruction_);
  make_room(operands_, 3);
  instructions.push_back({work_.graph.op(n), static_cast<std::uint32_t>(operands_.size()), few.count, place_[n]});
  block_of_instruction_.push_back(block_of_[n]);
  for (std::uint32_t k = 0; k < few.count; ++k) operands_.push_back(place_[few.node[k]]);
  operands_.push_back(place_[n]);
  for (std::uint32_t k = 0; k < few.count; ++k) has_read(few.node[k], instructions.size());
}

void UniformCoder::add_instruction(NodeId n, std::vector<UniformInstruction>& instructions) {
  scheduler_.operands(n, operands_of_member_);
  make_room(instructions);
  make_room(block_of_instruction_);
  const std::size_t first = operands_.size(), count = operands_of_member_.size(), results = num_results(work_.graph, n);
  make_room(operands_, count + results);
  instructions.push_back({scheduler_.op(n), static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count), place_[n]});
  operands_.resize(first + count + results);
  for (std::size_t k = 0; k < count; ++k) operands_[first + k] = place_[operands_of_member_[k]];
  for (std::size_t k = 0; k < results; ++k) operands_[first + count + k] = place_[n + k];
  block_of_instruction_.push_back(block_of_[n]);
}

void UniformCoder::add_group(std::span<NodeId> members, std::vector<UniformInstruction>& instructions) {
  const Op op = scheduler_.op(members[0]);
  order_members(members, op);
  add_places(members);
  for (std::size_t i = 0; i + 1 < run_begins_.size(); ++i) {
    const std::uint32_t first = run_begins_[i], length = run_begins_[i + 1] - first;
    if (length == 1 && op != Op::dot && is_arithmetic(op)) {  // the same bits for less
      add_instruction(members[first], instructions);
      continue;
    }
    instructions.push_back({group_call, static_cast<std::uint32_t>(calls_.groups.size()), 0, 0});
    block_of_instruction_.push_back(block_of_[members[first]]);
    add_run(op, first, length, run_places_[i]);
  }
  for (const NodeId n : members) {
    scheduler_.operands(n, operands_of_member_);
    for (const NodeId x : operands_of_member_) has_read(x, instructions.size());
  }
}

// What leaves the frame is in the order in which it does, if there is one; else members are in the order of their own operands or, where
// that leaves fewer runs, first by their roles, so that what is read side by side stands side by side.
void UniformCoder::order_members(std::span<NodeId> members, Op op) {
  members_.clear();
  bool kept = true, one_role = true;
  for (const NodeId n : members) {
    members_.push_back({scheduler_.role(n), places_read(n), n});
    kept = kept && work_.kept[n] != 0 && work_.kept[n] != UniformWork::in_any_order;
    one_role = one_role && members_.back().role == members_[0].role;
  }
  if (kept)
    for (Member& m : members_) m.places = work_.kept[m.node];
  const auto order = [&](bool by_role) {
    const auto before = [by_role](const Member& a, const Member& b) {
      return by_role && a.role != b.role ? a.role < b.role : a.places != b.places ? a.places < b.places : a.node < b.node;
    };
    if (!std::ranges::is_sorted(members_, before)) std::ranges::sort(members_, before);
    for (std::size_t i = 0; i < members.size(); ++i) members[i] = members_[i].node;
    find_places(members);
    find_runs();
    return run_begins_.size();
  };
  const std::size_t runs = order(false);
  if (runs > 2 && !kept && !one_role && order(true) > runs) order(false);
  if (run_begins_.size() > 2 && members.size() < (run_begins_.size() - 1) * least_run(op))
    run_begins_.assign({0, static_cast<std::uint32_t>(members.size())});
}

// The places of the first two operands that are computed.
std::uint64_t UniformCoder::places_read(NodeId n) {
  scheduler_.operands(n, operands_of_member_);
  std::uint32_t first = 0;
  for (const NodeId x : operands_of_member_) {
    if (place_[x] < first_free_ || place_[x] == first) continue;
    if (first != 0) return static_cast<std::uint64_t>(first) << 32 | place_[x];
    first = place_[x];
  }
  return static_cast<std::uint64_t>(first) << 32;
}

void UniformCoder::find_places(std::span<const NodeId> members) {
  num_operands_ = scheduler_.num_operands(members[0]);
  if (member_places_.size() < num_operands_) member_places_.resize(num_operands_);
  for (std::size_t k = 0; k < num_operands_; ++k) member_places_[k].resize(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    scheduler_.operands(members[i], operands_of_member_);
    for (std::size_t k = 0; k < num_operands_; ++k) member_places_[k][i] = place_[operands_of_member_[k]];
  }
}

// Where runs begin in which each operand is one place for all, or places in a row. Then the end.
void UniformCoder::find_runs() {
  run_begins_.assign(1, 0);
  const auto count = static_cast<std::uint32_t>(members_.size());
  for (std::uint32_t i = 1; i < count; ++i) {
    const std::uint32_t begin = run_begins_.back();
    for (std::size_t k = 0; k < num_operands_; ++k) {
      const std::vector<std::uint32_t>& place = member_places_[k];
      const std::uint32_t step = begin + 1 < i ? place[begin + 1] - place[begin] : std::min(place[i] - place[begin], 1u);
      if (place[i] - place[i - 1] == step && step <= 1) continue;
      run_begins_.push_back(i);
      break;
    }
  }
  run_begins_.push_back(count);
}

void UniformCoder::add_run(Op op, std::uint32_t first, std::uint32_t count, std::uint32_t result) {
  UniformGroup group{nullptr, op, static_cast<std::uint32_t>(calls_.group_operands.size()), 0, count, result};
  for (std::size_t k = 0; k < num_operands_; ++k) {
    const std::span place(member_places_[k].data() + first, count);
    bool same = true, in_a_row = true;
    for (std::uint32_t i = 0; i < count; ++i) {
      same = same && place[i] == place[0];
      in_a_row = in_a_row && place[i] == place[0] + i;
    }
    std::uint32_t operand = place[0];
    if (same) {
      operand |= one_for_all;
    } else if (!in_a_row) {
      operand = list_of(place) | gathered;
    }
    calls_.group_operands.push_back(operand);
    ++group.num_operands;
  }
  calls_.groups.push_back(group);
}

// Where the places are listed, the last one again up to whole vectors. Groups that gather the same share the list: each step of a long
// loop reads its parameters as the others do, and less memory goes by the caches.
std::uint32_t UniformCoder::list_of(std::span<const std::uint32_t> places) {
  std::uint64_t hash = places.size();
  for (const std::uint32_t p : places) {
    hash = (hash ^ p) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  std::vector<std::uint32_t>& all = calls_.group_places;
  const auto next = static_cast<std::uint32_t>(all.size()), count = static_cast<std::uint32_t>(places.size());
  const std::uint32_t known = lists_.try_emplace(hash, next).first->second;
  if (next - known >= count && std::ranges::equal(places, std::span(all).subspan(known, count))) return known;
  all.insert(all.end(), places.begin(), places.end());
  all.resize(next + padded(count), places.back());
  return next;
}

// For a node with its results: so many places, unless it has them.
void UniformCoder::add_places(NodeId n, std::uint32_t count) {
  if (place_[n] != no_node) return;
  if (count == 1) {
    place_[n] = add_single_place(n);
    return;
  }
  std::uint32_t next = add_block({&n, 1}, padded(count), true);
  for (NodeId k = n; k < n + count; ++k) place_[k] = next++;
}

// For the members of a group. Long runs are aligned; a run writes whole vectors, beyond its end: before the next one,
// which follows.
void UniformCoder::add_places(std::span<const NodeId> members) {
  constexpr std::uint32_t long_run = 64;
  run_places_.clear();
  std::uint32_t size = 0;
  for (std::size_t i = 0; i + 1 < run_begins_.size(); ++i) {
    const std::uint32_t length = run_begins_[i + 1] - run_begins_[i];
    if (length >= long_run) size = padded(size);
    run_places_.push_back(size);
    size += length;
  }
  const std::uint32_t first = add_block(members, padded(size) + (run_places_.size() > 1 ? group_padding : 0), false);
  for (std::size_t i = 0; i < run_places_.size(); ++i) {
    run_places_[i] += first;
    for (std::uint32_t k = run_begins_[i]; k < run_begins_[i + 1]; ++k)
      place_[members[k]] = run_places_[i] + k - run_begins_[i];
  }
}

// Single places are taken in whole vectors of them.
std::uint32_t UniformCoder::add_single_place(NodeId n) {
  if (free_singles_.empty()) {
    for (std::uint32_t k = group_padding; k-- > 0;) free_singles_.push_back(next_ + k);
    next_ += group_padding;
  }
  const std::uint32_t place = free_singles_.back();
  free_singles_.pop_back();
  if (work_.kept[n] == 0) block_of_[n] = static_cast<std::uint32_t>(blocks_.size());
  make_room(blocks_);
  blocks_.push_back({place, 1, work_.uses[n], read_by_others});
  return place;
}

std::uint32_t UniformCoder::add_block(std::span<const NodeId> nodes, std::uint32_t size, bool kept) {
  std::vector<std::uint32_t>& free = free_[size];
  std::uint32_t first = next_;
  if (free.empty()) {
    next_ += size;
  } else {
    first = free.back();
    free.pop_back();
  }
  std::uint32_t uses = 0;
  for (const NodeId n : nodes) {
    uses += work_.uses[n];
    kept = kept || work_.kept[n] != 0;
  }
  for (const NodeId n : nodes)
    if (!kept) block_of_[n] = static_cast<std::uint32_t>(blocks_.size());
  make_room(blocks_);
  blocks_.push_back({first, size, uses, read_by_others});
  return first;
}

void UniformCoder::has_read(NodeId n, std::size_t num_instructions) {
  if (block_of_[n] == no_block) return;
  Block& block = blocks_[block_of_[n]];
  if (--block.uses != 0) return;
  (block.size == 1 ? free_singles_ : free_[block.size]).push_back(block.first);
  block.read_until = static_cast<std::uint32_t>(num_instructions);
}

}  // namespace rappel::detail
