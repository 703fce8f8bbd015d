#pragma once

// Registers and memory of compiled rows. Part of row_compiler.cpp alone.

#include "row_turns.hpp"

#include <array>
#include <optional>
#include <unordered_map>

namespace rappel::detail {
namespace {

inline Xbyak::Zmm zmm(int number) { return Xbyak::Zmm(number); }
inline Xbyak::Opmask exists(int vector) { return Xbyak::Opmask(4 + vector); }  // of the rows of a vector
// Of the rows of the vector at `offset`, where some results begin with a later row than others.
const Xbyak::Opmask has_result(2), has_result_and_exists(3);

// How many rows ahead columns are fetched, and what is written through, 0 for none; columns into the first-level cache or the second.
struct FetchAhead {
  int rows = 0;
  bool into_first = true;
};

// What of a body the code is made for, and how.
struct RowTask {
  const Body& body;
  const RowCode& code;
  FetchAhead ahead;
  const std::vector<ValueId>& residents;  // uniform values that stay in registers from one time to the next
  const std::vector<bool>& floats;        // the body's columns that are read as floats; empty: none
};

// Registers go to values as they are made; where there is none left, the one whose next use is farthest gives way (Belady 1966), to
// memory if it does not stand there already.
class RowRegisters {
 public:
  static constexpr std::int8_t none = -1;

  // Masked: only the rows that exist are read.
  RowRegisters(Xbyak::CodeGenerator& to, const RowTask& task, int width, bool masked)
      : to_(to),
        body_(task.body),
        code_(task.code),
        ahead_(task.ahead),
        residents_(task.residents),
        floats_(task.floats),
        uses_(code_),
        width_(width),
        masked_(masked),
        turns_(code_, uses_, width),
        result_(code_.values.size(), nullptr),
        register_(code_.values.size() * static_cast<std::size_t>(width), none),
        saved_(register_.size(), false),
        fetched_(register_.size(), false),
        slot_(register_.size(), never) {
    for (const MicroResult& r : code_.results) result_[r.value] = &r;
    const std::vector<std::uint32_t> spread = spread_uniforms(body_, code_);
    for (std::size_t k = 0; k < spread.size(); ++k) spread_at_.emplace(spread[k], num_sums_in_memory(code_) + k);
    for (std::size_t k = 0; k < residents_.size(); ++k)
      register_[index({residents_[k], 0})] = static_cast<std::int8_t>(num_free() + static_cast<int>(k));
  }

  RowTurns& turns() { return turns_; }
  int stack_size() const { return place_of_slot(num_slots_); }

  // Loads and stores so far, by the time that they take.
  int traffic() const { return traffic_; }

  void load_residents() {
    for (const ValueId n : residents_) load_uniform(register_[index({n, 0})], {n, 0});
  }

  bool is_read_outside(ValueId n) const { return result_[n] != nullptr && result_[n]->is_read; }
  bool is_used(ValueId n) const { return uses_.first[n] != uses_.first[n + 1]; }
  bool has_register(Part p) const { return register_[index(p)] != none; }
  bool dies(Part p) const { return turns_.next_use(p, true) == never && !is_resident(p.value); }
  bool same(Part p, Part q) const { return index(p) == index(q); }

  // Where a part stands that is in memory; of a uniform one perhaps a number that is spread over the vector.
  Xbyak::Address address(Part p) {
    const MicroInstruction& i = code_.values[p.value];
    switch (i.op) {
      case MicroOp::load: {
        const bool first = !fetched_[index(p)];
        fetched_[index(p)] = true;
        return at_pointer(i.a, p.vector, first && ahead_.rows > 0 && is_read_in_place(i.a));
      }
      case MicroOp::uniform:
        if (is_spread(p.value)) return to_.ptr[stack + place_of_sum(spread_at_.at(i.a))];
        return to_.ptr_b[uniforms + static_cast<int>(i.a) * 8];
      case MicroOp::constant: {
        const int at = static_cast<int>(place_in_pool(code_, i.a)) * 8;
        return is_spread(p.value) ? to_.ptr[pool + at] : to_.ptr_b[pool + at];
      }
      case MicroOp::eight:
        return to_.ptr[pool + static_cast<int>(place_of_eight(code_, i.a)) * 8];
      default:
        if (result_[p.value] != nullptr) return at_pointer(result_[p.value]->pointer, p.vector, false);
        return to_.ptr[stack + place_of_slot(slot_[index(p)])];
    }
  }

