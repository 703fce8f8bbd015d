#include "by_row.hpp"

namespace rappel::test {

Columns borrowed(const Table& table) {
  std::vector<const double*> pointers;
  for (const auto& column : table) pointers.push_back(column.data());
  return Columns::from(std::vector<std::string>(table.size()), std::move(pointers),
                       table.empty() ? 0 : static_cast<Index>(table[0].size()));
}

ByRow::ByRow(Index num_columns, const std::function<Expr(ExprSpan)>& formula) {
  detail::Builder builder;
  const RowSet rows = builder.graph().rows(num_columns);
  NodeId output;
  {
    detail::Recording recording(builder);
    std::vector<Expr> columns;
    for (Index c = 0; c < num_columns; ++c) columns.push_back(recording.expr(builder.column(rows, c)));
    output = recording.node(formula(columns));
  }
  traced_ = simplify({builder.take(), {output}, {}});
}

std::vector<double> ByRow::values(const detail::KernelTable& kernels, const Table& columns) const {
  const auto executor = detail::make_interpreter(detail::lower(traced_), kernels);
  const bool varying = traced_.graph.varying(traced_.outputs[0]);
  std::vector<double> values(columns[0].size()), uniform(varying ? 0 : 1);
  const Columns table = borrowed(columns);
  executor->run({{}, {}, {&table, 1}}, 1, detail::Workspace::of_this_thread(), uniform,
                varying ? values.data() : nullptr);
  if (!varying) values.assign(values.size(), uniform[0]);
  return values;
}

}  // namespace rappel::test
