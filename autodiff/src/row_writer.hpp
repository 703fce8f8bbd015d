#pragma once

// Micro, on which the formulas of ops.def write the code of a run of steps, and the writer that keeps it. Part of row_code.cpp alone.

#include "formulas.hpp"
#include "row_code.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <vector>

namespace rappel::detail {
namespace {

class Writer;

bool has_several(Op op) { return op == Op::shifted_exps || op == Op::softmax; }  // results, or of one operand a single one

bool is_sum_step(const BodyStep& step) {
  const bool apart = step.kind == StepKind::chosen_sums || step.kind == StepKind::sums_of_list;
  return !apart && (step.op == Op::sum_rows || step.op == Op::sum_products || is_sum_of_logs(step.kind));
}

// Of (a1, a2, .., a1; b1, b2, ..): how many a there are.
std::uint32_t num_factors(const Body& body, const BodyStep& step) {
  std::uint32_t count = 1;
  while (body.operands[step.first + count] != body.operands[step.first]) ++count;
  return count;
}

// A value of the code that is being written, or a plain number.
struct Micro {
  Writer* writer = nullptr;
  ValueId id = no_value;
  double number = 0.0;
  Micro() = default;
  explicit Micro(double x) : number(x) {}
  Micro(Writer& w, ValueId n) : writer(&w), id(n) {}
};

struct MicroCondition {
  Writer* writer = nullptr;
  std::uint32_t id = 0;
  bool holds = false;  // of numbers alone
};

// Formulas may: the square of an argument, or 1 + e, say.
bool is_named_twice(MicroOp op) {
  return op == MicroOp::mul || op == MicroOp::abs || op == MicroOp::add || op == MicroOp::sub;
}

class Writer {
 public:
  Writer(const Body& body, std::size_t first, std::size_t last) : body_(body), first_(first), last_(last) {}

  RowCode run() {
    for (std::size_t i = first_; i < last_; ++i) {
      const BodyStep& step = body_.steps[i];
      first_of_step_ = static_cast<ValueId>(code_.values.size());
      if (is_sum_step(step))
        add_to_sums(step);
      else if (has_several(step.op))
        define_several(step);
      else
        define(step.result, value_of(step));
    }
    settle_results();
    // What nothing reads has no place of its own. Single values: others may stand there, a few rows on. Blocks: to wait on the stack
    // takes less of the first-level cache, and nothing else has to wait until the place is free.
    if (of_single_values(body_) || code_.results.size() <= most_on_stack)
      std::erase_if(code_.results, [](const MicroResult& r) { return !r.is_read; });
    return std::move(code_);
  }

  ValueId emit(MicroOp op, std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0) {
    if (is_named_twice(op)) {
      constexpr ValueId soon = 32;
      const auto size = static_cast<ValueId>(code_.values.size());
      for (ValueId n = size; n-- > (size > soon ? size - soon : 0);)
        if (const MicroInstruction& i = code_.values[n]; i.op == op && i.a == a && i.b == b && still_stands(n)) return n;
    }
    code_.values.push_back({op, a, b, c});
    return static_cast<ValueId>(code_.values.size() - 1);
  }
  std::uint32_t emit(MaskOp op, std::uint32_t a, std::uint32_t b = 0) {
    constexpr std::size_t soon = 8;
    for (std::size_t k = code_.masks.size(); k-- > (code_.masks.size() > soon ? code_.masks.size() - soon : 0);)
      if (const MicroMask& m = code_.masks[k]; m.op == op && m.a == a && m.b == b && still_stands(a) && still_stands(b))
        return static_cast<std::uint32_t>(k);
    code_.masks.push_back({op, a, b});
    return static_cast<std::uint32_t>(code_.masks.size() - 1);
  }

  // Half of a table of sixteen.
  ValueId eight(const double* numbers) {
    const auto [found, added] = eights_.try_emplace(numbers, no_value);
    if (added) {
      found->second = emit(MicroOp::eight, static_cast<std::uint32_t>(code_.eights.size()));
      std::copy_n(numbers, 8, code_.eights.emplace_back().begin());
    }
    return found->second;
  }

  // Of a truth value that a comparison of this run gave, 1 or 0: its mask, if what it compares can still be read.
  std::optional<std::uint32_t> mask_of(const Micro& x) const {
    if (x.writer == nullptr) return std::nullopt;
    const MicroInstruction& i = code_.values[x.id];
    if (i.op != MicroOp::select || !is_constant(i.b, 1.0) || !is_constant(i.c, 0.0)) return std::nullopt;
    const MicroMask& mask = code_.masks[i.a];
    return still_stands(mask.a) && still_stands(mask.b) ? std::optional(i.a) : std::nullopt;
  }

