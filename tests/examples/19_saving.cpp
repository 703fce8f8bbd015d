// A cost written to a file and read again, by a program that need not know its code.

#include <rappel/autodiff.hpp>

#include <iostream>
#include <sstream>

using namespace rappel;

int main() {
  const Vector x{{1.0, 2.0, 3.0}}, y{{0.5, 0.1, 0.1}};
  const Function f = record(2, [&](ExprSpan w) {
    return mean_over_rows(Columns(x, y), [&](Row r) { return square(w[0] * exp(-w[1] * r[0]) - r[1]); });
  });
  std::ostringstream file;  // or a std::ofstream
  f.save(file, Format::json);

  std::istringstream in(file.str());
  const Function g = Function::load(in).with_columns(Columns(x, y));
  const Vector w{{1.0, 0.7}};
  std::cout << (f == g ? "equal" : "different") << ", " << (f.hessian(w) == g.hessian(w) ? "to the bit" : "not quite")
            << "\n"
            << g.statistics();

  std::string damaged = file.str();
  damaged[damaged.find("exp")] = 'E';
  try {
    std::istringstream bad(damaged);
    Function::load(bad);
  } catch (const std::invalid_argument& e) {
    std::cout << e.what() << "\n";
  }
}
