// Bodies too long to be compiled: like steps run as lists, chains of squares as one step, and sums are added to those of
// earlier leaves where they are taken. Of small integers every sum is exact, in whatever order it is taken.

#include "autodiff/instruction_sets.hpp"
#include "autodiff/triangles.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <vector>
#include <random>

using namespace rappel;
using namespace rappel::test;

namespace {

// The sum over clusters k of weight_k |Q_k (x - c_k)|^2, Q_k a lower triangle, the weight a column; and of |x + c_k|^2, which
// is read twice; and an alternating sum.
struct Clusters : TriangleParameters {
  Function cost(const Columns& columns, int threads = 1) const {
    return record(num_parameters(), [&](ExprSpan w) {
      const auto at = [&](Index p) { return w[static_cast<std::size_t>(p)]; };
      return sum_over_rows(columns, [&](Row row) {
        Expr all = 0.0;
        for (Index k = 0; k < clusters; ++k) {
          Expr norm = 0.0;
          for (Index i = 0; i < n; ++i) {
            Expr q = 0.0;
            for (Index j = 0; j <= i; ++j) q += at(entry(k, i, j)) * (row[j] - at(centre(k, j)));
            norm += square(q);
          }
          all += row[n + k] * norm;
        }
        Expr sizes = 0.0;
        for (Index j = 0; j < n; ++j) sizes += square(row[j] + 2.0 * row[n]);
        Expr alternating = row[0];
        for (Index j = 1; j < n; ++j) alternating = row[j] - alternating;  // each waits for the one before
        return all + alternating * at(centre(0, 1)) + sizes + sizes * at(centre(0, 0));
      });
    }, {.threads = threads});
  }

  double by_hand(const Matrix& X, const Vector& w, Vector& gradient) const {
    gradient = Vector::Zero(w.size());
    double value = squares(X, w, [&](Index r, Index k) { return X(r, n + k); }, gradient);
    for (Index r = 0; r < X.rows(); ++r) {
      double sizes = 0.0;
      for (Index j = 0; j < n; ++j) sizes += (X(r, j) + 2.0 * X(r, n)) * (X(r, j) + 2.0 * X(r, n));
      double alternating = X(r, 0);
      for (Index j = 1; j < n; ++j) alternating = X(r, j) - alternating;
      value += sizes * (1.0 + w[centre(0, 0)]) + alternating * w[centre(0, 1)];
      gradient[centre(0, 0)] += sizes;
      gradient[centre(0, 1)] += alternating;
    }
    return value;
  }
};

Vector integers(std::mt19937_64& random, Index count) {
  Vector result(count);
  for (double& x : result) x = static_cast<double>(static_cast<int>(random() % 7) - 3);
  return result;
}

constexpr Clusters many{{47, 30}};

}  // namespace

BOOST_AUTO_TEST_SUITE(long_bodies)

// The first product, sum and sum over rows read columns and parameters alone, and the body begins with a step of another kind.
BOOST_AUTO_TEST_CASE(the_first_of_like_steps_joins_no_other) {
  constexpr Index n = 40, num_dots = 1400;
  Matrix X(3, n);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < n; ++j) X(i, j) = static_cast<double>((i + 3 * j) % 5 - 2);
  for (const bool begins_with_tanh : {false, true}) {
    const Function f = record(1 + n * num_dots, [&](ExprSpan w) {
      return sum_over_rows(Columns(X), [&](const Row& row) {
        Expr total = begins_with_tanh ? tanh(row[0] * 0.0) : abs(row[0] - row[1]);
        total += abs(row[0] * w[0]) + abs(row[1] + w[0]) + row[2];
        std::vector<Expr> z;
        for (Index j = 0; j < n; ++j) z.push_back(abs(row[j]));
        for (Index d = 0; d < num_dots; ++d) {
          Expr q = 0.0;
          for (Index j = 0; j < n; ++j) q += w[1 + d * n + (j * 7 + d) % n] * z[j];
          total += abs(q);
        }
        return total;
      });
    });
    double expected = 0.0;
    for (Index i = 0; i < 3; ++i)
      expected += (begins_with_tanh ? 0.0 : std::abs(X(i, 0) - X(i, 1))) + std::abs(3.0 * X(i, 0)) + std::abs(X(i, 1) + 3.0) + X(i, 2) +
                  static_cast<double>(num_dots) * X.row(i).cwiseAbs().sum();
    Vector w = Vector::Ones(f.dimension());
    w[0] = 3.0;
    for (int call = 0; call < 2; ++call) {
      BOOST_TEST(f.value(w) == expected);
      BOOST_TEST(f.value_and_gradient(w).first == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(long_bodies_of_integers_are_exact_on_every_set_and_with_any_last_leaf) {
  std::mt19937_64 random(7);
  const Vector w = integers(random, many.num_parameters());
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index rows : {5, 64, 263, 449, 512}) {
      const Matrix X = integers(random, rows * (many.n + many.clusters)).reshaped(rows, many.n + many.clusters);
      Vector expected;
      const double value = many.by_hand(X, w, expected);
      const auto [v, g] = many.cost(Columns(X)).value_and_gradient(w);
      BOOST_TEST(v == value, set << ", " << rows << " rows");
      BOOST_TEST((g.array() == expected.array()).all(), set << ", " << rows << " rows");
    }
  }
}

BOOST_AUTO_TEST_CASE(long_bodies_have_the_same_bits_for_any_number_of_threads_and_however_rows_run) {
  std::srand(3);
  const Matrix X = Matrix::Random(9000, many.n + many.clusters);
  const Vector w = Vector::Random(many.num_parameters());
  const auto [value, gradient] = many.cost(Columns(X)).value_and_gradient(w);
  for (const int threads : {2, 3, 8}) {
    const auto [v, g] = many.cost(Columns(X), threads).value_and_gradient(w);
    BOOST_TEST(v == value);
    BOOST_TEST((g.array() == gradient.array()).all());
  }
  for (const char* when : {"off", "always"}) {
    const Compiling compiling(when);
    const auto [v, g] = many.cost(Columns(X)).value_and_gradient(w);
    BOOST_TEST(v == value);
    BOOST_TEST((g.array() == gradient.array()).all());
  }
}

BOOST_AUTO_TEST_SUITE_END()
