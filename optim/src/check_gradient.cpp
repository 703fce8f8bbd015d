#include "rappel/optim/check_gradient.hpp"

#include "ridders.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

namespace rappel::detail {

namespace {

// Ridders' table says little of its own luck, and a few roundings may all go one way.
constexpr double safety = 10.0;
// A slope known so well, relatively, that no other step is tried.
constexpr double good_enough = 1e-9;
// One that agrees with the gradient is believed up to these, though another step is more certain.
constexpr double still_good = 1e-8;  // relatively
constexpr double much = 10.0;        // times less certain

class Check {
 public:
  Check(ObjectiveRef objective, ConstSpan x, const GradientCheckOptions& options)
      : objective_(objective),
        options_(options),
        x_(x.begin(), x.end()),
        at_(x_),
        gradient_(x_.size()),
        last_gradient_(x_.size()) {}

  GradientCheck run() {
    result_.value = evaluate(gradient_);
    result_.finite = std::isfinite(result_.value);
    if (!result_.finite || x_.empty()) return std::move(result_);
    set_scales();
    measure_noise();
    if (static_cast<Index>(x_.size()) <= options_.max_coordinates) {
      for (std::size_t j = 0; j < x_.size(); ++j) check_coordinate(j);
    } else {
      check_directions();
      check_largest_coordinates();
    }
    return std::move(result_);
  }

 private:
  using Direction = std::vector<double>;
  // A slope by the gradient, its rounding, and what J is rounded by since x + t d is.
  struct Analytic {
    double slope = 0.0;
    double noise = 0.0;
    double x_noise = 0.0;
  };

  double evaluate(std::vector<double>& gradient) {
    ++result_.evaluations;
    return objective_.value_and_gradient(at_, gradient);
  }

  Phi along(Direction d) {
    return [this, d = std::move(d)](double t) {
      for (std::size_t j = 0; j < x_.size(); ++j) at_[j] = d[j] == 0.0 ? x_[j] : x_[j] + t * d[j];
      const double value = evaluate(last_gradient_);
      at_ = x_;
      return value;
    };
  }

  // The length over which x_j may be expected to matter: its size or, at 0, that of the other entries.
  void set_scales() {
    double logarithms = 0.0;
    Index count = 0;
    for (const double v : x_)
      if (v != 0.0 && std::isfinite(v)) logarithms += std::log(std::abs(v)), ++count;
    typical_ = count == 0 ? 1.0 : std::exp(logarithms / static_cast<double>(count));
    for (const double v : x_) scales_.push_back(v != 0.0 && std::isfinite(v) ? std::abs(v) : typical_);
  }

  Direction random_direction() {
    std::uniform_real_distribution<double> size(0.5, 1.0);
    Direction d(x_.size());
    for (std::size_t j = 0; j < d.size(); ++j)
      d[j] = (random_() & 1 ? scales_[j] : -scales_[j]) * size(random_);
    return d;
  }

  // Values of phi at t and beside it, so far apart that most of them differ.
  static NoisePoints points_at(const Phi& phi, double t, double scale) {
    NoisePoints points;
    for (double step = first_noise_step; step < last_noise_step; step *= 8.0) {
      for (std::size_t i = 0; i < num_noise_points; ++i) points[i] = phi(t + noise_place(i) * step * scale);
      if (most_differ(points)) break;
    }
    return points;
  }

  static double noise_place(std::size_t i) { return static_cast<double>(i) - num_noise_points / 2; }

  // Of value and gradient near x.
  void measure_noise() {
    const Direction d = random_direction();
    const Phi phi = along(d);
    std::vector<NoisePoints> entries(x_.size());
    for (std::size_t i = 0; i < num_noise_points; ++i) {
      phi(noise_place(i) * first_noise_step);
      for (std::size_t j = 0; j < x_.size(); ++j) entries[j][i] = last_gradient_[j];
    }
    for (const NoisePoints& points : entries) gradient_noise_.push_back(noise_of(points));
    result_.value_noise = std::max(0x1p-53 * std::abs(result_.value), noise_of(points_at(phi, 0.0, 1.0)));
  }

