#pragma once

// The instructions for some vectors of rows of one run of steps, for AVX-512. Part of row_compiler.cpp alone.

#include "program.hpp"
#include "row_uses.hpp"

#include <xbyak/xbyak.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

namespace rappel::detail {
namespace {


constexpr int row_bytes = 8, vector_bytes = 64, vector_rows = 8;
constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();

// Where the generated code finds things. Everything is left to the callee by the calling convention of x86-64 Linux.
const Xbyak::Reg64 leaf(Xbyak::Operand::RDI), pointers(Xbyak::Operand::R8), offset(Xbyak::Operand::RAX),
    end(Xbyak::Operand::RCX), uniforms(Xbyak::Operand::RDX), blocks(Xbyak::Operand::R10), pool(Xbyak::Operand::R11),
    place(Xbyak::Operand::RSI), whole(Xbyak::Operand::R9), frame(Xbyak::Operand::RBP), stack(Xbyak::Operand::RSP);

// Masks of the sign and of the rest, then constants: each a whole vector where they are few, since spreading a number over a vector
// takes time that arithmetic would use; then eights.
constexpr std::size_t pool_sign = 0, pool_size = 1, pool_first = 8, most_spread = 64;
inline bool spreads_constants(const RowCode& code) { return code.constants.size() <= most_spread; }
inline std::size_t place_in_pool(const RowCode& code, std::size_t constant) {
  return pool_first + (spreads_constants(code) ? 8 * constant : constant);
}
inline std::size_t place_of_eight(const RowCode& code, std::size_t eight) {
  return place_in_pool(code, (code.constants.size() + 7) / 8 * 8) + 8 * eight;
}

inline Xbyak::Zmm sum_register(std::uint32_t sum) { return Xbyak::Zmm(num_registers - 1 - static_cast<int>(sum)); }

inline Xbyak::Xmm total_register(std::uint32_t sum) { return Xbyak::Xmm(num_registers - 1 - static_cast<int>(sum)); }

// The stack, in vectors: one to fold sums in or to take terms from, the sums that have no registers, the uniform values where
// they are few, then values that wait.
inline std::uint32_t num_sums_in_memory(const RowCode& code) {
  return static_cast<std::uint32_t>(code.sums.size() - sums_in_registers(code));
}
inline int place_of_sum(std::uint32_t sum) { return static_cast<int>(1 + sum) * vector_bytes; }
inline std::vector<std::uint32_t> spread_uniforms(const Body& body, const RowCode& code) {
  std::vector<std::uint32_t> spread;
  for (const MicroInstruction& i : code.values)
    if (i.op == MicroOp::uniform) spread.push_back(i.a);
  constexpr Index worth_it = 256;  // rows
  if (body.leaf_rows < worth_it || spread.size() > most_spread) spread.clear();
  return spread;
}

// The rows of one run. Registers go to values as they are made; where there is none left, the one whose next use is farthest gives
// way (Belady 1966), to memory if it does not stand there already.
class RunGenerator {
 public:
  // Masked: only the rows that exist are read, and added to sums.
  // `residents`: uniform values that stay in registers from one time to the next.
  RunGenerator(Xbyak::CodeGenerator& to, const Body& body, const RowCode& code, int rows_ahead, bool masked,
               const std::vector<ValueId>& residents)
      : to_(to),
        body_(body),
        rows_ahead_(rows_ahead),
        masked_(masked),
        code_(code),
        uses_(code),
        residents_(residents),
        width_(vectors_at_once(code, uses_)),
        result_(code.values.size(), nullptr) {
    for (const MicroResult& r : code.results) result_[r.value] = &r;
    const std::vector<std::uint32_t> spread = spread_uniforms(body, code);
    for (std::size_t k = 0; k < spread.size(); ++k) spread_at_.emplace(spread[k], num_sums_in_memory(code) + k);
    set_width(width_);
  }

  int rows_at_once() const { return width_ * vector_rows; }
  int stack_size() const { return place_of_slot(num_slots_); }

  // Registers, places and slots are those of the code; vectors side by side may be fewer.
  void set_width(int width) {
    width_ = width;
    register_.assign(code_.values.size() * static_cast<std::size_t>(width_), none);
    saved_.assign(register_.size(), false);
    fetched_.assign(register_.size(), false);
    slot_.assign(register_.size(), never);
    for (std::size_t k = 0; k < residents_.size(); ++k) register_[index({residents_[k], 0})] = static_cast<std::int8_t>(num_free() + static_cast<int>(k));
    cursor_.resize(register_.size());
    for (ValueId n = 0; n < code_.values.size(); ++n)
      std::fill_n(cursor_.begin() + static_cast<std::ptrdiff_t>(part(n, 0)), width_, uses_.first[n]);
    arrange();
  }