  void save(Part p) {
    if (in_memory(p)) return;
    if (result_[p.value] == nullptr && slot_[index(p)] == never) {
      if (free_slots_.empty()) free_slots_.push_back(num_slots_++);
      slot_[index(p)] = free_slots_.back();
      free_slots_.pop_back();
    }
    saved_[index(p)] = true;
    const Xbyak::Address to = address(p);
    if (ahead_.rows > 0 && result_[p.value] != nullptr && is_written_through(result_[p.value]->pointer))
      to_.prefetchw(to_.ptr[rows_at(place) + ahead_.rows * row_bytes + p.vector * vector_bytes]);
    if (result_[p.value] != nullptr && result_[p.value]->first_row > 0 && (masked_ || p.vector == 0)) {
      if (masked_) to_.kandb(has_result_and_exists, has_result, exists(p.vector));
      to_.vmovupd(to | (masked_ ? has_result_and_exists : has_result), zmm(register_[index(p)]));
    } else {
      to_.vmovupd(to, zmm(register_[index(p)]));
    }
    traffic_ += 2;
  }

  // Where the vector before one of a result stands.
  Xbyak::Address vector_before(Part p) {
    ++traffic_;
    return at_pointer(result_[p.value]->pointer, p.vector - 1, false);
  }

  int take_register() {
    int best = none;
    std::uint32_t farthest = 0;
    for (int r = 0; r < num_free(); ++r) {
      if (locked_[static_cast<std::size_t>(r)]) continue;
      const auto& held = held_[static_cast<std::size_t>(r)];
      if (!held) return r;
      std::uint32_t use = turns_.next_use(*held, false);
      if (use == never || use > farthest || best == none) best = r, farthest = use;
      if (use == never) break;
    }
    const Part victim = *held_[static_cast<std::size_t>(best)];
    if (turns_.next_use(victim, false) != never) save(victim);
    release(victim);
    return best;
  }

  void hold(Part p, int r) {
    register_[index(p)] = static_cast<std::int8_t>(r);
    held_[static_cast<std::size_t>(r)] = p;
  }

  void release(Part p) {
    const int r = register_[index(p)];
    if (r == none || is_resident(p.value)) return;
    held_[static_cast<std::size_t>(r)].reset();
    locked_[static_cast<std::size_t>(r)] = false;
    register_[index(p)] = none;
  }

  void lock(int r) { locked_[static_cast<std::size_t>(r)] = true; }
  void unlock() { locked_.fill(false); }

  // The register of a part, which stays until unlock().
  int in_register(Part p) {
    int r = register_[index(p)];
    if (r == none) {
      r = take_register();
      load_uniform(r, p);
      hold(p, r);
    }
    locked_[static_cast<std::size_t>(r)] = true;
    return r;
  }

  // For what overwrites its operand: a register of its own that holds a part.
  int copy_of(Part c) {
    if (has_register(c)) {
      const int from = in_register(c), r = take_register();
      to_.vmovapd(zmm(r), zmm(from));
      return r;
    }
    const int r = take_register();
    load_uniform(r, c);
    return r;
  }

  // A part that is read this once, from memory; else it is brought to a register.
  bool stays_in_memory(Part p) const {
    return register_[index(p)] == none && dies(p) && (!is_uniform(code_, p.value) || width_ == 1) && !reads_rows(p) && !is_of_floats(p.value);
  }
  Xbyak::Address read_address(Part p) {
    ++traffic_;
    return address(p);
  }

  template <class Emit>  // emit(Zmm or Address)
  void with_operand(Part p, Emit emit) {
    if (stays_in_memory(p))
      emit(read_address(p));
    else
      emit(zmm(in_register(p)));
  }

  // Those operands that nothing reads any more leave their registers, which the result may take.
  void drop_dead(ValueId n, int vector) {
    for_each_operand(code_, n, [&](ValueId x) {
      if (dies({x, vector})) release({x, vector});
    });
  }

  void free_slots(ValueId n, int vector) {
    for_each_operand(code_, n, [&](ValueId x) {
      const Part p{x, vector};
      if (is_source(code_.values[x].op) || result_[x] != nullptr || slot_[index(p)] == never || !dies(p)) return;
      free_slots_.push_back(slot_[index(p)]);
      slot_[index(p)] = never;
    });
  }

 private:
  bool is_resident(ValueId n) const { return std::ranges::find(residents_, n) != residents_.end(); }
  std::size_t index(Part p) const {
    return static_cast<std::size_t>(p.value) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(is_uniform(code_, p.value) ? 0 : p.vector);
  }