  // --- one slope ---

  // phi'(0) over steps from a tenth of each scale downwards. That with the least uncertainty; but one that
  // agrees with the gradient is believed if it is not much less certain: where a part of the cost is lost to
  // rounding altogether, small steps do not see it, and are sure of what they see.
  Slope slope_of(const Phi& phi, const std::vector<double>& scales, const Analytic& analytic) {
    Slope best, agreeing;
    const double value_noise = result_.value_noise + analytic.x_noise;
    for (const double scale : scales) {
      double step = 0.1 * scale;
      for (int k = 0; k < 6; ++k, step /= 20.0) {  // one table of steps spans a factor of 20
        if (best.found && value_noise / step > 100.0 * best.uncertainty()) break;  // worse from here on
        Slope slope = ridders(phi, result_.value, step, value_noise);
        if (!slope.found) continue;
        // A cost that is nearly 0 at x is rounded more beside it.
        slope.noise += 4.0 * noise_of(points_at(phi, slope.step, scale)) / slope.step;
        if (!best.found || slope.uncertainty() < best.uncertainty()) best = slope;
        if (!agree(slope, analytic)) continue;
        if (slope.uncertainty() <= good_enough * std::abs(slope.slope)) return slope;
        if (!agreeing.found || slope.uncertainty() < agreeing.uncertainty()) agreeing = slope;
      }
    }
    const double enough = std::max(much * best.uncertainty(), still_good * std::abs(agreeing.slope));
    return agreeing.found && agreeing.uncertainty() <= enough ? agreeing : best;
  }

  static bool agree(const Slope& slope, const Analytic& analytic) {
    return std::abs(slope.slope - analytic.slope) <= tolerance_of(slope, analytic);
  }

  static double tolerance_of(const Slope& slope, const Analytic& analytic) {
    return safety * (slope.uncertainty() + analytic.noise) + 0x1p-49 * std::abs(analytic.slope);
  }

  // The slopes to both sides stay apart, and the analytic one is between them.
  bool at_kink(const Phi& phi, const Slope& slope, double analytic) {
    double gaps[2];
    double low = 0.0, high = 0.0;
    for (int i = 0; i < 2; ++i) {
      const double step = i == 0 ? slope.step : slope.step / 10.0;
      const double right = (phi(step) - result_.value) / step, left = (result_.value - phi(-step)) / step;
      gaps[i] = std::abs(right - left);
      low = std::min(left, right);
      high = std::max(left, right);
      if (!(gaps[i] > 4.0 * safety * result_.value_noise / step)) return false;
    }
    const double slack = 0.01 * gaps[1];
    return gaps[1] > 0.5 * gaps[0] && analytic >= low - slack && analytic <= high + slack;
  }

  SlopeCheck compared(const Phi& phi, const std::vector<double>& scales, const Analytic& analytic) {
    SlopeCheck check;
    check.analytic = analytic.slope;
    const Slope slope = slope_of(phi, scales, analytic);
    check.numeric = slope.found ? slope.slope : std::numeric_limits<double>::quiet_NaN();
    check.tolerance = slope.found ? tolerance_of(slope, analytic) : std::numeric_limits<double>::infinity();
    if (!slope.found)
      check.verdict = SlopeVerdict::not_finite;
    else if (!agree(slope, analytic))
      check.verdict = at_kink(phi, slope, analytic.slope) ? SlopeVerdict::at_kink : SlopeVerdict::differs;
    return check;
  }

  // gradient . d
  Analytic analytic_along(const Direction& d) const {
    Analytic sum;
    for (std::size_t j = 0; j < d.size(); ++j) {
      if (d[j] == 0.0) continue;
      sum.slope += gradient_[j] * d[j];
      sum.noise += (gradient_noise_[j] + 0x1p-53 * std::abs(gradient_[j])) * std::abs(d[j]);
      sum.x_noise += 0x1p-53 * std::abs(gradient_[j] * x_[j]);
    }
    if (!std::isfinite(sum.noise)) sum.noise = 0.0;
    if (!std::isfinite(sum.x_noise)) sum.x_noise = 0.0;
    return sum;
  }

