// Many dots over one list of values, and the sums over rows of the products of two lists: what a layer of a network is.
// Of small integers every sum is exact, in whatever order it is taken.

#include "autodiff/instruction_sets.hpp"
#include "autodiff/triangles.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>
#include <sstream>

using namespace rappel;
using namespace rappel::test;

namespace {

enum class Own { none, first, second, last };  // where each unit adds a value of its own

struct Layer {
  Index inputs, units;
  Own own;
  bool by_unit;  // the factors of a unit stand one after the other; else those of an input do

  Index num_parameters() const { return inputs * units + units; }
  Index factor(Index u, Index i) const { return by_unit ? u * inputs + i : i * units + u; }
  Index own_value(Index u) const { return inputs * units + u; }
};

Expr unit(const Layer& layer, ExprSpan w, const Row& row, Index u) {
  const auto own = [&] { return w[static_cast<std::size_t>(layer.own_value(u))]; };
  Expr sum = 0.0;
  if (layer.own == Own::first) sum = own();
  for (Index i = 0; i < layer.inputs; ++i) {
    sum += w[static_cast<std::size_t>(layer.factor(u, i))] * row[i];
    if (i == 0 && layer.own == Own::second) sum += own();
  }
  return layer.own == Own::last ? sum + own() : sum;
}

Function squares(const Layer& layer, const Columns& columns, int threads = 1) {
  return record(layer.num_parameters(), [&](ExprSpan w) {
    return sum_over_rows(columns, [&](Row row) {
      Expr sum = 0.0;
      for (Index u = 0; u < layer.units; ++u) sum += square(unit(layer, w, row, u));
      return sum;
    });
  }, {.threads = threads});
}

double squares_by_hand(const Layer& layer, const Matrix& X, const Vector& w, Vector& gradient) {
  gradient = Vector::Zero(w.size());
  double value = 0.0;
  for (Index r = 0; r < X.rows(); ++r)
    for (Index u = 0; u < layer.units; ++u) {
      double z = layer.own == Own::none ? 0.0 : w[layer.own_value(u)];
      for (Index i = 0; i < layer.inputs; ++i) z += w[layer.factor(u, i)] * X(r, i);
      value += z * z;
      for (Index i = 0; i < layer.inputs; ++i) gradient[layer.factor(u, i)] += 2.0 * z * X(r, i);
      if (layer.own != Own::none) gradient[layer.own_value(u)] += 2.0 * z;
    }
  return value;
}

struct Integers {
  explicit Integers(unsigned seed) : random(seed) {}
  double operator()() { return static_cast<double>(static_cast<int>(random() % 7) - 3); }
  std::mt19937_64 random;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(layers_of_integers_are_exact_on_every_set) {
  Integers integer(3);
  const Index rows[] = {1, 7, 31, 33, 64, 257, 300};
  std::size_t next = 0;
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index inputs : {5, 6, 10, 11, 32, 96, 97, 201})  // the sums of their products with units: tiles of up to 5 x 5, 4 x 6, 3 x 8
      for (const Index units : {2, 3, 4, 5, 8, 13})
        for (const Own own : {Own::none, Own::first, Own::second, Own::last}) {
          const Layer layer{inputs, units, own, next % 2 == 0};
          const Index m = rows[next++ % std::size(rows)];
          Matrix X(m, inputs);
          Vector w(layer.num_parameters()), expected;
          for (double& x : X.reshaped()) x = integer();
          for (double& x : w) x = integer();
          const double value = squares_by_hand(layer, X, w, expected);
          const auto [v, g] = squares(layer, Columns(X)).value_and_gradient(w);
          BOOST_TEST(v == value, set << ", " << m << " rows, " << inputs << " inputs, " << units << " units");
          BOOST_TEST((g.array() == expected.array()).all(), set << ", " << m << " rows, " << inputs << " inputs, " << units << " units");
        }
  }
}

