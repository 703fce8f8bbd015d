// Matrices of Exprs: nodes counted, values and derivatives against the same written scalar by scalar.

#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <Eigen/Dense>
#include <cmath>
#include <functional>
#include <random>

namespace rappel::test {
namespace {

Matrix random_matrix(Index rows, Index cols, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> entry(-1.0, 1.0);
  return Matrix::NullaryExpr(rows, cols, [&] { return entry(random); });
}

ExprMatrix matrix_at(ExprSpan x, Index first, Index rows, Index cols) {
  return ExprMatrix::NullaryExpr(rows, cols, [&](Index i, Index j) { return x[first + i + j * rows]; });
}

// S S^T + I, symmetric and positive definite.
ExprMatrix spd_at(ExprSpan x, Index m) {
  ExprMatrix a(m, m);
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < m; ++j) {
      a(i, j) = i == j ? 1.0 : 0.0;
      for (Index k = 0; k < m; ++k) a(i, j) += x[i + k * m] * x[j + k * m];
    }
  return a;
}

// --- the same scalar by scalar ---

ExprMatrix plain_product(const ExprMatrix& a, const ExprMatrix& b) {
  ExprMatrix c(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < b.cols(); ++j) {
      c(i, j) = 0.0;
      for (Index k = 0; k < a.cols(); ++k) c(i, j) += a(i, k) * b(k, j);
    }
  return c;
}

ExprMatrix plain_cholesky(const ExprMatrix& a) {
  const Index m = a.rows();
  ExprMatrix l = ExprMatrix::Constant(m, m, Expr(0.0));
  for (Index j = 0; j < m; ++j) {
    Expr d = a(j, j);
    for (Index k = 0; k < j; ++k) d -= l(j, k) * l(j, k);
    l(j, j) = sqrt(d);
    for (Index i = j + 1; i < m; ++i) {
      Expr s = a(i, j);
      for (Index k = 0; k < j; ++k) s -= l(i, k) * l(j, k);
      l(i, j) = s / l(j, j);
    }
  }
  return l;
}

// Gauss-Jordan without exchanges.
ExprMatrix plain_solve(ExprMatrix a, ExprMatrix b) {
  const Index m = a.rows();
  for (Index p = 0; p < m; ++p) {
    const Expr scale = 1.0 / a(p, p);
    for (Index j = 0; j < m; ++j) a(p, j) *= scale;
    for (Index j = 0; j < b.cols(); ++j) b(p, j) *= scale;
    for (Index i = 0; i < m; ++i) {
      if (i == p) continue;
      const Expr factor = a(i, p);
      for (Index j = 0; j < m; ++j) a(i, j) -= factor * a(p, j);
      for (Index j = 0; j < b.cols(); ++j) b(i, j) -= factor * b(p, j);
    }
  }
  return b;
}

Expr plain_det(const ExprMatrix& a) {
  const Index m = a.rows();
  if (m == 1) return a(0, 0);
  Expr total = 0.0;
  for (Index k = 0; k < m; ++k) {
    ExprMatrix minor(m - 1, m - 1);
    for (Index i = 1; i < m; ++i)
      for (Index j = 0; j < m; ++j)
        if (j != k) minor(i - 1, j < k ? j : j - 1) = a(i, j);
    total += (k % 2 == 0 ? 1.0 : -1.0) * a(0, k) * plain_det(minor);
  }
  return total;
}

// A number that depends on every entry, each in its own way.
Expr mixed(const ExprMatrix& a) {
  Expr total = 0.0;
  for (Index i = 0; i < a.size(); ++i) total += sin(static_cast<double>(i + 1) * a.data()[i]) / static_cast<double>(i + 2);
  return total;
}

using Cost = std::function<Expr(ExprSpan)>;

void check_close(const char* what, const Matrix& computed, const Matrix& expected, double tolerance) {
  BOOST_TEST((computed - expected).cwiseAbs().maxCoeff() <= tolerance * (1.0 + expected.cwiseAbs().maxCoeff()),
             what << " is off by " << (computed - expected).cwiseAbs().maxCoeff());
}

// Value, gradient, Hessian and third order along a direction. Each matrix operation of size m is some m^2 roundings
// beside m of the scalar ones, of terms of order 1 to 100: 1e-11.
void check_same(Index n, const Cost& by_nodes, const Cost& by_scalars, unsigned seed = 1) {
  const Function f = record(n, by_nodes), g = record(n, by_scalars);
  const Vector x = random_matrix(n, 1, seed), v = random_matrix(n, 1, seed + 1);
  BOOST_TEST(f.value(x) == g.value(x), boost::test_tools::tolerance(1e-12));
  check_close("the gradient", f.value_and_gradient(x).second, g.value_and_gradient(x).second, 1e-11);
  check_close("H v", f.hessian_vector(x, v), g.hessian_vector(x, v), 1e-10);
  check_close("H", f.hessian(x), g.hessian(x), 1e-10);
  const auto third = [&](const Function& c) {
    const Function dc = c.gradient();
    const Function slope = record(n, [&](ExprSpan y) {
      const std::vector<Expr> d = dc.outputs(y);
      Expr total = 0.0;
      for (Index i = 0; i < n; ++i) total += v[i] * d[static_cast<std::size_t>(i)];
      return total;
    });
    return slope.hessian_vector(x, v);
  };
  check_close("the third order", third(f), third(g), 1e-9);
}

Index count_nodes(const Function& f, const char* name) {
  Index count = 0;
  for (NodeId n = 0; n < static_cast<NodeId>(f.graph().size()); ++n) count += name_of(f.graph(), n) == name;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(matrices)

BOOST_AUTO_TEST_CASE(a_product_is_one_node_from_four_by_four_on) {
  const auto nodes = [](Index m, Index k, Index n) {
    const Function f = record(m * k + k * n, [&](ExprSpan x) {
      const ExprMatrix c = matrix_at(x, 0, m, k) * matrix_at(x, m * k, k, n);
      return mixed(c);
    });
    return count_nodes(f, "matrix_product");
  };
  BOOST_TEST(nodes(4, 4, 4) == 1);
  BOOST_TEST(nodes(20, 30, 10) == 1);
  BOOST_TEST(nodes(3, 3, 3) == 0);
  const Matrix d = random_matrix(6, 6, 3);
  const Function f = record(36, [&](ExprSpan x) {
    const ExprMatrix a = matrix_at(x, 0, 6, 6), b = d * a, c = a * d;
    const ExprMatrix e = b.block(0, 0, 4, 6) * c.transpose();
    return mixed(e);
  });
  BOOST_TEST(count_nodes(f, "matrix_product") == 3);
}

BOOST_AUTO_TEST_CASE(products_of_exprs_and_doubles) {
  const Matrix d = random_matrix(5, 4, 7);
  check_same(
      40,
      [&](ExprSpan x) {
        const ExprMatrix a = matrix_at(x, 0, 4, 5), b = matrix_at(x, 20, 5, 4);
        const ExprMatrix c = a * b, e = d * c, g = c * d.transpose();
        return mixed(c) + mixed(e) + mixed(g);
      },
      [&](ExprSpan x) {
        const ExprMatrix a = matrix_at(x, 0, 4, 5), b = matrix_at(x, 20, 5, 4), dd = d.cast<Expr>();
        const ExprMatrix c = plain_product(a, b);
        return mixed(c) + mixed(plain_product(dd, c)) + mixed(plain_product(c, dd.transpose()));
      });
}

BOOST_AUTO_TEST_CASE(small_products_and_expressions_of_matrices) {
  const Vector d{{1.0, 2.0}};
  const Function f = record(6, [&](ExprSpan x) {
    const ExprMatrix a = matrix_at(x, 0, 2, 2);
    const ExprVector b = matrix_at(x, 4, 2, 1);
    ExprMatrix c = 2.0 * a + a.transpose() * Expr(3.0);
    c.noalias() += a * a;
    return (d.transpose() * (c * b))(0) + b.dot(b) + (a * d)(1) + trace(a) + norm(a);
  });
  const Vector x{{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}};
  const Matrix a{{1.0, 3.0}, {2.0, 4.0}}, c = 2.0 * a + 3.0 * a.transpose() + a * a;
  const Vector b{{5.0, 6.0}};
  BOOST_TEST(f.value(x) == d.dot(c * b) + b.dot(b) + (a * d)(1) + a.trace() + a.norm(), boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(cholesky_to_third_order) {
  check_same(
      25, [](ExprSpan x) { return mixed(cholesky(spd_at(x, 5))); },
      [](ExprSpan x) { return mixed(plain_cholesky(spd_at(x, 5))); });
}

BOOST_AUTO_TEST_CASE(solves_to_third_order) {
  const Matrix d = random_matrix(4, 2, 11);
  const auto a_of = [](ExprSpan x) { return ExprMatrix(matrix_at(x, 0, 4, 4) + ExprMatrix(3.0 * Matrix::Identity(4, 4).cast<Expr>())); };
  const auto b_of = [](ExprSpan x) { return matrix_at(x, 16, 4, 2); };
  check_same(
      24, [&](ExprSpan x) { return mixed(solve(a_of(x), b_of(x))); },
      [&](ExprSpan x) { return mixed(plain_solve(a_of(x), b_of(x))); });
  check_same(
      24, [&](ExprSpan x) { return mixed(solve_spd(spd_at(x, 4), b_of(x))) + mixed(solve_spd(spd_at(x, 4), d)); },
      [&](ExprSpan x) {
        return mixed(plain_solve(spd_at(x, 4), b_of(x))) + mixed(plain_solve(spd_at(x, 4), d.cast<Expr>()));
      });
  const auto triangle = [&](ExprSpan x, bool lower) {
    ExprMatrix a = a_of(x);
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 4; ++j)
        if (lower ? j > i : j < i) a(i, j) = 0.0;
    return a;
  };
  for (const bool lower : {true, false})
    check_same(
        24,
        [&](ExprSpan x) {
          return mixed(solve_triangular(a_of(x), b_of(x), lower ? Triangle::lower : Triangle::upper));
        },
        [&](ExprSpan x) { return mixed(plain_solve(triangle(x, lower), b_of(x))); });
}

BOOST_AUTO_TEST_CASE(inverse_and_determinants_to_third_order) {
  const auto a_of = [](ExprSpan x) { return ExprMatrix(matrix_at(x, 0, 4, 4) + ExprMatrix(3.0 * Matrix::Identity(4, 4).cast<Expr>())); };
  const ExprMatrix identity = Matrix::Identity(4, 4).cast<Expr>();
  check_same(
      16, [&](ExprSpan x) { return mixed(inverse(a_of(x))); },
      [&](ExprSpan x) { return mixed(plain_solve(a_of(x), identity)); });
  check_same(
      16, [&](ExprSpan x) { return 0.01 * det(a_of(x)); }, [&](ExprSpan x) { return 0.01 * plain_det(a_of(x)); });
  check_same(
      16, [&](ExprSpan x) { return log_det(-a_of(x)); }, [&](ExprSpan x) { return log(abs(plain_det(a_of(x)))); });
  check_same(
      16, [&](ExprSpan x) { return log_det_spd(spd_at(x, 4)); },
      [&](ExprSpan x) { return log(plain_det(spd_at(x, 4))); });
}

// sum f(lambda_i) is a function of the matrix alone: tr A^2, tr A^4 written out; tr A^3 by way of vectors.
BOOST_AUTO_TEST_CASE(symmetric_eigenvalues_and_vectors_to_third_order) {
  check_same(
      16,
      [](ExprSpan x) {
        const SymmetricEigen e = symmetric_eigen(spd_at(x, 4));
        Expr total = 0.0;
        for (Index i = 0; i < 4; ++i) total += square(e.values[i]);
        return 0.01 * total;
      },
      [](ExprSpan x) {
        const ExprMatrix a = spd_at(x, 4);
        return 0.01 * plain_product(a, a).trace();
      });
  check_same(
      16,
      [](ExprSpan x) {
        const SymmetricEigen e = symmetric_eigen(spd_at(x, 4));
        const ExprMatrix scaled =
            ExprMatrix::NullaryExpr(4, 4, [&](Index i, Index j) { return e.vectors(i, j) * square(e.values[j]); });
        return 0.1 * mixed(0.1 * ExprMatrix(scaled * e.vectors.transpose()));
      },
      [](ExprSpan x) {
        const ExprMatrix a = spd_at(x, 4);
        return 0.1 * mixed(0.1 * plain_product(a, a));
      });
}

// sum s_i^4 = tr (A A^T)^2, of tall, wide and square ones.
BOOST_AUTO_TEST_CASE(singular_values_to_third_order) {
  for (const auto& [m, n] : {std::pair<Index, Index>{5, 3}, {3, 5}, {4, 4}})
    check_same(
        m * n,
        [m = m, n = n](ExprSpan x) {
          Expr total = 0.0;
          const ExprVector s = singular_values(matrix_at(x, 0, m, n));
          for (Index i = 0; i < s.size(); ++i) total += square(square(s[i]));
          return total;
        },
        [m = m, n = n](ExprSpan x) {
          const ExprMatrix a = matrix_at(x, 0, m, n), g = plain_product(a, a.transpose());
          return plain_product(g, g).trace();
        });
}

// Rasmussen and Williams 2006, equation 5.9: d log p / d theta = tr((alpha alpha^T - K^-1) dK / d theta) / 2.
BOOST_AUTO_TEST_CASE(a_gaussian_process_likelihood_shares_its_factor) {
  const Index n = 30;
  const Vector X = Vector::LinSpaced(n, 0.0, 3.0), y = X.array().sin();
  const auto kernel = [&](double s, double l) {
    return Matrix(Matrix::NullaryExpr(n, n, [&](Index i, Index j) {
      return s * std::exp(-0.5 * std::pow((X[i] - X[j]) / l, 2)) + (i == j ? 0.01 : 0.0);
    }));
  };
  const Function gp = record(2, [&](ExprSpan t) {
    const ExprMatrix K = ExprMatrix::NullaryExpr(n, n, [&](Index i, Index j) {
      return t[0] * exp(-0.5 * square((X[i] - X[j]) / t[1])) + (i == j ? 0.01 : 0.0);
    });
    return 0.5 * (y.transpose() * solve_spd(K, y))(0) + 0.5 * log_det_spd(K);
  });
  BOOST_TEST(count_nodes(gp, "cholesky") == 1);
  const double s = 0.8, l = 0.6;
  const Matrix K = kernel(s, l), inverse = K.inverse();
  const Vector alpha = inverse * y;
  const Matrix by_s = (K - 0.01 * Matrix::Identity(n, n)) / s;
  const Matrix by_l = Matrix::NullaryExpr(n, n, [&](Index i, Index j) {
    return s * by_s(i, j) * std::pow(X[i] - X[j], 2) / (l * l * l);
  });
  const Matrix inner = inverse - alpha * alpha.transpose();
  const auto [value, gradient] = gp.value_and_gradient(Vector{{s, l}});
  // K has condition 1e3 and more: 1e-16 times that, squared for the inverse's entries.
  BOOST_TEST(value == 0.5 * y.dot(alpha) + 0.5 * std::log(K.determinant()), boost::test_tools::tolerance(1e-11));
  BOOST_TEST(gradient[0] == 0.5 * (inner * by_s).trace(), boost::test_tools::tolerance(1e-9));
  BOOST_TEST(gradient[1] == 0.5 * (inner * by_l).trace(), boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_matrix_for_each_row) {
  const Matrix data = random_matrix(70, 2, 5);
  const auto cost = [&](const auto& value) {
    return record(16, [&](ExprSpan x) {
      return mean_over_rows(Columns(data), [&](Row row) {
        ExprMatrix a = spd_at(x, 4);
        a(0, 1) += row[0], a(1, 0) += row[0], a(2, 2) += square(row[1]);
        return value(a);
      });
    });
  };
  const Function f = cost([](const ExprMatrix& a) { return log_det_spd(a) + mixed(inverse(a)); });
  const ExprMatrix identity = Matrix::Identity(4, 4).cast<Expr>();
  const Function g = cost([&](const ExprMatrix& a) { return log(plain_det(a)) + mixed(plain_solve(a, identity)); });
  const Vector x = random_matrix(16, 1, 9);
  BOOST_TEST(f.value(x) == g.value(x), boost::test_tools::tolerance(1e-12));
  check_close("the gradient", f.value_and_gradient(x).second, g.value_and_gradient(x).second, 1e-11);
}

// Eigen's own factorisation of Exprs: it looks for pivots, so the cost branches.
BOOST_AUTO_TEST_CASE(an_lu_that_pivots_branches) {
  const Function f = record(10, [](ExprSpan x) {
    ExprMatrix a = matrix_at(x, 0, 3, 3);
    std::vector<Index> order{0, 1, 2};
    Expr det = 1.0;
    for (Index p = 0; p < 3; ++p) {
      Index best = p;
      for (Index i = p + 1; i < 3; ++i)
        if (abs(a(i, p)) > abs(a(best, p))) best = i;
      if (best != p) {
        for (Index j = 0; j < 3; ++j) std::swap(a(p, j), a(best, j));
        det = -det;
      }
      det *= a(p, p);
      for (Index i = p + 1; i < 3; ++i) {
        const Expr factor = a(i, p) / a(p, p);
        for (Index j = p; j < 3; ++j) a(i, j) -= factor * a(p, j);
      }
    }
    return det * x[9];
  });
  for (unsigned seed = 1; seed < 12; ++seed) {
    Vector x = random_matrix(10, 1, seed);
    x[9] = 1.0;
    const Matrix a = Eigen::Map<const Matrix>(x.data(), 3, 3);
    const Matrix cofactors = a.determinant() * a.inverse().transpose();
    const Vector gradient = f.value_and_gradient(x).second;
    BOOST_TEST((gradient.head(9) - cofactors.reshaped()).cwiseAbs().maxCoeff() < 1e-13);
  }
  BOOST_TEST(f.branch_statistics().kept > 1);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_nan_and_diagnosis_says_why) {
  const Function f = record(1, [](ExprSpan x) {
    ExprMatrix a = Matrix::Identity(4, 4).cast<Expr>();
    a(3, 3) = x[0];
    return log_det_spd(a);
  });
  BOOST_TEST(f.value(Vector{{2.0}}) == std::log(2.0), boost::test_tools::tolerance(1e-15));
  BOOST_TEST(std::isnan(f.value(Vector{{-2.0}})));
  const Diagnosis d = f.diagnose(Vector{{-2.0}});
  BOOST_TEST(d.operation == "cholesky");
  BOOST_TEST((d.hint.find("positive definite") != std::string::npos), d.hint);
  const Function g = record(1, [](ExprSpan x) {
    ExprMatrix a = Matrix::Identity(4, 4).cast<Expr>();
    a(3, 3) = x[0];
    return mixed(inverse(a));
  });
  BOOST_TEST(!std::isfinite(g.value(Vector{{0.0}})));
  BOOST_TEST((g.diagnose(Vector{{0.0}}).hint.find("singular") != std::string::npos));
  const Function h = record(1, [](ExprSpan x) {
    ExprMatrix a = Matrix::Identity(4, 4).cast<Expr>();
    a(3, 3) = x[0];
    const SymmetricEigen e = symmetric_eigen(a);
    return e.values.sum() + e.vectors(0, 0);
  });
  BOOST_TEST(std::isfinite(h.value(Vector{{2.0}})));
  BOOST_TEST(std::isnan(h.value_and_gradient(Vector{{2.0}}).second[0]));
}

BOOST_AUTO_TEST_CASE(accuracy_replays_matrices_in_50_digits) {
  const Function f = record(16, [](ExprSpan x) { return log_det_spd(spd_at(x, 4)) + mixed(cholesky(spd_at(x, 4))); });
  const Accuracy a = f.accuracy(random_matrix(16, 1, 2));
  BOOST_TEST(a.not_checked.empty());
  BOOST_TEST(a.ok());
}

BOOST_AUTO_TEST_CASE(wrong_shapes_are_refused_with_both_sides) {
  const auto refused = [](const auto& cost, std::initializer_list<const char*> parts) {
    check_refused([&] { record(12, cost); }, parts);
  };
  refused([](ExprSpan x) { return det(matrix_at(x, 0, 3, 4)); }, {"det", "3 x 4"});
  refused([](ExprSpan x) { return mixed(solve(matrix_at(x, 0, 3, 3), matrix_at(x, 9, 2, 1))); }, {"2 rows", "the matrix 3"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