  // --- coordinates ---

  void check_coordinate(std::size_t j) {
    for (const SlopeCheck& known : result_.slopes)
      if (known.coordinate == static_cast<Index>(j)) return;
    Direction d(x_.size(), 0.0);
    d[j] = 1.0;
    SlopeCheck check = compared(along(d), scales_around(j), analytic_along(d));
    check.coordinate = static_cast<Index>(j);
    result_.slopes.push_back(check);
    ++result_.num_coordinates;
  }

  std::vector<double> scales_around(std::size_t j) const {
    std::vector<double> scales = {scales_[j]};
    for (const double other : {typical_, 1.0})
      if (std::ranges::none_of(scales, [&](double s) { return s > other / 20.0 && s < other * 20.0; }))
        scales.push_back(other);
    return scales;
  }

  void check_largest_coordinates() {
    std::vector<std::size_t> order(x_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto weight = [&](std::size_t j) {
      const double w = std::abs(gradient_[j]) * scales_[j];
      return std::isfinite(w) ? w : std::numeric_limits<double>::infinity();
    };
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
    for (std::size_t i = 0; i < order.size() && static_cast<Index>(i) < options_.coordinates; ++i)
      check_coordinate(order[i]);
  }

  // --- directions ---

  void check_directions() {
    bool searched = false;
    for (Index i = 0; i < options_.directions; ++i) {
      const Direction d = random_direction();
      const SlopeCheck check = check_part(d, 0, d.size(), i);
      result_.slopes.push_back(check);
      ++result_.num_directions;
      if (check.verdict != SlopeVerdict::differs || searched) continue;
      searched = true;
      find_coordinate(d, i);
    }
  }

  // Along the entries [first, last) of d.
  SlopeCheck check_part(const Direction& d, std::size_t first, std::size_t last, Index number) {
    Direction part(d.size(), 0.0);
    std::copy(d.begin() + static_cast<std::ptrdiff_t>(first), d.begin() + static_cast<std::ptrdiff_t>(last),
              part.begin() + static_cast<std::ptrdiff_t>(first));
    SlopeCheck check = compared(along(part), {1.0}, analytic_along(part));
    check.direction = number;
    return check;
  }

  // Halves a direction that differs, as long as a half does.
  void find_coordinate(const Direction& d, Index number) {
    std::size_t first = 0, last = d.size();
    while (last - first > 1) {
      const std::size_t middle = first + (last - first) / 2;
      if (check_part(d, first, middle, number).verdict == SlopeVerdict::differs)
        last = middle;
      else if (check_part(d, middle, last, number).verdict == SlopeVerdict::differs)
        first = middle;
      else
        return;
    }
    check_coordinate(first);
  }

  ObjectiveRef objective_;
  const GradientCheckOptions& options_;
  std::vector<double> x_, at_, gradient_, last_gradient_;
  std::vector<double> scales_, gradient_noise_;
  double typical_ = 1.0;
  std::mt19937_64 random_{options_.seed};
  GradientCheck result_;
};

void require_count(const char* name, Index value) {
  if (value < 0)
    throw std::invalid_argument(std::string("check_gradient: ") + name + " is " + std::to_string(value) +
                                ", must be >= 0");
}

}  // namespace

GradientCheck check_gradient(ObjectiveRef objective, ConstSpan x, const GradientCheckOptions& options) {
  if (static_cast<Index>(x.size()) != objective.dimension())
    throw std::invalid_argument("check_gradient: x has " + std::to_string(x.size()) +
                                " entries, the objective takes " + std::to_string(objective.dimension()));
  require_count("max_coordinates", options.max_coordinates);
  require_count("directions", options.directions);
  require_count("coordinates", options.coordinates);
  return Check(objective, x, options).run();
}

}  // namespace rappel::detail
