#pragma once

// Costs of matrices, of lookups by row and of loops, against the same by hand: parts of derivative_speed.

#include "row_costs/comparison.hpp"

#include <rappel/autodiff.hpp>

#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <tuple>

namespace rappel::bench {

// NAME/rappel and NAME/hand, which have to agree to 1e-9, the condition of the matrices at hand.
inline Group pair_of(const std::string& name, double goal, std::vector<Goal>& goals, std::function<Variants()> make) {
  goals.push_back({name + "/rappel", name + "/hand", goal});
  const auto variants = std::make_shared<Variants>();
  const auto bench = [&](const char* who, Run Variants::*run) {
    return Bench{name + "/" + who, [=](benchmark::State& state) {
                   if (variants->num_results == 0) check(name, *variants = make());
                   time_of((*variants).*run, variants->num_results, state);
                 }};
  };
  return {bench("rappel", &Variants::rappel), bench("hand", &Variants::expert)};
}

// Rasmussen and Williams 2006, equation 5.9.
inline Variants gaussian_process_variants() {
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
  return {.num_results = 2,
          .rappel = [=](Vector& g) { return f->value_and_gradient(t, g); },
          .loop = {},
          .expert = hand,
          .best = {},
          .tolerance = 1e-9};
}

// Two residuals a row: a point X seen by a camera of eleven parameters (rotation vector other than zero, centre, focal
// length, principal point, two of radial distortion), weighted; 15 parameters looked up. Triggs, McLauchlan, Hartley and
// Fitzgibbon, Bundle adjustment: a modern synthesis (2000).
template <class T>
std::array<T, 2> reproject(const T* c, const T* p, const T& weight, const T& u, const T& v) {
  using std::cos, std::sin, std::sqrt;
  const T x = p[0] - c[3], y = p[1] - c[4], z = p[2] - c[5];
  const T angle = sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]), co = cos(angle), si = sin(angle), inverse = 1.0 / angle;
  const T a = c[0] * inverse, b = c[1] * inverse, d = c[2] * inverse, t = (a * x + b * y + d * z) * (1.0 - co);
  const T X = x * co + (b * z - d * y) * si + a * t, Y = y * co + (d * x - a * z) * si + b * t,
          Z = z * co + (a * y - b * x) * si + d * t;
  const T h = X / Z, k = Y / Z, r = h * h + k * k, L = 1.0 + c[9] * r + c[10] * (r * r);
  return {weight * (h * L * c[6] + c[7] - u), weight * (k * L * c[6] + c[8] - v)};
}

