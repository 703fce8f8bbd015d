#include "rappel/optim/direction.hpp"

#include "vector_kernels.hpp"

namespace rappel {

namespace {

struct SteepestDescent final : Direction {
  void compute(const Iterate&, const Iterate& current, MutableSpan direction) override {
    detail::scale(-1.0, current.gradient, direction);
  }
};

}  // namespace

DirectionFactory steepest_descent() {
  return [](Index) { return std::make_unique<SteepestDescent>(); };
}

}  // namespace rappel
