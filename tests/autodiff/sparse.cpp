// Sparse Jacobians and Hessians against the dense ones; values at many points.

#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace rappel::test {
namespace {

Vector random_point(Index n, unsigned seed = 3) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> number(0.2, 1.5);
  Vector x(n);
  for (double& entry : x) entry = number(random);
  return x;
}

// Sweeps that share a column would mix their derivatives: no entry may differ by more than the order of additions
// explains.
void check_same(const SparseMatrix& sparse, const Matrix& dense) {
  BOOST_TEST_REQUIRE(sparse.rows() == dense.rows());
  BOOST_TEST_REQUIRE(sparse.cols() == dense.cols());
  const Matrix filled = sparse;
  const double scale = std::max(1.0, dense.cwiseAbs().maxCoeff());
  BOOST_TEST((filled - dense).cwiseAbs().maxCoeff() <= 1e-13 * scale);
}

Expr rosenbrock(ExprSpan x) {
  Expr total = 0.0;
  for (Index i = 0; i + 1 < x.size(); ++i)
    total += 100.0 * square(x[i + 1] - square(x[i])) + square(1.0 - x[i]);
  return total;
}

BOOST_AUTO_TEST_SUITE(sparse_derivatives)

BOOST_AUTO_TEST_CASE(a_tridiagonal_jacobian_takes_three_sweeps) {
  const Index n = 40;
  const Function f = record(n, [](ExprSpan x) {
    std::vector<Expr> y;
    for (Index i = 0; i < x.size(); ++i)
      y.push_back(sin(x[i]) + (i > 0 ? x[i - 1] * x[i] : Expr(0.0)) + (i + 1 < x.size() ? exp(x[i + 1]) : Expr(0.0)));
    return y;
  });
  const Vector x = random_point(n);
  const SparseMatrix jacobian = f.sparse_jacobian(x);
  BOOST_TEST(jacobian.nonZeros() == 3 * n - 2);
  BOOST_TEST(f.num_sweeps() == 3);
  check_same(jacobian, f.jacobian(x));
}

BOOST_AUTO_TEST_CASE(the_fewer_of_rows_and_columns_are_swept) {
  // A row of all parameters and one parameter in all rows.
  const Index n = 30;
  const Function row = record(n, [](ExprSpan x) {
    std::vector<Expr> y{sum(x)};
    for (const Expr& xi : x) y.push_back(square(xi));
    return y;
  });
  BOOST_TEST(row.num_sweeps() == 2);
  check_same(row.sparse_jacobian(random_point(n)), row.jacobian(random_point(n)));
  const Function column = record(n, [](ExprSpan x) {
    std::vector<Expr> y;
    for (const Expr& xi : x) y.push_back(xi * exp(x[0]));
    return y;
  });
  BOOST_TEST(column.num_sweeps() == 2);
  BOOST_TEST(column.sparse_jacobian(random_point(n)).nonZeros() == 2 * n - 1);
  check_same(column.sparse_jacobian(random_point(n)), column.jacobian(random_point(n)));
}

BOOST_AUTO_TEST_CASE(the_hessian_of_a_chain_and_of_an_arrow) {
  const Index n = 200;
  const Function chain = record(n, rosenbrock);
  const Vector x = random_point(n);
  const SparseMatrix h = chain.sparse_hessian(x);
  check_same(h, chain.hessian(x));
  BOOST_TEST(h.nonZeros() == 3 * n - 2);
  BOOST_TEST(chain.gradient().num_sweeps() <= 3);
  BOOST_TEST((Matrix(h) == Matrix(h).transpose()));
  // Every parameter with the first: columns that share no row would need n colours.
  const Function arrow = record(n, [](ExprSpan w) {
    Expr total = 0.0;
    for (const Expr& wi : w.last(w.size() - 1)) total += square(wi) * exp(w[0]) + cos(wi);
    return total;
  });
  check_same(arrow.sparse_hessian(x), arrow.hessian(x));
  BOOST_TEST(arrow.gradient().num_sweeps() == 2);
}

