#pragma once

// Where the code of compiled rows finds things: in which registers, and at which places of memory. Part of row_compiler.cpp alone.

#include "program.hpp"
#include "row_uses.hpp"

#include <xbyak/xbyak.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace rappel::detail {
namespace {

constexpr int row_bytes = 8, float_bytes = 4, vector_bytes = 64, vector_rows = 8;
constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();

// Where the generated code finds things. `offset` and `end` count bytes of doubles or, where a column is read as floats, of
// floats. Everything is left to the callee by the calling convention of x86-64 Linux.
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
    if (i.op == MicroOp::uniform && std::ranges::find(spread, i.a) == spread.end()) spread.push_back(i.a);
  constexpr Index worth_it = 256;  // rows
  if (body.leaf_rows < worth_it || spread.size() > most_spread) spread.clear();
  return spread;
}

}  // namespace
}  // namespace rappel::detail
