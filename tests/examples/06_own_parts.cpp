// Any function with a value and a gradient can be minimised, and a part of a method can be one's own.

#include <rappel/optim.hpp>

#include <cmath>
#include <iostream>

using namespace rappel;

struct Bowl {
  Index dimension() const { return 2; }
  double value_and_gradient(const Vector& x, Vector& g) const {
    g = x;
    return x.squaredNorm() / 2;
  }
};

int main() {
  std::cout << "converged: " << minimize(Bowl{}, Vector{{3.0, 4.0}}).converged() << "\n";

  // A schedule: the learning rate at iteration 0, 1, ..
  const Schedule decay = [](Index iteration) {
    return 0.5 / std::sqrt(1.0 + static_cast<double>(iteration));
  };
  const Result r =
      minimize(Bowl{}, Vector{{3.0, 4.0}}, gradient_descent({.schedule = decay}), {.max_iterations = 4},
               [](const Progress& p) { std::cout << p.iteration << ": " << p.value << "\n"; });
  std::cout << to_string(r.reason) << " after " << r.iterations << "\n";
}
