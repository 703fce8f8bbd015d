#pragma once

// A run of steps as a kernel: the loops over the rows of a leaf, and the sums over them. Part of row_compiler.cpp alone.

#include "row_generator.hpp"

namespace rappel::detail {
namespace {

using SumOfLogs = decltype(KernelTable::sum_of_logs);

// One run: its rows as many at a time as its values leave registers for, those of a vector that is not whole at last; the
// partials of its sums stay in registers meanwhile.
class RunRoutine {
 public:
  RunRoutine(Xbyak::CodeGenerator& to, const Body& body, const RowCode& code, FetchAhead ahead, const std::vector<bool>& floats,
             SumOfLogs sum_of_logs)
      : to_(to), body_(body), code_(code), ahead_(ahead), floats_(floats), sum_of_logs_(sum_of_logs) {}

  void write(const double* constants) {
    to_.push(frame);
    to_.mov(frame, stack);
    to_.and_(stack, -vector_bytes);
    const std::size_t reserve_at = to_.getSize() + 3;  // the constant of: sub rsp, imm32
    to_.sub(stack, 0x7fffff00);
    load_pointers(constants);
    const bool single = of_single_values(body_);
    for (std::uint32_t s = 0; s < sums_in_registers(code_); ++s) {
      if (single)
        to_.vmovsd(total_register(s), to_.ptr[pool + static_cast<int>(pool_sign) * 8]);  // -0, to which all can be added
      else
        to_.vpxorq(sum_register(s), sum_register(s), sum_register(s));
    }
    if (num_sums_in_memory(code_) > 0) to_.vpxorq(Xbyak::Zmm(0), Xbyak::Zmm(0), Xbyak::Zmm(0));
    for (std::uint32_t s = 0; s < num_sums_in_memory(code_); ++s) to_.vmovupd(to_.ptr[stack + place_of_sum(s)], Xbyak::Zmm(0));
    start_products();
    spread();
    // Of single values all may be read and written: vectors that are left over are worked on one by one. A sum asks which exist.
    const std::uint32_t first_row = first_row_of_some();
    const bool all_exist = single && code_.sums.empty() && first_row == 0;
    const std::vector<ValueId> residents = choose_residents();
    const RowTask task{body_, code_, ahead_, residents, floats_};
    const int width = code_.num_vectors;
    RunGenerator all(to_, task, width, false), last(to_, task, single ? 1 : width, !all_exist);
    all.values().load_residents();
    to_.mov(whole, to_.ptr[leaf + static_cast<int>(all_exist ? offsetof(Leaf, padded) : offsetof(Leaf, rows))]);
    to_.and_(whole, -all.rows_at_once());
    to_.shl(whole, offset_bits(floats_));
    if (first_row > 0) set_has_result(0xffu << first_row & 0xffu);
    loop(all, whole, first_row > 0);
    to_.mov(end, to_.ptr[leaf + static_cast<int>(offsetof(Leaf, padded))]);
    to_.shl(end, offset_bits(floats_));
    loop(last, end, first_row > 0);
    store_sums();
    store_logs();
    to_.mov(stack, frame);
    to_.pop(frame);
    to_.vzeroupper();
    to_.ret();
    const int size = std::max({all.values().stack_size(), last.values().stack_size(), place_of_sum(static_cast<std::uint32_t>(code_.sums.size()))});
    to_.rewrite(reserve_at, static_cast<std::uint64_t>(size), 4);
  }

 private:
  void load_pointers(const double* constants) {
    to_.mov(pointers, to_.ptr[leaf + static_cast<int>(offsetof(Leaf, pointers))]);
    find_bases();
    to_.mov(pool, reinterpret_cast<std::uint64_t>(constants));
    to_.xor_(offset, offset);
  }

  void find_bases() {
    if (of_single_values(body_)) {
      to_.mov(blocks, to_.ptr[pointers]);
      to_.mov(uniforms, blocks);
      return;
    }
    if (!body_.uniforms.empty()) {
      to_.mov(uniforms, to_.ptr[pointers]);
      to_.sub(uniforms, static_cast<std::uint32_t>(body_.uniforms[0] * sizeof(double)));
    }
    if (body_.num_blocks > 0) to_.mov(blocks, to_.ptr[pointers + static_cast<int>(body_.first_block()) * 8]);
  }

