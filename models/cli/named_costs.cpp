#include "named_costs.hpp"

#include "arguments.hpp"

#include <algorithm>
#include <numbers>
#include <random>

namespace rappel::cli {

namespace {

// Entries from -1 to 1, the same on every machine.
Matrix uniform_matrix(Index rows, Index columns) {
  std::mt19937_64 random(1);
  Matrix x(rows, columns);
  for (double& v : x.reshaped()) v = static_cast<double>(random() >> 11) * 0x1p-52 - 1.0;
  return x;
}

constexpr Index num_features = 4;

// The mean over rows of loss(z, y), z = w'x + b; the last column of the data, in -1 .. 1, makes y.
template <class Target, class Loss>
Function regression(Index num_rows, Target target, Loss loss) {
  Matrix data = uniform_matrix(num_rows, num_features + 1);
  for (Index i = 0; i < num_rows; ++i)
    data(i, num_features) = target(data.row(i).head(num_features).sum() + data(i, num_features));
  return record(num_features + 1, [&](ExprSpan w) {
    return mean_over_rows(Columns(std::move(data)), [&](Row row) {
      return loss(dot(w.first(num_features), row.first(num_features)) + w[num_features], row[num_features]);
    });
  });
}

const NamedCost costs[] = {
    {"rosenbrock",
     "(1 - x)^2 + 100 (y - x^2)^2",
     {-1.2, 1.0},
     false,
     [](Index) {
       return record(2, [](ExprSpan x) { return square(1.0 - x[0]) + 100.0 * square(x[1] - square(x[0])); });
     }},
    {"beale",
     "(1.5 - x (1 - y))^2 + (2.25 - x (1 - y^2))^2 + (2.625 - x (1 - y^3))^2",
     {1.0, 1.0},
     false,
     [](Index) {
       return record(2, [](ExprSpan x) {
         return square(1.5 - x[0] * (1.0 - x[1])) + square(2.25 - x[0] * (1.0 - pow(x[1], 2.0))) +
                square(2.625 - x[0] * (1.0 - pow(x[1], 3.0)));
       });
     }},
    {"powell",
     "(a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4",
     {3.0, -1.0, 0.0, 1.0},
     false,
     [](Index) {
       return record(4, [](ExprSpan x) {
         return square(x[0] + 10.0 * x[1]) + 5.0 * square(x[2] - x[3]) + square(square(x[1] - 2.0 * x[2])) +
                10.0 * square(square(x[0] - x[3]));
       });
     }},
    {"rastrigin",
     "sum of x^2 - 10 cos(2 pi x) + 10",
     {0.3, -1.1, 2.05},
     false,
     [](Index) {
       return record(3, [](ExprSpan x) {
         Expr total = 0.0;
         for (const Expr& v : x) total += square(v) - 10.0 * cos(2.0 * std::numbers::pi * v) + 10.0;
         return total;
       });
     }},
    {"softplus",
     "softplus(x), which is log(1 + exp(x)) without cancellation",
     {-40.0},
     false,
     [](Index) { return record(1, [](ExprSpan x) { return softplus(x[0]); }); }},
    {"naive-softplus",
     "log(1 + exp(x)) as written: it cancels",
     {-40.0},
     false,
     [](Index) { return record(1, [](ExprSpan x) { return log(1.0 + exp(x[0])); }); }},
    {"one-minus-cos",
     "1 - cos(x): it cancels",
     {1e-5},
     false,
     [](Index) { return record(1, [](ExprSpan x) { return 1.0 - cos(x[0]); }); }},
    {"log-exp",
     "log(exp(x)): it overflows",
     {1000.0},
     false,
     [](Index) { return record(1, [](ExprSpan x) { return log(exp(x[0])); }); }},
    {"absolute",
     "|x| + |y - 1|: it has kinks",
     {0.0, 2.0},
     false,
     [](Index) { return record(2, [](ExprSpan x) { return abs(x[0]) + abs(x[1] - 1.0); }); }},
    {"naive-variance",
     "mean over rows of (t + x)^2, less the square of the mean: it cancels",
     {1000.0},
     true,
     [](Index num_rows) {
       const Matrix t = uniform_matrix(num_rows, 1);
       return record(1, [&](ExprSpan x) {
         const Columns data = Columns::copy(t);
         const Expr squares = mean_over_rows(data, [&](Row row) { return square(row[0] + x[0]); });
         return squares - square(mean_over_rows(data, [&](Row row) { return row[0] + x[0]; }));
       });
     }},
    {"least-squares",
     "mean over rows of (w't + b - y)^2 / 2",
     {0.9, 1.1, 1.0, 0.8, 0.1},
     true,
     [](Index num_rows) {
       return regression(
           num_rows, [](double z) { return z; }, [](Expr z, Expr y) { return square(z - y) / 2.0; });
     }},
    {"logistic",
     "mean over rows of softplus(z) - y z, z = w't + b",
     {1.0, 2.0, 0.5, 1.5, 0.1},
     true,
     [](Index num_rows) {
       return regression(
           num_rows, [](double z) { return z > 0.0 ? 1.0 : 0.0; },
           [](Expr z, Expr y) { return softplus(z) - y * z; });
     }},
    {"poisson",
     "mean over rows of exp(z) - y z, z = w't + b",
     {1.0, 0.5, 0.5, 0.1, 0.2},
     true,
     [](Index num_rows) {
       return regression(
           num_rows, [](double z) { return z > 0.0 ? 2.0 : 1.0; },
           [](Expr z, Expr y) { return exp(z) - y * z; });
     }},
    {"mixture",
     "mean over rows of -log of two normal densities with means m1, m2",
     {-0.5, 0.7},
     true,
     [](Index num_rows) {
       const Matrix t = uniform_matrix(num_rows, 1);
       return record(2, [&](ExprSpan m) {
         return mean_over_rows(Columns::copy(t), [&](Row row) {
           return -logsumexp({-2.0 * square(row[0] - m[0]), -2.0 * square(row[0] - m[1])});
         });
       });
     }},
};

}  // namespace

std::span<const NamedCost> named_costs() { return costs; }

const NamedCost& cost_named(const std::string& name) {
  const auto found = std::ranges::find(costs, name, &NamedCost::name);
  if (found != std::end(costs)) return *found;
  Words names;
  for (const NamedCost& cost : costs) names.push_back(cost.name);
  throw std::invalid_argument("unknown cost " + in_quotes(name) + did_you_mean(name, names));
}

}  // namespace rappel::cli
