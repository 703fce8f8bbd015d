// Parameters looked up by row: matrix factorisation of a table of ratings.

#include <rappel/autodiff.hpp>
#include <rappel/optim.hpp>

#include <iostream>

using namespace rappel;

int main() {
  const Index users = 4, films = 3, rank = 1;
  const std::vector<double> user{0, 0, 1, 1, 2, 2, 3}, film{0, 1, 0, 2, 1, 2, 0}, rating{5, 3, 4, 1, 3, 1, 2};
  const Columns ratings = Columns::from({"user", "film", "rating"}, {user.data(), film.data(), rating.data()}, 7);
  const Function cost = record((users + films) * rank, [&](ExprSpan w) {
    const ExprSpan u = w.first(users * rank), v = w.last(films * rank);
    return mean_over_rows(ratings, [&](Row row) {
      return square(dot(gather(u, row["user"], rank), gather(v, row["film"], rank)) - row["rating"]);
    });
  });
  const Result r = minimize(cost, Vector::Ones((users + films) * rank));
  std::cout.precision(4);
  std::cout << "root mean square error " << std::sqrt(r.value) << "\n"
            << "user 3 on film 1: " << r.x[3] * r.x[users + 1] << "\n";

  const std::vector<double> wrong{0, 9, 1, 1, 2, 2, 3};
  try {
    cost.with_columns(Columns::from({"user", "film", "rating"}, {wrong.data(), film.data(), rating.data()}, 7));
  } catch (const std::invalid_argument& e) {
    std::cout << e.what() << "\n";
  }
}
