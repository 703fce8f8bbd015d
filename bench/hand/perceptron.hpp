#pragma once

// A perceptron with one hidden layer of sigmoids and softmax cross entropy: the mean over rows. Parameters
// are the first layer's weights (one hidden unit after the other) and intercepts, then the second's.

#include "data.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rappel::bench::hand {

struct PerceptronData {
  Index inputs, hidden, classes;
  Matrix X, onehot;  // rows x inputs, rows x classes
  RowMajor rows;     // both, side by side
  Vector theta;

  Index bias1_at() const { return inputs * hidden; }
  Index weights2_at() const { return bias1_at() + hidden; }
  Index bias2_at() const { return weights2_at() + hidden * classes; }
  Index num_parameters() const { return bias2_at() + classes; }
};

inline double perceptron_loop(const PerceptronData& data, Vector& gradient) {
  const double* const theta = data.theta.data();
  std::vector<double> h(static_cast<std::size_t>(data.hidden)), back(h),
      z(static_cast<std::size_t>(data.classes));
  double value = 0.0;
  gradient.setZero();
  for (Index r = 0; r < data.rows.rows(); ++r) {
    const double *const x = data.rows.row(r).data(), *const label = x + data.inputs;
    for (Index u = 0; u < data.hidden; ++u) {
      double s = theta[data.bias1_at() + u];
      for (Index i = 0; i < data.inputs; ++i) s += theta[u * data.inputs + i] * x[i];
      h[static_cast<std::size_t>(u)] = 1.0 / (1.0 + std::exp(-s));
    }
    for (Index c = 0; c < data.classes; ++c) {
      double s = theta[data.bias2_at() + c];
      for (Index u = 0; u < data.hidden; ++u)
        s += theta[data.weights2_at() + c * data.hidden + u] * h[static_cast<std::size_t>(u)];
      z[static_cast<std::size_t>(c)] = s;
      value -= label[c] * s;
    }
    const double most = *std::max_element(z.begin(), z.end());
    double total = 0.0;
    for (double& s : z) total += s = std::exp(s - most);
    value += most + std::log(total);
    std::fill(back.begin(), back.end(), 0.0);
    for (Index c = 0; c < data.classes; ++c) {
      const double residual = z[static_cast<std::size_t>(c)] / total - label[c];
      const Index row = data.weights2_at() + c * data.hidden;
      gradient[data.bias2_at() + c] += residual;
      for (Index u = 0; u < data.hidden; ++u) {
        gradient[row + u] += residual * h[static_cast<std::size_t>(u)];
        back[static_cast<std::size_t>(u)] += residual * theta[row + u];
      }
    }
    for (Index u = 0; u < data.hidden; ++u) {
      const double s = h[static_cast<std::size_t>(u)],
                   residual = back[static_cast<std::size_t>(u)] * s * (1.0 - s);
      gradient[data.bias1_at() + u] += residual;
      for (Index i = 0; i < data.inputs; ++i) gradient[u * data.inputs + i] += residual * x[i];
    }
  }
  gradient /= static_cast<double>(data.rows.rows());
  return value / static_cast<double>(data.rows.rows());
}

// Eigen's matrix products by blocks of rows, whose hidden layer stays in the cache.
class PerceptronExpert {
 public:
  explicit PerceptronExpert(const PerceptronData& data) : data_(data) {}

  double operator()(Vector& gradient) {
    const PerceptronData& p = data_;
    const Eigen::Map<const Matrix> W1(p.theta.data(), p.inputs, p.hidden),
        W2(p.theta.data() + p.weights2_at(), p.hidden, p.classes);
    const auto b1 = p.theta.segment(p.bias1_at(), p.hidden), b2 = p.theta.segment(p.bias2_at(), p.classes);
    Eigen::Map<Matrix> g1(gradient.data(), p.inputs, p.hidden),
        g2(gradient.data() + p.weights2_at(), p.hidden, p.classes);
    gradient.setZero();
    double value = 0.0;
    for (Index begin = 0; begin < p.X.rows(); begin += block) {
      const Index rows = std::min(block, p.X.rows() - begin);
      const auto X = p.X.middleRows(begin, rows), label = p.onehot.middleRows(begin, rows);
      h_.noalias() = X * W1;
      h_.rowwise() += b1.transpose();
      h_ = (1.0 + (-h_.array()).exp()).inverse();
      z_.noalias() = h_ * W2;
      z_.rowwise() += b2.transpose();
      most_ = z_.rowwise().maxCoeff();
      value += most_.sum() - label.cwiseProduct(z_).sum();
      z_ = (z_.colwise() - most_).array().exp();
      total_ = z_.rowwise().sum();
      value += total_.array().log().sum();
      z_.array().colwise() /= total_.array();
      z_ -= label;
      g2.noalias() += h_.transpose() * z_;
      gradient.segment(p.bias2_at(), p.classes) += z_.colwise().sum();
      back_.noalias() = z_ * W2.transpose();
      back_.array() *= h_.array() * (1.0 - h_.array());
      g1.noalias() += X.transpose() * back_;
      gradient.segment(p.bias1_at(), p.hidden) += back_.colwise().sum();
    }
    gradient /= static_cast<double>(p.X.rows());
    return value / static_cast<double>(p.X.rows());
  }

 private:
  static constexpr Index block = 500;
  const PerceptronData& data_;
  Matrix h_, z_, back_;
  Vector most_, total_;
};

}  // namespace rappel::bench::hand
