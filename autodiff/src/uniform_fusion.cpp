#include "uniform_fusion.hpp"

#include "fused_groups.hpp"
#include "row_code.hpp"
#include "uniform_schedule.hpp"

#include <algorithm>
#include <functional>

namespace rappel::detail {
namespace {

constexpr std::size_t most_together = 64;      // instructions that are ordered together
constexpr std::uint32_t least_terms = 16;      // of a sum that others may wait for
constexpr std::size_t least_groups = 3;        // that are worth a loop of their own,
constexpr std::uint32_t least_members = 32;    // of so many members each
constexpr std::size_t most_fused = 64;         // in a frame: compiled code takes memory
constexpr std::uint32_t last_place = 1u << 27;  // that compiled code reaches

struct Places {
  std::uint32_t first, end;
  bool in_a_row = false;  // a place for each member

  bool meet(const Places& other) const { return first < other.end && other.first < end; }
  bool is_within(const Places& other) const { return other.first <= first && end <= other.end; }
};

struct Work {
  UniformInstruction instruction;
  std::uint32_t read_until;
  std::vector<Places> reads;
  Places writes;
  const UniformGroup* group = nullptr;  // that may be part of a loop
  bool is_sum = false, is_done = false;
  std::uint32_t first_row = 0;  // of the loop that it is part of: its first member's
  bool is_read_later = false;   // by members of further rows

  Places members() const { return {writes.first, writes.first + group->count}; }
  std::uint32_t place_of_row_0() const { return writes.first - first_row; }
  // By what a row reads: how many rows before it what another group wrote there for its member.
  std::uint32_t rows_before(const Places& read, const Work& other) const {
    return other.place_of_row_0() + first_row - read.first;
  }

  bool reads_from(const Work& other) const {
    return std::ranges::any_of(reads, [&](const Places& r) { return r.meet(other.writes); });
  }
  bool waits_for(const Work& before) const {
    return writes.meet(before.writes) || reads_from(before) || before.reads_from(*this);
  }
  // What both read and write is of the same member, so that it does not matter which member comes first.
  bool is_aligned_with(const Work& other) const {
    const auto aligned = [](const Work& reader, const Work& writer) {
      return std::ranges::all_of(reader.reads, [&](const Places& r) {
        return !r.meet(writer.writes) || (r.in_a_row && r.first == writer.writes.first);
      });
    };
    return aligned(*this, other) && aligned(other, *this) &&
           (!writes.meet(other.writes) || writes.first == other.writes.first);
  }
};

bool is_long_sum(const UniformInstruction& i) { return i.op == Op::sum && i.count > least_terms; }

class Fusion {
 public:
  Fusion(std::vector<UniformInstruction>& to, std::vector<std::uint32_t>& operands, FrameCalls& calls)
      : to_(to), operands_(operands), calls_(calls) {}

  // Instructions that are no calls, numbered from `first_number` on.
  void add(std::span<const UniformInstruction> instructions, std::span<const std::uint32_t> read_until,
           std::uint32_t first_number) {
    first_number_ = first_number;
    work_.clear();
    for (std::size_t i = 0; i < instructions.size(); ++i)
      work_.push_back(instructions[i].op == group_call ? group(instructions[i], read_until[i])
                                                       : single(instructions[i], read_until[i]));
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (work_[i].is_done) continue;
      std::vector<std::size_t> loop = loop_from(i);
      if (loop.size() >= least_groups && calls_.fused.size() < most_fused) {
        const SumAlong sum = sum_along(loop);
        std::vector<std::size_t> all = loop;
        all.insert(all.end(), sum.chain.begin(), sum.chain.end());
        std::ranges::sort(all);
        add_later_rows(loop, all);
        add_fused(loop, all, sum);
        for (const std::size_t k : all) add(k);
      } else {
        add(i);
      }
      for (std::size_t k = i + 1; k < work_.size(); ++k)
        if (work_[k].is_sum && is_ready(k)) add(k);
    }
  }

 private:
  Work group(const UniformInstruction& i, std::uint32_t read_until) {
    const UniformGroup& g = calls_.groups[i.first];
    Work work{i, read_until, {}, {g.result, g.result + (g.count + group_padding - 1) / group_padding * group_padding}};
    bool in_rows = g.count >= least_members && work.writes.end < last_place && has_row_code({g.op, StepKind::plain, 0, 0, 0, 0, 1});
    for (std::uint32_t k = 0; k < g.num_operands; ++k) {
      const std::uint32_t operand = calls_.group_operands[g.first + k], place = operand & ~(one_for_all | gathered);
      if (operand & gathered) {
        const auto [least, most] = std::ranges::minmax(std::span(calls_.group_places.data() + place, g.count));
        work.reads.push_back({least, most + 1});
        in_rows = false;
      } else {
        const bool one = (operand & one_for_all) != 0;
        work.reads.push_back({place, place + (one ? 1 : g.count), !one});
      }
    }
    if (in_rows) work.group = &g;
    return work;
  }

