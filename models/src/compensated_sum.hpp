#pragma once

// Sums in about twice the precision of double (Ogita, Rump & Oishi 2005, algorithms Sum2 and Dot2).

#include <cmath>

namespace rappel {

class CompensatedSum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    const double moved = sum - sum_;
    error_ += (sum_ - (sum - moved)) + (term - moved);
    sum_ = sum;
  }

  void add_product(double a, double b) {
    const double product = a * b;
    add(product);
    error_ += std::fma(a, b, -product);
  }

  double value() const { return sum_ + error_; }

 private:
  double sum_ = 0.0;
  double error_ = 0.0;
};

}  // namespace rappel
