#pragma once

// Long sums c0 + c1 x + c2 x^2 + .. over rows, whose powers the user multiplied up one by one, in fewer operations.

#include <rappel/autodiff/graph.hpp>

#include <vector>

namespace rappel::detail {

// Powers p1 = x, p2 = p1 * x, .. of a value by row that no parameter is part of. Where a dot adds 16 of them or more, one
// after the other, times uniform factors, x^(8 i + j) becomes x^(8 i) * x^j: dots over x^1 .. x^7, and a dot of those with
// x^(8 i). The same where sums over rows are taken of their products with one value, as adjoints of the factors are. So
// a row multiplies 7 powers and each eighth, not all.
// x^8 is kept in two parts, so that x^n is n / 8 + 7 roundings off, where the recurrence's is n - 1; n - 1 where the highest
// power leaves the range. The order in which terms are added is that of the groups. What a group adds up may leave the range
// of doubles where x^(8 i) times it does not: that takes factors near the largest double.
// Whether a dot is split depends on what it adds alone: so a value by row has the same bits with a gradient and without.
// For a graph whose products are fused. `kept`: nodes of it, which get their new numbers.
Traced with_split_powers(Traced fused, std::vector<NodeId>& kept);

}  // namespace rappel::detail