// Factors that are no run of parameters, or of which one is missing, take another way.
BOOST_AUTO_TEST_CASE(uneven_factors_and_lists_are_exact) {
  Integers integer(4);
  const Index n = 40, units = 4;
  Matrix X(100, n);
  for (double& x : X.reshaped()) x = integer();
  Vector w(n * units);
  for (double& x : w) x = integer();
  const auto factor = [&](Index u, Index i) { return (i * i + 7 * u) % (n * units); };
  const Function f = record(w.size(), [&](ExprSpan p) {
    return sum_over_rows(Columns(X), [&](Row row) {
      Expr sum = 0.0;
      for (Index u = 0; u < units; ++u) {
        Expr z = 0.0;
        for (Index i = 0; i < n; ++i)
          if (u != 2 || i != 20) z += p[static_cast<std::size_t>(factor(u, i))] * row[i];
        sum += square(z);
      }
      return sum;
    });
  });
  Vector expected = Vector::Zero(w.size());
  double value = 0.0;
  for (Index r = 0; r < X.rows(); ++r)
    for (Index u = 0; u < units; ++u) {
      double z = 0.0;
      for (Index i = 0; i < n; ++i)
        if (u != 2 || i != 20) z += w[factor(u, i)] * X(r, i);
      value += z * z;
      for (Index i = 0; i < n; ++i)
        if (u != 2 || i != 20) expected[factor(u, i)] += 2.0 * z * X(r, i);
    }
  const auto [v, g] = f.value_and_gradient(w);
  BOOST_TEST(v == value);
  BOOST_TEST((g.array() == expected.array()).all());
}

BOOST_AUTO_TEST_CASE(layers_have_the_same_bits_for_any_number_of_threads) {
  const Layer layer{50, 9, Own::last, true};
  std::srand(1);
  const Matrix X = Matrix::Random(20001, 50);
  const Vector w = Vector::Random(layer.num_parameters());
  const auto [value, gradient] = squares(layer, Columns(X)).value_and_gradient(w);
  for (const int threads : {2, 3, 8}) {
    const auto [v, g] = squares(layer, Columns(X), threads).value_and_gradient(w);
    BOOST_TEST(v == value);
    BOOST_TEST((g.array() == gradient.array()).all());
  }
}

namespace {

// Clusters, each with a lower triangle Q and a centre c: the sum of |Q (x - c)|^2. The diagonal comes first, or in its turn.
struct Triangles : TriangleParameters {
  bool diagonal_first;

  Function cost(const Columns& columns, int threads = 1) const {
    return record(num_parameters(), [&](ExprSpan w) {
      const auto at = [&](Index p) { return w[static_cast<std::size_t>(p)]; };
      return sum_over_rows(columns, [&](Row row) {
        Expr sum = 0.0;
        for (Index k = 0; k < clusters; ++k)
          for (Index i = 0; i < n; ++i) {
            const auto term = [&](Index j) { return at(entry(k, i, j)) * (row[j] - at(centre(k, j))); };
            Expr q = diagonal_first ? term(i) : term(0);
            for (Index j = diagonal_first ? 0 : 1; j < (diagonal_first ? i : i + 1); ++j) q += term(j);
            sum += square(q);
          }
        return sum;
      });
    }, {.threads = threads});
  }

  double by_hand(const Matrix& X, const Vector& w, Vector& gradient) const {
    gradient = Vector::Zero(w.size());
    return squares(X, w, [](Index, Index) { return 1.0; }, gradient);
  }
};

}  // namespace

// Many clusters: more blocks than the cache holds, and a body too long to be compiled.
BOOST_AUTO_TEST_CASE(triangles_of_integers_are_exact_on_every_set) {
  Integers integer(5);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const auto& [n, clusters] : {std::pair<Index, Index>{9, 2}, {40, 1}, {41, 2}, {47, 16}})
      for (const bool diagonal_first : {false, true}) {
        const Triangles triangles{{n, clusters, !diagonal_first}, diagonal_first};
        Matrix X(clusters > 2 ? 70 : 131, n);
        Vector w(triangles.num_parameters()), expected;
        for (double& x : X.reshaped()) x = integer();
        for (double& x : w) x = integer();
        const double value = triangles.by_hand(X, w, expected);
        const auto [v, g] = triangles.cost(Columns(X)).value_and_gradient(w);
        BOOST_TEST(v == value, set << ", " << n << ", " << clusters << " clusters");
        BOOST_TEST((g.array() == expected.array()).all(), set << ", " << n << ", " << clusters << " clusters");
      }
  }
}

