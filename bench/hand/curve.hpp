#pragma once

// The curve a exp(-b x) + c through points: the mean squared residual with its gradient, and J'J, J'r, r'r /
// 2 of the residuals for a Gauss-Newton step.

#include "data.hpp"
#include "lanes.hpp"

#include <cmath>

namespace rappel::bench::hand {

struct CurveData {
  Matrix points;  // x, y
  Vector theta;   // a, b, c
};

inline double curve_loop(const CurveData& data, Vector& gradient) {
  const double a = data.theta[0], b = data.theta[1], c = data.theta[2];
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < data.points.rows(); ++r) {
    const double x = data.points(r, 0), e = std::exp(-b * x), residual = a * e + c - data.points(r, 1);
    value += residual * residual;
    gradient[0] += 2.0 * residual * e;
    gradient[1] -= 2.0 * residual * a * e * x;
    gradient[2] += 2.0 * residual;
  }
  gradient /= static_cast<double>(data.points.rows());
  return value / static_cast<double>(data.points.rows());
}

class CurveExpert {
 public:
  explicit CurveExpert(const CurveData& data) : data_(data), e_(data.points.rows()), residual_(e_.size()) {}

  double operator()(Vector& gradient) {
    const double a = data_.theta[0], b = data_.theta[1], c = data_.theta[2];
    const double m = static_cast<double>(data_.points.rows());
    const auto x = data_.points.col(0).array(), y = data_.points.col(1).array();
    e_ = (-b * x).exp();
    residual_ = a * e_ + c - y;
    gradient[0] = 2.0 / m * (residual_ * e_).sum();
    gradient[1] = -2.0 / m * a * (residual_ * e_ * x).sum();
    gradient[2] = 2.0 / m * residual_.sum();
    return residual_.square().sum() / m;
  }

 private:
  const CurveData& data_;
  Eigen::ArrayXd e_, residual_;
};

inline double curve_best(const CurveData& data, Vector& gradient) {
  constexpr int U = 2;
  const double *const x = data.points.data(), *const y = x + data.points.outerStride();
  const Lanes a = all(data.theta[0]), minus_b = all(-data.theta[1]), c = all(data.theta[2]);
  const Index m = data.points.rows();
  Lanes squares[U] = {}, by_a[U] = {}, by_b[U] = {}, by_c[U] = {};
  const auto row = [&](Index r, int u) {
    const Lanes xs = load(x + r), e = exponential(minus_b * xs), residual = a * e + (c - load(y + r)),
                re = residual * e;
    squares[u] += residual * residual;
    by_a[u] += re, by_b[u] += re * xs, by_c[u] += residual;
  };
  Index r = 0;
  for (; r + U * width <= m; r += U * width)
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) row(r + u * width, u);
  for (; r < m; r += width) row(r, 0);
  for (int u = 1; u < U; ++u)
    squares[0] += squares[u], by_a[0] += by_a[u], by_b[0] += by_b[u], by_c[0] += by_c[u];
  const double scale = 1.0 / static_cast<double>(m);
  gradient[0] = 2.0 * scale * sum(by_a[0]);
  gradient[1] = -2.0 * scale * data.theta[0] * sum(by_b[0]);
  gradient[2] = 2.0 * scale * sum(by_c[0]);
  return scale * sum(squares[0]);
}

// Of Gauss and Newton: returns r'r / 2; `out` is J'r, then J'J, column-major: 12 entries.
inline double curve_normal_loop(const CurveData& data, Vector& out) {
  const double a = data.theta[0], b = data.theta[1], c = data.theta[2];
  double value = 0.0;
  out.setZero();
  for (Index r = 0; r < data.points.rows(); ++r) {
    const double x = data.points(r, 0), e = std::exp(-b * x), residual = a * e + c - data.points(r, 1);
    const double J[3] = {e, -a * e * x, 1.0};
    value += 0.5 * residual * residual;
    for (int i = 0; i < 3; ++i) {
      out[i] += J[i] * residual;
      for (int j = 0; j < 3; ++j) out[3 + 3 * i + j] += J[i] * J[j];
    }
  }
  return value;
}

class CurveNormalExpert {
 public:
  explicit CurveNormalExpert(const CurveData& data)
      : data_(data), J_(data.points.rows(), 3), residual_(data.points.rows()) {}

  double operator()(Vector& out) {
    const double a = data_.theta[0], b = data_.theta[1], c = data_.theta[2];
    const auto x = data_.points.col(0).array(), y = data_.points.col(1).array();
    J_.col(0) = (-b * x).exp();
    residual_ = a * J_.col(0).array() + c - y;
    J_.col(1) = -a * J_.col(0).array() * x;
    J_.col(2).setOnes();
    out.head(3).noalias() = J_.transpose() * residual_;
    Eigen::Map<Matrix>(out.data() + 3, 3, 3).noalias() = J_.transpose() * J_;
    return 0.5 * residual_.squaredNorm();
  }

 private:
  const CurveData& data_;
  Matrix J_;
  Vector residual_;
};

inline double curve_normal_best(const CurveData& data, Vector& out) {
  const double *const x = data.points.data(), *const y = x + data.points.outerStride();
  const Lanes a = all(data.theta[0]), minus_b = all(-data.theta[1]), c = all(data.theta[2]);
  const Index m = data.points.rows();
  Lanes rr = {}, re = {}, rt = {}, r1 = {}, ee = {}, et = {}, e1 = {}, tt = {},
        t1 = {};  // t = x e, of the column -a x e
#pragma GCC unroll 2
  for (Index r = 0; r < m; r += width) {
    const Lanes xs = load(x + r), e = exponential(minus_b * xs), t = xs * e,
                residual = a * e + (c - load(y + r));
    rr += residual * residual, re += residual * e, rt += residual * t, r1 += residual;
    ee += e * e, et += e * t, e1 += e, tt += t * t, t1 += t;
  }
  const double s = -data.theta[0];
  const double J11 = sum(ee), J12 = s * sum(et), J13 = sum(e1), J22 = s * s * sum(tt), J23 = s * sum(t1);
  out << sum(re), s * sum(rt), sum(r1), J11, J12, J13, J12, J22, J23, J13, J23, static_cast<double>(m);
  return 0.5 * sum(rr);
}

}  // namespace rappel::bench::hand