// The same with its Jacobian, by one forward and two reverse sweeps: camera, point, weight.
inline void reproject_reverse(const double* c, const double* p, double weight, double u, double v, double* residuals,
                              std::size_t stride, double* jacobian) {
  const double x[3] = {p[0] - c[3], p[1] - c[4], p[2] - c[5]};
  const double angle = std::sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]), co = std::cos(angle), si = std::sin(angle),
               inverse = 1.0 / angle;
  const double a[3] = {c[0] * inverse, c[1] * inverse, c[2] * inverse};
  const double dot = a[0] * x[0] + a[1] * x[1] + a[2] * x[2], t = dot * (1.0 - co);
  const double cross[3] = {a[1] * x[2] - a[2] * x[1], a[2] * x[0] - a[0] * x[2], a[0] * x[1] - a[1] * x[0]};
  double X[3];
  for (int i = 0; i < 3; ++i) X[i] = x[i] * co + cross[i] * si + a[i] * t;
  const double iz = 1.0 / X[2], h[2] = {X[0] * iz, X[1] * iz}, r = h[0] * h[0] + h[1] * h[1];
  const double L = 1.0 + c[9] * r + c[10] * (r * r), d[2] = {h[0] * L, h[1] * L};
  const double e[2] = {d[0] * c[6] + c[7] - u, d[1] * c[6] + c[8] - v};
  for (int o = 0; o < 2; ++o) {
    double* j = jacobian + 15 * o;
    residuals[static_cast<std::size_t>(o) * stride] = weight * e[o];
    const double dbar = weight * c[6], Lbar = dbar * h[o], rbar = Lbar * (c[9] + 2.0 * c[10] * r);
    double hbar[2] = {2.0 * h[0] * rbar, 2.0 * h[1] * rbar};
    hbar[o] += dbar * L;
    const double Xbar[3] = {hbar[0] * iz, hbar[1] * iz, -(hbar[0] * h[0] + hbar[1] * h[1]) * iz};
    double cobar = 0.0, sibar = 0.0, tbar = 0.0, abar[3], xbar[3], crossbar[3];
    for (int i = 0; i < 3; ++i) {
      cobar += Xbar[i] * x[i], sibar += Xbar[i] * cross[i], tbar += Xbar[i] * a[i];
      xbar[i] = Xbar[i] * co, crossbar[i] = Xbar[i] * si, abar[i] = Xbar[i] * t;
    }
    const double dotbar = tbar * (1.0 - co);
    cobar -= tbar * dot;
    for (int i = 0; i < 3; ++i) {
      const int k = (i + 1) % 3, l = (i + 2) % 3;
      abar[i] += dotbar * x[i] + x[k] * crossbar[l] - x[l] * crossbar[k];
      xbar[i] += dotbar * a[i] + crossbar[k] * a[l] - crossbar[l] * a[k];
    }
    const double inversebar = abar[0] * c[0] + abar[1] * c[1] + abar[2] * c[2];
    const double anglebar = co * sibar - si * cobar - inversebar * inverse * inverse;
    for (int i = 0; i < 3; ++i) {
      j[i] = abar[i] * inverse + anglebar * a[i];
      j[3 + i] = -xbar[i];
      j[11 + i] = xbar[i];
    }
    j[6] = weight * d[o], j[7] = o == 0 ? weight : 0.0, j[8] = o == 0 ? 0.0 : weight;
    j[9] = Lbar * r, j[10] = Lbar * (r * r), j[14] = e[o];
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
inline Variants row_jacobian_variants() {
  const auto t = make_lookups(50, 2000, 30000);
  const Index cameras = 11 * t->first, points = 3 * t->second;
  Matrix table(t->rows, 5);  // camera, point, observation, row
  table << t->data, 0.5 * t->data.col(2), Vector::LinSpaced(t->rows, 0.0, static_cast<double>(t->rows - 1));
  t->data = table;
  Vector w = Vector::NullaryExpr(cameras + points + t->rows, [](Index i) { return 0.3 * std::sin(static_cast<double>(i)); });
  for (Index c = 0; c < t->first; ++c) w[11 * c + 5] = -5.0, w[11 * c + 6] = 2.0;
  w.tail(t->rows).array() += 1.0;
  const auto f = std::make_shared<Function>(record(w.size(), [&](ExprSpan x) {
    return map_rows(Columns(t->data), [&](Row row) {
      const std::vector<Expr> c = gather(x.first(cameras), row[0], 11), p = gather(x.subspan(cameras, points), row[1], 3);
      return reproject(c.data(), p.data(), gather(x.last(t->rows), row[4]), row[2], row[3]);
    });
  }));
  const auto J = std::make_shared<Function::RowJacobian>(f->row_jacobian(w));
  const auto rows = std::make_shared<std::vector<double>>(30 * t->rows), residuals = std::make_shared<std::vector<double>>(2 * t->rows);
  const Run rappel = [=](Vector& gradient) {
    f->row_jacobian(span_of(w), {J->values.data(), static_cast<std::size_t>(J->values.size())}, {});
    gradient = J->values.row(0).transpose();
    return J->values(t->rows - 1, 29);
  };
  const Run hand = [=](Vector& gradient) {
    for (Index r = 0; r < t->rows; ++r)
      reproject_reverse(&w[11 * static_cast<Index>(t->data(r, 0))], &w[cameras + 3 * static_cast<Index>(t->data(r, 1))],
                        w[cameras + points + r], t->data(r, 2), t->data(r, 3), residuals->data() + r,
                        static_cast<std::size_t>(t->rows), rows->data() + 30 * r);
    gradient = Eigen::Map<const Vector>(rows->data(), 30);
    return rows->back();
  };
  return {.num_results = 30, .rappel = rappel, .loop = {}, .expert = hand, .best = {}, .tolerance = 1e-9};
}

// Makes the groups, one after the other; adds their goals.
inline void run_matrices_and_lookups(Session& session, std::vector<Goal>& goals) {
  session.run(pair_of("gaussian_process/300", 1.3, goals, gaussian_process_variants));
  session.run(pair_of("row_jacobian/30000x2x15", 0.5, goals, row_jacobian_variants));
}

}  // namespace rappel::bench
