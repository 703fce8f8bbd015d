#pragma once

// Costs over rows, each with the same thing written as a loop in 50 digits.

#include <rappel/autodiff.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace rappel::test {

using Digits50 = boost::multiprecision::cpp_bin_float_50;

// A value with its gradient, by forward mode in 50 digits: another method, other code, other arithmetic.
struct Dual {
  Digits50 value = 0;
  std::vector<Digits50> gradient;
};

struct RowProblem {
  Matrix X;  // rows x features
  Vector y;
  Vector w;  // features, then the intercept
};

inline RowProblem row_problem(Index rows, Index features, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  RowProblem p{Matrix(rows, features), Vector(rows), Vector(features + 1)};
  for (double& x : p.X.reshaped()) x = uniform(random);
  for (double& w : p.w) w = uniform(random);
  for (double& y : p.y) y = uniform(random) < 0.0 ? 0.0 : 1.0;
  return p;
}

// The loss of a row as a function of z = w'x + b and y; its derivative by z in 50 digits.
struct RowCost {
  const char* name;
  std::function<Expr(Expr z, Expr y)> record;
  std::function<Digits50(Digits50 z, Digits50 y)> value, slope;
};

inline std::vector<RowCost> row_costs() {
  using D = Digits50;
  return {
      {"logistic", [](Expr z, Expr y) { return softplus(z) - y * z; },
       [](D z, D y) { return D(log(1 + exp(z)) - y * z); },
       [](D z, D y) { return D(1 / (1 + exp(-z)) - y); }},
      {"least squares", [](Expr z, Expr y) { return square(z - y) / 2.0; },
       [](D z, D y) { return D((z - y) * (z - y) / 2); }, [](D z, D y) { return D(z - y); }},
      {"absolute", [](Expr z, Expr y) { return abs(z - y); }, [](D z, D y) { return D(abs(z - y)); },
       [](D z, D y) {
         return D(z > y ? 1 : z < y ? -1 : 0);
       }},
      {"hinge", [](Expr z, Expr y) { return max(1.0 - (2.0 * y - 1.0) * z, 0.0); },
       [](D z, D y) {
         const D m = 1 - (2 * y - 1) * z;
         return D(m > 0 ? m : D(0));
       },
       [](D z, D y) { return D(1 - (2 * y - 1) * z > 0 ? D(-(2 * y - 1)) : D(0)); }},
      {"huber",
       [](Expr z, Expr y) {
         const Expr r = abs(z - y);
         return select(r <= 0.5, 0.5 * square(r), 0.5 * (r - 0.25));
       },
       [](D z, D y) {
         const D r = abs(z - y);
         return D(r <= D(0.5) ? D(r * r / 2) : D((r - D(0.25)) / 2));
       },
       [](D z, D y) {
         const D r = z - y;
         return D(abs(r) <= D(0.5) ? r : r > 0 ? D(0.5) : D(-0.5));
       }},
      {"tanh", [](Expr z, Expr y) { return square(tanh(z) - y); },
       [](D z, D y) {
         const D t = tanh(z);
         return D((t - y) * (t - y));
       },
       [](D z, D y) {
         const D t = tanh(z);
         return D(2 * (t - y) * (1 - t * t));
       }},
      {"poisson", [](Expr z, Expr y) { return exp(z) - y * z; }, [](D z, D y) { return D(exp(z) - y * z); },
       [](D z, D y) { return D(exp(z) - y); }},
  };
}

// Mean over rows of the cost, plus 0.1 w'w, in 50 digits.
inline Dual exact(const RowCost& cost, const RowProblem& p) {
  const Index n = p.X.cols(), m = p.X.rows();
  Dual sum{0, std::vector<Digits50>(static_cast<std::size_t>(n + 1))};
  for (Index r = 0; r < m; ++r) {
    Digits50 z = p.w[n];
    for (Index j = 0; j < n; ++j) z += Digits50(p.w[j]) * Digits50(p.X(r, j));
    sum.value += cost.value(z, p.y[r]);
    const Digits50 slope = cost.slope(z, p.y[r]);
    for (Index j = 0; j < n; ++j) sum.gradient[static_cast<std::size_t>(j)] += slope * Digits50(p.X(r, j));
    sum.gradient.back() += slope;
  }
  sum.value /= m;
  for (Digits50& g : sum.gradient) g /= m;
  for (Index j = 0; j < n; ++j) {
    sum.value += Digits50(0.1) * p.w[j] * p.w[j];
    sum.gradient[static_cast<std::size_t>(j)] += Digits50(0.1) * 2 * p.w[j];
  }
  return sum;
}

// The same for rappel, z as one dot or as the loop that everybody writes.
inline Function recorded(const RowCost& cost, const RowProblem& p, bool by_loop = false,
                         RecordOptions options = {}) {
  const Index n = p.X.cols();
  return record(
      n + 1,
      [&](ExprSpan w) {
        const Expr loss = mean_over_rows(Columns(p.X, p.y), [&](const Row& row) {
          Expr z = w[n];
          if (by_loop)
            for (Index j = 0; j < n; ++j) z += w[j] * row[j];
          else
            z = dot(w.first(n), row.first(n)) + z;
          return cost.record(z, row[n]);
        });
        return loss + 0.1 * dot(w.first(n), w.first(n));
      },
      options);
}

// The largest number of rows for which the slow oracle is asked.
inline constexpr Index num_features_for(Index rows) { return rows > 1000 ? 2 : 3; }

}  // namespace rappel::test
