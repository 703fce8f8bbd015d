// J(w, b): a cost over the rows of a table, plus a penalty.

#include <rappel/models.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Table houses = read_csv("sacramento.csv");
  const Function cost = record(3, [&](ExprSpan w) {
    const Expr loss = mean_over_rows(houses.columns(), [&](Row row) {
      return square(w[0] * row["sqft"] + w[1] * row["beds"] + w[2] - row["price"]) / 2.0;
    });
    return loss + 0.01 * (square(w[0]) + square(w[1]));
  });

  const auto [value, gradient] = cost.value_and_gradient(Vector{{140.0, -10000.0, 40000.0}});
  std::cout << "J = " << value << "\ngradient = " << gradient.transpose() << "\n";
}
