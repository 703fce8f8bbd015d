#pragma once

// Costs of matrices, of lookups by row and of loops, against the same by hand: parts of derivative_speed.

#include "report.hpp"

#include <rappel/autodiff.hpp>

#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <tuple>

namespace rappel::bench {

using Run = std::function<double(Vector& gradient)>;  // the value

// Both are run once and have to agree to 1e-9, the condition of the matrices at hand.
inline void register_pair(const std::string& name, Index n, const Run& rappel, const Run& hand, double goal,
                          std::vector<Goal>& goals) {
  for (const auto& [who, run] : {std::pair{"rappel", rappel}, {"hand", hand}})
    benchmark::RegisterBenchmark((name + "/" + who).c_str(), [=, run = run](benchmark::State& state) {
      Vector gradient(n), other(n);
      const double value = rappel(gradient), expected = hand(other);
      if (!(std::abs(value - expected) <= 1e-9 * std::abs(expected) && (gradient - other).norm() <= 1e-9 * other.norm())) {
        std::fprintf(stderr, "derivative_speed: the results of %s differ\n", name.c_str());
        std::exit(1);
      }
      for (auto _ : state) {
        benchmark::DoNotOptimize(run(gradient));
        benchmark::ClobberMemory();
      }
    });
  goals.push_back({name + "/rappel", name + "/hand", goal});
}

// Rasmussen and Williams 2006, equation 5.9.
inline void register_gaussian_process(std::vector<Goal>& goals) {
  const Index n = 300;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> entry(0.0, 3.0);
  const Vector X = Vector::NullaryExpr(n, [&] { return entry(random); }), y = X.array().sin();
  const Matrix D = (X.replicate(1, n) - X.transpose().replicate(n, 1)).array().square();
  const Vector t{{0.8, 0.6}};
  const auto f = std::make_shared<Function>(record(2, [&](ExprSpan w) {
    const ExprMatrix K = ExprMatrix::NullaryExpr(n, n, [&](Index i, Index j) {
      return w[0] * exp(-0.5 * D(i, j) / square(w[1])) + (i == j ? 0.01 : 0.0);
    });
    return 0.5 * (y.transpose() * solve_spd(K, y))(0) + 0.5 * log_det_spd(K);
  }));
  const Run hand = [=](Vector& gradient) {
    const Eigen::ArrayXXd E = (-0.5 * D.array() / (t[1] * t[1])).exp();
    Matrix K = (t[0] * E).matrix();
    K.diagonal().array() += 0.01;
    const Eigen::LLT<Matrix> factor(K);
    const Vector a = factor.solve(y);
    const Eigen::ArrayXXd W = (factor.solve(Matrix::Identity(n, n)) - a * a.transpose()).array() * E;
    gradient[0] = 0.5 * W.sum();
    gradient[1] = 0.5 * (W * D.array()).sum() * t[0] / std::pow(t[1], 3);
    return 0.5 * y.dot(a) + factor.matrixLLT().diagonal().array().log().sum();
  };
  register_pair("gaussian_process/300", 2, [=](Vector& g) { return f->value_and_gradient(t, g); }, hand, 1.3, goals);
}

// Two residuals a row, of a camera of six parameters (rotation about an axis, shift, focal length, distortion) and a
// point of three.
template <class T>
std::array<T, 2> project(const T* c, const T* p) {
  using std::cos, std::sin;
  const T co = cos(c[0]), si = sin(c[0]);
  const T x = co * p[0] - si * p[1] + c[1], y = si * p[0] + co * p[1] + c[2], z = p[2] + c[3];
  const T a = x / z, b = y / z, q = a * a + b * b, f = c[4] * (1.0 + c[5] * q);
  return {f * a, f * b};
}

inline void project_reverse(const double* c, const double* p, double* residuals, std::size_t stride, double* jacobian) {
  const double co = std::cos(c[0]), si = std::sin(c[0]);
  const double x = co * p[0] - si * p[1] + c[1], y = si * p[0] + co * p[1] + c[2], iz = 1.0 / (p[2] + c[3]);
  const double a = x * iz, b = y * iz, q = a * a + b * b, g = 1.0 + c[5] * q, f = c[4] * g;
  residuals[0] = f * a;
  residuals[stride] = f * b;
  for (int o = 0; o < 2; ++o) {
    double* j = jacobian + 9 * o;
    const double fbar = o == 0 ? a : b, qbar = fbar * c[4] * c[5];
    const double abar = (o == 0 ? f : 0.0) + 2.0 * a * qbar, bbar = (o == 0 ? 0.0 : f) + 2.0 * b * qbar;
    const double xbar = abar * iz, ybar = bbar * iz, zbar = -(abar * a + bbar * b) * iz;
    j[0] = xbar * (-si * p[0] - co * p[1]) + ybar * (co * p[0] - si * p[1]);
    j[1] = xbar, j[2] = ybar, j[3] = zbar, j[4] = fbar * g, j[5] = fbar * c[4] * q;
    j[6] = xbar * co + ybar * si, j[7] = -xbar * si + ybar * co, j[8] = zbar;
  }
}

struct Lookups {
  Index first, second, rows;
  Matrix data;
};

inline std::shared_ptr<Lookups> make_lookups(Index first, Index second, Index rows) {
  std::mt19937_64 random(2);
  auto t = std::make_shared<Lookups>(Lookups{first, second, rows, Matrix(rows, 3)});
  std::uniform_real_distribution<double> entry(-1.0, 1.0);
  for (Index r = 0; r < rows; ++r)
    t->data.row(r) << static_cast<double>(random() % static_cast<unsigned>(first)),
        static_cast<double>(random() % static_cast<unsigned>(second)), entry(random);
  return t;
}

// The "value" is the sum of the entries of the Jacobian, column by column on both sides; the gradient those of the
// first row.
inline void register_row_jacobian(std::vector<Goal>& goals) {
  const auto t = make_lookups(50, 2000, 30000);
  Vector w = Vector::NullaryExpr(6 * t->first + 3 * t->second, [](Index i) { return 0.3 * std::sin(static_cast<double>(i)); });
  for (Index c = 0; c < t->first; ++c) w[6 * c + 3] = 5.0, w[6 * c + 4] = 2.0;
  const auto f = std::make_shared<Function>(record(w.size(), [&](ExprSpan x) {
    return map_rows(Columns(t->data), [&](Row row) {
      const std::vector<Expr> c = gather(x.first(6 * t->first), row[0], 6), p = gather(x.last(3 * t->second), row[1], 3);
      return project(c.data(), p.data());
    });
  }));
  const auto J = std::make_shared<Function::RowJacobian>(f->row_jacobian(w));
  const auto rows = std::make_shared<std::vector<double>>(18 * t->rows), residuals = std::make_shared<std::vector<double>>(2 * t->rows);
  const Run rappel = [=](Vector& gradient) {
    f->row_jacobian(span_of(w), {J->values.data(), static_cast<std::size_t>(J->values.size())},
                    {J->parameters.data(), static_cast<std::size_t>(J->parameters.size())});
    gradient = J->values.row(0).transpose();
    return J->values(t->rows - 1, 17);
  };
  const Run hand = [=](Vector& gradient) {
    for (Index r = 0; r < t->rows; ++r)
      project_reverse(&w[6 * static_cast<Index>(t->data(r, 0))], &w[6 * t->first + 3 * static_cast<Index>(t->data(r, 1))],
                      residuals->data() + r, static_cast<std::size_t>(t->rows), rows->data() + 18 * r);
    gradient = Eigen::Map<const Vector>(rows->data(), 18);
    return rows->back();
  };
  register_pair("row_jacobian/30000x2x9", 18, rappel, hand, 0.5, goals);
}

inline void register_matrix_factorisation(std::vector<Goal>& goals) {
  constexpr Index rank = 16;
  const auto t = make_lookups(1000, 1700, 100000);
  const Vector w = Vector::NullaryExpr((t->first + t->second) * rank, [](Index i) { return std::sin(static_cast<double>(i)); });
  const auto f = std::make_shared<Function>(record(w.size(), [&](ExprSpan x) {
    return sum_over_rows(Columns(t->data), [&](Row row) {
      const std::vector<Expr> u = gather(x.first(t->first * rank), row[0], rank), v = gather(x.last(t->second * rank), row[1], rank);
      return square(dot(u, v) - row[2]);
    });
  }));
  const Run hand = [=](Vector& gradient) {
    gradient.setZero();
    double value = 0.0;
    for (Index r = 0; r < t->rows; ++r) {
      const Index i = static_cast<Index>(t->data(r, 0)) * rank, j = (t->first + static_cast<Index>(t->data(r, 1))) * rank;
      double e = -t->data(r, 2);
      for (Index k = 0; k < rank; ++k) e += w[i + k] * w[j + k];
      value += e * e;
      for (Index k = 0; k < rank; ++k) {
        gradient[i + k] += 2.0 * e * w[j + k];
        gradient[j + k] += 2.0 * e * w[i + k];
      }
    }
    return value;
  };
  register_pair("matrix_factorisation/100000x16", w.size(), [=](Vector& g) { return f->value_and_gradient(w, g); }, hand,
                0.9, goals);
}

}  // namespace rappel::bench
