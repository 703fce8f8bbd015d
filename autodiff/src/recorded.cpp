// What was recorded, and the programs made of it when first asked for.

#include "branches.hpp"
#include "copy_nodes.hpp"
#include "derivatives.hpp"
#include "linear_sums.hpp"
#include "scan_body.hpp"
#include "split_powers.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace rappel::detail {

Recorded::Recorded(Traced traced, Outputs outputs, std::vector<bool> needs_rows, const RecordOptions& options,
                   bool symmetric)
    : traced_(std::move(traced)),
      outputs_(outputs),
      needs_rows_(std::move(needs_rows)),
      options_(options),
      symmetric_(symmetric) {}

std::unique_ptr<Executor> Recorded::compile(Traced traced) const {
  traced.guards.clear();
  std::vector<NodeId> lookup_dots;
  traced = with_sums_of_logs(std::move(traced));
  Traced fused = fuse_live(traced, &lookup_dots);
  traced = {};  // before lowering: at 10^7 operations its memory costs more than what is computed
  // Values at many points, whose rows are points and which has no parameters, have the bits of values at one.
  if (fused.graph.num_parameters() > 0) fused = with_split_powers(std::move(fused), lookup_dots);
  return make_interpreter(lower(fused, lookup_dots), preferred_kernels(), options_.workspace_limit);
}

Traced Recorded::with_gradient() const { return detail::with_gradient(traced_, pass_options()); }

const Executor& Recorded::outputs() const {
  return plain_.get([&] { return compile(traced_); });
}
const Executor& Recorded::value_and_gradient() const {
  return with_gradient_.get([&] { return compile(with_gradient()); });
}
const Executor& Recorded::vector_jacobian() const {
  return vector_jacobian_.get([&] { return compile(detail::vector_jacobian(traced_, pass_options())); });
}
const Executor& Recorded::jacobian_vector() const {
  return jacobian_vector_.get([&] { return compile(detail::jacobian_vector(traced_, pass_options())); });
}
const Executor& Recorded::jacobian() const {
  return jacobian_.get([&] { return compile(detail::jacobian(traced_, pass_options(), symmetric_)); });
}
const Executor& Recorded::gauss_newton() const {
  return gauss_newton_.get([&] { return compile(detail::gauss_newton(traced_, pass_options())); });
}

const Recorded::SparseProgram& Recorded::sparse_jacobian() const {
  return sparse_jacobian_.get([&] {
    auto made = std::make_unique<SparseProgram>();
    made->jacobian = compressed_jacobian(traced_, symmetric_);
    constexpr Index most_nodes = Index{1} << 19;
    if (made->jacobian.num_colours <= most_nodes / std::max<Index>(traced_.graph.size(), 1))
      made->executor = compile(detail::sparse_jacobian(traced_, made->jacobian, pass_options()));
    return made;
  });
}

const Recorded::RowJacobianProgram& Recorded::row_jacobian() const {
  return row_jacobian_.get([&] {
    auto made = std::make_unique<RowJacobianProgram>();
    made->jacobian = detail::row_jacobian(traced_, pass_options());
    made->executor = compile(made->jacobian.traced);
    if (!made->jacobian.indices.outputs.empty()) made->indices = compile(made->jacobian.indices);
    return made;
  });
}

const Executor& Recorded::guards() const {
  return guards_.get([&] {
    Traced conditions{traced_.graph, {}, {}};
    for (const Guard& g : traced_.guards) conditions.outputs.push_back(g.condition);
    return compile(std::move(conditions));
  });
}

bool Recorded::jacobian_at_once() const {
  constexpr Index most_nodes = Index{1} << 19;
  const auto m = static_cast<Index>(traced_.outputs.size()), n = traced_.graph.num_parameters();
  return std::min(m, n) <= most_nodes / std::max<Index>(traced_.graph.size(), 1);
}

std::shared_ptr<const Recorded> Recorded::gradient() const {
  gradient_.get([&] {
    Traced traced = with_gradient();
    traced.outputs.erase(traced.outputs.begin());
    return std::make_shared<Recorded>(remove_dead(traced), Outputs::values, needs_rows_, options_, true);
  });
  return gradient_.owner();
}