  // Of the uniform values that are read most often as many as make the fewest loads and stores: each keeps a register from
  // what rows compute.
  std::vector<ValueId> choose_residents() const {
    constexpr std::size_t most_values = 400;  // each trial writes them all
    const Uses uses(code_);
    std::vector<ValueId> candidates, best;
    if (of_single_values(body_) || code_.values.size() > most_values) return best;
    const auto num_uses = [&](ValueId n) { return uses.first[n + 1] - uses.first[n]; };
    for (ValueId n = 0; n < code_.values.size(); ++n) {
      if (is_uniform(code_, n) && num_uses(n) > 0) candidates.push_back(n);
    }
    std::ranges::stable_sort(candidates, std::ranges::greater{}, num_uses);
    const int free = num_registers - static_cast<int>(sums_in_registers(code_));
    int least = std::numeric_limits<int>::max();
    for (std::size_t count = 0; count <= candidates.size() && static_cast<int>(count) + 8 <= free; count += 2) {
      const std::vector<ValueId> some(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count));
      Xbyak::CodeGenerator scratch(1 << 16, Xbyak::AutoGrow);
      RunGenerator trial(scratch, {body_, code_, ahead_, some, floats_}, code_.num_vectors, false);
      trial.write();
      if (trial.values().traffic() >= least) continue;
      least = trial.values().traffic();
      best = some;
    }
    return best;
  }

  void spread() {
    const std::vector<std::uint32_t> spread = spread_uniforms(body_, code_);
    for (std::uint32_t k = 0; k < spread.size(); ++k) {
      to_.vbroadcastsd(Xbyak::Zmm(0), to_.ptr[uniforms + static_cast<int>(spread[k]) * 8]);
      to_.vmovapd(to_.ptr[stack + place_of_sum(num_sums_in_memory(code_) + k)], Xbyak::Zmm(0));
    }
  }

  // The first row of results that begin later than others: they share it. Else 0.
  std::uint32_t first_row_of_some() const {
    std::uint32_t row = 0;
    for (const MicroResult& r : code_.results) row = std::max(row, r.first_row);
    return row;
  }

  void set_has_result(std::uint32_t rows) {
    to_.mov(Xbyak::Reg32(place.getIdx()), rows);
    to_.kmovb(has_result, Xbyak::Reg32(place.getIdx()));
  }

  void loop(RunGenerator& rows, const Xbyak::Reg64& limit, bool has_later_results) {
    Xbyak::Label next, done;
    to_.cmp(offset, limit);
    to_.jge(done, Xbyak::CodeGenerator::T_NEAR);
    to_.L(next);
    rows.write();
    if (has_later_results) to_.kxnorb(has_result, has_result, has_result);
    to_.add(offset, rows.rows_at_once() << offset_bits(floats_));
    to_.cmp(offset, limit);
    to_.jl(next, Xbyak::CodeGenerator::T_NEAR);
    to_.L(done);
  }

