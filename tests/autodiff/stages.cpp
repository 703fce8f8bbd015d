// Rows that need the result of a sum over rows: several bodies, what they share stored or computed again.

#include "evaluate.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>

namespace rappel::test {
namespace {

Table random_table(std::size_t rows, std::size_t columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  Table table(columns, std::vector<double>(rows));
  for (auto& column : table)
    for (double& x : column) x = uniform(generator);
  return table;
}

using OverTable = std::function<Expr(const Columns& data, ExprSpan w)>;

// The logarithm of a likelihood in standardised features.
Expr standardised(const Columns& data, ExprSpan w) {
  std::vector<Expr> mean, deviation;
  for (Index j = 0; j < 2; ++j) {
    mean.push_back(mean_over_rows(data, [&](const Row& row) { return row[j] * exp(w[j]); }));
    deviation.push_back(
        sqrt(mean_over_rows(data, [&](const Row& row) { return square(row[j] * exp(w[j]) - mean.back()); })));
  }
  return mean_over_rows(data, [&](const Row& row) {
    Expr z = w[2];
    for (Index j = 0; j < 2; ++j)
      z += w[j] * (row[j] * exp(w[j]) - mean[std::size_t(j)]) / deviation[std::size_t(j)];
    return softplus(z) - row[2] * z;
  });
}

// The entropy of a softmax over rows, with the largest exponent taken off.
Expr softmax_entropy(const Columns& data, ExprSpan w) {
  const auto z = [&](const Row& row) { return 3.0 * w[0] * row[0] + square(w[1] * row[1]) - w[2]; };
  const Expr largest = max_over_rows(data, z);
  const Expr total = sum_over_rows(data, [&](const Row& row) { return exp(z(row) - largest); });
  return sum_over_rows(data, [&](const Row& row) {
    const Expr p = exp(z(row) - largest) / total;
    return -p * log(p);
  });
}

// A penalty for rows beyond one standard deviation, if there is one.
Expr beyond_deviation(const Columns& data, ExprSpan w) {
  const auto z = [&](const Row& row) { return sin(w[0] * row[0]) + w[1] * row[1]; };
  const Expr rms = sqrt(mean_over_rows(data, [&](const Row& row) { return square(z(row)); }));
  const Condition beyond = any_over_rows(data, [&](const Row& row) { return abs(z(row)) > rms; });
  const Expr penalty = sum_over_rows(
      data, [&](const Row& row) { return select(abs(z(row)) > rms, square(abs(z(row)) - rms), 0.0); });
  return select(beyond, penalty / rms, 0.0) + w[2] * rms;
}

// Entropic transport of the rows to three places, 20 rounds of Sinkhorn's scaling.
Expr sinkhorn(const Columns& data, ExprSpan w) {
  const auto kernel = [&](const Row& row, std::size_t j) {
    return exp(-square(row[0] - w[0] * (static_cast<double>(j) - 1.0)) / (0.2 + square(w[1])));
  };
  const auto scale = [&](const Row& row, const std::vector<Expr>& v) {  // u of the row
    Expr total = 0.0;
    for (std::size_t j = 0; j < v.size(); ++j) total += kernel(row, j) * v[j];
    return 1.0 / total;
  };
  std::vector<Expr> v(3, Expr(1.0));
  for (int round = 0; round < 20; ++round) {
    std::vector<Expr> next;
    for (std::size_t j = 0; j < v.size(); ++j)
      next.push_back(1.0 /
                     mean_over_rows(data, [&](const Row& row) { return kernel(row, j) * scale(row, v); }));
    v = next;
  }
  return mean_over_rows(data, [&](const Row& row) {
    Expr cost = 0.0;
    for (std::size_t j = 0; j < v.size(); ++j)
      cost += scale(row, v) * kernel(row, j) * v[j] * square(row[0] - w[0] * (static_cast<double>(j) - 1.0));
    return cost + w[2] * square(scale(row, v));
  });
}

struct Problem {
  const char* name;
  Expr (*cost)(const Columns& data, ExprSpan w);
  double ulp;  // of the largest entry: what sums of so many rounded terms may lose
};

const std::vector<Problem> problems = {{"standardised", standardised, 64.0},
                                       {"softmax_entropy", softmax_entropy, 64.0},
                                       {"beyond_deviation", beyond_deviation, 64.0},
                                       {"sinkhorn", sinkhorn, 1024.0}};

const std::vector<double> at = {0.75, -0.5, 0.3};

Cost cost_of(const Problem& problem, const Columns& data) {
  return table_cost(3, [&](ExprSpan w) { return problem.cost(data, w); });
}

BOOST_AUTO_TEST_SUITE(stages)

BOOST_AUTO_TEST_CASE(value_and_gradient_agree_with_50_digits_on_every_path) {
  const Table table = random_table(67, 3, 1);
  for (const Problem& problem : problems) {
    Cost cost = cost_of(problem, borrowed(table));
    std::vector<NodeId> outputs = {cost.output};
    for (const NodeId g : cost.gradient()) outputs.push_back(g);
    const Inputs<double> inputs{at, table};
    const std::vector<Real> exact = evaluate(cost.graph, outputs, in_50_digits(inputs));
    double largest = 0.0;
    for (const Real& e : exact) largest = std::max(largest, std::abs(static_cast<double>(e.v)));
    for (const detail::KernelTable* kernels : detail::available_kernels()) {
      const std::vector<double> computed = run({cost.graph, outputs, {}}, inputs, *kernels);
      for (std::size_t i = 0; i < exact.size(); ++i)
        BOOST_TEST(std::abs(computed[i] - static_cast<double>(exact[i].v)) <= problem.ulp * 0x1p-52 * largest,
                   problem.name << " on " << detail::name_of(kernels->instruction_set) << ": output " << i
                                << " is " << computed[i] << ", not " << static_cast<double>(exact[i].v));
    }
  }
}

// The oracle knows nothing of sweeps: differences in 50 digits of the value.
BOOST_AUTO_TEST_CASE(derivatives_to_second_order_agree_with_differences) {
  const Table table = random_table(9, 3, 2);
  for (const Problem& problem : problems) {
    if (problem.cost == sinkhorn) continue;  // its second derivative has 10^5 nodes; see the next case
    Cost cost = cost_of(problem, borrowed(table));
    std::vector<NodeId> nodes = {cost.output};
    for (const NodeId g : cost.gradient()) nodes.push_back(g);
    for (const NodeId h : cost.gradient(nodes[1])) nodes.push_back(h);
    Inputs<Real> inputs = in_50_digits({at, table});
    const std::vector<Real> exact = evaluate(cost.graph, nodes, inputs);
    const Real h(1e-15);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto moved = [&](const Real& step) {
        Inputs<Real> there = inputs;
        there.parameters[i] = there.parameters[i] + step;
        return evaluate(cost.graph, {nodes[0], nodes[1]}, there);
      };
      const std::vector<Real> above = moved(h), below = moved(-h);
      for (std::size_t k = 0; k < 2; ++k) {
        const double difference = static_cast<double>(((above[k] - below[k]) / (h + h)).v);
        const double derivative = static_cast<double>(exact[1 + 3 * k + i].v);
        // h^2 of the third derivative: 1e-27.
        BOOST_TEST(std::abs(difference - derivative) <= 1e-24 * (1.0 + std::abs(derivative)),
                   problem.name << ": derivative " << k + 1 << " by parameter " << i << " is " << derivative
                                << ", differences give " << difference);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(stored_or_computed_again_and_on_threads_the_bits_are_the_same) {
  for (const std::size_t rows : {1u, 31u, 300u, 9001u}) {
    const Table table = random_table(rows, 3, 3);
    const Columns data = borrowed(table);
    for (const Problem& problem : problems) {
      const auto gradient_with = [&](const RecordOptions& options) {
        Vector g;
        const Function f = record(
            3, [&](ExprSpan w) { return problem.cost(data, w); }, options);
        const double value = f.value_and_gradient(Vector{{at[0], at[1], at[2]}}, g);
        return std::vector<double>{value, g[0], g[1], g[2]};
      };
      const std::vector<double> stored = gradient_with({}), again = gradient_with({.workspace_limit = 0}),
                                threads = gradient_with({.threads = 3}),
                                both = gradient_with({.threads = 3, .workspace_limit = 0});
      for (std::size_t i = 0; i < stored.size(); ++i) {
        const auto same = [&](double x) {
          return x == stored[i] || (std::isnan(x) && std::isnan(stored[i]));
        };
        BOOST_TEST((same(again[i]) && same(threads[i]) && same(both[i])),
                   problem.name << " over " << rows << " rows, output " << i << ": " << stored[i] << ", "
                                << again[i] << ", " << threads[i] << ", " << both[i]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(only_what_later_rows_need_is_stored) {
  const Table table = random_table(5, 3, 6);
  const auto program_of = [&](Expr (*problem)(const Columns&, ExprSpan)) {
    Cost cost = table_cost(3, [&](ExprSpan w) { return problem(borrowed(table), w); });
    return detail::lower(simplify({cost.graph, {cost.output}, {}}));
  };
  const detail::Program one_pass = program_of([](const Columns& data, ExprSpan w) {
    return log(sum_over_rows(data, [&](const Row& row) { return exp(w[0] * row[0]); }));
  });
  BOOST_TEST(one_pass.num_stored[0] == 0u);
  BOOST_TEST(one_pass.stages.size() == 2u);
  BOOST_TEST(one_pass.stages[0].storing_bodies.empty());
  const detail::Program two_passes = program_of([](const Columns& data, ExprSpan w) {
    const auto z = [&](const Row& row) { return exp(w[0] * row[0]); };
    const Expr mean = mean_over_rows(data, z);
    return sum_over_rows(data, [&](const Row& row) { return square(sin(z(row)) - mean); });
  });
  BOOST_TEST(two_passes.num_stored[0] == 1u);  // sin(z): computed early, it frees z
  BOOST_TEST(two_passes.stages[0].storing_bodies[0].steps.size() == 4u);  // product, exp, sin, sum
  BOOST_TEST(two_passes.stages[0].bodies[0].steps.size() == 3u);
  BOOST_TEST(two_passes.stages[1].bodies[0].steps.size() == 6u);
  BOOST_TEST(two_passes.stages[1].storing_bodies[0].steps.size() == 3u);
}

BOOST_AUTO_TEST_CASE(values_by_row_may_need_sums_over_rows) {
  const Table table = random_table(77, 1, 4);
  const Function f = record(1, [&](ExprSpan w) {
    const Columns data = borrowed(table);
    const Expr mean = mean_over_rows(data, [&](const Row& row) { return w[0] * row[0]; });
    const Expr variance = mean_over_rows(data, [&](const Row& row) { return square(w[0] * row[0] - mean); });
    return map_rows(data, [&](const Row& row) { return (w[0] * row[0] - mean) / sqrt(variance); });
  });
  const Vector z = f.values(Vector{{2.5}});
  BOOST_TEST(std::abs(z.mean()) < 77 * 0x1p-52);
  BOOST_TEST(std::abs(z.squaredNorm() / 77.0 - 1.0) < 77 * 0x1p-52);
}

BOOST_AUTO_TEST_CASE(the_largest_the_smallest_and_any_of_rows) {
  const Vector t{{3.0, -1.0, 3.0, 2.0}};
  const Columns data(t);
  const Function largest = record(1, [&](ExprSpan w) {
    return max_over_rows(data, [&](const Row& row) { return square(row[0]) * w[0]; });
  });
  const Function smallest = record(
      1, [&](ExprSpan w) { return min_over_rows(data, [&](const Row& row) { return row[0] * w[0]; }); });
  const Function whether = record(1, [&](ExprSpan w) {
    return select(any_over_rows(data, [&](const Row& row) { return row[0] < w[0]; }), w[0], 2.0 * w[0]);
  });
  const auto [value, gradient] = largest.value_and_gradient(Vector{{2.0}});
  BOOST_TEST(value == 18.0);
  BOOST_TEST(gradient[0] == 9.0);
  BOOST_TEST(smallest.value(Vector{{2.0}}) == -2.0);
  BOOST_TEST(smallest.value_and_gradient(Vector{{2.0}}).second[0] == -1.0);
  BOOST_TEST(whether.value_and_gradient(Vector{{0.0}}).second[0] == 1.0);
  BOOST_TEST(whether.value_and_gradient(Vector{{-1.5}}).second[0] == 2.0);
}

BOOST_AUTO_TEST_CASE(two_tables_whose_rows_need_each_others_sums) {
  const Vector s{{1.0, 2.0, 4.0}}, t{{-1.0, 0.5}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr a = sum_over_rows(Columns(s), [&](const Row& row) { return row[0] * w[0]; });       // 7w
    const Expr b = sum_over_rows(Columns(t), [&](const Row& row) { return square(row[0]) * a; });  // 8.75w
    return sum_over_rows(Columns(s),
                         [&](const Row& row) { return row[0] * b * w[0] + a; });  // 61.25w^2 + 21w
  });
  const auto [value, gradient] = f.value_and_gradient(Vector{{2.0}});
  BOOST_TEST(value == 287.0);
  BOOST_TEST(gradient[0] == 266.0);
}

// What the node-by-node runs in doubles and in 50 digits say.
BOOST_AUTO_TEST_CASE(accuracy_and_diagnosis_run_through_the_stages) {
  const Table table = random_table(23, 3, 5);
  const Columns data = borrowed(table);
  for (const Problem& problem : problems) {
    const Function f = record(3, [&](ExprSpan w) { return problem.cost(data, w); });
    const Accuracy a = f.accuracy(Vector{{at[0], at[1], at[2]}});
    BOOST_TEST(a.ok(), problem.name);
    Cost cost = cost_of(problem, data);
    const std::vector<NodeId> gradient = cost.gradient();
    const std::vector<Real> exact =
        evaluate(cost.graph, {cost.output, gradient[0]}, in_50_digits({at, table}));
    BOOST_TEST(a.outputs[0].exact == static_cast<double>(exact[0].v));
    BOOST_TEST(a.outputs[1].exact == static_cast<double>(exact[1].v));
    BOOST_TEST((f.diagnose(Vector{{at[0], at[1], at[2]}}).found == Diagnosis::Found::nothing));
  }
  const Vector t{{1.0, 2.0, 3.0}};
  const Function bad = record(1, [&](ExprSpan w) {
    const Expr mean = mean_over_rows(Columns(t), [&](const Row& row) { return row[0] * w[0]; });
    return sum_over_rows(Columns(t), [&](const Row& row) { return log(row[0] - mean); });
  });
  const Diagnosis d = bad.diagnose(Vector{{1.0}});
  BOOST_TEST(d.operation == "log");
  BOOST_TEST(d.row == 0);
  BOOST_TEST(d.operands[0] == -1.0);
}

// sum((x - m)^2) with m = mean(x): dm contributes nothing but rounding, and is counted with every row. By
// hand for x = w (1, 3): m = 2w, the terms are w^2 each.
BOOST_AUTO_TEST_CASE(conditions_count_every_way_through_the_stages) {
  const Vector t{{1.0, 3.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr total = sum_over_rows(Columns(t), [&](const Row& row) { return row[0] * w[0]; });
    return sum_over_rows(Columns(t), [&](const Row& row) { return row[0] * w[0] + row[0] * total; });
  });
  // x_i = t_i w: total 4w, output 4w + 16w = 20w. Parts: the output 20; the sums x_i + p_i: 5 t_i, together
  // 20; p_i = 4 t_i, together 16; total 4 with adjoint 4: 16; x_i: adjoint 1 + 4, t_i: 20. Over 20.
  const Accuracy a = f.accuracy(Vector{{0.3}});
  BOOST_TEST(a.outputs[0].condition == (20.0 + 20.0 + 16.0 + 16.0 + 20.0) / 20.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
