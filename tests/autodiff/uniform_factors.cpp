// Uniform factors of what rows add to the sums of adjoints are taken out of the sums: rows compute no product for them. Of small
// integers every sum is exact, in whatever order it is taken.

#include "autodiff/instruction_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <sstream>

using namespace rappel;
using namespace rappel::test;

namespace {

// (a b x + c - y)^2
Function line(const Columns& columns, int threads = 1) {
  return record(
      3, [&](ExprSpan t) { return sum_over_rows(columns, [&](const Row& row) { return square(t[0] * (t[1] * row[0]) + t[2] - row[1]); }); },
      {.threads = threads});
}

Matrix integers(Index rows) {
  Matrix points(rows, 2);
  for (Index r = 0; r < rows; ++r) points(r, 0) = static_cast<double>(r % 7 - 3), points(r, 1) = static_cast<double>(r % 5 - 2);
  return points;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(uniform_factors)

BOOST_AUTO_TEST_CASE(derivatives_of_integers_are_exact_on_every_set) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index rows : {1, 9, 300, 1024, 2500}) {
      const Matrix points = integers(rows);
      const Vector t{{3.0, -2.0, 5.0}};
      double value = 0.0;
      Vector expected = Vector::Zero(3);
      for (Index r = 0; r < rows; ++r) {
        const double x = points(r, 0), residual = t[0] * t[1] * x + t[2] - points(r, 1);
        value += residual * residual;
        expected += 2.0 * residual * Vector{{t[1] * x, t[0] * x, 1.0}};
      }
      const auto [v, g] = line(Columns(points)).value_and_gradient(t);
      BOOST_TEST(v == value, set << ", " << rows << " rows");
      BOOST_TEST((g.array() == expected.array()).all(), set << ", " << rows << " rows");
    }
  }
}

// Of 2 r e, 2 r a e x and 2 r the factors 2 and a are taken out, and r e serves two sums.
BOOST_AUTO_TEST_CASE(rows_compute_no_product_by_uniform_factors) {
  const Matrix points = integers(10);
  const Function curve = record(3, [&](ExprSpan t) {
    return sum_over_rows(Columns(points), [&](const Row& row) { return square(t[0] * exp(t[1] * row[0]) + t[2] - row[1]); });
  });
  std::stringstream out;
  out << curve.gradient();
  int sums = 0, products = 0;
  for (std::string text; std::getline(out, text);) {
    sums += text.find("sum_rows(") != std::string::npos;
    products += text.ends_with("  by row") && text.find(" * ") != std::string::npos;
  }
  BOOST_TEST(sums == 3);
  BOOST_TEST(products == 4);  // b x, a e, r e, (r e) x
}

// J'J has squares of factors, and products of two.
BOOST_AUTO_TEST_CASE(normal_equations_of_integers_are_exact) {
  const Matrix points = integers(700);
  const Function residuals = record(3, [&](ExprSpan t) {
    return map_rows(Columns(points), [&](const Row& row) { return t[2] - row[1] - t[0] * (t[1] * row[0]); });
  });
  const Vector t{{3.0, -2.0, 5.0}};
  Vector expected = Vector::Zero(3), gradient(3);
  Matrix expected_matrix = Matrix::Zero(3, 3), matrix(3, 3);
  double expected_value = 0.0;
  for (Index r = 0; r < 700; ++r) {
    const double x = points(r, 0), residual = t[2] - points(r, 1) - t[0] * t[1] * x;
    const Vector row{{-t[1] * x, -t[0] * x, 1.0}};
    expected_value += 0.5 * residual * residual;
    expected += residual * row;
    expected_matrix += row * row.transpose();
  }
  const double value = residuals.gauss_newton(span_of(t), span_of(gradient), {matrix.data(), 9});
  BOOST_TEST(value == expected_value);
  BOOST_TEST((gradient.array() == expected.array()).all());
  BOOST_TEST((matrix.array() == expected_matrix.array()).all());
}

// What a Function gives by row, or compares, it computes as it is written.
BOOST_AUTO_TEST_CASE(what_others_read_is_computed_as_it_is) {
  const Matrix points = integers(40);
  const Function cost = record(1, [&](ExprSpan t) {
    const Columns columns(points);
    const Expr largest = max_over_rows(columns, [&](Row row) { return 2.0 * (t[0] * row[0]); });
    return largest + sum_over_rows(columns, [&](Row row) { return square(2.0 * (t[0] * row[0]) - row[1]); });
  });
  const auto [value, gradient] = cost.value_and_gradient(Vector{{0.5}});
  double expected = 3.0, slope = 6.0;
  for (Index r = 0; r < 40; ++r) {
    const double x = points(r, 0), residual = x - points(r, 1);
    expected += residual * residual;
    slope += 4.0 * x * residual;
  }
  BOOST_TEST(value == expected);
  BOOST_TEST(gradient[0] == slope);
}

BOOST_AUTO_TEST_CASE(a_factor_that_is_infinite_or_nan_stays_one) {
  const Matrix points = integers(20);
  const Vector gradient = line(Columns(points)).value_and_gradient(Vector{{std::numeric_limits<double>::infinity(), 1.0, 0.0}}).second;
  BOOST_TEST(!std::isfinite(gradient[1]));
  BOOST_TEST(std::isnan(line(Columns(points)).value_and_gradient(Vector{{std::nan(""), 1.0, 0.0}}).second[0]));
}

BOOST_AUTO_TEST_SUITE_END()
