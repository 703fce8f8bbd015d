#pragma once

#include <rappel/autodiff/graph.hpp>

namespace rappel::detail {

// The derivatives of each row's values by the parameters that the row depends on. Those looked up by gather are
// `gathered`, entry by entry; the others, the same for all rows, `shared`.
struct RowJacobian {
  // Outputs by row: of each value the derivatives by the gathered ones, then by the shared ones.
  Traced traced;
  Traced indices;  // outputs by row: those that are computed, see below
  struct Gathered {
    std::vector<Index> parameters;  // that it chooses from, by place
    Index width, place;             // it reads place + index * width
    Index column, output;           // the index: a column of the table, or else an output of `indices`
    bool in_a_row = false;          // each parameter follows the one before

    // Whether it always looks up the parameter after that of the other one.
    bool follows(const Gathered& other) const {
      return in_a_row && other.in_a_row && place == other.place + 1 && width == other.width && column == other.column &&
             output == other.output && parameters.front() == other.parameters.front() &&
             parameters.size() == other.parameters.size();
    }
  };
  std::vector<Gathered> gathered;
  std::vector<Index> shared;
  Index num_values = 0;

  Index num_columns() const { return static_cast<Index>(gathered.size() + shared.size()); }
};

// Of outputs by row. Throws std::invalid_argument if gather looks up what is no parameter.
RowJacobian row_jacobian(const Traced& traced, PassOptions options);

}  // namespace rappel::detail
