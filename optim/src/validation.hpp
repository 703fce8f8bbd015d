#pragma once

// Option checks that read as one line. Each throws std::invalid_argument that names both sides:
// "gradient_descent: learning_rate is 0, must be > 0".

#include <string>

namespace rappel::detail {

// `name` is "function: option".
void require(bool holds, const std::string& name, double value, const std::string& must_be);

[[noreturn]] void throw_empty(const std::string& name);

// "function: option is empty"
template <class Callable>
void require_callable(const Callable& callable, const std::string& name) {
  if (!callable) throw_empty(name);
}

// > 0, and not infinite: what a step must be.
bool positive_finite(double value);

}  // namespace rappel::detail
