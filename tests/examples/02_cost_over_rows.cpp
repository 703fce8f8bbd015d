// J(w, b): a cost over the rows of a table, plus a penalty.

#include <rappel/models.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Table houses = read_csv("sacramento.csv");  // 932 sales
  const Function cost = record(3, [&](ExprSpan w) {
    const Expr loss = mean_over_rows(houses.columns(), [&](Row row) {
      return square(w[0] * row["sqft"] + w[1] * row["beds"] + w[2] - row["price"]) / 2.0;
    });
    return loss + 0.01 * (square(w[0]) + square(w[1]));
  });
  const Vector w{{150.0, -20000.0, 60000.0}};
  const auto [value, gradient] = cost.value_and_gradient(w);
  std::cout << "J = " << value << "\ngradient = " << gradient.transpose() << "\n";

  // The same cost on other data; its columns are found by name.
  const Table others = parse_csv(
      "price,sqft,beds,baths,latitude,longitude\n"
      "210000,1500,3,2,38.5,-121.4\n"
      "325000,2400,4,3,38.6,-121.3\n",
      "two sales of my own");
  std::cout << "J on other data = " << cost.with_columns(others.columns()).value(w) << "\n";
}