  // Lanes l and l + 4 of each, l and l + 2, l and l + 1, as the kernels fold; eight sums at a time.
  void store_sums() {
    if (code_.sums.empty()) return;
    if (of_single_values(body_)) return store_totals();
    to_.mov(place, to_.ptr[leaf + static_cast<int>(offsetof(Leaf, sums))]);
    for (std::uint32_t first = 0; first < code_.sums.size(); first += vector_rows) {
      const auto x = [&](std::uint32_t s) {
        const std::uint32_t sum = std::min<std::uint32_t>(first + s, static_cast<std::uint32_t>(code_.sums.size()) - 1);
        if (num_sums_in_memory(code_) == 0) return sum_register(sum);
        to_.vmovupd(Xbyak::Zmm(8 + static_cast<int>(s)), to_.ptr[stack + place_of_sum(sum)]);
        return Xbyak::Zmm(8 + static_cast<int>(s));
      };
      const auto t = [](int number) { return Xbyak::Zmm(number); };
      for (int i = 0; i < 4; ++i) fold_halves(t(i), x(static_cast<std::uint32_t>(2 * i)), x(static_cast<std::uint32_t>(2 * i + 1)), 0x44, 0xee);
      for (int i = 0; i < 2; ++i) fold_halves(t(i), t(2 * i), t(2 * i + 1), 0x88, 0xdd);
      to_.vunpcklpd(t(4), t(0), t(1));
      to_.vunpckhpd(t(5), t(0), t(1));
      to_.vaddpd(t(4), t(4), t(5));
      to_.vmovupd(to_.ptr[stack], t(4));
      for (std::uint32_t s = 0; s < vector_rows && first + s < code_.sums.size(); ++s) {
        constexpr int lane[vector_rows] = {0, 2, 4, 6, 1, 3, 5, 7};
        if (code_.sums[first + s].kind != MicroSum::Kind::plain) continue;
        to_.mov(offset, to_.ptr[stack + lane[s] * row_bytes]);
        to_.mov(to_.ptr[place + static_cast<int>(code_.sums[first + s].number) * row_bytes], offset);
      }
    }
  }

  void start_products() {
    for (std::uint32_t s = 0; s < code_.sums.size(); ++s) {
      if (code_.sums[s].kind != MicroSum::Kind::product) continue;
      const bool in_memory = num_sums_in_memory(code_) > 0;
      const Xbyak::Zmm one = in_memory ? Xbyak::Zmm(0) : sum_register(s);
      to_.mov(place, std::bit_cast<std::uint64_t>(1.0));
      to_.vpbroadcastq(one, place);
      if (in_memory) to_.vmovupd(to_.ptr[stack + place_of_sum(s)], one);
    }
  }

  // Last of all, since a call leaves no register as it was.
  void store_logs() {
    const auto is_product = [](const MicroSum& s) { return s.kind == MicroSum::Kind::product; };
    if (std::ranges::none_of(code_.sums, is_product)) return;
    for (std::uint32_t s = 0; s < sums_in_registers(code_); ++s)
      if (code_.sums[s].kind != MicroSum::Kind::plain) to_.vmovupd(to_.ptr[stack + place_of_sum(s)], sum_register(s));
    to_.mov(to_.ptr[stack], leaf);
    for (std::uint32_t s = 0; s < code_.sums.size(); ++s) {
      if (!is_product(code_.sums[s])) continue;
      to_.lea(Xbyak::Reg64(Xbyak::Operand::RDI), to_.ptr[stack + place_of_sum(s)]);
      to_.lea(Xbyak::Reg64(Xbyak::Operand::RSI), to_.ptr[stack + place_of_sum(s + 1)]);
      to_.mov(offset, reinterpret_cast<std::uint64_t>(sum_of_logs_));
      to_.call(offset);
      to_.mov(place, to_.ptr[stack]);
      to_.mov(place, to_.ptr[place + static_cast<int>(offsetof(Leaf, sums))]);
      to_.vmovsd(to_.ptr[place + static_cast<int>(code_.sums[s].number) * row_bytes], Xbyak::Xmm(0));
    }
  }

  // Of single values each sum is one more of them.
  void store_totals() {
    for (std::uint32_t s = 0; s < code_.sums.size(); ++s)
      to_.vmovsd(to_.ptr[blocks + static_cast<int>(code_.sums[s].number - body_.first_block()) * row_bytes], total_register(s));
  }

  void fold_halves(const Xbyak::Zmm& to, const Xbyak::Zmm& x, const Xbyak::Zmm& y, std::uint8_t one, std::uint8_t other) {
    const Xbyak::Zmm a(6), b(7);
    to_.vshuff64x2(a, x, y, one);
    to_.vshuff64x2(b, x, y, other);
    to_.vaddpd(to, a, b);
  }

  Xbyak::CodeGenerator& to_;
  const Body& body_;
  const RowCode& code_;
  FetchAhead ahead_;
  const std::vector<bool>& floats_;  // as in RowTask
  SumOfLogs sum_of_logs_;
};

}  // namespace
}  // namespace rappel::detail