BOOST_AUTO_TEST_CASE(any_pattern) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const Index n = 3 + seed % 20, terms = 2 + (seed * 7) % 40;
    std::vector<std::array<Index, 3>> picks;
    for (Index t = 0; t < terms; ++t) {
      const auto pick = [&] { return static_cast<Index>(random() % static_cast<unsigned>(n)); };
      picks.push_back({pick(), pick(), pick()});
    }
    const auto term = [](ExprSpan x, const std::array<Index, 3>& p) {
      return sin(x[p[0]] * x[p[1]]) + square(x[p[2]]) * x[p[0]];
    };
    const Function cost = record(n, [&](ExprSpan x) {
      Expr total = 0.0;
      for (const auto& p : picks) total += term(x, p);
      return total;
    });
    const Function values = record(n, [&](ExprSpan x) {
      std::vector<Expr> y;
      for (const auto& p : picks) y.push_back(term(x, p));
      return y;
    });
    const Vector x = random_point(n, seed);
    check_same(cost.sparse_hessian(x), cost.hessian(x));
    check_same(values.sparse_jacobian(x), values.jacobian(x));
  }
}

BOOST_AUTO_TEST_CASE(what_is_too_large_for_one_program_is_swept_by_vectors) {
  const Index n = 700;
  const auto dense = [](ExprSpan x) {
    std::vector<Expr> y;
    const Expr total = sum(x);
    for (const Expr& xi : x) y.push_back(sin(total + xi));
    return y;
  };
  const Function f = record(n, dense);
  const Vector x = random_point(n);
  BOOST_TEST(f.num_sweeps() == n);
  check_same(f.sparse_jacobian(x), f.jacobian(x));
  const Function cost = record(n, [&](ExprSpan w) { return sum(ExprSpan(dense(w))); });
  check_same(cost.sparse_hessian(x), cost.hessian(x));
}

BOOST_AUTO_TEST_CASE(comparisons_pass_nothing_on) {
  const Function f = record(3, [](ExprSpan x) {
    return std::vector<Expr>{select(x[0] < x[1], square(x[2]), x[2]), Expr(2.0), x[1]};
  });
  const SparseMatrix jacobian = f.sparse_jacobian(Vector{{1.0, 2.0, 3.0}});
  BOOST_TEST(jacobian.nonZeros() == 2);
  BOOST_TEST(jacobian.coeff(0, 2) == 6.0);
  BOOST_TEST(jacobian.coeff(2, 1) == 1.0);
}

BOOST_AUTO_TEST_CASE(rows_scans_matrices_and_branches) {
  const Matrix data = Matrix::Random(20, 2);
  const Vector x = random_point(4);
  const Function rows = record(4, [&](ExprSpan w) {
    return mean_over_rows(Columns(data), [&](Row r) { return square(w[0] * r[0] + exp(w[1] * r[1])) + w[3]; });
  });
  check_same(rows.sparse_hessian(x), rows.hessian(x));
  const Function scanned = record(4, [](ExprSpan w) {
    return iterate(5, w[0], [&](const Expr& c) { return sin(c) * w[2]; }) + square(w[3]);
  });
  check_same(scanned.sparse_hessian(x), scanned.hessian(x));
  const Function branching = record(4, [](ExprSpan w) { return w[0] < 1.0 ? square(w[1] * w[2]) : exp(w[3]); });
  for (const double first : {0.5, 2.0}) {
    Vector at = x;
    at[0] = first;
    check_same(branching.sparse_hessian(at), branching.hessian(at));
    BOOST_TEST(branching.sparse_hessian(at).nonZeros() == (first < 1.0 ? 4 : 1));
  }
  const Function residuals = record(4, [&](ExprSpan w) {
    return map_rows(Columns(data), [&](Row r) { return w[0] * r[0] - exp(w[3] * r[1]); });
  });
  const SparseMatrix jacobian = residuals.sparse_jacobian(x);
  BOOST_TEST(jacobian.rows() == 20);
  BOOST_TEST(jacobian.nonZeros() == 40);
  for (Index r = 0; r < 20; ++r) {
    BOOST_TEST(jacobian.coeff(r, 0) == data(r, 0));
    const double expected = -data(r, 1) * std::exp(x[3] * data(r, 1));
    BOOST_TEST(std::abs(jacobian.coeff(r, 3) - expected) <= 4e-16 * std::abs(expected));  // exp and two products
  }
}

