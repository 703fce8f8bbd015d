#pragma once

// Where to go from an iterate.

#include <rappel/core.hpp>

#include <functional>
#include <memory>

namespace rappel {

// A point, with value and gradient. The spans are valid during the call only.
struct Iterate {
  Index iteration = 0;
  double value = 0.0;
  ConstSpan x = {};
  ConstSpan gradient = {};
};

// One object serves one descent and may remember.
struct Direction {
  virtual ~Direction() = default;

  // Overwrites direction. Called once at each iterate, and again after a restart. At iteration 0 `previous`
  // is the start too.
  virtual void compute(const Iterate& previous, const Iterate& current, MutableSpan direction) = 0;

  // Called if no step along the direction was acceptable: forgets the past, so that the next direction is
  // downhill. Returns false if there was nothing to forget: then the descent ends.
  virtual bool restart() { return false; }
};

// Makes the direction of a descent in n variables; all its memory is allocated here.
using DirectionFactory = std::function<std::unique_ptr<Direction>(Index n)>;

// The negative gradient.
DirectionFactory steepest_descent();

// d = momentum * d - g (Polyak 1964). momentum is in [0, 1), or std::invalid_argument is thrown.
DirectionFactory heavy_ball(double momentum);

// -H g, where H estimates the inverse Hessian from the last `memory` >= 1 steps (Nocedal & Wright 2006,
// algorithm 7.4). The first direction is the negative gradient at length 1.
DirectionFactory lbfgs_direction(Index memory);

}  // namespace rappel
