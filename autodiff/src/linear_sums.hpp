#pragma once

// Sums over rows of values that are sums of products with uniform factors, as sums of products of fewer sums over rows.

#include "builder.hpp"

namespace rappel::detail {

// Of the sums over rows from node `first` on: sum over rows of (u1 x1 + u2 x2 + ..), u uniform, becomes
// u1 (sum of x1) + u2 (sum of x2) + .. where many of them share x, so that rows compute no product. The order in which terms are
// added changes: for adjoints, whose order is the library's, not for what the user wrote.
Traced with_linear_sums(Traced traced, NodeId first, PassOptions options);

}  // namespace rappel::detail
