#pragma once

// The order in which compiled rows compute their values, for some vectors of rows side by side, and when each is read next. Part of
// row_compiler.cpp alone.

#include "row_frame.hpp"

namespace rappel::detail {
namespace {

struct Part {  // of a value: one of its vectors, or all of them where it is uniform
  ValueId value;
  int vector;
};

struct Turn {  // a value for some of the vectors
  ValueId value;
  int first, last;
};

inline bool is_uniform(const RowCode& code, ValueId n) {
  const MicroOp op = code.values[n].op;
  return op == MicroOp::uniform || op == MicroOp::constant || op == MicroOp::eight;
}

class RowTurns {
 public:
  RowTurns(const RowCode& code, const Uses& uses, int width) : code_(code), uses_(uses), width_(width) {
    cursor_.resize(code.values.size() * static_cast<std::size_t>(width_));
    for (ValueId n = 0; n < code.values.size(); ++n)
      std::fill_n(cursor_.begin() + static_cast<std::ptrdiff_t>(part(n, 0)), width_, uses_.first[n]);
    arrange();
  }

  const std::vector<Turn>& turns() const { return turns_; }

  // Now vector `vector` of value n is computed; and now it has been.
  void begin(ValueId n, int vector) { now_ = time_[part(n, vector)]; }
  void end(ValueId n, int vector) {
    for_each_operand(code_, n, [&](ValueId x) {
      std::uint32_t& k = cursor_[part(x, vector)];
      while (k < uses_.first[x + 1] && uses_.users[k] <= n) ++k;
    });
  }

  // The number of the instruction that reads a part next: the one at hand, or only those after it.
  std::uint32_t next_use(Part p, bool after_this) const {
    if (!is_uniform(code_, p.value)) return next_use(p.value, p.vector, after_this);
    std::uint32_t next = never;
    for (int v = 0; v < width_; ++v) next = std::min(next, next_use(p.value, v, after_this));
    return next;
  }

 private:
  std::uint32_t next_use(ValueId n, int vector, bool after_this) const {
    const std::uint32_t last = uses_.first[n + 1];
    std::uint32_t k = cursor_[part(n, vector)];
    while (k < last && after_this && time_[part(uses_.users[k], vector)] == now_) ++k;
    return k < last ? time_[part(uses_.users[k], vector)] : never;
  }

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
    time_.assign(cursor_.size(), never);
    std::uint32_t now = 0;
    for (const Turn& turn : turns_)
      for (int v = turn.first; v < turn.last; ++v) time_[part(turn.value, v)] = now++;
  }

  std::size_t part(ValueId n, int vector) const {
    return static_cast<std::size_t>(n) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(vector);
  }

  const RowCode& code_;
  const Uses& uses_;
  int width_;
  std::vector<Turn> turns_;
  std::vector<std::uint32_t> time_;    // by value and vector: the number of its instruction
  std::vector<std::uint32_t> cursor_;  // by value and vector, into uses_.users: the first that is still to come
  std::uint32_t now_ = 0;
};

}  // namespace
}  // namespace rappel::detail
