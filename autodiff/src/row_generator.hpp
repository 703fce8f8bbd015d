#pragma once

// The instructions for some vectors of rows of one run of steps, for AVX-512. Part of row_compiler.cpp alone.

#include "row_registers.hpp"

#include <bit>
#include <utility>

namespace rappel::detail {
namespace {

// Bits by which a number of rows is shifted to be an offset.
inline int offset_bits(const std::vector<bool>& floats) { return floats.empty() ? 3 : 2; }

class RunGenerator {
 public:
  // Masked: only the rows that exist are read, and added to sums.
  RunGenerator(Xbyak::CodeGenerator& to, const RowTask& task, int width, bool masked)
      : to_(to), body_(task.body), code_(task.code), floats_(task.floats), width_(width), masked_(masked), values_(to, task, width, masked) {}

  int rows_at_once() const { return width_ * vector_rows; }
  RowRegisters& values() { return values_; }

  // What is done with the rows at `offset`.
  void write() {
    if (masked_) write_masks();
    for (const Turn& turn : values_.turns().turns()) value(turn);
  }

 private:
  // Bits of the rows at `offset` that exist, for each vector.
  void write_masks() {
    to_.mov(place, to_.ptr[leaf + static_cast<int>(offsetof(Leaf, rows))]);
    to_.mov(whole, offset);
    to_.shr(whole, offset_bits(floats_));
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

  void value(const Turn& turn) {
    const ValueId n = turn.value;
    const bool adds = is_sum(code_.values[n].op), in_memory = adds && num_sums_in_memory(code_) > 0;
    const std::uint32_t first_sum = code_.values[n].c, num_places = is_product(code_.values[n].op) ? places_of_logs : 1;
    int sum[places_of_logs];  // the registers of those that stand in memory
    for (std::uint32_t k = 0; in_memory && k < num_places; ++k) {
      values_.turns().begin(n, turn.first);
      sum[k] = values_.take_register();
      values_.lock(sum[k]);
      to_.vmovupd(zmm(sum[k]), to_.ptr[stack + place_of_sum(first_sum + k)]);
    }
    for (int v = turn.first; v < turn.last; ++v) {
      values_.turns().begin(n, v);
      if (!adds) {
        make(n, v);
      } else if (of_single_values(body_)) {
        add_in_order(n, v);
      } else {
        const auto place_k = [&](std::uint32_t k) { return in_memory ? zmm(sum[k]) : sum_register(first_sum + k); };
        for (std::uint32_t k = 0; in_memory && k < num_places; ++k) values_.lock(sum[k]);
        if (is_product(code_.values[n].op))
          multiply_product(n, v, place_k(0), place_k(1));
        else
          add_to_sum(n, v, place_k(0));
      }
      values_.turns().end(n, v);
    }
    values_.unlock();
    for (std::uint32_t k = 0; in_memory && k < num_places; ++k) to_.vmovupd(to_.ptr[stack + place_of_sum(first_sum + k)], zmm(sum[k]));
  }

  void make(ValueId n, int v) {
    const int r = instruction(n, v);
    values_.unlock();
    values_.free_slots(n, v);
    const Part p{n, v};
    values_.hold(p, r);
    if (values_.is_read_outside(n)) values_.save(p);
    if (!values_.is_used(n)) values_.release(p);
  }

  void add_to_sum(ValueId n, int v, const Xbyak::Zmm& all) {
    const MicroInstruction& i = code_.values[n];
    const Xbyak::Zmm sum = masked_ ? all | exists(v) : all;
    Part a{i.a, v}, b{i.b, v};
    if (i.op == MicroOp::add_to_sum) {
      values_.with_operand(a, [&](const Xbyak::Operand& x) { to_.vaddpd(sum, all, x); });
    } else {
      if (values_.stays_in_memory(a) && !values_.stays_in_memory(b)) std::swap(a, b);
      const Xbyak::Zmm x = zmm(values_.in_register(a));
      values_.with_operand(b, [&](const Xbyak::Operand& y) { to_.vfmadd231pd(sum, x, y); });
    }
    values_.unlock();
    values_.free_slots(n, v);
    values_.drop_dead(n, v);
  }

  // (product, low) by a factor, as ProductOfFactors has it.
  void multiply_product(ValueId n, int v, const Xbyak::Zmm& product, const Xbyak::Zmm& low) {
    const MicroInstruction& i = code_.values[n];
    const Xbyak::Zmm x = zmm(values_.in_register({i.a, v})), y = zmm(values_.in_register({i.b, v}));
    const int first = values_.take_register();
    values_.lock(first);
    const Xbyak::Zmm next = zmm(first), lost = zmm(values_.take_register());
    to_.vmovapd(next, product);
    to_.vmovapd(lost, product);
    if (i.op == MicroOp::multiply_product_by_unit) {
      to_.vfmadd213pd(next, x, product);
      to_.vsubpd(lost, product, next);
      to_.vfmadd231pd(lost, product, x);
    } else {
      to_.vmulpd(next, product, x);
      to_.vfmsub213pd(lost, x, next);
      to_.vfmadd231pd(lost, product, y);
    }
    const Xbyak::Zmm& factor = i.op == MicroOp::multiply_product_by_unit ? y : x;
    to_.vfmadd213pd(masked_ ? low | exists(v) : low, factor, lost);
    to_.vmovapd(masked_ ? product | exists(v) : product, next);
    values_.unlock();
    values_.free_slots(n, v);
    values_.drop_dead(n, v);
  }

  // Of single values: one after the other, those that do not exist as -0. (From memory, where the terms have just been
  // written: the additions wait for one another in any case.)
  void add_in_order(ValueId n, int v) {
    const Part term{code_.values[n].a, v};
    int from = values_.in_register(term);
    if (masked_) {
      const int r = values_.take_register();
      to_.vbroadcastsd(zmm(r), to_.ptr[pool + static_cast<int>(pool_sign) * 8]);
      to_.vmovapd(zmm(r) | exists(v), zmm(from));
      from = r;
    }
    to_.vmovupd(to_.ptr[stack], zmm(from));
    const Xbyak::Xmm total = total_register(code_.values[n].c);
    for (int lane = 0; lane < vector_rows; ++lane) to_.vaddsd(total, total, to_.ptr[stack + lane * row_bytes]);
    values_.unlock();
    values_.free_slots(n, v);
    values_.drop_dead(n, v);
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
      case MicroOp::nearer_to_zero:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vrangepd(x..., 0b0110); }, false);  // of the smaller size, its own sign
      case MicroOp::scale:
        return binary(n, v, a, b, [&](auto&&... x) { to_.vscalefpd(x...); }, false);
      case MicroOp::fma:
      case MicroOp::negated_fma:
        return multiply_add(n, v, a, b, {i.c, v});
      case MicroOp::pick:
        return pick(n, v, a, b, {i.c, v});
      case MicroOp::select:
        return choose(n, v, i.a, b, {i.c, v});
      case MicroOp::before:
        return before(n, v, a, i.b);
      default:
        return unary(n, v, i.op, a);
    }
  }

