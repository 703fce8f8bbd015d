#include "function_impl.hpp"

#include "branches.hpp"

#include <algorithm>

namespace rappel {
void Function::Impl::throw_unbound(const char* what) const {
  const auto first = std::ranges::find_if(tables, [](const Columns& table) { return !table.bound(); });
  throw std::invalid_argument(std::string("Function::") + what + ": table " + std::to_string(first - tables.begin()) +
                              " has no data, as the function was loaded from a file; give it some by with_columns()");
}

std::vector<double> Function::Impl::bound_arguments(const char* what) const {
  check_bound(what);
  std::vector<double> values;
  for (const std::optional<double>& a : arguments) {
    if (!a)
      throw std::invalid_argument(std::string("Function::") + what + ": argument " +
                                  std::to_string(values.size()) + " has no value; give it one by with()");
    values.push_back(*a);
  }
  return values;
}

namespace {

using detail::Outputs;
using detail::Recorded;
using detail::Workspace;

// As it was recorded last, where that does not depend on a point.
std::shared_ptr<const Function::Impl> recorded(const std::shared_ptr<const Function::Impl>& f,
                                               const char* what) {
  return f->branching ? f->branching->latest(what) : f;
}

Outputs kind_of(const Function::Impl& f) {
  return f.branching ? f.branching->outputs() : f.recorded->outputs_kind();
}

void check_size(const char* what, const char* which, std::size_t given, Index expected) {
  if (static_cast<Index>(given) != expected)
    throw std::invalid_argument(std::string("Function::") + what + ": " + which + " has " +
                                std::to_string(given) + " entries, the function takes " +
                                std::to_string(expected));
}

void check_rows(const Function::Impl& f, const char* what) {
  f.check_bound(what);
  for (std::size_t t = 0; t < f.tables.size(); ++t)
    if (f.recorded->needs_rows(t) && f.tables[t].num_rows() == 0)
      throw std::invalid_argument(std::string("Function::") + what + ": a mean over a table of no rows");
}

// `count`: of the values, if it is known.
void check_is_value(Outputs outputs, const char* what, const std::string& count = "several") {
  if (outputs == Outputs::rows)
    throw std::invalid_argument(std::string("Function::") + what +
                                ": this function has one value for each row, use values()");
  if (outputs == Outputs::values)
    throw std::invalid_argument(std::string("Function::") + what +
                                ": this function has " + count + " values, use values() and jacobian()");
}

void check_value(const Function::Impl& f, const char* what) {
  if (!f.recorded->has_value())
    check_is_value(f.recorded->outputs_kind(), what, std::to_string(f.recorded->traced().outputs.size()));
  check_rows(f, what);
}

void check_outputs(const Function::Impl& f, const char* what) {
  if (f.recorded->by_row())
    throw std::invalid_argument(std::string("Function::") + what +
                                ": this function has one value for each row; see gauss_newton()");
  check_rows(f, what);
}

// `more` follow the arguments that the function has been given.
void run(const Function::Impl& f, const char* what, const detail::Executor& executor, ConstSpan x,
         ConstSpan more, const detail::OutputSpans& outputs, double* row_output = nullptr) {
  const int threads = f.recorded->options().threads;
  Workspace& workspace = Workspace::of_this_thread();
  f.check_bound(what);
  if (f.arguments.empty()) return executor.run({x, more, f.tables}, threads, workspace, outputs, row_output);
  std::vector<double> arguments = f.bound_arguments(what);
  arguments.insert(arguments.end(), more.begin(), more.end());
  executor.run({x, arguments, f.tables}, threads, workspace, outputs, row_output);
}

// Outputs by row into one column each; of those that are uniform all rows alike.
void run_rows(const Function::Impl& f, const char* what, const detail::Executor& executor, const Traced& traced,
              ConstSpan x, MutableSpan result) {
  const auto rows = static_cast<std::size_t>(f.tables[0].num_rows());
  std::vector<double> uniform;
  for (const NodeId n : traced.outputs)
    if (!traced.graph.varying(n)) uniform.push_back(0.0);
  run(f, what, executor, x, {}, uniform, result.data());
  if (uniform.empty()) return;
  std::size_t next_uniform = 0;
  for (std::size_t j = 0; j < traced.outputs.size(); ++j)
    if (!traced.graph.varying(traced.outputs[j])) std::fill_n(result.data() + j * rows, rows, uniform[next_uniform++]);
}

// Which parameter each row looks up. An index that is outside gives values that are NaN; so any will do.
void looked_up(const detail::RowJacobian::Gathered& gathered, ColumnView index, std::span<Index> parameters) {
  const std::vector<Index>& all = gathered.parameters;
  const double end = static_cast<double>(all.size()) / static_cast<double>(gathered.width);
  const auto place_of = [&](double i) {
    const Index group = i >= 0.0 && i < end ? static_cast<Index>(i) : 0;
    return group * gathered.width + gathered.place;
  };
  if (gathered.in_a_row) {
    for (std::size_t r = 0; r < parameters.size(); ++r) parameters[r] = all[0] + place_of(index[static_cast<Index>(r)]);
    return;
  }
  for (std::size_t r = 0; r < parameters.size(); ++r)
    parameters[r] = all[static_cast<std::size_t>(place_of(index[static_cast<Index>(r)]))];
}

}  // namespace

Function Function::at(ConstSpan x) const {
  check_size("at", "x", x.size(), dimension());
  return impl_->branching ? Function(impl_->branching->at(x)) : *this;
}

BranchStatistics Function::branch_statistics() const {
  return impl_->branching ? impl_->branching->statistics() : BranchStatistics{};
}

Index Function::dimension() const {
  return impl_->branching ? impl_->branching->num_parameters()
                          : impl_->recorded->traced().graph.num_parameters();
}

Index Function::num_arguments() const {
  return recorded(impl_, "num_arguments")->recorded->traced().graph.num_arguments();
}

Index Function::num_rows() const {
  const auto f = recorded(impl_, "num_rows");
  if (f->tables.size() > 1)
    throw std::invalid_argument("Function::num_rows: the cost runs over " + std::to_string(f->tables.size()) +
                                " tables");
  return f->tables.empty() ? 0 : f->tables[0].num_rows();
}

Index Function::num_values() const {
  const auto f = recorded(impl_, "num_values");
  const auto count = static_cast<Index>(f->recorded->traced().outputs.size());
  return f->recorded->by_row() ? count * Function(f).num_rows() : count;
}

double Function::value(ConstSpan x) const {
  if (impl_->branching) return at(x).value(x);
  check_size("value", "x", x.size(), dimension());
  check_value(*impl_, "value");
  double result;
  run(*impl_, "value", impl_->recorded->outputs(), x, {}, {&result, 1});
  return result;
}

void Function::values(ConstSpan x, MutableSpan result) const {
  if (impl_->branching) return at(x).values(x, result);
  const Recorded& recorded = *impl_->recorded;
  check_size("values", "x", x.size(), dimension());
  if (static_cast<Index>(result.size()) != num_values())
    throw std::invalid_argument("Function::values: the result has " + std::to_string(result.size()) +
                                " entries, there are " + std::to_string(num_values()) +
                                (recorded.by_row() && recorded.traced().outputs.size() == 1 ? " rows" : " values"));
  if (!recorded.by_row()) {
    check_rows(*impl_, "values");
    return run(*impl_, "values", recorded.outputs(), x, {}, result);
  }
  run_rows(*impl_, "values", recorded.outputs(), recorded.traced(), x, result);
}

bool Function::has_values_by_row() const { return kind_of(*impl_) == Outputs::rows; }

void Function::values_at(Index num_points, ConstSpan points, MutableSpan result) const {
  const auto count = static_cast<std::size_t>(num_points), n = static_cast<std::size_t>(dimension());
  if (points.size() != count * n)
    throw std::invalid_argument("Function::values: " + std::to_string(num_points) + " points of " +
                                std::to_string(count == 0 ? 0 : points.size() / count) +
                                " columns, the function takes " + std::to_string(n) + " parameters");
  if (has_values_by_row())
    throw std::invalid_argument("Function::values: this function has one value for each row; it takes one point");
  if (count == 0) return;
  if (!impl_->branching && impl_->recorded->traced().graph.num_row_sets() == 0 && n > 0) {
    check_size("values", "the result", result.size(), num_points * num_values());
    Impl over{nullptr, impl_->recorded->over_points(), {}, impl_->arguments};
    std::vector<const double*> columns;
    for (std::size_t j = 0; j < n; ++j) columns.push_back(points.data() + j * count);
    over.tables.push_back(Columns::from({}, std::move(columns), num_points, nullptr));
    return run_rows(over, "values", over.recorded->outputs(), over.recorded->traced(), {}, result);
  }
  std::vector<double> x(n), values(result.size() / count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < n; ++j) x[j] = points[i + j * count];
    this->values(x, values);
    for (std::size_t k = 0; k < values.size(); ++k) result[i + k * count] = values[k];
  }
}

