#pragma once

// A formula of the columns of a table, one value for each row, on the instruction set of one's choice.

#include "interpreter.hpp"
#include "program.hpp"
#include "recording.hpp"

#include <functional>
#include <memory>

namespace rappel::test {

using Table = std::vector<std::vector<double>>;  // by column

Columns borrowed(const Table& table);

class ByRow {
 public:
  ByRow(Index num_columns, const std::function<Expr(ExprSpan)>& formula);
  std::vector<double> values(const detail::KernelTable& kernels, const Table& columns) const;

 private:
  Traced traced_;
};

}  // namespace rappel::test
