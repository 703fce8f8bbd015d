// Costs over rows, against 50 digits: every number of rows around the sizes of leaves, and many columns.

#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

using namespace rappel;
using namespace rappel::test;

namespace {

// z has n + 1 terms of size 1, each rounded once and the sum as often; the losses and slopes are of size up
// to e^n only where their terms are, and condition 1 otherwise; a mean over m rows by pairwise sums adds
// log2(m) roundings.
double tolerance(Index rows, Index features) {
  return 0x1p-53 * (4.0 * static_cast<double>(features) + std::log2(static_cast<double>(rows) + 1.0) + 16.0);
}

double scale_of(const RowProblem& p) {  // of the largest loss, which may be exp(z)
  return 1.0 + std::exp(p.w.cwiseAbs().sum()) / 4.0;
}

void check(const RowCost& cost, const RowProblem& p, bool by_loop) {
  const Function f = recorded(cost, p, by_loop);
  const auto [value, gradient] = f.value_and_gradient(p.w);
  const Dual truth = exact(cost, p);
  const double bound = tolerance(p.X.rows(), p.X.cols()) * scale_of(p);
  BOOST_TEST(std::abs(static_cast<double>(Digits50(value) - truth.value)) <= bound);
  BOOST_TEST(f.value(p.w) == value);  // one graph, with and without its gradient
  for (std::size_t j = 0; j < truth.gradient.size(); ++j)
    BOOST_TEST(std::abs(static_cast<double>(Digits50(gradient[static_cast<Index>(j)]) - truth.gradient[j])) <=
               bound);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rows)

BOOST_AUTO_TEST_CASE(value_and_gradient_equal_50_digits_for_every_size_of_the_last_leaf) {
  for (const RowCost& cost : row_costs())
    for (const Index m : {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 1000})
      BOOST_TEST_CONTEXT(cost.name << ", " << m << " rows") {
        check(cost, row_problem(m, 3, static_cast<unsigned>(m)), false);
      }
}

BOOST_AUTO_TEST_CASE(a_loop_in_scalar_code_is_as_exact_as_a_dot) {
  for (const RowCost& cost : row_costs())
    for (const Index m : {1, 33, 300}) BOOST_TEST_CONTEXT(cost.name) {
        check(cost, row_problem(m, 5), true);
      }
}

BOOST_AUTO_TEST_CASE(many_chunks_of_rows) {
  for (const Index m : {4096, 4097, 20001}) check(row_costs()[0], row_problem(m, 2), false);
}

BOOST_AUTO_TEST_CASE(many_columns) {
  for (const Index n : {1, 2, 7, 8, 9, 16, 17, 50, 200}) {
    RowProblem p = row_problem(70, n);
    p.w /= static_cast<double>(n);  // z of size 1
    BOOST_TEST_CONTEXT(n << " columns") { check(row_costs()[0], p, false); }
  }
}

BOOST_AUTO_TEST_CASE(a_sum_over_no_rows_is_0_and_a_mean_says_so) {
  const Matrix none(0, 2);
  const Function sum = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(none), [&](const Row& row) { return w[0] * row[0]; });
  });
  BOOST_TEST(sum.value(Vector{{3.0}}) == 0.0);
  BOOST_TEST(sum.value_and_gradient(Vector{{3.0}}).second[0] == 0.0);
  const Function mean = record(1, [&](ExprSpan w) {
    return mean_over_rows(Columns(none), [&](const Row& row) { return w[0] * row[0]; });
  });
  BOOST_CHECK_EXCEPTION(mean.value(Vector{{3.0}}), std::invalid_argument, [](const std::exception& e) {
    return std::string(e.what()).find("no rows") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(tables_of_different_length_in_one_cost) {
  const RowProblem a = row_problem(100, 2), b = row_problem(37, 3, 2);
  const Function f = record(3, [&](ExprSpan w) {
    const Expr s =
        sum_over_rows(Columns(a.X), [&](const Row& row) { return exp(w[0] * row[0] + w[2] * row[1]); });
    const Expr t = mean_over_rows(Columns(b.X), [&](const Row& row) { return square(w[1] * row[2] - w[2]); });
    return s * t;
  });
  const Vector w{{0.3, -0.7, 0.2}};
  Digits50 s = 0, s0 = 0, s2 = 0, t = 0, t1 = 0, t2 = 0;
  for (Index r = 0; r < 100; ++r) {
    const Digits50 e = exp(Digits50(w[0]) * a.X(r, 0) + Digits50(w[2]) * a.X(r, 1));
    s += e, s0 += e * a.X(r, 0), s2 += e * a.X(r, 1);
  }
  for (Index r = 0; r < 37; ++r) {
    const Digits50 d = Digits50(w[1]) * b.X(r, 2) - w[2];
    t += d * d / 37, t1 += 2 * d * b.X(r, 2) / 37, t2 -= 2 * d / 37;
  }
  const auto [value, g] = f.value_and_gradient(w);
  const double bound = 1e-14 * static_cast<double>(s);  // some 40 roundings of terms whose sum is below s * 2
  BOOST_TEST(std::abs(static_cast<double>(value - s * t)) <= bound);
  BOOST_TEST(std::abs(static_cast<double>(g[0] - s0 * t)) <= bound);
  BOOST_TEST(std::abs(static_cast<double>(g[1] - s * t1)) <= bound);
  BOOST_TEST(std::abs(static_cast<double>(g[2] - (s2 * t + s * t2))) <= bound);
}

BOOST_AUTO_TEST_CASE(what_does_not_vary_counts_once_for_each_row) {
  const Matrix X = Matrix::Ones(41, 1);
  const Function f = record(
      2, [&](ExprSpan w) { return sum_over_rows(Columns(X), [&](const Row&) { return w[0] * w[1]; }); });
  const auto [value, g] = f.value_and_gradient(Vector{{2.0, 0.5}});
  BOOST_TEST(value == 41.0);
  BOOST_TEST(g[0] == 20.5);
  BOOST_TEST(g[1] == 82.0);
  const Function constant =
      record(1, [&](ExprSpan) { return mean_over_rows(Columns(X), [&](const Row&) { return Expr(7.0); }); });
  BOOST_TEST(constant.value(Vector{{0.0}}) == 7.0);
  BOOST_TEST(constant.value_and_gradient(Vector{{0.0}}).second[0] == 0.0);
}

BOOST_AUTO_TEST_CASE(a_cost_without_parameters_is_a_number) {
  const Matrix X = Matrix::Constant(10, 1, 0.5);
  const Function f = record(
      0, [&](ExprSpan) { return sum_over_rows(Columns(X), [](const Row& row) { return square(row[0]); }); });
  const auto [value, g] = f.value_and_gradient(Vector(0));
  BOOST_TEST(value == 2.5);
  BOOST_TEST(g.size() == 0);
}

BOOST_AUTO_TEST_CASE(a_missing_number_in_a_row_is_seen_in_the_result) {
  RowProblem p = row_problem(100, 2);
  p.X(63, 1) = std::nan("");
  const Function f = recorded(row_costs()[0], p);
  const auto [value, g] = f.value_and_gradient(p.w);
  BOOST_TEST(std::isnan(value));
  BOOST_TEST(std::isnan(g[1]));
}

BOOST_AUTO_TEST_CASE(a_cost_may_be_any_function_of_sums_over_rows) {
  const RowProblem p = row_problem(50, 2);
  const Columns data(p.X);
  const auto residual = [](const Row& row, ExprSpan w) { return row[0] * w[0] + w[1] - row[1]; };
  const Function f = record(2, [&](ExprSpan w) {
    const Expr mean = mean_over_rows(data, [&](const Row& row) { return square(residual(row, w)); });
    const Expr sum = sum_over_rows(data, [&](const Row& row) { return exp(residual(row, w)); });
    const Expr largest_share = mean_over_rows(data, [&](const Row& row) { return abs(residual(row, w)); });
    return sqrt(mean) + log(sum) * mean + largest_share;
  });
  const Vector w{{0.7, -0.3}};
  Digits50 mean = 0, sum = 0, share = 0;
  Digits50 dmean[2] = {0, 0}, dsum[2] = {0, 0}, dshare[2] = {0, 0};
  for (Index r = 0; r < 50; ++r) {
    const Digits50 z = Digits50(p.X(r, 0)) * w[0] + w[1] - p.X(r, 1), x[2] = {p.X(r, 0), 1}, e = exp(z);
    mean += z * z / 50, sum += e, share += abs(z) / 50;
    for (int j = 0; j < 2; ++j)
      dmean[j] += 2 * z * x[j] / 50, dsum[j] += e * x[j], dshare[j] += (z > 0 ? x[j] : -x[j]) / 50;
  }
  const auto [value, g] = f.value_and_gradient(w);
  // Values of size 5, made by some 60 roundings that pairwise sums share.
  BOOST_TEST(std::abs(static_cast<double>(value - (sqrt(mean) + log(sum) * mean + share))) < 2e-14);
  for (int j = 0; j < 2; ++j) {
    const Digits50 truth =
        dmean[j] / (2 * sqrt(mean)) + dsum[j] / sum * mean + log(sum) * dmean[j] + dshare[j];
    BOOST_TEST(std::abs(static_cast<double>(g[j] - truth)) < 2e-14);
  }
}

BOOST_AUTO_TEST_CASE(a_sum_in_an_arm_that_was_not_taken_contributes_nothing) {
  const Matrix X{{-1.0}, {-2.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr sum =
        sum_over_rows(Columns(X), [&](const Row& row) { return sqrt(row[0] * w[0]); });  // NaN for w > 0
    const Expr none =
        sum_over_rows(Columns(X), [&](const Row& row) { return 0.0 * row[0] + max(row[0] * w[0], 0.0); });
    return select(w[0] < 0.0, sum + log(none), w[0]);
  });
  const auto [value, g] = f.value_and_gradient(Vector{{1.0}});
  BOOST_TEST(value == 1.0);
  BOOST_TEST(g[0] == 1.0);
  // The arm that is taken: d/dw (sqrt(1) + sqrt(2)) sqrt(-w) + log(-3 w) at -1.
  const double slope = f.value_and_gradient(Vector{{-1.0}}).second[0];
  BOOST_TEST(std::abs(slope + (1.0 + std::sqrt(2.0)) / 2.0 + 1.0) < 1e-15);
}

BOOST_AUTO_TEST_CASE(second_derivatives_of_functions_of_sums) {
  // log(sum of exp(x w)) has the second derivative: variance of x under softmax weights.
  Graph graph;
  const NodeId w = graph.parameter();
  const RowSet rows = graph.rows(1);
  const NodeId e = graph.node(Op::exp, {graph.node(Op::mul, {graph.column(rows, 0), w})});
  const NodeId value = graph.node(Op::log, {graph.reduce_rows(Reduce::sum, rows, e)});
  const NodeId one = graph.constant(1.0);
  const NodeId first = reverse_sweep(graph, {&value, 1}, {&one, 1}, {&w, 1})[0];
  const NodeId second = reverse_sweep(graph, {&first, 1}, {&one, 1}, {&w, 1})[0];
  Index in_rows = 0;  // nothing that varies may depend on a sum over rows: one pass serves all orders
  std::vector<bool> after(static_cast<std::size_t>(graph.size()), false);
  for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) {
    after[n] = graph.op(n) >= Op::sum_rows;
    for (const NodeId x : graph.operands(n)) after[n] = after[n] || after[x];
    if (graph.varying(n) && after[n]) ++in_rows;
  }
  BOOST_TEST(in_rows == 0);
  BOOST_TEST(!graph.varying(second));
}

BOOST_AUTO_TEST_CASE(a_sum_over_rows_may_enter_another_in_every_way) {
  const Matrix X{{1.0}, {2.0}};
  const auto cost = [&](auto row_of_sum) {
    return [&X, row_of_sum](ExprSpan w) {
      const Columns t(X);
      const Expr sum = sum_over_rows(t, [&](const Row& row) { return w[0] * row[0]; });
      return sum_over_rows(t, [&](const Row& row) { return row_of_sum(row, sum); });
    };
  };
  // As a factor, alone among a product's terms, inside of an operation: the sum of all rows, which is 3.
  const auto factor = [](const Row& row, const Expr& sum) { return sum * row[0]; };
  const auto squared = [](const Row& row, const Expr& sum) { return sum * row[0] * row[0] + row[0]; };
  const auto inside = [](const Row& row, const Expr& sum) { return exp(sum - row[0]); };
  const auto f = [](const auto& J) { return record(1, J).value(Vector{{1.0}}); };
  BOOST_TEST(f(cost(factor)) == 9.0);
  BOOST_TEST(f(cost(squared)) == 18.0);
  BOOST_TEST(std::abs(f(cost(inside)) - (std::exp(2.0) + std::exp(1.0))) <= 4e-15);  // 2 ulp
}

BOOST_AUTO_TEST_SUITE_END()
