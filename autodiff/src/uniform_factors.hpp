#pragma once

// Uniform factors of what rows add to sums, taken out of the sums.

#include "builder.hpp"

namespace rappel::detail {

// Of the sums over rows from node `first` on: sum over rows of u x y, u uniform, becomes u (sum of x y) where nothing else reads the
// products, so that rows compute fewer of them; and where sums differed by such factors alone they are one.
// The sum of x y, or a product of factors, may leave the range of doubles where the sum of u x y does not: then the result is
// infinite or NaN, or of fewer digits.
Traced with_factors_outside(Traced traced, NodeId first, PassOptions options);

}  // namespace rappel::detail