double Function::value_and_gradient(ConstSpan x, MutableSpan gradient) const {
  if (impl_->branching) return at(x).value_and_gradient(x, gradient);
  const Index n = dimension();
  check_size("value_and_gradient", "x", x.size(), n);
  check_size("value_and_gradient", "the gradient", gradient.size(), n);
  check_value(*impl_, "value_and_gradient");
  double value = 0.0;
  run(*impl_, "value_and_gradient", impl_->recorded->value_and_gradient(), x, {}, {{&value, 1}, gradient});
  return value;
}

Function Function::gradient() const {
  if (impl_->branching) {
    check_is_value(impl_->branching->outputs(), "gradient");
    detail::Changes changes = impl_->branching->changes();
    changes.gradient = true;
    return Function(impl_->branching->changed(std::move(changes)));
  }
  check_value(*impl_, "gradient");
  auto impl = std::make_shared<Impl>(*impl_);
  impl->recorded = impl_->recorded->gradient();
  return Function(std::move(impl));
}

void Function::vector_jacobian(ConstSpan x, ConstSpan weights, MutableSpan result) const {
  if (impl_->branching) return at(x).vector_jacobian(x, weights, result);
  check_outputs(*impl_, "vector_jacobian");
  check_size("vector_jacobian", "x", x.size(), dimension());
  check_size("vector_jacobian", "the vector of weights", weights.size(), num_values());
  check_size("vector_jacobian", "the result", result.size(), dimension());
  run(*impl_, "vector_jacobian", impl_->recorded->vector_jacobian(), x, weights, result);
}

