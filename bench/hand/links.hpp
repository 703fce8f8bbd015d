#pragma once

// What a row of a linear model costs, three times: `row` for the loop, `columns` for the expert, `lanes` for
// the best. Each gives the value's part and, as `residual`, its derivative by z; that of `lanes` lacks
// gradient_factor.

#include "lanes.hpp"

namespace rappel::bench::hand {

struct SquaredError {  // (z - y)^2
  static constexpr double gradient_factor = 2.0;
  static double row(double z, double y, double& residual) {
    residual = 2.0 * (z - y);
    return (z - y) * (z - y);
  }
  static double columns(const Vector& z, const Vector& y, Vector& residual) {
    residual = z - y;
    const double value = residual.squaredNorm();
    residual *= 2.0;
    return value;
  }
  Lanes lanes(Lanes z, Lanes y) {
    const Lanes residual = z - y;
    sum_ += residual * residual;
    return residual;
  }
  void flush() {}
  double value() { return sum(sum_); }

 private:
  Lanes sum_ = {};
};

struct Logistic {  // log(1 + exp(z)) - y z
  static constexpr double gradient_factor = 1.0;
  static double row(double z, double y, double& residual) {
    const double e = std::exp(-std::abs(z));
    residual = (z < 0.0 ? e : 1.0) / (1.0 + e) - y;
    return std::max(z, 0.0) + std::log1p(e) - y * z;
  }
  static double columns(const Vector& z, const Vector& y, Vector& residual) {
    residual = (-z.array().abs()).exp();  // one exponential a row
    const double value = (z.array().max(0.0) + (1.0 + residual.array()).log() - y.array() * z.array()).sum();
    residual = (z.array() < 0.0).select(residual.array(), 1.0) / (1.0 + residual.array()) - y.array();
    return value;
  }
  Lanes lanes(Lanes z, Lanes y) {
    const Lanes e = exponential(-absolute(z)), inverse = reciprocal(1.0 + e);
    logs_.add(1.0 + e);
    sum_ += maximum(z, Lanes{}) - y * z;
    return (z < 0.0 ? e * inverse : inverse) - y;
  }
  void flush() { logs_.flush(); }
  double value() { return sum(sum_) + logs_.sum(); }

 private:
  Lanes sum_ = {};
  SumOfLogs logs_;
};

struct Poisson {  // exp(z) - y z
  static constexpr double gradient_factor = 1.0;
  static double row(double z, double y, double& residual) {
    const double e = std::exp(z);
    residual = e - y;
    return e - y * z;
  }
  static double columns(const Vector& z, const Vector& y, Vector& residual) {
    residual = z.array().exp();
    const double value = residual.sum() - y.dot(z);
    residual -= y;
    return value;
  }
  Lanes lanes(Lanes z, Lanes y) {
    const Lanes e = exponential(z);
    sum_ += e - y * z;
    return e - y;
  }
  void flush() {}
  double value() { return sum(sum_); }

 private:
  Lanes sum_ = {};
};

struct HuberLoss {  // d^2 / 2 where |d| <= 1, else |d| - 1/2; d = z - y
  static constexpr double gradient_factor = 1.0;
  static double row(double z, double y, double& residual) {
    const double d = z - y;
    if (std::abs(d) <= 1.0) {
      residual = d;
      return 0.5 * d * d;
    }
    residual = d > 0.0 ? 1.0 : -1.0;
    return std::abs(d) - 0.5;
  }
  static double columns(const Vector& z, const Vector& y, Vector& residual) {
    // With c = d clamped to [-1, 1], which is the derivative, the value is c (d - c / 2).
    residual = (z - y).cwiseMax(-1.0).cwiseMin(1.0);
    return (residual.array() * (z.array() - y.array() - 0.5 * residual.array())).sum();
  }
  Lanes lanes(Lanes z, Lanes y) {
    const Lanes d = z - y, clamped = minimum(maximum(d, all(-1.0)), all(1.0));
    sum_ += clamped * (d - 0.5 * clamped);
    return clamped;
  }
  void flush() {}
  double value() { return sum(sum_); }

 private:
  Lanes sum_ = {};
};

}  // namespace rappel::bench::hand