  Work single(const UniformInstruction& i, std::uint32_t read_until) {
    const std::span x(operands_.data() + i.first, i.count);
    // The first two may be swapped, so that what the others stand in a row with comes last of them.
    if (i.op == Op::sum && i.count > 2 && x[0] + 1 == x[2] && x[1] + 1 != x[2]) std::swap(x[0], x[1]);
    Work work{i, read_until, {}, {i.result, i.result + 1}};
    const auto next_to = [](std::uint32_t a, std::uint32_t b) { return b == a + 1; };
    if (is_long_sum(i) && std::ranges::adjacent_find(x.subspan(1), std::not_fn(next_to)) == x.end()) {
      work.is_sum = true;
      work.instruction.op = sum_in_a_row;
      work.instruction.count = i.count - 1;
      work.reads = {{x[0], x[0] + 1}, {x[1], x[1] + i.count - 1}};
      return work;
    }
    for (const std::uint32_t place : x) work.reads.push_back({place, place + 1});
    return work;
  }

  bool is_ready(std::size_t k) const {
    if (work_[k].is_done) return false;
    for (std::size_t i = 0; i < k; ++i)
      if (!work_[i].is_done && work_[k].waits_for(work_[i])) return false;
    return true;
  }

  void add(std::size_t k) {
    work_[k].is_done = true;
    to_.push_back(work_[k].instruction);
  }

  // Groups that may run before all others that are left, member by member.
  std::vector<std::size_t> loop_from(std::size_t first) const {
    std::vector<std::size_t> loop;
    if (work_[first].group == nullptr) return loop;
    std::vector<const Work*> others;
    for (std::size_t k = first; k < work_.size(); ++k) {
      const Work& work = work_[k];
      if (work.is_done) continue;
      const bool fits = work.group != nullptr && work.group->count == work_[first].group->count &&
                        std::ranges::all_of(loop, [&](std::size_t i) { return work.is_aligned_with(work_[i]); }) &&
                        std::ranges::none_of(others, [&](const Work* w) { return work.waits_for(*w); });
      if (fits)
        loop.push_back(k);
      else
        others.push_back(&work);
    }
    return loop;
  }

  // A sum of all members of one group of a loop, in their order, which the loop may take on the way: the additions, which wait
  // for one another, then have the loop's other work beside them. As a chain: each adds members in a row to the one before.
  struct SumAlong {
    std::size_t terms = 0;  // the group's
    std::vector<std::size_t> chain;
  };

  SumAlong sum_along(const std::vector<std::size_t>& loop) const {
    for (const std::size_t k : loop)
      if (SumAlong sum{k, chain_over(k)}; !sum.chain.empty() && fits(sum, loop)) return sum;
    return {};
  }

  std::vector<std::size_t> chain_over(std::size_t group) const {
    const std::uint32_t first = work_[group].writes.first, end = first + work_[group].group->count;
    std::vector<std::size_t> chain;
    Places so_far{first, first + 1};
    std::uint32_t next = first + 1;
    for (std::size_t i = group + 1; i < work_.size() && next < end; ++i) {
      const Work& w = work_[i];
      if (const std::uint32_t end_of_sum = w.is_done ? 0 : end_if_added(w, so_far.first, next); end_of_sum != 0) {
        chain.push_back(i);
        so_far = w.writes;
        next = end_of_sum;
      } else if (w.writes.meet(work_[group].writes) || w.writes.meet(so_far)) {
        break;
      }
    }
    return next == end ? chain : std::vector<std::size_t>();
  }

  // Of what adds the values from `next` on, which stand in a row, to one: where they end. Else 0.
  static std::uint32_t end_if_added(const Work& w, std::uint32_t so_far, std::uint32_t next) {
    const auto starts = [&](std::size_t a, std::size_t b) { return w.reads[a].first == so_far && w.reads[b].first == next; };
    if (w.is_sum) return starts(0, 1) ? w.reads[1].end : 0;
    if (w.instruction.op == Op::add) return starts(0, 1) || starts(1, 0) ? next + 1 : 0;
    if (w.instruction.op != Op::sum || !starts(0, 1)) return 0;
    for (std::size_t k = 2; k < w.reads.size(); ++k)
      if (w.reads[k].first != next + k - 1) return 0;
    return next + static_cast<std::uint32_t>(w.reads.size()) - 1;
  }

