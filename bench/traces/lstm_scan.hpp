#pragma once

// The LSTM of costs.hpp with its loop over the steps as a scan: the body is recorded once.

#include "costs.hpp"

#include <rappel/autodiff.hpp>

namespace rappel::bench {

inline Function record_lstm_scan(const Lstm& cost) {
  constexpr Index states = 2 * Lstm::layers * Lstm::width, width = Lstm::width;
  return record(Lstm::parameters, [&](ExprSpan w) {
    std::vector<Expr> inputs;  // of a step: what came, what comes
    for (int t = 0; t < cost.steps; ++t)
      for (const std::size_t s : {static_cast<std::size_t>(t), static_cast<std::size_t>(t) + 1})
        inputs.insert(inputs.end(), (*cost.sequence)[s].begin(), (*cost.sequence)[s].end());
    // The state, then the loss so far.
    const std::vector<Expr> start(static_cast<std::size_t>(states) + 1, 0.0);
    const Scan s = scan(cost.steps, start, inputs, [&](ExprSpan carry, ExprSpan input) {
      std::vector<Expr> state(carry.begin(), carry.end());
      state[states] += Lstm::step<Expr>(w, state, input.first(width), input.last(width));
      return state;
    });
    return s.carry[states] / (1.0 * Lstm::width * cost.steps);
  });
}

}  // namespace rappel::bench