BOOST_AUTO_TEST_CASE(nothing_at_all) {
  const Function none = record(0, [](ExprSpan) { return std::vector<Expr>{1.0}; });
  BOOST_TEST(none.sparse_jacobian(Vector()).nonZeros() == 0);
  const Function linear = record(2, [](ExprSpan x) { return x[0] + x[1]; });
  BOOST_TEST(linear.sparse_hessian(Vector::Ones(2)).nonZeros() == 0);
  check_refused([&] { linear.sparse_jacobian(Vector::Ones(3)); }, {"x has 3 entries, the function takes 2"});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(values_at_many_points)

BOOST_AUTO_TEST_CASE(are_those_of_one_point_after_another) {
  const Function f = record(3, [](ExprSpan x) {
    return std::vector<Expr>{sin(x[0]) * x[1] + argument(2.0), Expr(4.0), dot(x, x)};
  });
  const Matrix points = Matrix::Random(1000, 3);
  for (const Function& g : {f, f.with(Vector{{-1.0}})}) {
    const Matrix values = g.values(points);
    BOOST_TEST_REQUIRE(values.rows() == 1000);
    BOOST_TEST_REQUIRE(values.cols() == 3);
    for (Index i = 0; i < 1000; ++i)  // sin is within 1 ulp on either path, the rest rounds alike
      BOOST_TEST((values.row(i).transpose() - g.values(Vector(points.row(i)))).cwiseAbs().maxCoeff() <= 9e-16);
  }
  BOOST_TEST(f.values(Matrix(0, 3)).rows() == 0);
}

BOOST_AUTO_TEST_CASE(of_costs_with_rows_scans_and_branches) {
  const Matrix data = Matrix::Random(10, 2), points = Matrix::Random(7, 2);
  const auto check = [&](const Function& f) {
    const Matrix values = f.values(points);
    for (Index i = 0; i < points.rows(); ++i)
      BOOST_TEST(std::abs(values(i, 0) - f.value(Vector(points.row(i)))) <= 1e-15);  // of about 1, one function's ulp
  };
  check(record(2, [&](ExprSpan w) {
    return mean_over_rows(Columns(data), [&](Row r) { return square(w[0] * r[0] + w[1]); });
  }));
  check(record(2, [](ExprSpan w) { return w[0] < 0.0 ? w[1] : square(w[1]); }));
  check(record(2, [](ExprSpan w) { return iterate(9, w[0], [&](const Expr& c) { return 0.5 * c * w[1]; }); }));
}

BOOST_AUTO_TEST_CASE(of_the_wrong_shape_are_refused) {
  const Function f = record(2, [](ExprSpan x) { return x[0] * x[1]; });
  check_refused([&] { f.values(Matrix::Ones(4, 3)); }, {"2"});
  const Matrix data = Matrix::Ones(3, 1);
  const Function rows = record(1, [&](ExprSpan w) { return map_rows(Columns(data), [&](Row r) { return w[0] * r[0]; }); });
  check_refused([&] { rows.values(Matrix::Ones(4, 1).eval().leftCols(1).eval()); }, {"one value for each row"});
}

// Parameters act on rows also by way of sums over rows, and on values by row that do not vary. Their Jacobian by row was 0.
BOOST_AUTO_TEST_CASE(rows_that_read_sums_over_rows_and_values_that_are_the_same_in_each_row) {
  const Matrix X{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  const Vector w{{0.3, -0.2}};
  const auto check = [&](const Function& f) {
    const Matrix J = f.sparse_jacobian(w);
    for (Index j = 0; j < w.size(); ++j) {
      constexpr double h = 1e-5;  // central differences of smooth functions of order 1: 1e-9 and better
      const Vector d = Vector::Unit(w.size(), j) * h;
      const Vector difference = (f.values(w + d) - f.values(w - d)) / (2.0 * h);
      BOOST_TEST((J.col(j) - difference).norm() < 1e-8 * (1.0 + difference.norm()));
    }
    BOOST_TEST(J.norm() > 1.0);
  };
  check(record(2, [&](ExprSpan p) {
    const Expr m = mean_over_rows(Columns(X), [&](const Row& r) { return tanh(p[0] * r[0]); });
    return map_rows(Columns(X), [&](const Row& r) { return r[1] * p[1] - m; });
  }));
  check(record(2, [&](ExprSpan p) {
    const Expr m = max_over_rows(Columns(X), [&](const Row& r) { return p[0] * r[0]; });
    return map_rows(Columns(X), [&](const Row& r) { return r[1] * m; });
  }));
  check(record(2, [&](ExprSpan p) {
    return map_rows(Columns(X), [&](const Row& r) {
      return std::vector<Expr>{r[0] * p[0] * exp(p[0]), p[1], exp(p[0]) * p[1] + exp(p[0])};
    });
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
