#pragma once

// The recording in progress of the calling thread, a stack: recordings nest.

#include <rappel/autodiff/expr.hpp>

#include "builder.hpp"

#include <unordered_map>

namespace rappel::detail {

struct CostRecording;
class Recording;

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

  static Recording* innermost();                 // of this thread, or null
  static Recording& required(const char* what);  // throws std::invalid_argument if there is none

  Builder& builder() { return builder_; }
  // What is recorded from now on was written there; no place keeps the last one. A sweep sets places itself and
  // holds on to them.
  void locate(const Location& at) {
    if (!holds_location && *at.file != '\0') builder_.graph().set_location(id_of(at));
  }
  bool holds_location = false;
  std::uint32_t generation() const { return generation_; }
  Expr expr(NodeId n) const;   // a constant where the node is one
  NodeId node(const Expr& x);  // throws std::invalid_argument if x is another recording's, and not captured

  bool in_rows = false;             // a row function is running
  CostRecording* tables = nullptr;  // of the cost under recording; none in a sweep
  Captures* captures = nullptr;     // of the body of a scan

 private:
  Builder& builder_;
  Recording* outer_;
  std::uint32_t generation_;
};

// The answer to a comparison used as bool: at the point of the recording in progress, and a guard of it.
// Throws NeedsPoint if there is none, std::invalid_argument if the condition varies by row.
bool decide(const Expr& condition);

}  // namespace rappel::detail