  void load_residents() {
    for (const ValueId n : residents_) load_uniform(register_[index({n, 0})], {n, 0});
  }

  // Loads and stores so far, by the time that they take.
  int traffic() const { return traffic_; }

  // What is done with the rows at `offset`.
  void write() {
    if (masked_) write_masks();
    for (const Turn& turn : turns_) value(turn);
  }

 private:
  static constexpr std::int8_t none = -1;

  struct Part {  // of a value: one of its vectors, or all of them where it is uniform
    ValueId value;
    int vector;
  };

  struct Turn {  // a value for some of the vectors
    ValueId value;
    int first, last;
  };

  // Side by side all vectors would multiply at the same time, then all add, which other parts of a processor do: half of them
  // are behind the others, not farther than it looks ahead.
  void arrange() {
    constexpr std::size_t most_behind = 8;
    std::vector<ValueId> made;
    for (ValueId n = 0; n < code_.values.size(); ++n)
      if (!is_source(code_.values[n].op) && uses_.live[n]) made.push_back(n);
    const bool together = width_ == 1 || num_sums_in_memory(code_) > 0;
    const std::size_t behind = together ? 0 : std::min(most_behind, made.size() / 2);
    const int first = behind == 0 ? width_ : width_ / 2;
    turns_.clear();
    for (std::size_t i = 0; i < made.size() + behind; ++i) {
      if (i < made.size()) turns_.push_back({made[i], 0, first});
      if (first < width_ && i >= behind) turns_.push_back({made[i - behind], first, width_});
    }
    time_.assign(register_.size(), never);
    std::uint32_t now = 0;
    for (const Turn& turn : turns_)
      for (int v = turn.first; v < turn.last; ++v) time_[part(turn.value, v)] = now++;
  }

  std::size_t part(ValueId n, int vector) const {
    return static_cast<std::size_t>(n) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(vector);
  }
  bool uniform(ValueId n) const {
    const MicroOp op = code_.values[n].op;
    return op == MicroOp::uniform || op == MicroOp::constant || op == MicroOp::eight;
  }
  std::size_t index(Part p) const {
    return static_cast<std::size_t>(p.value) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(uniform(p.value) ? 0 : p.vector);
  }
  static Xbyak::Zmm zmm(int number) { return Xbyak::Zmm(number); }
  static Xbyak::Opmask exists(int vector) { return Xbyak::Opmask(4 + vector); }

  // Bits of the rows at `offset` that exist, for each vector.
  void write_masks() {
    to_.mov(place, to_.ptr[leaf + static_cast<int>(offsetof(Leaf, rows))]);
    to_.mov(whole, offset);
    to_.shr(whole, 3);
    to_.sub(place, whole);
    to_.mov(whole, 0);
    to_.cmovl(place, whole);  // by the flags of sub
    to_.mov(whole, row_padding);
    to_.cmp(place, whole);
    to_.cmovg(place, whole);
    to_.mov(whole, -1);
    to_.bzhi(whole, whole, place);
    for (int v = 0; v < width_; ++v) {
      to_.kmovb(exists(v), Xbyak::Reg32(whole.getIdx()));
      to_.shr(whole, vector_rows);
    }
  }

  // --- when a part is read next, by the number of the instruction ---

  std::uint32_t next_use(Part p, bool after_this) const {
    if (!uniform(p.value)) return next_use(p.value, p.vector, after_this);
    std::uint32_t next = never;
    for (int v = 0; v < width_; ++v) next = std::min(next, next_use(p.value, v, after_this));
    return next;
  }
  std::uint32_t next_use(ValueId n, int vector, bool after_this) const {
    const std::uint32_t last = uses_.first[n + 1];
    std::uint32_t k = cursor_[part(n, vector)];
    while (k < last && after_this && time_[part(uses_.users[k], vector)] == now_) ++k;
    return k < last ? time_[part(uses_.users[k], vector)] : never;
  }
  bool is_resident(ValueId n) const { return std::ranges::find(residents_, n) != residents_.end(); }
  bool dies(Part p) const { return next_use(p, true) == never && !is_resident(p.value); }

  // --- memory ---

