// Uniform values that are computed as a loop: of every number about the widths that loops have, with operands in a
// row, in another order, and one for all.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace rappel::test {
namespace {

Vector point(Index n) {
  return Vector::NullaryExpr(n, [](Index i) { return 0.9 * std::sin(static_cast<double>(3 * i + 1)); });
}

// Of two results within 1 ulp each of the true value.
void check_close(double a, double b) {
  BOOST_TEST(std::abs(a - b) <= 4.0 * std::numeric_limits<double>::epsilon() * std::abs(b), a << " and " << b);
}

BOOST_AUTO_TEST_SUITE(uniform_groups)

BOOST_AUTO_TEST_CASE(of_every_size) {
  for (const Index n : {1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 511, 512, 513, 544, 1025}) {
    const Function f = record(n, [n](ExprSpan x) {
      std::vector<Expr> y;
      for (Index i = 0; i < n; ++i) y.push_back(exp(x[i]));
      for (Index i = 0; i < n; ++i) y.push_back(x[i] * x[(i * 5 + 3) % n]);
      for (Index i = 0; i < n; ++i) y.push_back(x[i] + 2.5);
      for (Index i = 0; i < n; ++i) y.push_back(select(x[i] < x[0], x[n - 1 - i], -1.0));
      for (Index i = 0; i < n; ++i) y.push_back(sin(y[static_cast<std::size_t>((i * 7) % n)]));
      for (Index i = 0; i < n; ++i) y.push_back(fma(x[i], x[n - 1 - i], x[0]));
      return y;
    });
    const Vector x = point(n), y = f.values(x);
    for (Index i = 0; i < n; ++i) {
      check_close(y[i], std::exp(x[i]));
      BOOST_TEST(y[n + i] == x[i] * x[(i * 5 + 3) % n]);
      BOOST_TEST(y[2 * n + i] == x[i] + 2.5);
      BOOST_TEST(y[3 * n + i] == (x[i] < x[0] ? x[n - 1 - i] : -1.0));
      check_close(y[4 * n + i], std::sin(y[(i * 7) % n]));
      BOOST_TEST(y[5 * n + i] == std::fma(x[i], x[n - 1 - i], x[0]));
    }
  }
}

// What comes before and after in number must stand: groups write whole strips.
BOOST_AUTO_TEST_CASE(leave_other_values_alone) {
  const Index n = 70;
  const Function f = record(n, [](ExprSpan x) {
    std::vector<Expr> y;
    Expr chain = x[0];
    for (Index i = 0; i < n; ++i) {
      chain = tanh(chain + x[i]);
      y.push_back(chain);
      y.push_back(exp(x[i]));
      y.push_back(x[i] * x[0]);
      y.push_back(log1p(square(x[i])));
    }
    return y;
  });
  const Vector x = point(n), y = f.values(x);
  double chain = x[0];
  for (Index i = 0; i < n; ++i) {
    chain = std::tanh(chain + x[i]);
    BOOST_TEST(std::abs(y[4 * i] - chain) <= 1e-15);  // ulps of a contraction: they do not grow
    check_close(y[4 * i + 1], std::exp(x[i]));
    BOOST_TEST(y[4 * i + 2] == x[i] * x[0]);
    check_close(y[4 * i + 3], std::log1p(x[i] * x[i]));
    chain = y[4 * i];
  }
}

BOOST_AUTO_TEST_CASE(about_sums_over_rows) {
  const Index n = 40;
  const Matrix data = Matrix::Random(300, 1);
  const auto cost = [&](ExprSpan x) {
    Expr total = 0.0;
    for (Index i = 0; i < n; ++i) total += exp(x[i]);
    const Expr mean = mean_over_rows(Columns(data), [&](Row r) { return square(r[0] * total); });
    Expr after = 0.0;
    for (Index i = 0; i < n; ++i) after += sin(mean * x[i]);
    return after;
  };
  const Function f = record(n, cost);
  const Vector x = point(n);
  const auto plain = [&](const Vector& at) {
    const double total = at.array().exp().sum();
    return (data.array().square().mean() * total * total * at.array()).sin().sum();
  };
  BOOST_TEST(std::abs(f.value(x) - plain(x)) <= 1e-11);  // the mean is about 1,000: sin has absolute errors of 1e-13
  const Vector gradient = f.value_and_gradient(x).second, hv = f.hessian_vector(x, Vector::Ones(n));
  for (const Index i : {0, 17, 39}) {
    const double h = 1e-6;
    Vector up = x, down = x;
    up[i] += h, down[i] -= h;
    const double difference = (f.value(up) - f.value(down)) / (2.0 * h);
    BOOST_TEST(std::abs(gradient[i] - difference) <= 1e-3 * (1.0 + gradient.cwiseAbs().maxCoeff()));
    const Vector slope = (f.value_and_gradient(x + h * Vector::Ones(n)).second -
                          f.value_and_gradient(x - h * Vector::Ones(n)).second) / (2.0 * h);
    BOOST_TEST(std::abs(hv[i] - slope[i]) <= 1e-3 * hv.cwiseAbs().maxCoeff());
  }
}

// Against the same graph in 50 digits.
BOOST_AUTO_TEST_CASE(keep_the_bounds) {
  const Index n = 200;
  const Function f = record(n, [](ExprSpan x) {
    Expr total = 0.0;
    for (Index i = 0; i < n; ++i) {
      const Expr a = exp(x[i]) + softplus(x[i]) + atan(x[i]) * x[(i + 1) % n] + sqrt(2.0 + x[i]) / (1.5 + x[n - 1 - i]);
      total += log(a) * tanh(x[i]) + pow(a, x[i]);
    }
    return total;
  });
  const Vector x = point(n);
  const Accuracy accuracy = f.accuracy(x);
  BOOST_TEST(accuracy.ok(), accuracy);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
