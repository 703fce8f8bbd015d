#include "rappel/optim/direction.hpp"

#include "validation.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace rappel {

namespace {

using detail::add_scaled;
using detail::dot;

// The last steps s and gradient differences y, in a ring.
class LbfgsDirection final : public Direction {
 public:
  LbfgsDirection(Index n, Index memory)
      : pairs_(static_cast<std::size_t>(memory), Pair(static_cast<std::size_t>(n))),
        candidate_(static_cast<std::size_t>(n)) {}

  void compute(const Iterate& previous, const Iterate& current, MutableSpan direction) override {
    if (current.iteration > last_iteration_) remember(previous, current);
    last_iteration_ = current.iteration;
    if (num_pairs_ > 0) {
      two_loops(current.gradient, direction);
    } else {
      // Without curvature there is no scale: length 1, and the line search adjusts.
      const double length = detail::norm(current.gradient);
      detail::scale(length > 0.0 ? -1.0 / length : -1.0, current.gradient, direction);
    }
  }

  bool restart() override { return std::exchange(num_pairs_, 0) > 0; }

 private:
  struct Pair {
    explicit Pair(std::size_t n) : s(n), y(n) {}
    std::vector<double> s, y;
    double sy = 0.0, yy = 0.0;
    double alpha = 0.0;  // of the first loop
  };

  // The pair of `age` iterations ago; 0 is the newest.
  Pair& pair(std::size_t age) { return pairs_[(newest_ + pairs_.size() - age) % pairs_.size()]; }

  void remember(const Iterate& previous, const Iterate& current) {
    Pair& p = candidate_;
    detail::subtract(current.x, previous.x, p.s);
    detail::subtract(current.gradient, previous.gradient, p.y);
    p.sy = dot(p.s, p.y);
    p.yy = dot(p.y, p.y);
    // The update stays positive definite only if s'y > 0 (Nocedal & Wright 2006, eq. 6.7); a pair whose s'y
    // is rounding says nothing.
    const double rounding = std::numeric_limits<double>::epsilon() * detail::norm(p.s) * detail::norm(p.y);
    if (!(p.sy > rounding) || !std::isfinite(p.yy)) return;
    newest_ = (newest_ + 1) % pairs_.size();
    std::swap(pairs_[newest_], candidate_);
    num_pairs_ = std::min(num_pairs_ + 1, pairs_.size());
  }

  // Nocedal & Wright 2006, algorithm 7.4, with H0 = s'y / y'y of the newest pair (eq. 7.20).
  void two_loops(ConstSpan gradient, MutableSpan q) {
    detail::scale(-1.0, gradient, q);
    for (std::size_t age = 0; age < num_pairs_; ++age) {
      Pair& p = pair(age);
      p.alpha = dot(p.s, q) / p.sy;
      add_scaled(q, -p.alpha, p.y, q);
    }
    detail::scale(pair(0).sy / pair(0).yy, q, q);
    for (std::size_t age = num_pairs_; age-- > 0;) {
      const Pair& p = pair(age);
      const double beta = dot(p.y, q) / p.sy;
      add_scaled(q, p.alpha - beta, p.s, q);
    }
  }

  std::vector<Pair> pairs_;
  Pair candidate_;
  std::size_t newest_ = 0;
  std::size_t num_pairs_ = 0;
  Index last_iteration_ = 0;
};

}  // namespace

DirectionFactory lbfgs_direction(Index memory) {
  detail::require(memory >= 1, "lbfgs: memory", static_cast<double>(memory), ">= 1");
  return [memory](Index n) { return std::make_unique<LbfgsDirection>(n, memory); };
}

}  // namespace rappel
