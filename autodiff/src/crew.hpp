#pragma once

// Threads that a calling thread keeps between its calls: to wake them takes microseconds, to start them tens. Scratch of
// its thread, like a Workspace: no result depends on it.

#include <functional>

namespace rappel::detail {

// Calls `work` in this thread and in `helpers` others at once, and returns when all are done. Where this thread's crew is
// already at work (an operation of the user's runs a Function), or no thread can be started, fewer take part: `work` has to
// take what there is to do piece by piece, and may not throw.
void work_together(std::size_t helpers, const std::function<void()>& work);

}  // namespace rappel::detail
