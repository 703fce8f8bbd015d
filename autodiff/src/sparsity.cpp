#include "sparsity.hpp"

#include "derivatives.hpp"
#include "sweep.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

// Whether derivatives pass to this operand.
bool passes(const Graph& graph, NodeId n, std::size_t operand) {
  const Op op = graph.op(n);
  if (op == Op::select) return operand != 0;
  return op != Op::shares && op != Op::less && op != Op::less_equal && op != Op::equal;
}

// Marks of nodes that need not be cleared between searches.
class Marks {
 public:
  explicit Marks(Index size) : marks_(static_cast<std::size_t>(size), 0) {}
  void start() { ++search_; }
  bool mark(NodeId n) { return std::exchange(marks_[n], search_) != search_; }

 private:
  std::vector<std::uint32_t> marks_;
  std::uint32_t search_ = 0;
};

// From each output down to the parameters.
Adjacency from_outputs(const Traced& traced) {
  const Graph& graph = traced.graph;
  Marks marks(graph.size());
  std::vector<NodeId> open;
  Adjacency result;
  for (const NodeId output : traced.outputs) {
    marks.start();
    marks.mark(output);
    open.assign(1, output);
    std::vector<int> parameters;
    while (!open.empty()) {
      const NodeId n = open.back();
      open.pop_back();
      if (graph.op(n) == Op::parameter) parameters.push_back(static_cast<int>(graph.payload(n)));
      const auto operands = graph.operands(n);
      for (std::size_t i = 0; i < operands.size(); ++i)
        if (passes(graph, n, i) && marks.mark(operands[i])) open.push_back(operands[i]);
    }
    std::ranges::sort(parameters);
    result.push_back(std::move(parameters));
  }
  return result;
}

// From each parameter up to the outputs, in one pass over the nodes after it.
Adjacency from_parameters(const Traced& traced) {
  const Graph& graph = traced.graph;
  Adjacency by_output(traced.outputs.size());
  std::vector<bool> depends;
  for (const NodeId parameter : parameters_of(graph)) {
    depends.assign(static_cast<std::size_t>(graph.size()), false);
    depends[parameter] = true;
    for (NodeId n = parameter + 1; n < static_cast<NodeId>(graph.size()); ++n) {
      const auto operands = graph.operands(n);
      for (std::size_t i = 0; i < operands.size() && !depends[n]; ++i)
        depends[n] = depends[operands[i]] && passes(graph, n, i);
    }
    for (std::size_t i = 0; i < traced.outputs.size(); ++i)
      if (depends[traced.outputs[i]]) by_output[i].push_back(static_cast<int>(graph.payload(parameter)));
  }
  return by_output;
}

// A pattern with i at j wherever j is at i.
Adjacency symmetrised(const Adjacency& by_row) {
  Adjacency both = transposed(by_row, static_cast<Index>(by_row.size()));
  for (std::size_t i = 0; i < both.size(); ++i) {
    both[i].insert(both[i].end(), by_row[i].begin(), by_row[i].end());
    std::ranges::sort(both[i]);
    both[i].erase(std::unique(both[i].begin(), both[i].end()), both[i].end());
  }
  return both;
}

Function::Sparsity compressed_columns(const Adjacency& by_column, Index num_rows) {
  Function::Sparsity result{num_rows, static_cast<Index>(by_column.size()), {0}, {}};
  for (const std::vector<int>& column : by_column) {
    result.inner.insert(result.inner.end(), column.begin(), column.end());
    result.outer.push_back(static_cast<int>(result.inner.size()));
  }
  return result;
}

// Whether row i has no other column of column j's colour.
bool is_alone(const Adjacency& by_row, const std::vector<int>& colours, int i, int j) {
  return std::ranges::none_of(by_row[static_cast<std::size_t>(i)], [&](int other) {
    return other != j && colours[static_cast<std::size_t>(other)] == colours[static_cast<std::size_t>(j)];
  });
}

}  // namespace

Adjacency dependencies_of(const Traced& traced) {
  return static_cast<Index>(traced.outputs.size()) <= traced.graph.num_parameters() ? from_outputs(traced)
                                                                                      : from_parameters(traced);
}

CompressedJacobian compressed_jacobian(const Traced& traced, bool symmetric) {
  Adjacency by_row = dependencies_of(traced);
  const Index num_rows = static_cast<Index>(by_row.size()), num_columns = traced.graph.num_parameters();
  if (symmetric) by_row = symmetrised(by_row);
  const Adjacency by_column = transposed(by_row, num_columns);
  CompressedJacobian result{compressed_columns(by_column, num_rows), true, {}, 0, {}};
  Colouring chosen = symmetric ? colour_symmetric(by_row) : colour_rows(by_row, by_column);
  if (!symmetric)
    if (Colouring columns = colour_rows(by_column, by_row); columns.count < chosen.count) {
      chosen = std::move(columns);
      result.by_rows = false;
    }
  result.colours = std::move(chosen.colours);
  result.num_colours = chosen.count;
  const auto place = [&](int colour, int in_sweep) {
    const auto length = static_cast<std::size_t>(result.by_rows ? num_columns : num_rows);
    return static_cast<std::size_t>(colour) * length + static_cast<std::size_t>(in_sweep);
  };
  for (int j = 0; j < num_columns; ++j)
    for (const int i : by_column[static_cast<std::size_t>(j)]) {
      // A symmetric matrix is swept by columns that are rows: (i, j) in the sweep of j's colour at i, or the reverse.
      bool of_row = result.by_rows;
      if (symmetric) of_row = !is_alone(by_row, result.colours, std::max(i, j), std::min(i, j));
      const int swept = symmetric ? (of_row ? std::max(i, j) : std::min(i, j)) : of_row ? i : j;
      result.entries.push_back(place(result.colours[static_cast<std::size_t>(swept)], i + j - swept));
    }
  return result;
}

Traced sparse_jacobian(const Traced& traced, const CompressedJacobian& compressed, PassOptions options) {
  Builder builder(traced.graph, options);
  const std::vector<NodeId> parameters = parameters_of(traced.graph);
  std::vector<NodeId> from = traced.outputs, to = parameters;
  if (!compressed.by_rows) {  // derivatives of u^T J, which is linear in u
    to.clear();
    for (std::size_t i = 0; i < traced.outputs.size(); ++i) to.push_back(builder.graph().argument());
    from = reverse_sweep(builder, traced.outputs, to, parameters);
  }
  std::vector<NodeId> swept;
  for (int colour = 0; colour < compressed.num_colours; ++colour) {
    std::vector<NodeId> outputs;
    for (std::size_t i = 0; i < from.size(); ++i)
      if (compressed.colours[i] == colour) outputs.push_back(from[i]);
    const std::vector<NodeId> ones(outputs.size(), builder.constant(1.0));
    const std::vector<NodeId> sums = reverse_sweep(builder, outputs, ones, to);
    swept.insert(swept.end(), sums.begin(), sums.end());
  }
  Traced result{{}, {}, {}};
  for (const std::size_t place : compressed.entries) result.outputs.push_back(swept[place]);
  result.graph = builder.take();
  return result;
}

}  // namespace rappel::detail
