// Uses the installed package compiled with flags of the user's own. Whatever owns memory is handed back and
// forth, and resized, copied and freed here: a library that made it with another allocator would crash.

#include "second.hpp"

#include <rappel/autodiff.hpp>
#include <rappel/models.hpp>
#include <rappel/optim.hpp>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rappel;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "uses_rappel: " << what << " does not hold\n";
  std::exit(1);
}

// Odd sizes, so that an allocator that aligns otherwise gives other addresses.
Matrix features(Index rows) {
  Matrix X(rows, 3);
  for (Index i = 0; i < rows; ++i) {
    const double t = static_cast<double>(i);
    X.row(i) << std::sin(t), std::cos(2.0 * t), std::sin(0.3 * t * t);
  }
  return X;
}

Vector target(const Matrix& X) {
  return (X * Vector{{2.0, -1.0, 0.5}}).array() + 3.0 + 0.01 * (7.0 * X.col(0).array()).cos();
}

void differentiates() {
  const Function f = record(2, [](ExprSpan x) { return sin(x[0]) * x[1] + exp(x[1]); });
  for (int repeat = 0; repeat < 100; ++repeat) {
    auto [value, gradient] = f.value_and_gradient(Vector{{0.5, 2.0}});
    expect(std::abs(gradient[0] - std::cos(0.5) * 2.0) < 1e-12, "the gradient of sin(x) y + exp(y)");
    gradient.conservativeResize(101);
    Vector moved = std::move(gradient);
    expect(moved.size() == 101 && std::isfinite(value), "a gradient that is resized and moved");
  }
}

void runs_over_rows() {
  const Matrix X = features(1001);
  Matrix given = X;
  Vector y = target(X);
  const auto cost = [](const Columns& data) {
    return record(4, [data](ExprSpan w) {
      return mean_over_rows(
          data, [&](const Row& row) { return square(dot(w.first(3), row.first(3)) + w[3] - row[3]) / 2.0; });
    });
  };
  const Function borrowed = cost(Columns(X, y));
  const Function owned = cost(Columns(std::move(given), Vector(y)));
  const Function copied = cost(Columns::copy(X, y));
  const Vector w = Vector::LinSpaced(4, -1.0, 1.0);
  expect(owned.value(w) == borrowed.value(w) && copied.value(w) == borrowed.value(w),
         "one value for all Columns");
  const Function fewer = owned.with_columns(Columns::copy(Matrix(X.topRows(500)), Vector(y.head(500))));
  expect(std::isfinite(fewer.value(w)), "a cost with other columns");

  const Function rows = record(4, [&](ExprSpan v) {
    return map_rows(Columns(X), [&](const Row& row) { return dot(v.first(3), row) + v[3]; });
  });
  Vector values = rows.values(w);
  expect((values - second_prediction(X, w)).cwiseAbs().maxCoeff() < 1e-12, "values of rows");
  values = values.head(7).eval();

  Result result = minimize(borrowed, Vector::Zero(4));
  expect(result.converged() && std::abs(result.x[3] - 3.0) < 0.1, "the minimum of least squares");
  Result other =
      minimize(second_objective(), Vector{{3.0, 4.0, 5.0}}, gradient_descent({.learning_rate = 0.5}));
  std::swap(result, other);
  result = other;
  expect(result.x.size() == 4, "results that are swapped and copied");
}

void fits() {
  const Matrix X = features(333);
  const Vector y = target(X);
  const auto linear = fit(LinearRegression{}, X, y);
  expect(linear.converged() && std::abs(linear.coefficients()[0] - 2.0) < 0.1, "the coefficients of a fit");
  Vector prediction = linear.predict(X);
  prediction.conservativeResize(12345);
  expect(linear.summary().find("R^2") != std::string::npos, "the summary of a fit");
  const Vector classes = (y.array() + (5.0 * X.col(1)).array().sin() > 3.0).cast<double>();
  auto logistic = fit(LogisticRegression{.l2 = 1e-3}, X, classes);
  const auto copy = logistic;
  expect(copy.converged() && copy.predict(X).maxCoeff() <= 1.0, "a logistic fit");
}

void reads_and_saves() {
  std::string text = "a,b,kind,y\n";
  for (int i = 0; i < 101; ++i) {
    const double t = i;
    text += std::to_string(std::sin(t)) + "," + std::to_string(std::cos(2.0 * t)) +
            (i % 3 == 0 ? ",this," : ",that,") + std::to_string(t) + "\n";
  }
  std::optional<Table> table = parse_csv(text, "text");
  const Function cost = record(2, [&](ExprSpan w) {
    return mean_over_rows(table->columns(),
                          [&](Row row) { return square(w[0] * row["a"] + w[1] - row["y"]); });
  });
  const Design design = make_design(*table, {.target = "y", .features = {"a", "b", "kind"}});
  table.reset();
  expect(std::isfinite(cost.value(Vector{{1.0, 2.0}})), "a cost that outlives its table");

  const auto fitted = fit(LinearRegression{}, design.matrix(), design.target_values(),
                          {.feature_names = design.feature_names});
  const Vector& p = fitted.parameters();
  const SavedModel saved{.features = design.features,
                         .target = design.target,
                         .scaling = fitted.scaling(),
                         .parameters = std::vector<double>(p.begin(), p.end())};
  SavedModel loaded = parse_model(to_json(saved), "text");
  Vector prediction = predict(loaded, design.matrix());
  expect(prediction == fitted.predict(design.matrix()), "predictions of a model that was saved and loaded");
  prediction.conservativeResize(1001);
}

}  // namespace

int main() {
  differentiates();
  runs_over_rows();
  fits();
  reads_and_saves();
  std::cout << "uses_rappel: all holds\n";
}