std::shared_ptr<const Recorded> Recorded::over_points() const {
  over_points_.get([&]() -> std::shared_ptr<Recorded> {
    Builder builder(pass_options());
    const RowSet points = builder.graph().rows(traced_.graph.num_parameters());
    NodeCopy copy(traced_.graph);
    for (NodeId n = 0; n < static_cast<NodeId>(traced_.graph.size()); ++n)
      copy.map(n, traced_.graph.op(n) == Op::parameter ? builder.column(points, traced_.graph.payload(n))
                                                       : copy.to(builder, n));
    Traced result{{}, {}, {}};
    for (const NodeId n : traced_.outputs) result.outputs.push_back(copy[n]);
    result.graph = builder.take();
    return std::make_shared<Recorded>(std::move(result), Outputs::rows, std::vector<bool>{false}, options_);
  });
  return over_points_.owner();
}

std::shared_ptr<const Recorded> Recorded::only(std::size_t output) const {
  return std::make_shared<const Recorded>(Traced{traced_.graph, {traced_.outputs[output]}, {}}, outputs_,
                                          needs_rows_, options_);
}

std::shared_ptr<const Recorded> Recorded::without_scans() const {
  if (!traced_.graph.has_scans()) return nullptr;
  return std::make_shared<const Recorded>(unrolled(traced_, pass_options()), outputs_, needs_rows_, options_);
}

bool uses_column(const Traced& traced, RowSet rows, Index column) {
  const Graph graph = remove_dead(traced).graph;
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n)
    if (graph.op(n) == Op::column && graph.row_set(n) == rows && graph.payload(n) == column) return true;
  return false;
}

void check_index_columns(const Traced& traced, const std::vector<Columns>& tables) {
  const Graph& graph = traced.graph;
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) {
    if (graph.op(n) != Op::gather || graph.op(graph.operands(n)[1]) != Op::column) continue;
    const NodeId index = graph.operands(n)[1];
    const Columns& table = tables[graph.row_set(index).index];
    const auto place = graph.payload(index);
    const ColumnView column = table.column(place);
    const double count = static_cast<double>(graph.operands(n).size() - 2) / graph.value(graph.operands(n)[0]);
    for (Index row = 0; column && row < table.num_rows(); ++row) {
      if (column[row] >= 0.0 && column[row] < count && std::floor(column[row]) == column[row]) continue;
      const std::string name = table.names().empty() ? "" : table.names()[static_cast<std::size_t>(place)];
      std::ostringstream message;
      message << "gather: column " << (name.empty() ? std::to_string(place) : name) << " is " << column[row] << " in row " << row << "; a whole number from 0 to " << count - 1.0
              << " is needed";
      throw std::invalid_argument(message.str());
    }
  }
}

namespace {

Columns replaced(const Recorded& recorded, std::uint16_t table, const Columns& old, const Columns& columns) {
  std::vector<ColumnView> views;
  if (!columns.bound()) throw std::invalid_argument("Function::with_columns: the columns have no data");
  if (!old.names().empty() && !columns.names().empty()) {
    for (const std::string& name : old.names()) {
      const auto found = std::ranges::find(columns.names(), name);
      if (found == columns.names().end() &&
          uses_column(recorded.traced(), {table}, static_cast<Index>(views.size())))
        throw std::invalid_argument("Function::with_columns: the cost uses column " + name +
                                    ", which the new columns lack");
      views.push_back(found == columns.names().end() ? ColumnView()
                                                     : columns.column(found - columns.names().begin()));
    }
  } else {
    if (columns.num_columns() != old.num_columns())
      throw std::invalid_argument("Function::with_columns: " + std::to_string(columns.num_columns()) +
                                  " columns given, the cost was recorded over " +
                                  std::to_string(old.num_columns()));
    for (Index c = 0; c < columns.num_columns(); ++c) views.push_back(columns.column(c));
  }
  return Columns::from(old.names(), views, columns.num_rows(), std::make_shared<const Columns>(columns));
}

}  // namespace

std::vector<Columns> replaced_columns(const Recorded& recorded, const std::vector<Columns>& tables,
                                      std::span<const Columns> columns) {
  if (tables.size() != columns.size())
    throw std::invalid_argument("Function::with_columns: the cost runs over " + std::to_string(tables.size()) +
                                (tables.size() == 1 ? " table, " : " tables, ") + std::to_string(columns.size()) +
                                " given");
  std::vector<Columns> result;
  for (std::size_t t = 0; t < tables.size(); ++t)
    result.push_back(replaced(recorded, static_cast<std::uint16_t>(t), tables[t], columns[t]));
  check_index_columns(recorded.traced(), result);
  return result;
}

}  // namespace rappel::detail
