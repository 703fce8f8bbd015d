#pragma once

// Value and one directional derivative: enough to differentiate the residuals of a test problem exactly,
// without the library's own autodiff.

#include <cmath>

namespace rappel::test {

struct Dual {
  double value = 0.0;
  double dot = 0.0;
  Dual(double v = 0.0, double d = 0.0) : value(v), dot(d) {}
};

inline Dual operator-(Dual a) { return {-a.value, -a.dot}; }
inline Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.dot + b.dot}; }
inline Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.dot - b.dot}; }
inline Dual operator*(Dual a, Dual b) { return {a.value * b.value, a.dot * b.value + a.value * b.dot}; }
inline Dual operator/(Dual a, Dual b) {
  const double z = a.value / b.value;
  return {z, (a.dot - z * b.dot) / b.value};
}
inline Dual& operator+=(Dual& a, Dual b) { return a = a + b; }
inline Dual& operator*=(Dual& a, Dual b) { return a = a * b; }

inline Dual square(Dual a) { return a * a; }
inline Dual cube(Dual a) { return a * a * a; }
inline Dual sqrt(Dual a) {
  const double z = std::sqrt(a.value);
  return {z, a.dot / (2.0 * z)};
}
inline Dual exp(Dual a) {
  const double z = std::exp(a.value);
  return {z, z * a.dot};
}
inline Dual sin(Dual a) { return {std::sin(a.value), std::cos(a.value) * a.dot}; }
inline Dual cos(Dual a) { return {std::cos(a.value), -std::sin(a.value) * a.dot}; }
inline Dual atan(Dual a) { return {std::atan(a.value), a.dot / (1.0 + a.value * a.value)}; }
// a > 0
inline Dual pow(Dual a, Dual b) {
  const double z = std::pow(a.value, b.value);
  return {z, z * (b.dot * std::log(a.value) + b.value * a.dot / a.value)};
}

}  // namespace rappel::test
