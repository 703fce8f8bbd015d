#pragma once

// minimize(objective, start): the front door. Inline, since the Vectors belong to the user's code.

#include "rappel/optim/lbfgs.hpp"
#include "rappel/optim/method.hpp"
#include "rappel/optim/objective.hpp"
#include "rappel/optim/result.hpp"
#include "rappel/optim/stopping.hpp"

#include <rappel/core.hpp>

#include <utility>

namespace rappel {

namespace detail {

// Throw std::invalid_argument that names both sides.
void check_minimize(Index start_size, Index dimension, const Method& method, const StoppingOptions& stopping);

}  // namespace detail

// Descends from `start`. How it ended is data: Result::reason.
// Throws std::invalid_argument if start has not objective.dimension() entries or an option is out of range,
// and whatever objective, observer and rules throw.
template <Objective F>
Result minimize(const F& objective, const Vector& start, const Method& method = lbfgs(),
                const StoppingOptions& stopping = {}, const Observer& observer = {}) {
  ObjectiveAdaptor<F> adaptor(objective);
  const ObjectiveRef ref = adaptor.ref();
  detail::check_minimize(start.size(), ref.dimension(), method, stopping);
  Vector x = start;
  Vector gradient = Vector::Zero(start.size());
  const Outcome outcome = method({ref, span_of(start), stopping, observer, span_of(x), span_of(gradient)});
  return {outcome, std::move(x), std::move(gradient)};
}

}  // namespace rappel
