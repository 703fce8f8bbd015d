#pragma once

// The recording of a cost that is used once: values are computed at once, and each operation leaves its partials, which
// are swept backwards in doubles. No node is merged and no adjoint graph is built. Expressions that a tape does not
// hold (rows, scans, operations of the user's, results of several values) make it give up: the cost is then recorded
// as a graph.

#include <rappel/autodiff/expr.hpp>

#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace rappel::detail {

class Recording;

// Thrown through a cost that comes to something that no tape holds.
struct NotOnTape {};

class Tape {
 public:
  explicit Tape(ConstSpan x);  // becomes the innermost recording of this thread until its end
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // The tape of this thread if it is the innermost recording and holds one of the operands, and none belongs elsewhere.
  // Of literals alone no tape is needed.
  static Tape* of(const Expr& x) { return innermost != nullptr && innermost->holds(x) ? innermost : nullptr; }
  static Tape* of(const Expr& x, const Expr& y) {
    Tape* tape = innermost;
    if (tape == nullptr || !(tape->holds(x) || x.is_constant()) || !(tape->holds(y) || y.is_constant())) return nullptr;
    return x.is_constant() && y.is_constant() ? nullptr : tape;
  }
  static Tape* of(ExprSpan x);

  // If a tape is the innermost recording: marks and leaves it.
  static void give_up() {
    if (innermost == nullptr) return;
    innermost->gave_up_ = true;
    throw NotOnTape();
  }
  bool gave_up() const { return gave_up_; }  // where the cost caught it

  bool holds(const Expr& x) const { return x.generation() == generation_; }
  ExprSpan parameters() const { return parameters_; }

  // What a value depends on: nothing (0), or a node of the tape.
  static NodeId node_of(const Expr& x) { return x.node(); }
  // A value that no derivative passes through, though it was computed from parameters.
  Expr passive(double value) const { return Expr::on_tape(generation_, 0, value); }
  // A value with its partials by operands; an operand may be 0.
  Expr node(double value, NodeId x, double by_x) {
    if (x == 0) return passive(value);
    // What is as steep as its operand is that node: an operand plus a literal, or one that max chose.
    if (by_x == 1.0) return Expr::on_tape(generation_, x, value);
    append(x | begins_node, by_x);
    return Expr::on_tape(generation_, ++last_, value);
  }
  Expr node(double value, NodeId x, double by_x, NodeId y, double by_y) {
    if (y == 0) return node(value, x, by_x);
    if (x == 0) return node(value, y, by_y);
    if (end_ - next_ >= 2) {  // nearly always: one look at the room for both
      write(next_++, y | begins_node, by_y);  // the last first, since the sweep goes backwards
      write(next_++, x, by_x);
    } else {
      append(y | begins_node, by_y);
      append(x, by_x);
    }
    return Expr::on_tape(generation_, ++last_, value);
  }
  // Of any number of operands; an operand may be 0.
  struct Edge {
    NodeId operand = 0;
    double partial = 0.0;
  };
  Expr node(double value, std::span<const Edge> edges);

  // d output / d parameters.
  void gradient(const Expr& output, MutableSpan result);

 private:
  friend class Recording;
  // An operand and the partial by it, 12 bytes without a gap. Nodes have no other record: their edges stand in a row, and the
  // first in the row is marked.
  struct PackedEdge {
    std::uint32_t operand;
    std::uint32_t partial[2];
  };
  static constexpr std::uint32_t begins_node = std::uint32_t{1} << 31;
  struct Chunk {
    std::unique_ptr<PackedEdge[]> edges;
    std::size_t size;
  };
  static constexpr std::size_t first_chunk = 1 << 13, next_chunk = 1 << 17;  // edges

  void append(std::uint32_t operand, double partial) {
    if (next_ == end_) add_chunk();
    write(next_++, operand, partial);
  }
  static void write(PackedEdge* edge, std::uint32_t operand, double partial) {
    edge->operand = operand;
    std::memcpy(edge->partial, &partial, sizeof partial);
  }
  void add_chunk();

  static constinit thread_local Tape* innermost;
  // Memory of the thread's earlier tapes, up to some 64 MB: small costs allocate little, and large ones do not wait for the
  // system to hand out pages (a third of their time).
  struct Spare {
    std::unique_ptr<PackedEdge[]> first;
    std::vector<std::unique_ptr<PackedEdge[]>> others;
    std::vector<double> adjoints;
  };
  static constexpr std::size_t most_spare_chunks = 24, most_spare_adjoints = std::size_t{1} << 21;
  static thread_local Spare spare;

  std::uint32_t generation_;
  bool gave_up_ = false;
  NodeId last_;  // parameters are 1, 2, ..
  PackedEdge *next_ = nullptr, *end_ = nullptr;
  std::vector<Chunk> chunks_;
  std::vector<Expr> parameters_;
  Tape* outer_tape_;
  Recording* outer_recording_;
};

}  // namespace rappel::detail