  // Of op(x): x; else no_value. Only of this step: where an earlier one read x another value may stand now.
  ValueId inside(MicroOp op, ValueId n) const {
    return n >= first_of_step_ && code_.values[n].op == op ? code_.values[n].a : no_value;
  }

  ValueId id_of(const Micro& x) {
    if (x.writer != nullptr) return x.id;
    const auto [found, added] = constants_.try_emplace(std::bit_cast<std::uint64_t>(x.number), no_value);
    if (added) {
      found->second = emit(MicroOp::constant, static_cast<std::uint32_t>(code_.constants.size()));
      code_.constants.push_back(x.number);
    }
    return found->second;
  }

 private:
  Micro operand(const BodyStep& step, std::uint32_t k) {
    const std::uint32_t pointer = body_.operands[step.first + k];
    if ((pointer & uniform_bit) != 0 && (pointer & ~uniform_bit) < body_.literals.size())
      if (const double x = body_.literals[pointer & ~uniform_bit]; x == x) return Micro(x);
    if (of_single_values(body_) && (pointer & uniform_bit) == 0 && rows_of(pointer) > 0)
      return {*this, emit(MicroOp::before, at_.at(without_rows(pointer)), rows_of(pointer))};
    const auto [found, added] = at_.try_emplace(pointer, no_value);
    if (added)
      found->second = (pointer & uniform_bit) != 0
                          ? emit(MicroOp::uniform, body_.uniforms[pointer & ~uniform_bit])
                          : emit(MicroOp::load, pointer);
    return {*this, found->second};
  }

  // What stands in two places is moved to the second.
  void define(std::uint32_t pointer, const Micro& value) {
    const std::uint32_t first_row = of_single_values(body_) ? rows_of(pointer) : 0;
    if (first_row > 0) pointer = without_rows(pointer);
    ValueId id = id_of(value);
    const MicroOp op = code_.values[id].op;
    const bool stands = is_source(op);
    if (stands || (id < pointer_.size() && pointer_[id] != no_pointer)) id = emit(MicroOp::move, id);
    pointer_.resize(code_.values.size(), no_pointer);
    pointer_[id] = pointer;
    at_[pointer] = id;
    code_.results.push_back({id, pointer, false, first_row});
  }

  std::uint32_t new_sum(std::uint32_t number, MicroSum::Kind kind = MicroSum::Kind::plain) {
    code_.sums.push_back({number, kind});
    return static_cast<std::uint32_t>(code_.sums.size() - 1);
  }
  void add_to_sums(const BodyStep& step);
  void multiply_product(const BodyStep& step);

  // Of the results at one place the last alone may be read by later steps.
  void settle_results();

  bool is_constant(ValueId n, double x) const {
    return code_.values[n].op == MicroOp::constant && code_.constants[code_.values[n].a] == x;
  }

  // Whether no later result took the place in memory of a value that has one.
  bool still_stands(ValueId n) const {
    const std::uint32_t pointer = code_.values[n].op == MicroOp::load ? code_.values[n].a : n < pointer_.size() ? pointer_[n] : no_pointer;
    return pointer == no_pointer || at_.at(pointer) == n;
  }

  Micro value_of(const BodyStep& step);
  void define_several(const BodyStep& step);
  Micro sum_of(const BodyStep& step);
  Micro dot_of(const BodyStep& step);