// Values that come again, within what dots share and after it.
BOOST_AUTO_TEST_CASE(dots_that_read_a_value_twice_are_exact) {
  constexpr Index n = 41, units = 5, factors = n * units;
  Integers integer(6);
  Matrix X(70, n);
  Vector w(factors);
  for (double& x : X.reshaped()) x = integer();
  for (double& x : w) x = integer();
  const auto place = [](Index u, Index i) { return (u * n + i * i) % factors; };  // not evenly spaced
  for (const int twice : {0, 1, 2, 3}) {
    const bool within = twice % 2 == 1, after = twice >= 2;
    // x0 + w x1 + w x2 + .., and x1 or x0 once more
    const auto unit = [&](const auto& factor, const auto& x, Index u) {
      auto sum = x(0) + factor(place(u, 1)) * x(1);
      for (Index i = 2; i < n; ++i) sum += factor(place(u, i)) * x(within && i == 20 ? 1 : i);
      if (after && u % 2 == 1) sum = sum + factor(place(u, 3)) * x(2) + x(0);
      return sum;
    };
    double expected = 0.0;
    for (Index r = 0; r < X.rows(); ++r)
      for (Index u = 0; u < units; ++u) {
        const double q = unit([&](Index k) { return w[k]; }, [&](Index j) { return X(r, j); }, u);
        expected += q * q;
      }
    for (const std::string& set : sets_here()) {
      const Forced forced(set);
      const Function f = record(factors, [&](ExprSpan p) {
        return sum_over_rows(Columns(X), [&](Row row) {
          Expr sum = 0.0;
          for (Index u = 0; u < units; ++u) sum += square(unit([&](Index k) { return p[k]; }, [&](Index j) { return row[j]; }, u));
          return sum;
        });
      });
      BOOST_TEST(f.value(w) == expected, set << ", " << within << after);
    }
  }
}

// The derivative by a centre is Q'Q times the sum of x - c: no product of its own for each row.
BOOST_AUTO_TEST_CASE(sums_of_products_with_uniform_factors_are_products_of_sums) {
  const Triangles triangles{{8, 1}, false};
  const Matrix X = Matrix::Ones(4, 8);
  std::stringstream out;
  out << triangles.cost(Columns(X)).gradient();
  Index by_row = 0;
  for (std::string line; std::getline(out, line);) by_row += line.ends_with("  by row");
  const Index columns = 8, differences = 8, dots = 36 + 28, products = 36;
  BOOST_TEST(by_row == columns + differences + dots + products);  // nor are they doubled by row
}

BOOST_AUTO_TEST_CASE(squares_that_are_added_up_share_twice_their_adjoint) {
  const Matrix X = Matrix::Ones(4, 8);
  const Function f = record(8, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      Expr sum = 0.0;
      for (Index j = 0; j < 8; ++j) sum += square(row[j] - w[j]);
      return exp(-sum);
    });
  });
  std::stringstream out;
  out << f.gradient();
  Index by_row = 0;
  for (std::string line; std::getline(out, line);) by_row += line.ends_with("  by row");
  const Index columns = 8, differences = 8, squares = 8, additions = 7, exponential = 2, products = 8;  // twice them beyond the sums
  BOOST_TEST(by_row == columns + differences + squares + additions + exponential + products);
  const Vector w{{1.0, 1.25, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0}};
  const double e = 4.0 * std::exp(-0.3125);
  BOOST_TEST(f.gradient().values(w)[1] == -0.5 * e, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(f.gradient().values(w)[3] == e, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(triangles_have_the_same_bits_for_any_number_of_threads_and_however_rows_run) {
  const Triangles triangles{{47, 3, true}, true};
  std::srand(2);
  const Matrix X = Matrix::Random(20001, 47);
  const Vector w = Vector::Random(triangles.num_parameters());
  const auto [value, gradient] = triangles.cost(Columns(X)).value_and_gradient(w);
  for (const int threads : {2, 3, 8}) {
    const auto [v, g] = triangles.cost(Columns(X), threads).value_and_gradient(w);
    BOOST_TEST(v == value);
    BOOST_TEST((g.array() == gradient.array()).all());
  }
  const auto alone = triangles.cost(Columns(X)).value(w);
  BOOST_TEST(alone == value);
}

BOOST_AUTO_TEST_SUITE_END()
