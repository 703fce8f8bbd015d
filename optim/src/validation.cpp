#include "validation.hpp"

#include "rappel/optim/minimize.hpp"

#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace rappel::detail {

namespace {

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

void require(bool holds, const std::string& name, double value, const std::string& must_be) {
  if (!holds) throw std::invalid_argument(name + " is " + short_number(value) + ", must be " + must_be);
}

void throw_empty(const std::string& name) { throw std::invalid_argument(name + " is empty"); }

bool positive_finite(double value) { return value > 0.0 && std::isfinite(value); }

void check_minimize(Index start_size, Index dimension, const Method& method,
                    const StoppingOptions& stopping) {
  if (start_size != dimension) {
    throw std::invalid_argument("minimize: start has " + std::to_string(start_size) +
                                (start_size == 1 ? " entry" : " entries") + ", objective takes " +
                                std::to_string(dimension));
  }
  require_callable(method, "minimize: method");
  for (const StoppingRule& rule : stopping.rules) require_callable(rule, "minimize: a stopping rule");
  const auto not_negative = [](const std::string& name, double value) {
    require(value >= 0.0, "minimize: " + name, value, ">= 0");
  };
  not_negative("gradient_tolerance", stopping.gradient_tolerance);
  not_negative("gradient_scale", stopping.gradient_scale);
  not_negative("value_scale", stopping.value_scale);
  if (stopping.max_iterations) {
    not_negative("max_iterations", static_cast<double>(*stopping.max_iterations));
  }
}

}  // namespace rappel::detail
