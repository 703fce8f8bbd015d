// A gradient written by hand, checked against differences of the values.

#include <rappel/optim.hpp>

#include <cmath>
#include <iostream>

using namespace rappel;

struct Spiral {
  double sign;  // -1: a mistake in the second entry
  Index dimension() const { return 2; }
  double value_and_gradient(const Vector& x, Vector& g) const {
    g = Vector{{std::cos(x[0]) * x[1], sign * std::sin(x[0]) + 2.0 * x[1]}};
    return std::sin(x[0]) * x[1] + x[1] * x[1];
  }
};

int main() {
  const Vector x{{0.5, 2.0}};
  std::cout << "right: " << (check_gradient(Spiral{1.0}, x).ok() ? "ok" : "off") << "\n";

  const GradientCheck check = check_gradient(Spiral{-1.0}, x);  // std::cout << check prints all of it
  const SlopeCheck& worst = *check.worst();
  std::cout << "wrong: " << (check.ok() ? "ok" : "off") << ", gradient[" << worst.coordinate << "] is "
            << worst.analytic << ", by differences " << worst.numeric << "\n";
}