  bool fits(const SumAlong& sum, const std::vector<std::size_t>& loop) const {
    std::vector<std::size_t> all = loop;
    all.insert(all.end(), sum.chain.begin(), sum.chain.end());
    std::ranges::sort(all);
    return std::ranges::all_of(sum.chain, [&](std::size_t s) {
      const Work& w = work_[s];
      if (w.writes.end > last_place || (s != sum.chain.back() && !is_private(s, all))) return false;
      for (const std::size_t k : loop)
        if (w.writes.meet(work_[k].writes) || work_[k].reads_from(w)) return false;
      for (std::size_t i = loop[0]; i < s; ++i)
        if (!work_[i].is_done && !std::ranges::binary_search(all, i) && w.waits_for(work_[i])) return false;
      return true;
    });
  }

  // Groups of fewer members that read what the loop wrote for some rows before, too: they begin as many rows later. `all`: the
  // loop and its sums.
  void add_later_rows(std::vector<std::size_t>& loop, std::vector<std::size_t>& all) {
    std::vector<const Work*> others;
    std::uint32_t first_row = 0;  // of all that do
    for (std::size_t k = loop[0]; k < work_.size(); ++k) {
      Work& work = work_[k];
      if (work.is_done || std::ranges::binary_search(all, k)) continue;
      const std::uint32_t count = work_[loop[0]].group->count;
      work.first_row = work.group != nullptr && work.group->count < count ? count - work.group->count : 0;
      const bool fits = work.first_row > 0 && work.first_row <= most_rows_before && k > loop.back() &&
                        (first_row == 0 || first_row == work.first_row) && may_begin_later(k, loop, all) &&
                        std::ranges::none_of(others, [&](const Work* w) { return work.waits_for(*w); });
      if (!fits) {
        work.first_row = 0;
        others.push_back(&work);
        continue;
      }
      first_row = work.first_row;
      for (const Places& r : work.reads)
        if (Work* writer = writer_in(loop, r); writer != nullptr && work.rows_before(r, *writer) > 0) writer->is_read_later = true;
      loop.push_back(k);
      all.insert(std::ranges::lower_bound(all, k), k);
    }
  }

  // The last of groups that write where something reads.
  Work* writer_in(std::span<const std::size_t> loop, const Places& read) {
    const auto found = std::find_if(loop.rbegin(), loop.rend(), [&](std::size_t i) { return work_[i].writes.meet(read); });
    return found == loop.rend() ? nullptr : &work_[*found];
  }

  bool may_begin_later(std::size_t k, const std::vector<std::size_t>& loop, std::vector<std::size_t> all) {
    const Work& work = work_[k];
    for (const std::size_t i : all) {
      if (std::ranges::binary_search(loop, i)) continue;
      const Work& sum = work_[i];  // it has what it reads before the loop goes on to this group
      if (work.reads_from(sum) || work.writes.meet(sum.writes) || (i > k && sum.reads_from(work))) return false;
    }
    for (const Places& r : work.reads) {
      const Work* writer = writer_in(loop, r);
      if (writer == nullptr && (!r.in_a_row || r.first >= work.first_row)) continue;
      if (writer == nullptr || !r.in_a_row || !r.is_within(writer->members())) return false;
      const std::uint32_t before = work.rows_before(r, *writer);
      if (before > work.first_row) return false;  // it reads further on; of rows before, from where it stands
      for (const std::size_t i : loop)
        if (&work_[i] > writer && before > 0 && work_[i].writes.meet(writer->writes)) return false;
    }
    all.insert(std::ranges::lower_bound(all, k), k);
    for (const std::size_t i : loop) {
      const Work& other = work_[i];
      if (work.writes.meet(other.writes) && (other.is_read_later || !is_private(i, all))) return false;
      for (const Places& r : other.reads)
        if (work.writes.meet(r) && writer_in(loop, r) == nullptr) return false;
    }
    return true;
  }

  // Whether none but the groups of the loop read what this one of them writes.
  bool is_private(std::size_t k, const std::vector<std::size_t>& loop) const {
    const std::uint32_t until = work_[k].read_until - first_number_;
    if (work_[k].read_until == read_by_others || until > work_.size()) return false;
    for (std::size_t i = k + 1; i < until; ++i)
      if (!std::ranges::binary_search(loop, i) && work_[i].reads_from(work_[k])) return false;
    return true;
  }

