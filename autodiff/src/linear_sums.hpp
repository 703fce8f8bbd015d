#pragma once

// Sums over rows of values that are sums of products with uniform factors, as sums of products of fewer sums over rows.

#include "builder.hpp"

namespace rappel::detail {

// Of the sums over rows from node `first` on: sum over rows of (u1 x1 + u2 x2 + ..), u uniform, becomes
// u1 (sum of x1) + u2 (sum of x2) + .. where many of them share x, so that rows compute no product. The order in which terms are
// added changes: for adjoints, whose order is the library's, not for what the user wrote. `first` becomes the number of the first of these
// sums in the graph returned, or less.
// The sum of x may leave the range of doubles where that of u x does not: then the result is infinite, or of fewer digits.
Traced with_linear_sums(Traced traced, NodeId& first, PassOptions options);

// What softplus(z) and logsumexp(z1, ..) add to a sum over rows, in two sums: of max(0, z) or of the largest, and of log(1 + x), 0 <= x.
// The latter is one logarithm of a product for many rows (Op::sum_log1p). For what is about to be lowered: it has no derivative.
Traced with_sums_of_logs(Traced traced);

}  // namespace rappel::detail
