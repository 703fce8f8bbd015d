// Row costs at their edges: long tables, no rows, uniform arms, penalties.

#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace rappel;
using namespace rappel::test;

namespace {

struct ValueAndSlopes {
  long double value;
  std::vector<long double> slopes;
};

// Mean of softplus(z) - y z as a straightforward loop in long double: 11 bits more than the result's.
ValueAndSlopes logistic_loop(const RowProblem& p) {
  const Index n = p.X.cols(), m = p.X.rows();
  ValueAndSlopes sum{0.0L, std::vector<long double>(static_cast<std::size_t>(n) + 1, 0.0L)};
  for (Index r = 0; r < m; ++r) {
    long double z = p.w[n];
    for (Index j = 0; j < n; ++j) z += static_cast<long double>(p.w[j]) * p.X(r, j);
    sum.value += std::log1p(std::exp(z)) - p.y[r] * z;
    const long double slope = 1.0L / (1.0L + std::exp(-z)) - p.y[r];
    for (Index j = 0; j < n; ++j) sum.slopes[static_cast<std::size_t>(j)] += slope * p.X(r, j);
    sum.slopes.back() += slope;
  }
  sum.value /= m;
  for (long double& s : sum.slopes) s /= m;
  return sum;
}

Function logistic(const RowProblem& p) {
  const Index n = p.X.cols();
  return record(n + 1, [&](ExprSpan w) {
    return mean_over_rows(Columns(p.X, p.y), [&](const Row& row) {
      const Expr z = dot(w.first(n), row.first(n)) + w[n];
      return softplus(z) - row[n] * z;
    });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_edges)

BOOST_AUTO_TEST_CASE(long_tables_equal_a_loop_in_long_double) {
  for (const Index m : {1000, 4096, 4097, 16385, 100001, 262145, 262401}) {
    const RowProblem p = row_problem(m, 3, 5);
    const auto [value, gradient] = logistic(p).value_and_gradient(p.w);
    const ValueAndSlopes truth = logistic_loop(p);
    // Terms of at most 4, each off by some 10 roundings of 2^-53, mean 4 * 10 * 2^-53; pairwise sums of 2^18
    // rows add 18 roundings of the mean. The loop itself is off by at most m * 2^-64 of 4.
    const double bound = 4.0 * 28.0 * 0x1p-53 + 4.0 * static_cast<double>(m) * 0x1p-64;
    BOOST_TEST(std::abs(static_cast<double>(value - truth.value)) <= bound, m << " rows");
    for (std::size_t j = 0; j < truth.slopes.size(); ++j)
      BOOST_TEST(std::abs(static_cast<double>(gradient[static_cast<Index>(j)] - truth.slopes[j])) <= bound,
                 m << " rows");
  }
}

BOOST_AUTO_TEST_CASE(sums_of_integers_are_exact_for_every_number_of_rows) {
  for (Index m = 1; m <= 600; ++m) {  // a row left out, or a masked one let in, shows
    Matrix X(m, 2);
    for (Index r = 0; r < m; ++r) X.row(r) << static_cast<double>(r + 1), static_cast<double>(r % 7 - 3);
    const Function f = record(2, [&](ExprSpan w) {
      return sum_over_rows(Columns(X), [&](const Row& row) { return w[0] * row[0] + w[1] * row[1] + 1.0; });
    });
    const auto [value, g] = f.value_and_gradient(Vector{{2.0, 3.0}});
    const double first = static_cast<double>(m * (m + 1) / 2), second = X.col(1).sum();
    BOOST_REQUIRE(value == 2.0 * first + 3.0 * second + static_cast<double>(m));
    BOOST_REQUIRE(g[0] == first);
    BOOST_REQUIRE(g[1] == second);
  }
}

BOOST_AUTO_TEST_CASE(masked_rows_of_the_last_leaf_never_show_even_where_they_are_not_finite) {
  for (const Index m : {1, 31, 33, 65, 257}) {
    Matrix X = Matrix::Ones(m, 1);
    X(m - 1, 0) = 0.0;  // the row that padding repeats: 1/0 there is inf, once, and not in the sum's arm
    const Function f = record(1, [&](ExprSpan w) {
      return sum_over_rows(Columns(X),
                           [&](const Row& row) { return select(row[0] == 0.0, w[0], w[0] / row[0]); });
    });
    const auto [value, g] = f.value_and_gradient(Vector{{2.0}});
    BOOST_TEST(value == 2.0 * static_cast<double>(m));
    BOOST_TEST(g[0] == static_cast<double>(m));
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_read_beyond_the_last_row) {
  for (const Index m : {1, 5, 32, 33, 255, 300}) {
    Matrix big = Matrix::Constant(m + 64, 2, std::nan(""));
    big.topRows(m).setOnes();
    const Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> X(big.data(), m, 2, Eigen::OuterStride<>(m + 64));
    const Function f = record(1, [&](ExprSpan w) {
      return sum_over_rows(Columns(X), [&](const Row& row) { return exp(w[0] * row[0]) * row[1]; });
    });
    const auto [value, g] = f.value_and_gradient(Vector{{0.0}});
    BOOST_TEST(value == static_cast<double>(m));
    BOOST_TEST(g[0] == static_cast<double>(m));
  }
}

BOOST_AUTO_TEST_CASE(no_rows_have_a_sum_of_0_on_many_threads_too) {
  const Matrix none(0, 1);
  const Function f = record(1,
                            [&](ExprSpan w) {
                              const Expr s = sum_over_rows(
                                  Columns(none), [&](const Row& row) { return exp(w[0] * row[0]); });
                              return s + square(w[0]);
                            },
                            {.threads = 4});
  const auto [value, g] = f.value_and_gradient(Vector{{3.0}});
  BOOST_TEST(value == 9.0);
  BOOST_TEST(g[0] == 6.0);
}

BOOST_AUTO_TEST_CASE(arms_by_row_contribute_by_row) {
  const Matrix X{{-4.0}, {9.0}, {-1.0}, {16.0}};
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](const Row& row) {
      const Expr y = w[0] * row[0];
      return select(y > 0.0, sqrt(y), 0.0);  // the root's derivative is NaN in the other rows
    });
  });
  const auto [value, g] = f.value_and_gradient(Vector{{1.0}});
  BOOST_TEST(value == 7.0);
  BOOST_TEST(g[0] == 3.5);
}

