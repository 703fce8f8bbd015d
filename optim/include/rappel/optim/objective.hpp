#pragma once

// What is minimised: anything that has a value and a gradient.

#include <rappel/core.hpp>

#include <concepts>
#include <stdexcept>
#include <string>

namespace rappel {

template <class F>
concept Objective = requires(const F& f, const Vector& x, Vector& gradient) {
  { f.dimension() } -> std::convertible_to<Index>;
  { f.value_and_gradient(x, gradient) } -> std::convertible_to<double>;  // overwrites gradient
};

// An objective as compiled code sees it: spans in, spans out. A view: what it refers to must outlive it.
class ObjectiveRef {
 public:
  using Evaluate = double (*)(void* object, ConstSpan x, MutableSpan gradient);

  ObjectiveRef(Index dimension, void* object, Evaluate evaluate)
      : dimension_(dimension), object_(object), evaluate_(evaluate) {}

  Index dimension() const { return dimension_; }

  // The value at x; overwrites gradient. Both have dimension() entries. Throws what the objective throws.
  double value_and_gradient(ConstSpan x, MutableSpan gradient) const {
    return evaluate_(object_, x, gradient);
  }

 private:
  Index dimension_;
  void* object_;
  Evaluate evaluate_;
};

// Owns the two Vectors that an objective wants, so that they are made and freed by the user's code and an
// evaluation allocates nothing. Borrows the objective.
template <Objective F>
class ObjectiveAdaptor {
 public:
  explicit ObjectiveAdaptor(const F& objective)
      : objective_(&objective), x_(size_of(objective)), gradient_(x_.size()) {}
  ObjectiveAdaptor(const ObjectiveAdaptor&) = delete;
  ObjectiveAdaptor& operator=(const ObjectiveAdaptor&) = delete;

  ObjectiveRef ref() { return {x_.size(), this, &ObjectiveAdaptor::evaluate}; }

 private:
  static Index size_of(const F& objective) {
    const Index n = objective.dimension();
    if (n < 0) throw std::invalid_argument("minimize: objective has dimension " + std::to_string(n));
    return n;
  }

  static double evaluate(void* object, ConstSpan x, MutableSpan gradient) {
    ObjectiveAdaptor& self = *static_cast<ObjectiveAdaptor*>(object);
    const Index n = self.x_.size();
    self.x_ = Eigen::Map<const Vector>(x.data(), n);
    const double value = self.objective_->value_and_gradient(self.x_, self.gradient_);
    if (self.gradient_.size() != n) {
      throw std::invalid_argument("minimize: the objective gave a gradient of " +
                                  std::to_string(self.gradient_.size()) + " entries, its dimension is " +
                                  std::to_string(n));
    }
    Eigen::Map<Vector>(gradient.data(), n) = self.gradient_;
    return value;
  }

  const F* objective_;
  Vector x_;
  Vector gradient_;
};

}  // namespace rappel
