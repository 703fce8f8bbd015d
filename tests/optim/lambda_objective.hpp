#pragma once

// An Objective from a lambda, and quadratic bowls.

#include <rappel/core.hpp>

#include <utility>

namespace rappel::test {

template <class F>
struct LambdaObjective {
  Index n;
  F f;  // double(const Vector& x, Vector& gradient)
  Index dimension() const { return n; }
  double value_and_gradient(const Vector& x, Vector& gradient) const { return f(x, gradient); }
};

template <class F>
LambdaObjective<F> objective(Index n, F f) {
  return {n, std::move(f)};
}

// 1/2 sum of h_j (x_j - c_j)^2: the largest curvature L is the largest h.
struct Bowl {
  Vector h, c;
  Index dimension() const { return h.size(); }
  double value_and_gradient(const Vector& x, Vector& gradient) const {
    gradient = h.cwiseProduct(x - c);
    return gradient.dot(x - c) / 2.0;
  }
};

// L = 4.
inline Bowl bowl() { return {Vector{{4.0, 1.0, 0.5}}, Vector{{1.0, -2.0, 3.0}}}; }

inline auto rosenbrock() {
  return objective(2, [](const Vector& x, Vector& g) {
    const double a = 1.0 - x[0], b = x[1] - x[0] * x[0];
    g[0] = -2.0 * a - 400.0 * b * x[0];
    g[1] = 200.0 * b;
    return a * a + 100.0 * b * b;
  });
}

}  // namespace rappel::test
