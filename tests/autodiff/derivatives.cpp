// Derivatives of every order as Functions, matrices and products; Functions inside of Functions; arguments.

#include "messages.hpp"
#include "row_costs.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <random>

namespace rappel::test {
namespace {

// Each result is a few rounded terms: 16 ulp of the largest entry.
void check_close(const Matrix& computed, const Matrix& expected, const char* what) {
  BOOST_REQUIRE_EQUAL(computed.rows(), expected.rows());
  BOOST_REQUIRE_EQUAL(computed.cols(), expected.cols());
  const double difference = (computed - expected).cwiseAbs().maxCoeff();
  BOOST_TEST(difference <= 16 * 0x1p-52 * expected.cwiseAbs().maxCoeff(), what << " is\n"
                                                                               << computed << "\nnot\n"
                                                                               << expected);
}

// sin(x) y + exp(x y) z, and its derivatives by hand.
const auto cost = [](ExprSpan x) { return sin(x[0]) * x[1] + exp(x[0] * x[1]) * x[2]; };
const Vector point{{0.5, -1.25, 2.0}};
double e() { return std::exp(point[0] * point[1]); }
Vector gradient_by_hand() {
  const double x = point[0], y = point[1], z = point[2];
  return Vector{{std::cos(x) * y + e() * y * z, std::sin(x) + e() * x * z, e()}};
}
Matrix hessian_by_hand() {
  const double x = point[0], y = point[1], z = point[2];
  const double xy = std::cos(x) + e() * z * (1.0 + x * y);
  return Matrix{{-std::sin(x) * y + e() * y * y * z, xy, e() * y},
                {xy, e() * x * x * z, e() * x},
                {e() * y, e() * x, 0.0}};
}

BOOST_AUTO_TEST_SUITE(derivatives)

BOOST_AUTO_TEST_CASE(gradient_hessian_and_products_are_those_by_hand) {
  const Function f = record(3, cost);
  const Vector v{{0.3, -2.0, 1.5}};
  check_close(f.gradient().values(point), gradient_by_hand(), "the gradient");
  check_close(f.hessian(point), hessian_by_hand(), "the Hessian");
  check_close(f.hessian_vector(point, v), hessian_by_hand() * v, "H v");
  check_close(f.jacobian(point), gradient_by_hand().transpose(), "the Jacobian of one value");
  check_close(f.jacobian_vector(point, v), gradient_by_hand().transpose() * v, "g v");
  BOOST_TEST((f.hessian(point) == f.hessian(point).transpose()));
  BOOST_TEST(f.num_values() == 1);
  BOOST_TEST(f.values(point)[0] == f.value(point));
}

// d^3 f / dx^3 = -cos(x) y + e y^3 z.
BOOST_AUTO_TEST_CASE(a_derivative_of_a_derivative_of_a_derivative) {
  const Function f = record(3, cost);
  const Function df = f.gradient();
  const Function fx = record(3, [&](ExprSpan x) { return df.outputs(x)[0]; });
  const Function dfx = fx.gradient();
  const Function fxx = record(3, [&](ExprSpan x) { return dfx.outputs(x)[0]; });
  const double x = point[0], y = point[1], z = point[2];
  const double expected = -std::cos(x) * y + e() * y * y * y * z;
  BOOST_TEST(std::abs(fxx.value_and_gradient(point).second[0] - expected) <=
             16 * 0x1p-52 * std::abs(expected));
  check_close(fx.gradient().jacobian(point).row(0), fxx.gradient().values(point).transpose(), "f_xx'");
}

BOOST_AUTO_TEST_CASE(several_values_have_a_jacobian_by_rows_or_by_columns) {
  // More values than parameters, and fewer.
  const auto values = [](ExprSpan x) {
    return std::array<Expr, 3>{x[0] * x[1], sin(x[0]), select(x[1] > 0.0, log(x[1]), x[0] / x[1])};
  };
  const Function tall = record(2, values);
  const Vector x{{0.7, 1.6}}, u{{1.0, -2.0, 0.5}}, v{{0.4, 3.0}};
  const Matrix J{{1.6, 0.7}, {std::cos(0.7), 0.0}, {0.0, 1.0 / 1.6}};
  check_close(tall.jacobian(x), J, "J");
  check_close(tall.jacobian_vector(x, v), J * v, "J v");
  check_close(tall.vector_jacobian(x, u), J.transpose() * u, "u J");
  const Function wide = record(3, [](ExprSpan w) { return std::vector<Expr>{w[0] * w[1] * w[2], norm(w)}; });
  const Vector w{{2.0, -1.0, 2.0}};
  check_close(wide.jacobian(w), Matrix{{-2.0, 4.0, -2.0}, {2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0}}, "J");
  check_close(wide.jacobian_vector(w, Vector{{1.0, 1.0, 1.0}}), Vector{{0.0, 1.0}}, "J v");
}

// Operations of several results, whose adjoints are operations of their own.
BOOST_AUTO_TEST_CASE(forward_products_go_through_operations_of_several_results) {
  const auto values = [](ExprSpan x) {
    std::vector<Expr> p = softmax({x[0], x[1], x[0] * x[1]});
    p.push_back(logsumexp(x));
    p.push_back(max(x[0], x[1]) * norm(x));
    return p;
  };
  const Function f = record(2, values);
  const Vector x{{0.4, -1.1}}, v{{-0.3, 2.0}};
  const Matrix J = f.jacobian(x);
  for (Index i = 0; i < 5; ++i) {
    const Function one = record(2, [&](ExprSpan w) { return values(w)[static_cast<std::size_t>(i)]; });
    check_close(J.row(i), one.value_and_gradient(x).second.transpose(), "a row of J");
  }
  check_close(f.jacobian_vector(x, v), J * v, "J v");
}

// Beyond 2^19 nodes a Jacobian is made column by column, or row by row.
BOOST_AUTO_TEST_CASE(large_hessians_are_made_by_products) {
  const Index n = 1200;
  const Function f = record(n, [&](ExprSpan x) {
    Expr total = 0.0;
    for (Index i = 0; i + 1 < n; ++i) total += square(x[i + 1] - square(x[i])) + exp(0.1 * x[i] * x[i + 1]);
    return total;
  });
  Vector x(n);
  for (Index i = 0; i < n; ++i) x[i] = std::sin(static_cast<double>(i));
  const Matrix H = f.hessian(x);
  for (const Index i : {Index{0}, Index{600}, n - 1}) {
    Vector unit = Vector::Zero(n);
    unit[i] = 1.0;
    check_close(H.col(i), f.hessian_vector(x, unit), "a column of H");
  }
  const double x0 = x[0], x1 = x[1], a = std::exp(0.1 * x0 * x1);
  BOOST_TEST(std::abs(H(0, 0) - (12.0 * x0 * x0 - 4.0 * x1 + 0.01 * x1 * x1 * a)) <= 1e-14);  // 16 ulp of 10
  BOOST_TEST(std::abs(H(0, 1) - (-4.0 * x0 + (0.1 + 0.01 * x0 * x1) * a)) <= 1e-14);
  BOOST_TEST(H(0, 2) == 0.0);
}

BOOST_AUTO_TEST_CASE(the_hessian_of_a_logistic_cost_over_rows_is_that_by_hand) {
  const RowProblem p = row_problem(1000, 20);
  const Columns data(p.X, p.y);
  const Function f = record(20, [&](ExprSpan w) {
    return mean_over_rows(data, [&](const Row& row) {
      const Expr z = dot(w, row.first(20));
      return softplus(z) - row[20] * z;
    });
  });
  const Vector w = Vector::LinSpaced(20, -0.5, 0.5);
  const Vector s = (1.0 + (-(p.X * w).array()).exp()).inverse();
  const Matrix expected =
      p.X.transpose() * (s.array() * (1.0 - s.array())).matrix().asDiagonal() * p.X / 1000.0;
  const Matrix H = f.hessian(w);
  // Sums of 1000 terms.
  BOOST_TEST((H - expected).cwiseAbs().maxCoeff() <= 1000 * 0x1p-53 * expected.cwiseAbs().maxCoeff());
  const Vector v = Vector::LinSpaced(20, 1.0, -2.0);
  BOOST_TEST((f.hessian_vector(w, v) - expected * v).norm() <= 1000 * 0x1p-53 * expected.norm() * v.norm());
  check_close(f.with_columns(Columns(p.X, p.y)).hessian(w), H, "on other data, the same");
}

BOOST_AUTO_TEST_CASE(gauss_newton_is_made_of_residuals_by_row) {
  const RowProblem p = row_problem(700, 2);
  const Columns data(p.X, p.y);
  const auto residual = [](ExprSpan w, const Row& row) {
    return exp(w[0]) * row[0] + sin(w[1] * row[1]) * w[2] - row[2];
  };
  const Function r =
      record(3, [&](ExprSpan w) { return map_rows(data, [&](const Row& row) { return residual(w, row); }); });
  const Vector w{{0.2, 0.9, -1.4}};
  Matrix J(700, 3);
  for (Index i = 0; i < 700; ++i) {
    const double b = p.X(i, 1);
    J.row(i) << std::exp(w[0]) * p.X(i, 0), std::cos(w[1] * b) * b * w[2], std::sin(w[1] * b);
  }
  const Vector res = r.values(w);
  const auto gn = r.gauss_newton(w);
  const double sums = 700 * 0x1p-53;
  BOOST_TEST((gn.hessian - J.transpose() * J).norm() <= sums * J.squaredNorm());
  BOOST_TEST((gn.gradient - J.transpose() * res).norm() <= sums * J.norm() * res.norm());
  BOOST_TEST(std::abs(gn.value - res.squaredNorm() / 2.0) <= sums * res.squaredNorm());
  const Function cost_of_it = record(3, [&](ExprSpan x) {
    return sum_over_rows(data, [&](const Row& row) { return square(residual(x, row)) / 2.0; });
  });
  const auto [value, gradient] = cost_of_it.value_and_gradient(w);
  BOOST_TEST((gn.gradient - gradient).norm() <= sums * J.norm() * res.norm());
}

// The residuals' own mean taken off: every residual depends on every row.
BOOST_AUTO_TEST_CASE(gauss_newton_sees_through_sums_over_rows) {
  const RowProblem p = row_problem(50, 2);
  const Columns data(p.X, p.y);
  const Function r = record(2, [&](ExprSpan w) {
    const auto fitted = [&](const Row& row) { return w[0] * row[0] + exp(w[1] * row[1]); };
    const Expr mean = mean_over_rows(data, fitted);
    return map_rows(data, [&](const Row& row) { return fitted(row) - mean - row[2]; });
  });
  const Vector w{{0.3, -0.8}};
  Matrix J(50, 2);
  J.col(0) = p.X.col(0);
  J.col(1) = p.X.col(1).array() * (w[1] * p.X.col(1).array()).exp();
  J.rowwise() -= J.colwise().mean().eval();
  BOOST_TEST((r.gauss_newton(w).hessian - J.transpose() * J).norm() <= 64 * 0x1p-52 * J.squaredNorm());
}

BOOST_AUTO_TEST_CASE(functions_are_made_of_functions) {
  const RowProblem p = row_problem(30, 1);
  const Columns data(p.X, p.y);
  const Function loss = record(2, [&](ExprSpan w) {
    return mean_over_rows(data, [&](const Row& row) { return square(w[0] * row[0] + w[1] - row[1]); });
  });
  const Function bump = record(1, [](ExprSpan x) { return exp(-square(x[0])); });
  // Of two parameters, on two scales, in a row and beside it.
  const Function both = record(2, [&](ExprSpan w) {
    const Expr smooth = sum_over_rows(data, [&](const Row& row) { return bump({w[0] * row[0]}); });
    return log(loss({2.0 * w[0], w[1]})) + smooth * bump({w[1]});
  });
  const Function by_hand = record(2, [&](ExprSpan w) {
    const Expr mean =
        mean_over_rows(data, [&](const Row& row) { return square(2.0 * w[0] * row[0] + w[1] - row[1]); });
    const Expr smooth = sum_over_rows(data, [&](const Row& row) { return exp(-square(w[0] * row[0])); });
    return log(mean) + smooth * exp(-square(w[1]));
  });
  const Vector w{{0.4, -0.2}};
  BOOST_TEST(both.value(w) == by_hand.value(w));
  check_close(both.hessian(w), by_hand.hessian(w), "the Hessian");
  BOOST_TEST(bump({Expr(0.5)}).constant() == bump.value(Vector{{0.5}}));
  check_refused([&] { record(1, [&](ExprSpan x) { return loss(x); }); }, {"1 Exprs", "takes 2"});
  check_refused(
      [&] {
        record(2, [&](ExprSpan x) { return sum_over_rows(data, [&](const Row&) { return loss(x); }); });
      },
      {"inside of a row"});
}

BOOST_AUTO_TEST_CASE(arguments_are_set_for_each_call_and_not_differentiated) {
  const Function f = record(1, [](ExprSpan x) {
    const Expr target = argument(), penalty = argument(0.5);
    return square(x[0] - target) + penalty * square(x[0]);
  });
  BOOST_TEST(f.num_arguments() == 2);
  check_refused([&] { f.value(Vector{{1.0}}); }, {"argument 0 has no value", "with()"});
  check_refused([&] { f.with(Vector{{1.0}}); }, {"1 entries", "2"});
  const Function g = f.with(Vector{{3.0, 0.25}});
  BOOST_TEST(g.value(Vector{{1.0}}) == 4.25);
  BOOST_TEST(g.value_and_gradient(Vector{{1.0}}).second[0] == -3.5);
  BOOST_TEST(g.hessian(Vector{{1.0}})(0, 0) == 2.5);
  BOOST_TEST(g.hessian_vector(Vector{{1.0}}, Vector{{2.0}})[0] == 5.0);
  BOOST_TEST(g.jacobian_vector(Vector{{1.0}}, Vector{{2.0}})[0] == -7.0);
  BOOST_TEST(f.with(Vector{{1.0, 2.0}}).value(Vector{{1.0}}) == 2.0);
  BOOST_TEST(g.accuracy(Vector{{1.0}}).ok());
  BOOST_TEST((g.with(Vector{{NAN, 0.0}}).diagnose(Vector{{1.0}}).found == Diagnosis::Found::argument));
  const Function h = record(1, [&](ExprSpan x) { return 2.0 * g(x); });
  BOOST_TEST(h.value(Vector{{1.0}}) == 8.5);
  BOOST_CHECK_THROW(argument(), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(wrong_sizes_are_refused_with_both_sides) {
  const Function f = record(2, [](ExprSpan x) { return std::vector<Expr>{x[0], x[1], x[0] * x[1]}; });
  const Vector x{{1.0, 2.0}}, one{{1.0}};
  check_refused([&] { f.jacobian(one); }, {"x has 1 entries", "takes 2"});
  check_refused([&] { f.jacobian_vector(x, one); }, {"direction has 1", "takes 2"});
  check_refused([&] { f.vector_jacobian(x, x); }, {"weights has 2", "takes 3"});
  check_refused([&] { f.gauss_newton(x); }, {"map_rows"});
  check_refused([&] { f.hessian(x); }, {"3 values"});
  const RowProblem p = row_problem(4, 1);
  const Function rows = record(
      1, [&](ExprSpan w) { return map_rows(Columns(p.X), [&](const Row& row) { return w[0] * row[0]; }); });
  check_refused([&] { rows.jacobian(one); }, {"one value for each row", "gauss_newton()"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