  int result_register(ValueId n, int v) {
    values_.drop_dead(n, v);
    return values_.take_register();
  }

  template <class Emit>
  int binary(ValueId n, int v, Part a, Part b, Emit emit, bool commutes) {
    if (commutes && values_.stays_in_memory(a) && !values_.stays_in_memory(b)) std::swap(a, b);
    const bool from_memory = values_.stays_in_memory(b);
    const int left = values_.in_register(a), right = from_memory ? RowRegisters::none : values_.in_register(b), r = result_register(n, v);
    if (from_memory)
      emit(zmm(r), zmm(left), values_.read_address(b));
    else
      emit(zmm(r), zmm(left), zmm(right));
    return r;
  }

  int unary(ValueId n, int v, MicroOp op, Part a) {
    const Xbyak::Zmm x = zmm(values_.in_register(a));
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
    if (values_.stays_in_memory(a) && !values_.stays_in_memory(b)) std::swap(a, b);
    const bool adds_to_c = values_.has_register(c) && values_.dies(c);
    const int x = values_.in_register(a);
    if (!adds_to_c && values_.dies(a) && !values_.same(a, b) && !values_.same(a, c)) {  // over the factor that is read no more
      const int y = values_.in_register(b);
      values_.with_operand(c, [&](const Xbyak::Operand& z) { multiply_into(n, x, zmm(y), z); });
      return overwritten(n, v, x);
    }
    int r = RowRegisters::none;
    if (adds_to_c) {
      r = values_.in_register(c);
      values_.with_operand(b, [&](const Xbyak::Operand& y) { add_product(n, r, zmm(x), y); });
      return overwritten(n, v, r);
    }
    const bool from_memory = values_.stays_in_memory(b);
    const int y = from_memory ? RowRegisters::none : values_.in_register(b);
    r = values_.copy_of(c);
    values_.lock(r);
    if (from_memory)
      add_product(n, r, zmm(x), values_.address(b));
    else
      add_product(n, r, zmm(x), zmm(y));
    values_.drop_dead(n, v);
    return r;
  }

