// The reverse sweep on graphs made at random, sums over rows anywhere in them: gradient and Hessian in 50
// digits equal differences.

#include "random_graphs.hpp"

#include <boost/test/unit_test.hpp>

namespace rappel::test {
namespace {

// No two inputs are equal or 0: ties and kinks are left to their own tests.
Inputs<Real> generic(const Inputs<double>& given) {
  Inputs<Real> inputs = in_50_digits(given);
  double shift = 0.0123;
  const auto move = [&](Real& x) { x = x + Real(shift += 0.0457); };
  for (Real& x : inputs.parameters) move(x);
  for (auto& column : inputs.columns)
    for (Real& x : column) move(x);
  return inputs;
}

Inputs<Real> moved(Inputs<Real> inputs, std::size_t i, const Real& step) {
  inputs.parameters[i] = inputs.parameters[i] + step;
  return inputs;
}

BOOST_AUTO_TEST_SUITE(random_derivatives)

BOOST_AUTO_TEST_CASE(gradient_and_hessian_equal_differences) {
  // Off by 1e-28 times a third derivative, which nests of sin(square(..)) make large.
  const Real step(1e-14), tolerance(1e-10);
  for (unsigned seed = 0; seed < 500; ++seed) {
    RandomGraph random = random_graph(seed, {.total = true, .sum_over_rows = true, .row_sums_inside = true});
    const NodeId total = random.traced.graph.node(Op::sum, random.traced.outputs);
    Cost cost{std::move(random.traced.graph), {0, 1}, total};
    std::vector<std::pair<NodeId, std::vector<NodeId>>> gradients = {{total, cost.gradient()}};
    for (const std::size_t i : {0u, 1u}) {
      const NodeId g = gradients[0].second[i];
      gradients.emplace_back(g, cost.gradient(g));
    }
    const Inputs<Real> at = generic(random.inputs);
    const auto here = evaluate_nodes(cost.graph, at);
    for (const std::size_t i : {0u, 1u}) {
      const auto above = evaluate_nodes(cost.graph, moved(at, i, step));
      const auto below = evaluate_nodes(cost.graph, moved(at, i, -step));
      for (const auto& [n, gradient] : gradients) {
        const Real difference = (above[n][0] - below[n][0]) / (step + step);
        const Real derivative = here[gradient[i]][0];
        BOOST_TEST((math_abs(derivative - difference) <= tolerance * (Real(1.0) + math_abs(difference))),
                   "seed " << seed << ", node " << n << " by " << i << ": " << derivative.v << ", not "
                           << difference.v);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
