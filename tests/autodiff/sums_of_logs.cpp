// What softplus and logsumexp add to sums over rows: the logarithms of many rows are one logarithm of a product.

#include "autodiff/instruction_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace rappel;
using namespace rappel::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

long double softplus_of(long double z) { return std::max(z, 0.0L) + std::log1p(std::exp(-std::abs(z))); }

// Terms round by 2 ulp at most, and each of the 8 partial sums once for each of its rows.
double tolerance(Index rows) { return std::ldexp(2.0 * 2.0 + static_cast<double>(rows) / 8.0 + 4.0, -53); }

Function logistic(const Matrix& X) {
  return record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      const Expr z = w[0] * row[0];
      return softplus(z) - row[1] * z;
    });
  });
}

Function sum_of_logsumexp(const Matrix& X) {
  return record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      std::vector<Expr> z;
      for (Index j = 0; j < X.cols(); ++j) z.push_back(w[0] * row[j]);
      return logsumexp(z) * 1.0 - w[0];
    });
  });
}

Matrix uniform(Index rows, Index columns, double lowest, double highest) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> number(lowest, highest);
  Matrix X(rows, columns);
  for (double& x : X.reshaped()) x = number(random);
  return X;
}

const Vector one{{1.0}};

}  // namespace

BOOST_AUTO_TEST_SUITE(sums_of_logs)

BOOST_AUTO_TEST_CASE(softplus_adds_up_on_every_set) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index rows : {1, 7, 8, 9, 255, 256, 257, 3001})
      for (const auto& [lowest, highest] : {std::pair{-30.0, 30.0}, {-745.0, -600.0}, {-1e-9, 1e-9}, {-1.0, 0.0}}) {
        Matrix X = uniform(rows, 2, lowest, highest);
        X.col(1).setZero();
        long double expected = 0.0L;
        for (Index r = 0; r < rows; ++r) expected += softplus_of(X(r, 0));
        const double value = logistic(X).value(one);
        BOOST_TEST(std::abs(static_cast<double>(value - expected)) <= tolerance(rows) * static_cast<double>(expected) + 4e-324 * 3001,
                   set << ", " << rows << " rows from " << lowest << ": " << value << ", not " << static_cast<double>(expected));
      }
  }
}

// softplus(z) - z is exp(-z) for large z, though both are large.
BOOST_AUTO_TEST_CASE(what_a_row_subtracts_cancels_in_the_row) {
  Matrix X(300, 2);
  for (Index r = 0; r < 300; ++r) X.row(r) << 1e10 + static_cast<double>(r), 1.0;
  BOOST_TEST(logistic(X).value(one) == 0.0);
  X(17, 0) = 40.0;
  BOOST_TEST(logistic(X).value(one) == std::exp(-40.0), boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(infinities_and_nan_are_what_softplus_has) {
  Matrix X = uniform(40, 2, -3.0, 3.0);
  X.col(1).setZero();
  const double finite = logistic(X).value(one);
  X.conservativeResize(41, 2);
  X.row(40) << -infinity, 0.0;
  const Function f = record(1, [&](ExprSpan w) { return sum_over_rows(Columns(X), [&](Row row) { return softplus(row[0] + 0.0 * w[0]); }); });
  BOOST_TEST(f.value(one) == finite, boost::test_tools::tolerance(1e-15));
  X(40, 0) = infinity;
  BOOST_TEST(f.value(one) == infinity);
  X(40, 0) = std::nan("");
  BOOST_TEST(std::isnan(f.value(one)));
}

BOOST_AUTO_TEST_CASE(logsumexp_adds_up_on_every_set) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index rows : {1, 9, 256, 1000}) {
      Matrix X = uniform(rows, 5, -30.0, 30.0);
      long double expected = 0.0L, sizes = 0.0L;
      for (Index r = 0; r < rows; ++r) {
        if (r % 3 == 0) X.row(r).setConstant(X(r, 0));
        long double sum = 0.0L;
        for (Index j = 0; j < 5; ++j) sum += std::exp(static_cast<long double>(X(r, j)));
        expected += std::log(sum) - 1.0L;
        sizes += std::abs(std::log(sum)) + 1.0L;
      }
      const double value = sum_of_logsumexp(X).value(one);
      BOOST_TEST(std::abs(static_cast<double>(value - expected)) <= tolerance(rows) * static_cast<double>(sizes), set << ", " << rows);
    }
    Matrix X = uniform(20, 3, -1.0, 1.0);
    X.row(5).setConstant(-infinity);
    BOOST_TEST(sum_of_logsumexp(X).value(one) == -infinity);
    X.row(5) << 0.0, infinity, infinity;
    BOOST_TEST(sum_of_logsumexp(X).value(one) == infinity);
    X(5, 0) = std::nan("");
    BOOST_TEST(std::isnan(sum_of_logsumexp(X).value(one)));
  }
}

// However many operands, and so how large their product: up to 201 all factors of a leaf are one, beyond each 256 rows have their own.
BOOST_AUTO_TEST_CASE(logarithms_of_many_equal_operands_add_up) {
  for (const char* compiler : {"off", "always"})
    for (const Index operands : {200, 201, 202, 1000}) {
      const Compiling compiling(compiler);
      const Matrix X = Matrix::Zero(2100, operands);
      const double expected = 2100.0 * (std::log(static_cast<double>(operands)) - 1.0);
      BOOST_TEST(sum_of_logsumexp(X).value(one) == expected, boost::test_tools::tolerance(1e-13));
    }
}

// Subtracted, several in one row, weighted (which keeps them whole), and used elsewhere too.
BOOST_AUTO_TEST_CASE(terms_of_all_kinds_add_up) {
  const Matrix X = uniform(500, 2, -4.0, 4.0);
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      const Expr a = softplus(w[0] * row[0]), b = softplus(row[1] - w[0]), c = softplus(row[0] * row[1]), d = softplus(w[0] + row[0]);
      return -(a - 3.0 * b) - (c - d) + square(d);
    });
  });
  const Vector w{{0.7}};
  long double expected = 0.0L, sizes = 0.0L;
  for (Index r = 0; r < X.rows(); ++r) {
    const long double x = X(r, 0), y = X(r, 1), v = 0.7, a = softplus_of(v * x), b = softplus_of(y - v), c = softplus_of(x * y), d = softplus_of(v + x);
    expected += -(a - 3.0L * b) - (c - d) + d * d;
    sizes += a + 3.0L * b + c + d + d * d;
  }
  const auto [value, gradient] = f.value_and_gradient(w);
  BOOST_TEST(std::abs(static_cast<double>(value - expected)) <= 2.0 * tolerance(500) * static_cast<double>(sizes));
  const double step = 1e-6, slope = (f.value(Vector{{0.7 + step}}) - f.value(Vector{{0.7 - step}})) / (2.0 * step);
  BOOST_TEST(gradient[0] == slope, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(compiled_rows_have_the_same_bits) {
  for (const Index rows : {3, 1003, 1024, 2050}) {
    const Matrix X = uniform(rows, 2, -9.0, 9.0);
    for (const bool of_units : {true, false}) {
      const auto run = [&](const char* compiler) {
        const Compiling compiling(compiler);
        return (of_units ? logistic(X) : sum_of_logsumexp(X)).value_and_gradient(one);
      };
      const auto [value, gradient] = run("off");
      const auto [v, g] = run("always");
      BOOST_TEST(v == value);
      BOOST_TEST(g[0] == gradient[0]);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