  // `all`: the groups of the loop and the sums that it takes, in order.
  void add_fused(const std::vector<std::size_t>& loop, const std::vector<std::size_t>& all, const SumAlong& sum) {
    Body body;
    body.leaf_rows = 1;
    for (const std::size_t k : loop)
      for (const Places& r : work_[k].reads)
        if (!r.in_a_row) body.uniforms.push_back(r.first);
    std::ranges::sort(body.uniforms);
    body.uniforms.erase(std::unique(body.uniforms.begin(), body.uniforms.end()), body.uniforms.end());
    const auto first_block = static_cast<std::uint32_t>(body.uniforms.size());
    body.num_blocks = last_place;
    for (std::size_t i = 0; i < loop.size(); ++i) {
      const std::size_t k = loop[i];
      const Work& work = work_[k];
      const std::uint32_t result = first_block + work.place_of_row_0();
      body.steps.push_back({work.group->op, StepKind::plain, 0, static_cast<std::uint32_t>(body.operands.size()),
                            work.group->num_operands, result | work.first_row << rows_shift, 1});
      for (const Places& r : work.reads) {
        const Work* writer = work.first_row > 0 ? writer_in(std::span(loop).first(i), r) : nullptr;
        if (!r.in_a_row)
          body.operands.push_back(number_of(body.uniforms, r.first) | uniform_bit);
        else if (writer != nullptr)
          body.operands.push_back((first_block + writer->place_of_row_0()) | work.rows_before(r, *writer) << rows_shift);
        else
          body.operands.push_back(first_block + r.first - work.first_row);
      }
      body.operands.push_back(result);
      if (sum.chain.empty() || k != sum.terms) continue;
      const std::uint32_t total = first_block + work_[sum.chain.back()].writes.first;
      body.steps.push_back({Op::sum_rows, StepKind::plain, 1, static_cast<std::uint32_t>(body.operands.size()), 1, total, 0});
      body.operands.push_back(result);
    }
    BodyStep reader{Op::max_rows, StepKind::plain, 0, static_cast<std::uint32_t>(body.operands.size()), 0, 0, 0};
    for (const std::size_t k : loop)
      if (work_[k].is_read_later || !is_private(k, all)) body.operands.push_back(first_block + work_[k].place_of_row_0()), ++reader.count;
    body.steps.push_back(reader);
    to_.push_back({fused_call, static_cast<std::uint32_t>(calls_.fused.size()), static_cast<std::uint32_t>(all.size()), 0});
    calls_.fused.push_back(std::make_shared<FusedGroups>(std::move(body), work_[loop[0]].group->count));
  }

  static std::uint32_t number_of(const std::vector<std::uint32_t>& sorted, std::uint32_t place) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(sorted, place) - sorted.begin());
  }

  std::vector<UniformInstruction>& to_;
  std::vector<std::uint32_t>& operands_;
  FrameCalls& calls_;
  std::vector<Work> work_;
  std::uint32_t first_number_ = 0;
};

bool moves(const UniformInstruction& i) {
  return i.op == group_call || i.op == Op::sum || i.op == Op::dot || is_elementwise(i.op);
}

// Those at the beginning that are ordered together: without calls, or one call.
std::span<const UniformInstruction> window(std::span<const UniformInstruction> instructions) {
  std::size_t size = 0;
  while (size < std::min(instructions.size(), most_together) && moves(instructions[size])) ++size;
  return instructions.first(std::max<std::size_t>(size, 1));
}

// Else they stay as they stand: most instructions of a trace of single values do.
bool may_change(std::span<const UniformInstruction> instructions, const FrameCalls& calls) {
  const auto is_wide_group = [&](const UniformInstruction& i) {
    return i.op == group_call && calls.groups[i.first].count >= least_members;
  };
  return std::ranges::any_of(instructions, is_long_sum) ||
         static_cast<std::size_t>(std::ranges::count_if(instructions, is_wide_group)) >= least_groups;
}

}  // namespace

void fuse_groups(std::vector<UniformInstruction>& instructions, std::size_t first, std::span<const std::uint32_t> read_until,
                 std::vector<std::uint32_t>& operands, FrameCalls& calls) {
  std::vector<UniformInstruction> made;
  Fusion fusion(made, operands, calls);
  std::size_t number = first;  // of an instruction before any was added
  for (std::size_t i = first; i < instructions.size();) {
    const std::span<const UniformInstruction> together = window(std::span(instructions).subspan(i));
    const std::size_t count = together.size();
    if (may_change(together, calls)) {
      made.clear();
      fusion.add(together, read_until.subspan(number - first, count), static_cast<std::uint32_t>(number));
      std::copy_n(made.begin(), count, instructions.begin() + static_cast<std::ptrdiff_t>(i));
      i += count;  // then the calls of loops, of which there are few
      instructions.insert(instructions.begin() + static_cast<std::ptrdiff_t>(i), made.begin() + static_cast<std::ptrdiff_t>(count), made.end());
      i += made.size() - count;
    } else {
      i += count;
    }
    number += count;
  }
}

}  // namespace rappel::detail
