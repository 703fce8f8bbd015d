#pragma once

// What an operation comes to where operands are literals: numbers that were written, not computed from parameters.
// Graphs and tapes follow the same rules.

#include <rappel/autodiff/ops_enum.hpp>

namespace rappel::detail {

enum class Literally { nothing, first, second, minus_first, minus_second, zero, one };  // which operand, or number

// The literals that some rule asks for.
constexpr bool is_of_literals(double value) { return value == 0.0 || value == 1.0 || value == -1.0; }

// is(i, value): operand i is this literal, bit for bit. exact_zeros as in PassOptions.
template <class Is>
constexpr Literally literally(Op op, const Is& is, bool exact_zeros) {
  const auto zero = [&](int i) { return is(i, 0.0) || is(i, -0.0); };
  const auto absorbed = [&](int i) { return !exact_zeros && zero(i); };
  switch (op) {
    case Op::add:
      if (is(0, -0.0) || absorbed(0)) return Literally::second;
      return is(1, -0.0) || absorbed(1) ? Literally::first : Literally::nothing;
    case Op::sub:
      if (is(1, 0.0) || absorbed(1)) return Literally::first;
      return absorbed(0) ? Literally::minus_second : Literally::nothing;
    case Op::mul:
      if (is(0, 1.0)) return Literally::second;
      if (is(1, 1.0)) return Literally::first;
      if (is(0, -1.0)) return Literally::minus_second;
      if (is(1, -1.0)) return Literally::minus_first;
      return absorbed(0) || absorbed(1) ? Literally::zero : Literally::nothing;
    case Op::div:
      if (is(1, 1.0)) return Literally::first;
      return absorbed(0) ? Literally::zero : Literally::nothing;
    case Op::logical_and:
      if (is(1, 1.0)) return Literally::first;
      if (is(0, 1.0)) return Literally::second;
      return zero(0) || zero(1) ? Literally::zero : Literally::nothing;
    case Op::logical_or:
      if (zero(1)) return Literally::first;
      if (zero(0)) return Literally::second;
      return is(0, 1.0) || is(1, 1.0) ? Literally::one : Literally::nothing;
    default:
      return Literally::nothing;
  }
}

}  // namespace rappel::detail
