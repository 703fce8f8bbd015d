#include "random_graphs.hpp"

#include <algorithm>
#include <random>

namespace rappel::test {
namespace {

const std::vector<Op> all_unary = {
#define RAPPEL_UNARY(name, ...) Op::name,
#include <rappel/autodiff/ops.def>
};
const std::vector<Op> all_binary = {
#define RAPPEL_BINARY(name, ...) Op::name,
#include <rappel/autodiff/ops.def>
};
const std::vector<Op> total_unary = {Op::neg, Op::square, Op::sin, Op::cos, Op::tanh, Op::sech2, Op::abs};
const std::vector<Op> total_binary = {Op::add, Op::sub, Op::mul, Op::min, Op::max, Op::less, Op::equal};

class Maker {
 public:
  Maker(unsigned seed, const RandomGraphOptions& options) : random_(seed), options_(options) {}

  RandomGraph make() {
    rows_ = graph_.rows(2);
    for (int i = 0; i < 2; ++i) nodes_.push_back(graph_.parameter());
    for (const Index c : {0, 1, 0}) nodes_.push_back(graph_.column(rows_, c));
    for (const double value : {0.0, -0.0, 1.0, -1.0, 2.0}) nodes_.push_back(graph_.constant(value));
    for (int i = 0; i < 30; ++i) nodes_.push_back(options_.polynomials_of_integers ? polynomial() : any());
    RandomGraph result{{std::move(graph_), {}, {}}, inputs()};
    for (std::size_t i = nodes_.size() - 3; i < nodes_.size(); ++i)
      result.traced.outputs.push_back(output(result.traced.graph, nodes_[i]));
    return result;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  NodeId operand() { return one_of(nodes_); }
  std::vector<NodeId> operands(std::size_t n) {
    std::vector<NodeId> x;
    while (x.size() < n) x.push_back(operand());
    return x;
  }

  NodeId polynomial() {
    switch (below(8)) {
      case 0:
        return graph_.node(Op::sum, operands(3));
      case 1:
        return graph_.node(Op::dot, operands(4));
      case 2:
        return row_sum();
      case 3:
      case 4:
        return graph_.node(Op::sub, operands(2));
      case 5:
        return graph_.node(Op::add, operands(2));
      default:
        return graph_.node(Op::mul, operands(2));
    }
  }

  NodeId any() {
    switch (below(9)) {
      case 0:
        return select();
      case 1:
        return options_.total ? polynomial() : softplus();
      case 2:
        return options_.total ? polynomial() : first_of_exps();
      case 3:
      case 4:
      case 5:
        return graph_.node(one_of(options_.total ? total_unary : all_unary), operands(1));
      default:
        return binary();
    }
  }

  // Conditions are 0 or 1.
  NodeId condition() { return graph_.node(Op::less, operands(2)); }
  NodeId select() { return graph_.node(Op::select, {condition(), operand(), operand()}); }
  NodeId binary() {
    const Op op = one_of(options_.total ? total_binary : all_binary);
    const bool logical = op == Op::logical_and || op == Op::logical_or;
    return logical ? graph_.node(op, {condition(), condition()}) : graph_.node(op, operands(2));
  }
  NodeId softplus() {
    const NodeId x = operand();
    return graph_.node(Op::softplus, {x, graph_.node(Op::exp_neg_abs, {x})});
  }
  NodeId first_of_exps() {
    std::vector<NodeId> x = operands(3);
    const NodeId parts = graph_.node(Op::shifted_exps, x);
    x.insert(x.end(), {parts, parts + 1});
    return graph_.node(Op::logsumexp, x);
  }
  NodeId row_sum() {
    const NodeId x = operand();
    return graph_.varying(x) && (options_.row_sums_inside || !options_.sum_over_rows)
               ? graph_.reduce_rows(Reduce::sum, rows_, x)
               : graph_.node(Op::neg, {x});
  }

  NodeId output(Graph& graph, NodeId n) const {
    return options_.sum_over_rows && graph.varying(n) ? graph.reduce_rows(Reduce::sum, rows_, n) : n;
  }

  Inputs<double> inputs() {
    const auto number = [&] {
      const double x = static_cast<double>(below(7)) - 3.0;
      return options_.polynomials_of_integers ? x : x + 0.1 * static_cast<double>(below(3));
    };
    Inputs<double> inputs{{number(), number()}, {{}, {}}};
    for (auto& column : inputs.columns)
      for (int r = 0; r < 3; ++r) column.push_back(number());
    return inputs;
  }

  std::mt19937_64 random_;
  RandomGraphOptions options_;
  Graph graph_;
  RowSet rows_;
  std::vector<NodeId> nodes_;
};

}  // namespace

RandomGraph random_graph(unsigned seed, const RandomGraphOptions& options) {
  return Maker(seed, options).make();
}

bool reads_sign_of_nan(const Graph& graph, const std::vector<std::vector<double>>& values) {
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n)
    if (graph.op(n) == Op::copysign &&
        std::ranges::any_of(values[graph.operands(n)[1]], [](double sign) { return std::isnan(sign); }))
      return true;
  return false;
}

}  // namespace rappel::test
