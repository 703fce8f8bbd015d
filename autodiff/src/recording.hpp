#pragma once

// The recording in progress of the calling thread, a stack: recordings nest.

#include <rappel/autodiff/expr.hpp>

#include "builder.hpp"

#include <unordered_map>

namespace rappel::detail {

struct CostRecording;
class Recording;
class Tape;

// Of the body of a scan: what it captures of the recording around it becomes its parameters.
struct Captures {
  Recording& outer;
  Index first;                                    // the parameters before are the body's own
  std::vector<NodeId> nodes = {};                 // of the outer recording, by capture
  std::unordered_map<NodeId, NodeId> known = {};  // outer node: own parameter
};

class Recording {
 public:
  explicit Recording(Builder& builder);  // becomes the innermost of this thread until its end
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  static Recording* innermost() { return innermost_recording; }  // of this thread, or null; none inside of a tape
  static Recording& required(const char* what);  // throws std::invalid_argument if there is none; a tape gives up

  Builder& builder() { return builder_; }
  // What is recorded from now on was written there; no place keeps the last one. A sweep sets places itself and
  // holds on to them.
  void locate(const Location& at) {
    if (holds_location) return;
    if (at.file != located_file_) find_file(at.file);
    if (!takes_location_) return;
    const bool common = file_id_ != 0 && at.line > 0 && at.line < 1 << 16;
    builder_.locate(common ? file_id_ + static_cast<LocationId>(at.line) : id_of(at));
  }
  bool holds_location = false;
  std::uint32_t generation() const { return generation_; }
  Expr expr(NodeId n) const {  // a constant where the node is one
    const Graph& graph = builder_.graph();
    if (!graph.is_constant(n)) return Expr::recorded(generation_, n);
    last_constant_ = n;
    return graph.value(n);
  }
  // Throws std::invalid_argument if x is another recording's, and not captured.
  NodeId node(const Expr& x) { return x.generation() == generation_ ? x.node() : node_of_other(x); }

  bool in_rows = false;             // a row function is running
  CostRecording* tables = nullptr;  // of the cost under recording; none in a sweep
  Captures* captures = nullptr;     // of the body of a scan

 private:
  NodeId node_of_other(const Expr& x);  // or of a constant

  friend class Tape;
  static constinit thread_local Recording* innermost_recording;
  static std::uint32_t next_generation();

  Builder& builder_;
  Recording* outer_;
  Tape* outer_tape_;
  std::uint32_t generation_;
  void find_file(const char* file);
  const char* located_file_ = nullptr;  // last
  LocationId file_id_ = 0;              // of its line 0
  bool takes_location_ = false;         // not inside of Eigen
  mutable NodeId last_constant_ = no_node;  // that became an Expr: a sweep hands it back at once
};

// The answer to a comparison used as bool: at the point of the recording in progress, and a guard of it.
// Throws NeedsPoint if there is none, std::invalid_argument if the condition varies by row.
bool decide(const Expr& condition);

}  // namespace rappel::detail
