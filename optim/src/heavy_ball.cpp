#include "rappel/optim/direction.hpp"

#include "validation.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <vector>

namespace rappel {

namespace {

class HeavyBall final : public Direction {
 public:
  HeavyBall(Index n, double momentum) : momentum_(momentum), velocity_(static_cast<std::size_t>(n)) {}

  void compute(const Iterate&, const Iterate& current, MutableSpan direction) override {
    detail::scale(momentum_, velocity_, velocity_);
    detail::subtract(velocity_, current.gradient, velocity_);
    detail::copy(velocity_, direction);
    moving_ = current.iteration > restarted_at_;
    iteration_ = current.iteration;
  }

  bool restart() override {
    if (!moving_) return false;
    std::fill(velocity_.begin(), velocity_.end(), 0.0);
    restarted_at_ = iteration_;
    return true;
  }

 private:
  double momentum_;
  std::vector<double> velocity_;
  bool moving_ = false;  // the velocity holds more than the last gradient
  Index iteration_ = 0;
  Index restarted_at_ = 0;
};

}  // namespace

DirectionFactory heavy_ball(double momentum) {
  detail::require(momentum >= 0.0 && momentum < 1.0, "heavy_ball: momentum", momentum, ">= 0 and < 1");
  return [momentum](Index n) { return std::make_unique<HeavyBall>(n, momentum); };
}

}  // namespace rappel
