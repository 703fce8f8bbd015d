#pragma once

// Colours for the rows or columns of a sparse matrix, so that one sweep gives the entries of all of one colour.
// Gebremedhin, Manne and Pothen, What color is your Jacobian?, SIAM Review 47 (2005).

#include <rappel/core.hpp>

#include <vector>

namespace rappel::detail {

// Where a matrix may differ from zero: of each row (or column) the columns (rows), ascending.
using Adjacency = std::vector<std::vector<int>>;

Adjacency transposed(const Adjacency& by_row, Index num_columns);

struct Colouring {
  std::vector<int> colours;  // by vertex
  int count = 0;
};

// Rows that share no column have one colour (partial distance 2, op. cit. section 3.2).
Colouring colour_rows(const Adjacency& by_row, const Adjacency& by_column);

// Of a symmetric matrix: neighbours differ, and no path of four vertices has two colours (a star colouring, op.
// cit. section 4.1): of each entry one of its two places is alone in its row with its colour.
Colouring colour_symmetric(const Adjacency& by_row);

// "ColPack", or "greedy" in a build without it.
const char* colouring_method();

}  // namespace rappel::detail