void Function::jacobian_vector(ConstSpan x, ConstSpan direction, MutableSpan result) const {
  if (impl_->branching) return at(x).jacobian_vector(x, direction, result);
  check_outputs(*impl_, "jacobian_vector");
  check_size("jacobian_vector", "x", x.size(), dimension());
  check_size("jacobian_vector", "the direction", direction.size(), dimension());
  check_size("jacobian_vector", "the result", result.size(), num_values());
  run(*impl_, "jacobian_vector", impl_->recorded->jacobian_vector(), x, direction, result);
}

void Function::jacobian(ConstSpan x, MutableSpan result) const {
  if (impl_->branching) return at(x).jacobian(x, result);
  check_outputs(*impl_, "jacobian");
  const auto m = static_cast<std::size_t>(num_values()), n = static_cast<std::size_t>(dimension());
  check_size("jacobian", "x", x.size(), dimension());
  check_size("jacobian", "the result", result.size(), static_cast<Index>(m * n));
  const Recorded& recorded = *impl_->recorded;
  if (recorded.jacobian_at_once()) {
    std::vector<double> rows(recorded.symmetric() ? n * (n + 1) / 2 : m * n);
    run(*impl_, "jacobian", recorded.jacobian(), x, {}, rows);
    for (std::size_t i = 0, k = 0; i < m; ++i)
      for (std::size_t j = recorded.symmetric() ? i : 0; j < n; ++j, ++k) {
        result[i + j * m] = rows[k];
        if (recorded.symmetric()) result[j + i * m] = rows[k];
      }
    return;
  }
  const bool by_rows = m < n;
  std::vector<double> unit(by_rows ? m : n, 0.0), product(by_rows ? n : m);
  for (std::size_t i = 0; i < unit.size(); ++i) {
    unit[i] = 1.0;
    by_rows ? vector_jacobian(x, unit, product) : jacobian_vector(x, unit, product);
    for (std::size_t j = 0; j < product.size(); ++j) result[by_rows ? i + j * m : j + i * m] = product[j];
    unit[i] = 0.0;
  }
}