  Xbyak::Address at_pointer(std::uint32_t pointer, int vector, bool fetches_ahead) {
    const std::uint32_t first_block = body_.first_block();
    const int shift = vector * vector_bytes;
    if (pointer >= first_block && pointer < first_block + body_.num_blocks)
      return to_.ptr[blocks + offset + static_cast<int>((pointer - first_block) * block_stride(body_) * row_bytes) + shift];
    if (in_place_ != pointer) to_.mov(place, to_.ptr[pointers + static_cast<int>(pointer) * 8]);
    in_place_ = pointer;
    if (fetches_ahead)
      to_.prefetcht0(to_.ptr[place + offset + rows_ahead_ * row_bytes + shift]);
    return to_.ptr[place + offset + shift];
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

  // Where a part stands that is in memory; of a uniform one perhaps a number that is spread over the vector.
  Xbyak::Address address(Part p) {
    const MicroInstruction& i = code_.values[p.value];
    switch (i.op) {
      case MicroOp::load: {
        const bool first = !fetched_[index(p)];
        fetched_[index(p)] = true;
        return at_pointer(i.a, p.vector, first && rows_ahead_ > 0 && is_read_in_place(i.a));
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
    if (rows_ahead_ > 0 && result_[p.value] != nullptr && is_written_through(result_[p.value]->pointer))
      to_.prefetchw(to_.ptr[place + offset + rows_ahead_ * row_bytes + p.vector * vector_bytes]);
    to_.vmovupd(to, zmm(register_[index(p)]));
    traffic_ += 2;
  }

  // --- registers ---

  int num_free() const { return num_registers - static_cast<int>(sums_in_registers(code_) + residents_.size()); }

  int take_register() {
    int best = none;
    std::uint32_t farthest = 0;
    for (int r = 0; r < num_free(); ++r) {
      if (locked_[static_cast<std::size_t>(r)]) continue;
      const auto& held = held_[static_cast<std::size_t>(r)];
      if (!held) return r;
      std::uint32_t use = next_use(*held, false);
      if (use == never || use > farthest || best == none) best = r, farthest = use;
      if (use == never) break;
    }
    const Part victim = *held_[static_cast<std::size_t>(best)];
    if (next_use(victim, false) != never) save(victim);
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

  void load_uniform(int r, Part p) {
    if (is_spread(p.value)) return load(r, p);
    Xbyak::Address a = address(p);
    to_.vbroadcastsd(zmm(r), to_.ptr[a.getRegExp()]);
    ++traffic_;
  }

  void load(int r, Part p) {
    ++traffic_;
    if (reads_rows(p))
      to_.vmovupd(zmm(r) | exists(p.vector) | Xbyak::util::T_z, address(p));
    else
      to_.vmovupd(zmm(r), address(p));
  }

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

  // A part that is read this once, from memory; else it is brought to a register.
  bool stays_in_memory(Part p) const {
    return register_[index(p)] == none && dies(p) && (!uniform(p.value) || width_ == 1) && !reads_rows(p);
  }
  bool reads_rows(Part p) const { return masked_ && code_.values[p.value].op == MicroOp::load; }

  template <class Emit>  // emit(Zmm or Address)
  void with_operand(Part p, Emit emit) {
    if (stays_in_memory(p))
      ++traffic_, emit(address(p));
    else
      emit(zmm(in_register(p)));
  }

  void unlock() { locked_.fill(false); }

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

  // --- instructions ---

  void value(const Turn& turn) {
    const ValueId n = turn.value;
    const bool is_read = result_[n] != nullptr && result_[n]->is_read;
    const bool adds = is_sum(code_.values[n].op), in_memory = adds && num_sums_in_memory(code_) > 0;
    int sum = none;  // the register of one that stands in memory
    now_ = time_[part(n, turn.first)];
    if (in_memory) {
      sum = take_register();
      to_.vmovupd(zmm(sum), to_.ptr[stack + place_of_sum(code_.values[n].c)]);
    }
    for (int v = turn.first; v < turn.last; ++v) {
      now_ = time_[part(n, v)];
      if (adds) {
        if (in_memory) locked_[static_cast<std::size_t>(sum)] = true;
        if (of_single_values(body_))
          add_in_order(n, v);
        else
          add_to_sum(n, v, in_memory ? zmm(sum) : sum_register(code_.values[n].c));
      } else {
        const int r = instruction(n, v);
        unlock();
        free_slots(n, v);
        const Part p{n, v};
        hold(p, r);
        if (is_read) save(p);
        if (uses_.first[n] == uses_.first[n + 1]) release(p);
      }
      for_each_operand(code_, n, [&](ValueId x) {
        std::uint32_t& k = cursor_[part(x, v)];
        while (k < uses_.first[x + 1] && uses_.users[k] <= n) ++k;
      });
    }
    if (in_memory) to_.vmovupd(to_.ptr[stack + place_of_sum(code_.values[n].c)], zmm(sum));
  }

  void add_to_sum(ValueId n, int v, const Xbyak::Zmm& all) {
    const MicroInstruction& i = code_.values[n];
    const Xbyak::Zmm sum = masked_ ? all | exists(v) : all;
    Part a{i.a, v}, b{i.b, v};
    if (i.op == MicroOp::add_to_sum) {
      with_operand(a, [&](const Xbyak::Operand& x) { to_.vaddpd(sum, all, x); });
    } else {
      if (stays_in_memory(a) && !stays_in_memory(b)) std::swap(a, b);
      const Xbyak::Zmm x = zmm(in_register(a));
      with_operand(b, [&](const Xbyak::Operand& y) { to_.vfmadd231pd(sum, x, y); });
    }
    unlock();
    free_slots(n, v);
    drop_dead(n, v);
  }

  // Of single values: one after the other, those that do not exist as -0. (From memory, where the terms have just been
  // written: the additions wait for one another in any case.)
  void add_in_order(ValueId n, int v) {
    const Part term{code_.values[n].a, v};
    int from = in_register(term);
    if (masked_) {
      const int r = take_register();
      to_.vbroadcastsd(zmm(r), to_.ptr[pool + static_cast<int>(pool_sign) * 8]);
      to_.vmovapd(zmm(r) | exists(v), zmm(from));
      from = r;
    }
    to_.vmovupd(to_.ptr[stack], zmm(from));
    const Xbyak::Xmm total = total_register(code_.values[n].c);
    for (int lane = 0; lane < vector_rows; ++lane) to_.vaddsd(total, total, to_.ptr[stack + lane * row_bytes]);
    unlock();
    free_slots(n, v);
    drop_dead(n, v);
  }

  // Emits the instruction for one vector; its result's register.
  int instruction(ValueId n, int v) {
    const MicroInstruction& i = code_.values[n];
    const Part a{i.a, v}, b{i.b, v};
    switch (i.op) {
      case MicroOp::add:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vaddpd(x...); }, true);
      case MicroOp::sub:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vsubpd(x...); }, false);
      case MicroOp::mul:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vmulpd(x...); }, true);
      case MicroOp::div:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vdivpd(x...); }, false);
      case MicroOp::least:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vminpd(x...); }, false);
      case MicroOp::most:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vmaxpd(x...); }, false);
      case MicroOp::scale:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vscalefpd(x...); }, false);
      case MicroOp::fma:
      case MicroOp::negated_fma:
        return multiply_add(n, v, a, b, {i.c, v});
      case MicroOp::pick:
        return pick(n, v, a, b, {i.c, v});
      case MicroOp::select:
        return choose(n, v, i.a, b, {i.c, v});
      default:
        return unary(n, v, i.op, a);
    }
  }

  int result_register(ValueId n, int v) {
    drop_dead(n, v);
    return take_register();
  }

  template <class Emit>
  int binary(ValueId n, int v, Part a, Part b, Emit emit, bool commutes) {
    if (commutes && stays_in_memory(a) && !stays_in_memory(b)) std::swap(a, b);
    const bool from_memory = stays_in_memory(b);
    const int left = in_register(a), right = from_memory ? none : in_register(b), r = result_register(n, v);
    traffic_ += from_memory;
    if (from_memory)
      emit(zmm(r), zmm(left), address(b));
    else
      emit(zmm(r), zmm(left), zmm(right));
    return r;
  }

  int unary(ValueId n, int v, MicroOp op, Part a) {
    const Xbyak::Zmm x = zmm(in_register(a));
    const Xbyak::Zmm r = zmm(result_register(n, v));
    if (op == MicroOp::neg)
      to_.vpxorq(r, x, to_.ptr_b[pool + static_cast<int>(pool_sign) * 8]);
    else if (op == MicroOp::abs)
      to_.vpandq(r, x, to_.ptr_b[pool + static_cast<int>(pool_size) * 8]);
    else if (op == MicroOp::neg_abs)
      to_.vporq(r, x, to_.ptr_b[pool + static_cast<int>(pool_sign) * 8]);
    else if (op == MicroOp::sqrt)
      to_.vsqrtpd(r, x);
    else if (op == MicroOp::rint)
      to_.vrndscalepd(r, x, 8);  // to nearest, ties to even
    else if (op == MicroOp::reciprocal_14)
      to_.vrcp14pd(r, x);
    else
      to_.vmovapd(r, x);
    return r.getIdx();
  }

  // r = +-r * x + z and r += +-x * y
  void multiply_into(ValueId n, int r, const Xbyak::Zmm& x, const Xbyak::Operand& z) {
    if (code_.values[n].op == MicroOp::fma)
      to_.vfmadd213pd(zmm(r), x, z);
    else
      to_.vfnmadd213pd(zmm(r), x, z);
  }
  void add_product(ValueId n, int r, const Xbyak::Zmm& x, const Xbyak::Operand& y) {
    if (code_.values[n].op == MicroOp::fma)
      to_.vfmadd231pd(zmm(r), x, y);
    else
      to_.vfnmadd231pd(zmm(r), x, y);
  }

  int multiply_add(ValueId n, int v, Part a, Part b, Part c) {
    if (stays_in_memory(a) && !stays_in_memory(b)) std::swap(a, b);
    const bool adds_to_c = register_[index(c)] != none && dies(c);
    const int x = in_register(a);
    if (!adds_to_c && dies(a) && index(a) != index(b) && index(a) != index(c)) {  // over the factor that is read no more
      const int y = in_register(b);
      with_operand(c, [&](const Xbyak::Operand& z) { multiply_into(n, x, zmm(y), z); });
      return overwritten(n, v, x);
    }
    int r = none;
    if (adds_to_c) {
      r = in_register(c);
      with_operand(b, [&](const Xbyak::Operand& y) { add_product(n, r, zmm(x), y); });
      return overwritten(n, v, r);
    }
    const bool from_memory = stays_in_memory(b);
    const int y = from_memory ? none : in_register(b);
    r = copy_of(c);
    locked_[static_cast<std::size_t>(r)] = true;
    if (from_memory)
      add_product(n, r, zmm(x), address(b));
    else
      add_product(n, r, zmm(x), zmm(y));
    drop_dead(n, v);
    return r;
  }

  // A register of its own that holds a part.
  int copy_of(Part c) {
    if (register_[index(c)] != none) {
      const int from = in_register(c), r = take_register();
      to_.vmovapd(zmm(r), zmm(from));
      return r;
    }
    const int r = take_register();
    load_uniform(r, c);
    return r;
  }

  int overwritten(ValueId n, int v, int r) {
    drop_dead(n, v);
    return r;
  }

  int choose(ValueId n, int v, std::uint32_t mask, Part x, Part y) {
    const Xbyak::Opmask k(1);
    compare(k, code_.masks[mask], v);
    unlock();
    if (code_.values[y.value].op == MicroOp::constant && std::bit_cast<std::uint64_t>(code_.constants[code_.values[y.value].a]) == 0) {
      const Xbyak::Zmm from = zmm(in_register(x));
      const int r = result_register(n, v);
      to_.vmovapd(zmm(r) | k | Xbyak::util::T_z, from);
      return r;
    }
    const bool from_memory = stays_in_memory(x);
    const int other = in_register(y), chosen = from_memory ? none : in_register(x), r = result_register(n, v);
    if (from_memory)
      to_.vblendmpd(zmm(r) | k, zmm(other), address(x));
    else
      to_.vblendmpd(zmm(r) | k, zmm(other), zmm(chosen));
    return r;
  }

  // The instruction writes over the numbers that it picks by.
  int pick(ValueId n, int v, Part by, Part first, Part second) {
    const bool from_memory = stays_in_memory(second);
    const int low = in_register(first), high = from_memory ? none : in_register(second);
    int r = in_register(by);
    if (!dies(by)) {
      const int from = r;
      r = take_register();
      to_.vmovapd(zmm(r), zmm(from));
    }
    if (from_memory)
      to_.vpermi2pd(zmm(r), zmm(low), address(second));
    else
      to_.vpermi2pd(zmm(r), zmm(low), zmm(high));
    return overwritten(n, v, r);
  }

  void compare(const Xbyak::Opmask& k, const MicroMask& m, int v) {
    const std::uint8_t predicate = m.op == MaskOp::less ? 1 : m.op == MaskOp::less_equal ? 2 : 0;  // false for NaN
    const int left = in_register({m.a, v});
    const int right = in_register({m.b, v});
    to_.vcmppd(k, zmm(left), zmm(right), predicate);
  }

  Xbyak::CodeGenerator& to_;
  const Body& body_;
  int rows_ahead_;  // of which columns are fetched: 0 for none
  bool masked_;
  const RowCode& code_;
  Uses uses_;
  const std::vector<ValueId>& residents_;
  int width_;
  std::vector<Turn> turns_;
  std::vector<std::uint32_t> time_;    // by part: the number of its instruction
  std::vector<std::uint32_t> cursor_;  // by value and vector, into uses_.users: the first that is still to come
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
  std::uint32_t now_ = 0;
  int traffic_ = 0;
};

}  // namespace
}  // namespace rappel::detail
