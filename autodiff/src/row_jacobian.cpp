#include "row_jacobian.hpp"

#include "derivatives.hpp"
#include "sweep.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace rappel::detail {
namespace {

class Rows {
 public:
  Rows(const Traced& traced, PassOptions options)
      : traced_(traced), builder_(traced.graph, options), graph_(builder_.graph()) {
    result_.num_values = static_cast<Index>(traced.outputs.size());
    find_inputs();
  }

  RowJacobian run() {
    std::vector<NodeId> wrt = gathered_;
    wrt.insert(wrt.end(), boundary_.begin(), boundary_.end());
    std::vector<std::vector<NodeId>> by_output;
    for (const NodeId output : traced_.outputs) by_output.push_back(reverse_sweep_of_rows(builder_, output, wrt));
    find_shared(by_output);
    for (const std::vector<NodeId>& adjoints : by_output) append_row(adjoints);
    result_.traced.graph = builder_.take();
    if (!result_.indices.outputs.empty()) result_.indices.graph = traced_.graph;
    return std::move(result_);
  }

 private:
  // What the rows read: lookups, and the uniform nodes that depend on parameters.
  void find_inputs() {
    const auto size = static_cast<NodeId>(graph_.size());
    std::vector<bool> live(size, false), on_parameters(size, false), read(size, false);
    for (const NodeId n : traced_.outputs) {
      live[n] = true;
      read[n] = !graph_.varying(n);
    }
    for (NodeId n = size; n-- > 0;)
      if (live[n])
        for (const NodeId x : graph_.operands(n)) live[x] = true;
    for (NodeId n = 0; n < size; ++n) {
      on_parameters[n] = graph_.op(n) == Op::parameter;
      for (const NodeId x : graph_.operands(n))
        if (on_parameters[x]) on_parameters[n] = true;  // also by way of rows that are summed
      if (!live[n] || !graph_.varying(n)) continue;
      if (graph_.op(n) == Op::gather) add_gathered(n);
      else
        for (const NodeId x : graph_.operands(n)) read[x] = read[x] || !graph_.varying(x);
    }
    for (NodeId n = 0; n < size; ++n)
      if (read[n] && on_parameters[n]) boundary_.push_back(n);
  }

  void add_gathered(NodeId n) {
    const auto x = graph_.operands(n);
    const bool is_column = graph_.op(x[1]) == Op::column;
    RowJacobian::Gathered gathered{
        {}, graph_.payload(n), 0, is_column ? graph_.payload(x[1]) : -1, static_cast<Index>(result_.indices.outputs.size())};
    if (!is_column) result_.indices.outputs.push_back(x[1]);
    for (const NodeId u : x.subspan(2)) {
      if (graph_.op(u) != Op::parameter)
        throw std::invalid_argument("Function::row_jacobian: gather looks up node " + std::to_string(u) +
                                    ", which is no parameter; use jacobian_vector");
      gathered.parameters.push_back(graph_.payload(u));
    }
    gathered.in_a_row = std::ranges::adjacent_find(gathered.parameters, [](Index a, Index b) { return b != a + 1; }) ==
                        gathered.parameters.end();
    for (Index i = 0; i < gathered.width; ++i) {
      gathered.place = i;
      gathered_.push_back(n + static_cast<NodeId>(i));
      result_.gathered.push_back(gathered);
    }
  }

  // Parameters that a boundary node depends on, and its derivatives by them.
  void find_shared(const std::vector<std::vector<NodeId>>& by_output) {
    const std::vector<NodeId> parameters = parameters_of(traced_.graph);
    std::vector<std::vector<NodeId>> slopes;
    std::vector<bool> used(parameters.size(), false);
    for (std::size_t b = 0; b < boundary_.size(); ++b) {
      const NodeId one = builder_.constant(1.0), n = boundary_[b];
      const bool wanted = std::ranges::any_of(by_output, [&](const auto& a) { return a[gathered_.size() + b] != no_node; });
      slopes.push_back(wanted ? reverse_sweep(builder_, {&n, 1}, {&one, 1}, parameters)
                              : std::vector<NodeId>(parameters.size(), builder_.constant(0.0)));
      for (std::size_t p = 0; p < parameters.size(); ++p)
        used[p] = used[p] || !graph_.is_constant(slopes[b][p], 0.0);
    }
    slopes_.resize(boundary_.size());
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (!used[p]) continue;
      result_.shared.push_back(graph_.payload(parameters[p]));
      for (std::size_t b = 0; b < boundary_.size(); ++b) slopes_[b].push_back(slopes[b][p]);
    }
  }

  void append_row(const std::vector<NodeId>& adjoints) {
    const NodeId zero = builder_.constant(0.0);
    for (std::size_t g = 0; g < gathered_.size(); ++g)
      result_.traced.outputs.push_back(adjoints[g] == no_node ? zero : adjoints[g]);
    for (std::size_t s = 0; s < result_.shared.size(); ++s) {
      NodeId total = zero;
      for (std::size_t b = 0; b < boundary_.size(); ++b) {
        const NodeId adjoint = adjoints[gathered_.size() + b];
        if (adjoint == no_node || graph_.is_constant(slopes_[b][s], 0.0)) continue;
        total = builder_.node(Op::add, {total, builder_.node(Op::mul, {adjoint, slopes_[b][s]})});
      }
      result_.traced.outputs.push_back(total);
    }
  }

  const Traced& traced_;
  Builder builder_;
  const Graph& graph_;
  std::vector<NodeId> gathered_, boundary_;
  std::vector<std::vector<NodeId>> slopes_;  // by boundary node and shared parameter
  RowJacobian result_;
};

}  // namespace

RowJacobian row_jacobian(const Traced& traced, PassOptions options) { return Rows(traced, options).run(); }

}  // namespace rappel::detail