const Function::Sparsity& Function::sparsity() const {
  const auto f = recorded(impl_, "sparsity");
  check_outputs(*f, "sparsity");
  return f->recorded->sparse_jacobian().jacobian.sparsity;
}

Index Function::num_sweeps() const {
  const auto f = recorded(impl_, "num_sweeps");
  check_outputs(*f, "num_sweeps");
  return f->recorded->sparse_jacobian().jacobian.num_colours;
}

void Function::sparse_jacobian(ConstSpan x, MutableSpan values) const {
  if (impl_->branching) return at(x).sparse_jacobian(x, values);
  check_outputs(*impl_, "sparse_jacobian");
  check_size("sparse_jacobian", "x", x.size(), dimension());
  const auto& [jacobian, executor] = impl_->recorded->sparse_jacobian();
  check_size("sparse_jacobian", "the vector of entries", values.size(),
             static_cast<Index>(jacobian.entries.size()));
  if (executor) return run(*impl_, "sparse_jacobian", *executor, x, {}, values);
  const auto m = static_cast<std::size_t>(num_values()), n = static_cast<std::size_t>(dimension());
  std::vector<double> seed(jacobian.by_rows ? m : n), product(jacobian.by_rows ? n : m);
  for (int colour = 0; colour < jacobian.num_colours; ++colour) {
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = jacobian.colours[i] == colour ? 1.0 : 0.0;
    jacobian.by_rows ? vector_jacobian(x, seed, product) : jacobian_vector(x, seed, product);
    const std::size_t first = static_cast<std::size_t>(colour) * product.size();
    for (std::size_t k = 0; k < values.size(); ++k)
      if (const std::size_t place = jacobian.entries[k]; place >= first && place < first + product.size())
        values[k] = product[place - first];
  }
}

double Function::gauss_newton(ConstSpan x, MutableSpan gradient, MutableSpan hessian) const {
  if (impl_->branching) return at(x).gauss_newton(x, gradient, hessian);
  const auto n = static_cast<std::size_t>(dimension());
  check_size("gauss_newton", "x", x.size(), dimension());
  check_size("gauss_newton", "the gradient", gradient.size(), dimension());
  check_size("gauss_newton", "the matrix", hessian.size(), static_cast<Index>(n * n));
  const Recorded& recorded = *impl_->recorded;
  const auto varies = [&](NodeId r) { return recorded.traced().graph.varying(r); };
  if (!recorded.by_row() || !std::ranges::all_of(recorded.traced().outputs, varies))
    throw std::invalid_argument("Function::gauss_newton: record the residuals by map_rows");
  std::vector<double> outputs(1 + n + n * (n + 1) / 2);
  run(*impl_, "gauss_newton", recorded.gauss_newton(), x, {}, outputs);
  std::copy_n(outputs.begin() + 1, n, gradient.begin());
  for (std::size_t i = 0, k = n + 1; i < n; ++i)
    for (std::size_t j = i; j < n; ++j, ++k) hessian[i + j * n] = hessian[j + i * n] = outputs[k];
  return outputs[0];
}

