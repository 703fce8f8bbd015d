#pragma once

// When to stop, and who watches.

#include "rappel/optim/outcome.hpp"

#include <rappel/core.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace rappel {

// An iterate, as observers and stopping rules see it. The spans are valid during the call only.
struct Progress {
  Index iteration = 0;  // 0 is the start
  double value = 0.0;
  double gradient_norm = 0.0;  // the largest entry in size
  double step = 0.0;           // multiple of the direction that led here; the learning rate if that is fixed
  double step_norm = 0.0;      // Euclidean length of the move that led here
  double seconds = 0.0;        // since minimize was called
  Index evaluations = 0;       // so far
  ConstSpan x = {};
  ConstSpan gradient = {};
};

// Called at the start and after each accepted step, the last one too.
using Observer = std::function<void(const Progress&)>;

// Asked at the same places, after the observer; anything but StopReason::none stops.
using StoppingRule = std::function<StopReason(const Progress&)>;

struct StoppingOptions {
  // Converged if |g|_inf <= gradient_tolerance * max(|g(start)|_inf, 1e-3 * gradient_scale).
  // So a start where the gradient is exactly 0 is converged.
  double gradient_tolerance = 1e-8;
  // None: what the method says: 1,000 for L-BFGS, 10,000 for gradient descent.
  std::optional<Index> max_iterations = {};
  // Size of the largest term that is added up in the gradient, if known: it keeps the tolerance reachable
  // from a start that is nearly a minimum.
  double gradient_scale = 0.0;
  // Size of the largest term that is added up in the cost, if known and above |J|: the rounding of J.
  double value_scale = 0.0;
  std::vector<StoppingRule> rules = {};  // the user's own
};

// Stops after so many seconds.
StoppingRule time_limit(double seconds);

// Stops as soon as the cost is at most `target`.
StoppingRule value_at_most(double target);

}  // namespace rappel
