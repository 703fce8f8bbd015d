// Fit a model to a table, and predict.

#include <rappel/models.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Table houses = read_csv("sacramento.csv");
  const Design data = make_design(houses, {.target = "price", .features = {"sqft", "beds", "baths"}});
  const auto linear = fit(LinearRegression{}, data.matrix(), data.target_values(),
                          {.feature_names = data.feature_names, .target_name = "price"});
  std::cout << linear.summary();
  std::cout << "1,500 square feet, 3 bedrooms, 2 bathrooms: " << linear.predict(Matrix{{1500.0, 3.0, 2.0}})
            << "\n";
}