  const Body& body_;
  std::size_t first_, last_;
  ValueId first_of_step_ = 0;
  RowCode code_;
  std::unordered_map<std::uint32_t, ValueId> at_;  // by pointer: the value that stands there
  std::unordered_map<std::uint64_t, ValueId> constants_;
  std::unordered_map<const double*, ValueId> eights_;
  static constexpr std::uint32_t no_pointer = ~std::uint32_t{0};
  static constexpr std::size_t most_on_stack = 256;  // values, of 64 bytes a vector: 26 kB of a thread's stack were the most in random bodies
  std::vector<std::uint32_t> pointer_;  // by value: where it is a result
};

Writer* writer_of(const Micro& x, const Micro& y) { return x.writer != nullptr ? x.writer : y.writer; }

Micro binary(MicroOp op, const Micro& x, const Micro& y, double number) {
  Writer* w = writer_of(x, y);
  if (w == nullptr) return Micro(number);
  const ValueId a = w->id_of(x), b = w->id_of(y);
  return {*w, w->emit(op, a, b)};
}
Micro operator+(const Micro& x, const Micro& y) { return binary(MicroOp::add, x, y, x.number + y.number); }
Micro operator-(const Micro& x, const Micro& y) { return binary(MicroOp::sub, x, y, x.number - y.number); }
bool is_one(const Micro& x) { return x.writer == nullptr && x.number == 1.0; }
Micro operator*(const Micro& x, const Micro& y) {
  if (is_one(x)) return y;
  return is_one(y) ? x : binary(MicroOp::mul, x, y, x.number * y.number);
}
Micro operator/(const Micro& x, const Micro& y) { return binary(MicroOp::div, x, y, x.number / y.number); }

Micro unary(MicroOp op, const Micro& x, double number) {
  return x.writer == nullptr ? Micro(number) : Micro(*x.writer, x.writer->emit(op, x.id));
}
Micro operator-(const Micro& x) {
  if (x.writer != nullptr)
    if (const ValueId inside = x.writer->inside(MicroOp::abs, x.id); inside != no_value)
      return {*x.writer, x.writer->emit(MicroOp::neg_abs, inside)};
  return unary(MicroOp::neg, x, -x.number);
}
Micro math_abs(const Micro& x) { return unary(MicroOp::abs, x, std::abs(x.number)); }
Micro math_sqrt(const Micro& x) { return unary(MicroOp::sqrt, x, std::sqrt(x.number)); }
Micro fma(const Micro& x, const Micro& y, const Micro& z) {
  Writer* w = writer_of(x, y) != nullptr ? writer_of(x, y) : z.writer;
  if (w == nullptr) return Micro(std::fma(x.number, y.number, z.number));
  const ValueId a = w->id_of(x), b = w->id_of(y), c = w->id_of(z);
  if (const ValueId negated = w->inside(MicroOp::neg, a); negated != no_value)
    return {*w, w->emit(MicroOp::negated_fma, negated, b, c)};
  return {*w, w->emit(MicroOp::fma, a, b, c)};
}

Micro multiply_add(const Micro& x, const Micro& y, const Micro& z) { return fma(x, y, z); }

// Of numbers alone the formulas below ask nothing more.
Micro values_alone(MicroOp op, const Micro& x, const Micro& y) { return binary(op, x, y, std::nan("")); }
Micro least(const Micro& x, const Micro& y) { return values_alone(MicroOp::least, x, y); }
Micro most(const Micro& x, const Micro& y) { return values_alone(MicroOp::most, x, y); }
Micro nearer_to_zero(const Micro& x, const Micro& y) { return values_alone(MicroOp::nearer_to_zero, x, y); }
Micro scale_by_power_of_two(const Micro& x, const Micro& k) { return values_alone(MicroOp::scale, x, k); }
Micro math_rint(const Micro& x) { return unary(MicroOp::rint, x, std::nearbyint(x.number)); }
Micro pick_of_16(const double (&table)[16], const Micro& numbers) {
  Writer* w = numbers.writer;
  if (w == nullptr) return Micro(std::nan(""));
  const ValueId low = w->eight(table), high = w->eight(table + 8);
  return {*w, w->emit(MicroOp::pick, numbers.id, low, high)};
}
Micro math_exp(const Micro& x) { return formulas::exp_by_scaling(x); }
Micro exp_of_nonpositive(const Micro& x) { return formulas::exp_of_nonpositive_by_scaling(x); }
Micro exp_of_nonpositive(const Micro& x, const Micro& low) { return formulas::exp_of_nonpositive_by_scaling(x, low); }

// As lanes.hpp has it for AVX-512.
Micro quotient_by_unit(const Micro& x, const Micro& y) {
  Micro reciprocal = unary(MicroOp::reciprocal_14, y, std::nan(""));
  reciprocal = fma(reciprocal, fma(-y, reciprocal, Micro(1.0)), reciprocal);
  const Micro q = x * reciprocal;
  return fma(fma(-q, y, x), reciprocal, q);
}
Micro log1p_of_unit(const Micro& a) { return formulas::log1p_by_polynomial(a); }

MicroCondition compare(MaskOp op, const Micro& x, const Micro& y, bool holds) {
  Writer* w = writer_of(x, y);
  if (w == nullptr) return {nullptr, 0, holds};
  const ValueId a = w->id_of(x), b = w->id_of(y);
  return {w, w->emit(op, a, b), false};
}
MicroCondition operator<(const Micro& x, const Micro& y) { return compare(MaskOp::less, x, y, x.number < y.number); }
MicroCondition operator<=(const Micro& x, const Micro& y) {
  return compare(MaskOp::less_equal, x, y, x.number <= y.number);
}
MicroCondition operator>(const Micro& x, const Micro& y) { return y < x; }
MicroCondition operator==(const Micro& x, const Micro& y) { return compare(MaskOp::equal, x, y, x.number == y.number); }

Micro select(const MicroCondition& c, const Micro& x, const Micro& y) {
  if (c.writer == nullptr) return c.holds ? x : y;
  const ValueId a = c.writer->id_of(x), b = c.writer->id_of(y);
  return {*c.writer, c.writer->emit(MicroOp::select, c.id, a, b)};
}

}  // namespace
}  // namespace rappel::detail
