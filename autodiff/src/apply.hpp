#pragma once

// An operation on Exprs in the graph under recording, or on constants at once.

#include "recording.hpp"

namespace rappel::detail {

[[noreturn]] Recording& no_recording_of(const Expr& x);
// The innermost recording, to which x should belong.
inline Recording& recording_of(const Expr& x) {
  Recording* innermost = Recording::innermost();
  return innermost != nullptr ? *innermost : no_recording_of(x);
}
// The innermost recording if an operand is recorded; null if all are constants.
Recording* recording_of_any(ExprSpan x);

double evaluate_constants(Op op, ExprSpan x);

inline Expr apply(Op op, const Expr& x, const Location& at) {
  if (x.is_constant()) return evaluate_constants(op, {&x, 1});
  Recording& recording = recording_of(x);
  recording.locate(at);
  return recording.expr(recording.builder().node(op, recording.node(x)));
}

inline Expr apply(Op op, const Expr& x, const Expr& y, const Location& at) {
  if (x.is_constant() && y.is_constant()) return evaluate_constants(op, {x, y});
  Recording& recording = recording_of(x.is_constant() ? y : x);
  const NodeId first = recording.node(x), second = recording.node(y);
  Builder& builder = recording.builder();
  if (builder.may_fold(op, first, second)) {
    recording.locate(at);
    return recording.expr(builder.node(op, first, second));
  }
  return Expr::recorded(recording.generation(), builder.merged(op, first, second, [&] { recording.locate(at); }));
}

Expr apply_nary(Op op, ExprSpan x, const Location& at);

}  // namespace rappel::detail
