#pragma once

// One scalar trace: recorded once and replayed, or recorded, swept and dropped; against the plain double program, the
// gradient by hand and other libraries. A part of derivative_speed.

#include "figures.hpp"
#include "session.hpp"

#include <vector>

namespace rappel::bench {

void run_traces(Session& session);

// Peaks of the resident set, each in a child: call it while the process is small.
std::vector<Figure> trace_memory();

// Of what ran: the figures that have goals, with those of memory at the end; and rappel against each other library, cost by
// cost.
std::vector<Figure> trace_figures(const RatioReporter& reporter, const std::vector<Figure>& memory);
std::vector<Figure> peer_figures(const RatioReporter& reporter);

}  // namespace rappel::bench