  bool reads_rows(Part p) const { return masked_ && code_.values[p.value].op == MicroOp::load; }

  bool is_of_floats(ValueId n) const {
    const MicroInstruction& i = code_.values[n];
    return i.op == MicroOp::load && reads_floats(i.a);
  }
  bool reads_floats(std::uint32_t pointer) const {
    const std::size_t first = body_.uniforms.size();
    return pointer >= first && pointer < first + floats_.size() && floats_[pointer - first];
  }

  Xbyak::RegExp rows_at(const Xbyak::Reg64& begin) const { return floats_.empty() ? begin + offset : begin + offset * 2; }

  Xbyak::Address at_pointer(std::uint32_t pointer, int vector, bool fetches_ahead) {
    const std::uint32_t first_block = body_.first_block();
    const int shift = vector * vector_bytes;
    if (pointer >= first_block && pointer < first_block + body_.num_blocks)
      return to_.ptr[rows_at(blocks) + static_cast<int>((pointer - first_block) * block_stride(body_) * row_bytes) + shift];
    if (in_place_ != pointer) to_.mov(place, to_.ptr[pointers + static_cast<int>(pointer) * 8]);
    in_place_ = pointer;
    if (reads_floats(pointer)) {
      if (fetches_ahead && vector % 2 == 0) fetch(place + offset + ahead_.rows * float_bytes + shift / 2);
      return to_.ptr[place + offset + shift / 2];
    }
    if (fetches_ahead) fetch(rows_at(place) + ahead_.rows * row_bytes + shift);
    return to_.ptr[rows_at(place) + shift];
  }

  void fetch(const Xbyak::RegExp& at) {
    if (ahead_.into_first)
      to_.prefetcht0(to_.ptr[at]);
    else
      to_.prefetcht1(to_.ptr[at]);
  }

  // Of the caller's: a column, or perhaps a view of parameters.
  bool is_read_in_place(std::uint32_t pointer) const {
    const bool column = pointer >= body_.uniforms.size() && pointer < body_.uniforms.size() + body_.columns.size();
    return column || (pointer >= body_.first_view() && pointer < body_.first_block());
  }

  // A stored column, or perhaps sums of a scatter: more than the caches hold.
  bool is_written_through(std::uint32_t pointer) const {
    return pointer >= body_.uniforms.size() + body_.columns.size() && pointer < body_.first_block();
  }

  bool in_memory(Part p) const { return is_source(code_.values[p.value].op) || saved_[index(p)]; }

  // Whether it stands in memory as a whole vector.
  bool is_spread(ValueId n) const {
    const MicroOp op = code_.values[n].op;
    return op == MicroOp::uniform ? !spread_at_.empty() : op == MicroOp::constant ? spreads_constants(code_) : true;
  }

  int place_of_slot(std::uint32_t slot) const {
    return place_of_sum(num_sums_in_memory(code_) + static_cast<std::uint32_t>(spread_at_.size()) + slot);
  }

  int num_free() const { return num_registers - static_cast<int>(sums_in_registers(code_) + residents_.size()); }

  void load_uniform(int r, Part p) {
    if (is_spread(p.value)) return load(r, p);
    Xbyak::Address a = address(p);
    to_.vbroadcastsd(zmm(r), to_.ptr[a.getRegExp()]);
    ++traffic_;
  }

  void load(int r, Part p) {
    ++traffic_;
    const Xbyak::Zmm to = reads_rows(p) ? zmm(r) | exists(p.vector) | Xbyak::util::T_z : zmm(r);
    if (is_of_floats(p.value))
      to_.vcvtps2pd(to, address(p));
    else
      to_.vmovupd(to, address(p));
  }

  Xbyak::CodeGenerator& to_;
  const Body& body_;
  const RowCode& code_;
  FetchAhead ahead_;
  const std::vector<ValueId>& residents_;
  const std::vector<bool>& floats_;
  Uses uses_;
  int width_;
  bool masked_;
  RowTurns turns_;
  std::vector<const MicroResult*> result_;
  std::vector<std::int8_t> register_;  // by part
  std::vector<bool> saved_, fetched_;
  std::vector<std::uint32_t> slot_;
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t num_slots_ = 0;
  std::unordered_map<std::uint32_t, std::uint32_t> spread_at_;  // by uniform value, after the sums
  std::array<std::optional<Part>, num_registers> held_;
  std::array<bool, num_registers> locked_{};
  std::uint32_t in_place_ = never;  // the pointer that `place` holds
  int traffic_ = 0;
};

}  // namespace
}  // namespace rappel::detail
