#pragma once

// Accuracies of costs, and what their text says.

#include "accuracy.hpp"

#include <rappel/autodiff.hpp>

#include <cmath>
#include <functional>
#include <sstream>
#include <string>

namespace rappel::test {

inline Accuracy accuracy_of(Index n, const std::function<Expr(ExprSpan)>& cost, const Vector& x,
                            const AccuracyOptions& options = {}) {
  return record(n, cost).accuracy(x, options);
}

inline std::string printed(const Accuracy& accuracy) {
  std::ostringstream out;
  out << accuracy;
  return out.str();
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

// Relative; the condition is a sum of doubles, its parts are rounded once: 1e-12 is far above that.
inline bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::abs(b); }

}  // namespace rappel::test