  int overwritten(ValueId n, int v, int r) {
    values_.drop_dead(n, v);
    return r;
  }

  int choose(ValueId n, int v, std::uint32_t mask, Part x, Part y) {
    const Xbyak::Opmask k = mask_register(mask, v);
    values_.unlock();
    if (code_.values[y.value].op == MicroOp::constant && std::bit_cast<std::uint64_t>(code_.constants[code_.values[y.value].a]) == 0) {
      const Xbyak::Zmm from = zmm(values_.in_register(x));
      const int r = result_register(n, v);
      to_.vmovapd(zmm(r) | k | Xbyak::util::T_z, from);
      return r;
    }
    const bool from_memory = values_.stays_in_memory(x);
    const int other = values_.in_register(y), chosen = from_memory ? RowRegisters::none : values_.in_register(x), r = result_register(n, v);
    if (from_memory)
      to_.vblendmpd(zmm(r) | k, zmm(other), values_.address(x));
    else
      to_.vblendmpd(zmm(r) | k, zmm(other), zmm(chosen));
    return r;
  }

  // From the register and, for the vector before, from where it has been written as a whole: a vector that spans both could not be
  // read before they stand in the cache.
  int before(ValueId n, int v, Part a, std::uint32_t rows) {
    const int x = values_.in_register(a), r = result_register(n, v);
    to_.valignq(zmm(r), zmm(x), values_.vector_before(a), static_cast<std::uint8_t>(vector_rows - rows));
    return r;
  }

  // The instruction writes over the numbers that it picks by.
  int pick(ValueId n, int v, Part by, Part first, Part second) {
    const bool from_memory = values_.stays_in_memory(second);
    const int low = values_.in_register(first), high = from_memory ? RowRegisters::none : values_.in_register(second);
    int r = values_.in_register(by);
    if (!values_.dies(by)) {
      const int from = r;
      r = values_.take_register();
      to_.vmovapd(zmm(r), zmm(from));
    }
    if (from_memory)
      to_.vpermi2pd(zmm(r), zmm(low), values_.address(second));
    else
      to_.vpermi2pd(zmm(r), zmm(low), zmm(high));
    return overwritten(n, v, r);
  }

  // With the mask of a vector, which stands there until others were compared.
  Xbyak::Opmask mask_register(std::uint32_t mask, int v) {
    const int num_masks = of_single_values(body_) ? 1 : most_masks;  // has_result stands behind the first
    for (int k = 0; k < num_masks; ++k)
      if (masks_[k] == std::pair(mask, v)) return Xbyak::Opmask(1 + k);
    const int k = next_mask_++ % num_masks;
    masks_[k] = {mask, v};
    compare(Xbyak::Opmask(1 + k), code_.masks[mask], v);
    return Xbyak::Opmask(1 + k);
  }

  void compare(const Xbyak::Opmask& k, const MicroMask& m, int v) {
    const std::uint8_t predicate = m.op == MaskOp::less ? 1 : m.op == MaskOp::less_equal ? 2 : 0;  // false for NaN
    const int left = values_.in_register({m.a, v});
    const int right = values_.in_register({m.b, v});
    to_.vcmppd(k, zmm(left), zmm(right), predicate);
  }

  Xbyak::CodeGenerator& to_;
  const Body& body_;
  const RowCode& code_;
  const std::vector<bool>& floats_;
  int width_;
  bool masked_;
  RowRegisters values_;
  static constexpr int most_masks = 3;  // the registers before those of exists()
  std::pair<std::uint32_t, int> masks_[most_masks] = {{no_value, 0}, {no_value, 0}, {no_value, 0}};
  int next_mask_ = 0;
};

}  // namespace
}  // namespace rappel::detail
