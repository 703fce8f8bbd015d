#include "rappel/optim/line_search.hpp"

#include "line_search_tests.hpp"
#include "validation.hpp"

#include <algorithm>
#include <cmath>

namespace rappel {

namespace {

using detail::decreases;
using detail::finite;

// Minimiser of the cubic through values and slopes at a and b (Nocedal & Wright 2006, eq. 3.59). If the
// values differ by rounding alone, where the line through the slopes is 0. NaN if there is none.
double interpolate(const LinePoint& a, const LinePoint& b, double rounding) {
  const double width = b.step - a.step;
  if (std::abs(b.value - a.value) <= rounding) return a.step - a.slope * width / (b.slope - a.slope);
  const double d1 = a.slope + b.slope - 3.0 * (b.value - a.value) / width;
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), width);
  return b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
}

class WolfeSearch {
 public:
  WolfeSearch(const LineFunction& line, const WolfeOptions& options) : line_(line), options_(options) {}

  // Algorithm 3.5: longer steps, until an interval is known to hold acceptable ones.
  StepResult search(double first_step) {
    if (!detail::downhill(line_)) return {};
    LinePoint previous = line_.start;
    double step = first_step;
    while (evaluations_ < options_.max_evaluations) {
      const LinePoint p = evaluate(step);
      if (too_far(p, previous)) return zoom(previous, p);
      if (flat(p)) return {true, p};
      if (p.slope >= 0.0) return zoom(p, previous);
      step = longer(previous, p);
      if (!std::isfinite(step)) break;
      previous = p;
    }
    return settle_for(previous);
  }

 private:
  // Algorithm 3.6. Acceptable steps lie between `low`, the best so far that decreases enough, and `high`.
  StepResult zoom(LinePoint low, LinePoint high) {
    double width_before = HUGE_VAL;
    while (evaluations_ < options_.max_evaluations) {
      const double width = std::abs(high.step - low.step);
      if (-line_.start.slope * width <= line_.rounding * 1e-3) break;  // the cost is flat in it
      const LinePoint p = evaluate(between(low, high, width > 0.66 * width_before));
      width_before = width;
      if (too_far(p, low)) {
        high = p;
      } else {
        if (flat(p)) return {true, p};
        if (p.slope * (high.step - low.step) >= 0.0) high = low;
        low = p;
      }
    }
    return settle_for(low);
  }

  LinePoint evaluate(double step) {
    ++evaluations_;
    return line_.at(step);
  }

  bool too_far(const LinePoint& p, const LinePoint& best) const {
    return !finite(p) || !decreases(line_, p, options_.decrease) || p.value > best.value + line_.rounding;
  }

  bool flat(const LinePoint& p) const { return std::abs(p.slope) <= options_.curvature * -line_.start.slope; }

  // The curvature condition is given up, and the decrease must be more than rounding.
  StepResult settle_for(const LinePoint& p) const {
    const bool lower = line_.start.value - p.value > line_.rounding;
    return {lower && detail::armijo(line_, p, options_.decrease), p};
  }

  // Beyond p, by 1.1 to 10 times the last stride.
  double longer(const LinePoint& previous, const LinePoint& p) const {
    const double stride = p.step - previous.step;
    const double guess = interpolate(previous, p, line_.rounding);
    if (!(guess > p.step)) return p.step + 10.0 * stride;
    return std::clamp(guess, p.step + 1.1 * stride, p.step + 10.0 * stride);
  }

  // Inside the interval, a tenth of it away from both ends; its middle if it does not shrink fast enough.
  double between(const LinePoint& low, const LinePoint& high, bool bisect) const {
    const double width = high.step - low.step;
    if (!finite(high)) return low.step + 0.1 * width;
    const double share = (interpolate(low, high, line_.rounding) - low.step) / width;
    return low.step + width * (bisect || std::isnan(share) ? 0.5 : std::clamp(share, 0.1, 0.9));
  }

  const LineFunction& line_;
  const WolfeOptions& options_;
  Index evaluations_ = 0;
};

}  // namespace

LineSearch strong_wolfe(const WolfeOptions& options) {
  using detail::require;
  require(options.decrease > 0.0 && options.decrease < 0.5, "strong_wolfe: decrease", options.decrease,
          "> 0 and < 0.5");
  require(options.curvature > options.decrease && options.curvature < 1.0, "strong_wolfe: curvature",
          options.curvature, "> decrease and < 1");
  require(options.max_evaluations >= 1, "strong_wolfe: max_evaluations",
          static_cast<double>(options.max_evaluations), ">= 1");
  return [options](const LineFunction& line, double first_step) {
    return WolfeSearch(line, options).search(first_step);
  };
}

}  // namespace rappel
