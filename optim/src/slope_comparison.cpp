#include "slope_comparison.hpp"

#include "noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rappel::detail {

namespace {

// Ridders' table says little of its own luck, and a few roundings may all go one way.
constexpr double safety = 10.0;
// A slope known so well, relatively, that no other step is tried.
constexpr double good_enough = 1e-9;
// One that agrees with the gradient is believed up to these, though another step is more certain.
constexpr double still_good = 1e-8;  // relatively
constexpr double much = 10.0;        // times less certain

double tolerance_of(const Slope& slope, const Analytic& analytic) {
  return safety * (slope.uncertainty() + analytic.noise) + 0x1p-49 * std::abs(analytic.slope);
}

bool agree(const Slope& slope, const Analytic& analytic) {
  return std::abs(slope.slope - analytic.slope) <= tolerance_of(slope, analytic);
}

// phi'(0) over steps from a tenth of each scale downwards. That with the least uncertainty; but one that
// agrees with the gradient is believed if it is not much less certain: where a part of the cost is lost to
// rounding altogether, small steps do not see it, and are sure of what they see.
Slope slope_of(const Line& line, const std::vector<double>& scales, const Analytic& analytic) {
  Slope best, agreeing;
  const double value_noise = line.value_noise + analytic.x_noise;
  for (const double scale : scales) {
    double step = 0.1 * scale;
    for (int k = 0; k < 6; ++k, step /= 20.0) {  // one table of steps spans a factor of 20
      if (best.found && value_noise / step > 100.0 * best.uncertainty()) break;  // worse from here on
      Slope slope = ridders(line.phi, line.value, step, value_noise);
      if (!slope.found) continue;
      // A cost that is nearly 0 at x is rounded more beside it.
      slope.noise += 4.0 * noise_near(line.phi, slope.step, scale) / slope.step;
      if (!best.found || slope.uncertainty() < best.uncertainty()) best = slope;
      if (!agree(slope, analytic)) continue;
      if (slope.uncertainty() <= good_enough * std::abs(slope.slope)) return slope;
      if (!agreeing.found || slope.uncertainty() < agreeing.uncertainty()) agreeing = slope;
    }
  }
  const double enough = std::max(much * best.uncertainty(), still_good * std::abs(agreeing.slope));
  return agreeing.found && agreeing.uncertainty() <= enough ? agreeing : best;
}

// The slopes to both sides stay apart as the step shrinks, and the analytic one is between them.
bool at_kink(const Line& line, double first_step, double analytic) {
  double gaps[2];
  double low = 0.0, high = 0.0;
  for (int i = 0; i < 2; ++i) {
    const double step = i == 0 ? first_step : first_step / 10.0;
    const double right = (line.phi(step) - line.value) / step, left = (line.value - line.phi(-step)) / step;
    gaps[i] = std::abs(right - left);
    low = std::min(left, right);
    high = std::max(left, right);
    if (!(gaps[i] > 4.0 * safety * line.value_noise / step)) return false;
  }
  const double slack = 0.01 * gaps[1];
  return gaps[1] > 0.5 * gaps[0] && analytic >= low - slack && analytic <= high + slack;
}

}  // namespace

SlopeCheck compared(const Line& line, const std::vector<double>& scales, const Analytic& analytic) {
  SlopeCheck check;
  check.analytic = analytic.slope;
  const Slope slope = slope_of(line, scales, analytic);
  if (!slope.found) {
    check.numeric = std::numeric_limits<double>::quiet_NaN();
    check.tolerance = std::numeric_limits<double>::infinity();
    check.verdict = SlopeVerdict::not_finite;
    return check;
  }
  check.numeric = slope.slope;
  check.tolerance = tolerance_of(slope, analytic);
  if (!agree(slope, analytic))
    check.verdict = at_kink(line, slope.step, analytic.slope) ? SlopeVerdict::at_kink : SlopeVerdict::differs;
  return check;
}

}  // namespace rappel::detail