BOOST_AUTO_TEST_CASE(a_uniform_condition_chooses_between_rows_and_none) {
  const Matrix X = Matrix::Constant(40, 1, 2.0);
  const Function f = record(2, [&](ExprSpan w) {
    return mean_over_rows(Columns(X),
                          [&](const Row& row) { return select(w[1] < 0.0, log(w[1]) * row[0], w[0]); });
  });
  const auto [value, g] = f.value_and_gradient(Vector{{5.0, 0.0}});
  BOOST_TEST(value == 5.0);
  BOOST_TEST(g[0] == 1.0);
  BOOST_TEST(g[1] == 0.0);
}

BOOST_AUTO_TEST_CASE(a_row_result_may_be_a_column_a_parameter_or_a_constant) {
  const Matrix X{{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Columns data(X);
    const Expr column = sum_over_rows(data, [](const Row& row) { return row[1]; });
    const Expr parameter = mean_over_rows(data, [&](const Row&) { return w[0]; });
    const Expr constant = sum_over_rows(data, [](const Row&) { return Expr(2.0); });
    return column + parameter * constant;
  });
  const auto [value, g] = f.value_and_gradient(Vector{{0.5}});
  BOOST_TEST(value == 15.0 + 0.5 * 6.0);
  BOOST_TEST(g[0] == 6.0);
}

