#pragma once

// Uniform factors of what rows add to sums, taken out of the sums.

#include "builder.hpp"

namespace rappel::detail {

// Of the sums over rows from node `first` on: sum over rows of u x y, u uniform, becomes u (sum of x y) where nothing else reads the
// products, so that rows compute fewer of them; and where sums differed by such factors alone they are one. `first` becomes the
// number of the first of these sums in the graph returned, or less.
// The sum of x y may leave the range of doubles where that of u x y does not: then the result is infinite, or of fewer digits.
Traced with_factors_outside(Traced traced, NodeId& first, PassOptions options);

}  // namespace rappel::detail
