#pragma once

// The steps of make_design.

#include "rappel/models/design.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rappel::detail {

using Rows = std::span<const Index>;  // of a table, in order

// "a, b, c", and "'a', 'b', 'c'"; beyond `most`, or ten values, "and 5 others".
std::string list_of(std::span<const std::string> names, std::size_t most = 10);
std::string quoted_list_of(std::span<const std::string> values);

// How the cells of `rows` make a column a feature: the levels are those that occur.
// Throws DataError for one level and for over max_levels.
FeatureEncoding feature_encoding(const Table& table, Index column, Rows rows);

// Writes the features of `rows`, column after column, to `out`. Missing cells become NaN.
// Throws DataError for a level that the encoding does not have, and for a cell that is no number.
void encode(const Table& table, Index column, const FeatureEncoding& encoding, Rows rows, double* out);

// Sets design.y for these rows, and design.target; adds to the notes which class is 1.
void encode_target(const Table& table, Index column, Rows rows, const DesignOptions& options, Design& design);

}  // namespace rappel::detail
