#pragma once

// The recording of a cost that is used once: values are computed at once, and each operation leaves its partials, which
// are swept backwards in doubles. No node is merged and no adjoint graph is built. Expressions that a tape does not
// hold (rows, scans, operations of the user's, results of several values) make it give up: the cost is then recorded
// as a graph.

#include <rappel/autodiff/expr.hpp>

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
    const NodeId own = append({{by_x, 0.0}, {x, 0}});
    return Expr::on_tape(generation_, own, value);
  }
  Expr node(double value, NodeId x, double by_x, NodeId y, double by_y) {
    if (y == 0) return node(value, x, by_x);
    if (x == 0) return node(value, y, by_y);
    return Expr::on_tape(generation_, append({{by_x, by_y}, {x, y}}), value);
  }
  // Of any number of operands: a chain of nodes. An operand may be 0.
  struct Edge {
    NodeId operand;
    double partial;
  };
  Expr node(double value, std::span<const Edge> edges);

  // d output / d parameters.
  void gradient(const Expr& output, MutableSpan result);

 private:
  friend class Recording;
  struct Node {
    double partial[2];
    NodeId operand[2];  // the second may be 0
  };
  struct Chunk {
    std::unique_ptr<Node[]> nodes;
    std::size_t size;
  };
  static constexpr std::size_t first_chunk = 1 << 12, next_chunk = 1 << 16;  // nodes

  NodeId append(const Node& node) {
    if (next_ == end_) add_chunk();
    *next_++ = node;
    return ++last_;
  }
  void add_chunk();

  static constinit thread_local Tape* innermost;
  static thread_local std::unique_ptr<Node[]> spare_chunk;  // the first of the last tape: small costs allocate little

  std::uint32_t generation_;
  bool gave_up_ = false;
  NodeId last_;  // parameters are 1, 2, ..
  Node *next_ = nullptr, *end_ = nullptr;
  std::vector<Chunk> chunks_;
  std::vector<Expr> parameters_;
  Tape* outer_tape_;
  Recording* outer_recording_;
};

}  // namespace rappel::detail
