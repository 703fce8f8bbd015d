#pragma once

#include "interpreter.hpp"

namespace rappel::detail {

// Whether no rows take part: see make_trace_run.
bool is_trace(const Program& program);

// Runs a program that is a trace. One of a few operations takes tens of nanoseconds, of which what an interpreter of rows
// asks at each call would be a third.
std::unique_ptr<Executor> make_trace_run(Program program, const KernelTable& kernels);

}  // namespace rappel::detail