Index Function::num_row_parameters() const {
  const auto f = recorded(impl_, "row_jacobian");
  if (!f->recorded->by_row())
    throw std::invalid_argument("Function::row_jacobian: record the residuals by map_rows");
  return f->recorded->row_jacobian().jacobian.num_columns();
}

void Function::row_jacobian(ConstSpan x, MutableSpan values, std::span<Index> parameters) const {
  if (impl_->branching) return at(x).row_jacobian(x, values, parameters);
  check_size("row_jacobian", "x", x.size(), dimension());
  const auto columns = static_cast<std::size_t>(num_row_parameters());
  const auto& [jacobian, executor, indices] = impl_->recorded->row_jacobian();
  const auto rows = static_cast<std::size_t>(num_rows());
  const std::size_t derivatives = static_cast<std::size_t>(jacobian.num_values) * columns * rows;
  check_size("row_jacobian", "the matrix of derivatives", values.size(), static_cast<Index>(derivatives));
  if (!parameters.empty())
    check_size("row_jacobian", "the matrix of parameters", parameters.size(), static_cast<Index>(columns * rows));
  run_rows(*impl_, "row_jacobian", *executor, jacobian.traced, x, values);
  if (parameters.empty()) return;
  std::vector<double> computed(jacobian.indices.outputs.size() * rows);
  if (indices) run_rows(*impl_, "row_jacobian", *indices, jacobian.indices, x, computed);
  for (std::size_t c = 0; c < jacobian.gathered.size(); ++c) {
    const auto& gathered = jacobian.gathered[c];
    const ColumnView index = gathered.column >= 0 ? impl_->tables[0].column(gathered.column)
                                                  : computed.data() + static_cast<std::size_t>(gathered.output) * rows;
    const std::span<Index> own = parameters.subspan(c * rows, rows);
    if (c > 0 && gathered.follows(jacobian.gathered[c - 1])) {
      const Index* previous = own.data() - rows;
      for (std::size_t r = 0; r < rows; ++r) own[r] = previous[r] + 1;
    } else {
      looked_up(gathered, index, own);
    }
  }
  for (std::size_t s = 0; s < jacobian.shared.size(); ++s)
    std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>((jacobian.gathered.size() + s) * rows), rows,
                jacobian.shared[s]);
}

Function Function::with(ConstSpan arguments) const {
  if (impl_->branching) {
    detail::Changes changes = impl_->branching->changes();
    changes.arguments.emplace(arguments.begin(), arguments.end());
    const Function changed(impl_->branching->changed(std::move(changes)));
    if (impl_->branching->is_recorded()) changed.num_arguments();  // checks their number
    return changed;
  }
  check_size("with", "the vector of arguments", arguments.size(), num_arguments());
  auto impl = std::make_shared<Impl>(*impl_);
  impl->arguments.assign(arguments.begin(), arguments.end());
  return Function(std::move(impl));
}

Function Function::with_columns(const Columns& columns) const { return with_columns(std::vector{columns}); }

Function Function::with_columns(const std::vector<Columns>& columns) const {
  if (impl_->branching) {
    detail::Changes changes = impl_->branching->changes();
    changes.columns = columns;
    const Function changed(impl_->branching->changed(std::move(changes)));
    if (impl_->branching->is_recorded()) changed.num_rows();  // checks that they fit
    return changed;
  }
  auto impl = std::make_shared<Impl>(*impl_);
  impl->tables = detail::replaced_columns(*impl_->recorded, impl_->tables, columns);
  return Function(std::move(impl));
}

const Graph& Function::graph() const { return recorded(impl_, "graph")->recorded->traced().graph; }

}  // namespace rappel