BOOST_AUTO_TEST_CASE(uniform_work_is_not_repeated_by_row_but_counts_for_each) {
  const Matrix X = Matrix::Constant(1000, 1, 0.5);
  const Function f = record(1, [&](ExprSpan w) {
    const Expr scale = exp(w[0]);
    return sum_over_rows(Columns(X), [&](const Row& row) { return scale * row[0] + square(w[0]); });
  });
  const auto [value, g] = f.value_and_gradient(Vector{{0.0}});
  BOOST_TEST(value == 500.0);
  BOOST_TEST(g[0] == 500.0);
  for (NodeId n = 0; n < static_cast<NodeId>(f.graph().size()); ++n)
    if (f.graph().op(n) == Op::exp || f.graph().op(n) == Op::square) BOOST_TEST(!f.graph().varying(n));
}

BOOST_AUTO_TEST_CASE(parameters_that_are_not_finite_are_data) {
  RowProblem p = row_problem(70, 2);
  const Function f = logistic(p);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double odd : {infinity, -infinity, std::nan("")}) {
    Vector w = p.w;
    w[2] = odd;
    const auto [value, g] = f.value_and_gradient(w);  // inf - y inf
    BOOST_TEST(!std::isfinite(value));
    BOOST_TEST(g.size() == 3);
  }
  BOOST_TEST(std::isfinite(f.value(p.w)));  // and the next call is as ever
  const Matrix X = Matrix::Ones(33, 1);
  const Function decay = record(1, [&](ExprSpan w) {
    return mean_over_rows(Columns(X), [&](const Row& row) { return exp(w[0] * row[0]); });
  });
  const auto [zero, slope] = decay.value_and_gradient(Vector{{-infinity}});
  BOOST_TEST(zero == 0.0);
  BOOST_TEST(slope[0] == 0.0);
  BOOST_TEST(decay.value(Vector{{infinity}}) == infinity);
}

BOOST_AUTO_TEST_CASE(a_cost_with_penalties_of_many_kinds_equals_long_double) {
  const RowProblem p = row_problem(129, 4, 9);
  const Function f = record(5, [&](ExprSpan w) {
    const Expr loss = mean_over_rows(Columns(p.X, p.y), [&](const Row& row) {
      Expr z = w[4];
      for (Index j = 0; j < 4; ++j) z += w[j] * row[j];
      return min(square(z - row[4]), 1.0);  // a robust loss: far rows count 1
    });
    Expr penalty = 0.0;
    for (Index j = 0; j < 4; ++j) penalty += 0.1 * abs(w[j]) + 0.2 * square(w[j]) + log1p(square(w[j]));
    return loss + penalty;
  });
  long double value = 0, slopes[5] = {0, 0, 0, 0, 0};
  for (Index r = 0; r < 129; ++r) {
    long double z = p.w[4];
    for (Index j = 0; j < 4; ++j) z += static_cast<long double>(p.w[j]) * p.X(r, j);
    const long double e = z - p.y[r], counted = e * e < 1 ? 1 : 0;
    value += counted * e * e + (1 - counted);
    for (Index j = 0; j < 4; ++j) slopes[j] += counted * 2 * e * p.X(r, j);
    slopes[4] += counted * 2 * e;
  }
  value /= 129;
  for (long double& s : slopes) s /= 129;
  for (Index j = 0; j < 4; ++j) {
    const long double w = p.w[j];
    value += 0.1 * std::abs(w) + 0.2 * w * w + std::log1p(w * w);
    slopes[j] += 0.1 * (w > 0 ? 1 : -1) + 0.4 * w + 2 * w / (1 + w * w);
  }
  const auto [v, g] = f.value_and_gradient(p.w);
  // Sums of terms of at most 4, made by some 30 roundings in turn.
  const double bound = 4.0 * 30.0 * 0x1p-53;
  BOOST_TEST(std::abs(static_cast<double>(v - value)) <= bound);
  for (Index j = 0; j < 5; ++j) BOOST_TEST(std::abs(static_cast<double>(g[j] - slopes[j])) <= bound);
}

BOOST_AUTO_TEST_SUITE_END()
