// Rows that choose the nearest of many centres: distances and their least are one step. Of small integers all sums are exact,
// and many distances tie.

#include "autodiff/instruction_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

using namespace rappel;
using namespace rappel::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

struct Clusters {
  Index dimension, centres;
  bool backwards = false;  // centre - row, and min(next, least)

  template <class Columns>
  Function cost(const Columns& columns, int threads = 1) const {
    return record(dimension * centres, [&](ExprSpan w) {
      return sum_over_rows(columns, [&](Row row) {
        const auto distance = [&](Index c) {
          Expr sum = 0.0;
          for (Index j = 0; j < dimension; ++j) {
            const Expr centre = w[static_cast<std::size_t>(c * dimension + j)];
            sum += square(backwards ? centre - row[j] : row[j] - centre);
          }
          return sum;
        };
        Expr least = distance(0);
        for (Index c = 1; c < centres; ++c) least = backwards ? min(distance(c), least) : min(least, distance(c));
        return least;
      });
    }, {.threads = threads});
  }

  // Reversed one minimum after the other: a tie shares the adjoint equally.
  double by_hand(const Matrix& X, const Vector& w, Vector& gradient) const {
    gradient = Vector::Zero(w.size());
    double value = 0.0;
    for (Index r = 0; r < X.rows(); ++r) {
      std::vector<double> distance, least;
      for (Index c = 0; c < centres; ++c) {
        double d = 0.0;
        for (Index j = 0; j < dimension; ++j) d += (X(r, j) - w[c * dimension + j]) * (X(r, j) - w[c * dimension + j]);
        distance.push_back(d);
        const double before = c == 0 ? d : least.back();
        least.push_back(std::isnan(before) || std::isnan(d) ? not_a_number : std::min(before, d));
      }
      value += least.back();
      double adjoint = 1.0;
      for (Index c = centres; c-- > 0;) {
        const auto k = static_cast<std::size_t>(c);
        const double before = c == 0 ? inf : least[k - 1];
        const double share = distance[k] < before ? 1.0 : distance[k] == before ? (c == 0 ? 1.0 : 0.5) : 0.0;
        const double taken = adjoint * share;
        adjoint *= c == 0 ? 0.0 : before < distance[k] ? 1.0 : before == distance[k] ? 0.5 : 0.0;
        if (taken == 0.0) continue;
        for (Index j = 0; j < dimension; ++j) gradient[c * dimension + j] += taken * 2.0 * (w[c * dimension + j] - X(r, j));
      }
    }
    return value;
  }
};

void check(const Clusters& clusters, const Matrix& X, const Vector& w, const std::string& what) {
  Vector expected;
  const double value = clusters.by_hand(X, w, expected);
  for (const char* when : {"off", "always"}) {
    const Compiling compiling(when);
    const auto [v, g] = clusters.cost(Columns(X)).value_and_gradient(w);
    BOOST_TEST(same(v, value), what << ", compiled: " << when << ": " << v << ", not " << value);
    for (Index p = 0; p < w.size(); ++p)
      BOOST_TEST(same(g[p], expected[p]), what << ", compiled: " << when << ", partial " << p << ": " << g[p] << ", not " << expected[p]);
  }
}

Matrix integers(std::mt19937_64& random, Index rows, Index columns, int range) {
  Matrix X(rows, columns);
  for (double& x : X.reshaped()) x = static_cast<double>(static_cast<int>(random() % static_cast<unsigned>(2 * range + 1)) - range);
  return X;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nearest)

BOOST_AUTO_TEST_CASE(nearest_centres_of_integers_are_exact_on_every_set) {
  std::mt19937_64 random(1);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index dimension : {1, 2, 5, 16})
      for (const Index centres : {8, 9, 10, 11, 40})
        for (const Index rows : {1, 33, 300})
          for (const int range : {3, 1000}) {  // with and hardly without ties
            const Clusters clusters{dimension, centres, centres % 2 == 1};
            const Vector w = integers(random, dimension * centres, 1, range);
            check(clusters, integers(random, rows, dimension, range), w,
                  set + ", " + std::to_string(dimension) + " dimensions, " + std::to_string(centres) + " centres, " + std::to_string(rows) + " rows");
          }
  }
}

// More than are worth spreading.
BOOST_AUTO_TEST_CASE(many_centres_of_many_dimensions_are_exact) {
  std::mt19937_64 random(4);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const Clusters clusters{70, 121};
    check(clusters, integers(random, 41, 70, 2), integers(random, 70 * 121, 1, 2), set);
  }
}

// A row of NaN chooses none; a centre of NaN makes every least one NaN; an infinite one is not chosen, two infinite distances tie.
BOOST_AUTO_TEST_CASE(special_rows_and_centres_follow_the_conventions) {
  std::mt19937_64 random(2);
  const Clusters clusters{3, 12};
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const Matrix X = integers(random, 70, 3, 500);
    const Vector w = integers(random, 36, 1, 500);
    Matrix special = X;
    special(37, 1) = not_a_number;
    Vector centre = w;
    centre[3 * 5] = inf;
    check(clusters, X, centre, set + ": a centre of inf");
    check(clusters, special, w, set + ": a row of NaN");
    centre[3 * 11 + 2] = not_a_number;
    check(clusters, X, centre, set + ": a centre of NaN");
    centre.setConstant(1e200);
    check(clusters, X.topRows(1), centre, set + ": all distances infinite");
  }
}

BOOST_AUTO_TEST_CASE(nearest_centres_have_the_same_bits_for_any_number_of_threads_and_of_float_columns) {
  std::srand(3);
  const Clusters clusters{7, 30};
  const Eigen::MatrixXf floats = Eigen::MatrixXf::Random(9001, 7);
  const Matrix X = floats.cast<double>();
  const Vector w = Vector::Random(7 * 30);
  const auto [value, gradient] = clusters.cost(Columns(X)).value_and_gradient(w);
  for (const int threads : {2, 3, 8}) {
    const auto [v, g] = clusters.cost(Columns(X), threads).value_and_gradient(w);
    BOOST_TEST(v == value);
    BOOST_TEST((g.array() == gradient.array()).all());
  }
  const auto [v, g] = clusters.cost(Columns(floats)).value_and_gradient(w);
  BOOST_TEST(v == value);
  BOOST_TEST((g.array() == gradient.array()).all());
  Vector expected;
  BOOST_TEST(value == clusters.by_hand(X, w, expected), boost::test_tools::tolerance(1e-13));
  BOOST_TEST((gradient - expected).norm() <= 1e-13 * expected.norm());
}

BOOST_AUTO_TEST_SUITE_END()
