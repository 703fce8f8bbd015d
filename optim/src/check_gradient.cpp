#include "rappel/optim/check_gradient.hpp"

#include "noise.hpp"
#include "slope_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

namespace rappel::detail {

namespace {

// Of an entry's size at x, or a tenth of the scales away.
constexpr double most_gradient_noise = 1e-8;

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

  // Of value and gradient near x.
  void measure_noise() {
    const Direction d = random_direction();
    const Phi phi = along(d);
    std::vector<NoisePoints> entries(x_.size());
    for (std::size_t i = 0; i < num_noise_points; ++i) {
      phi(noise_place(i) * first_noise_step);
      for (std::size_t j = 0; j < x_.size(); ++j) entries[j][i] = last_gradient_[j];
    }
    // Rounding is a small part of what a gradient entry amounts to elsewhere; what is more comes from a
    // gradient that is not a function of x.
    phi(0.1);
    for (std::size_t j = 0; j < x_.size(); ++j) {
      const double elsewhere = std::isfinite(last_gradient_[j]) ? std::abs(last_gradient_[j]) : 0.0;
      const double most = most_gradient_noise * std::max(elsewhere, std::abs(gradient_[j]));
      gradient_noise_.push_back(std::min(noise_of(entries[j]), most));
    }
    result_.value_noise = std::max(0x1p-53 * std::abs(result_.value), noise_near(phi, 0.0, 1.0));
  }

  SlopeCheck compare(const Phi& phi, const std::vector<double>& scales, const Analytic& analytic) const {
    return compared({phi, result_.value, result_.value_noise}, scales, analytic);
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
    SlopeCheck check = compare(along(d), scales_around(j), analytic_along(d));
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
    SlopeCheck check = compare(along(part), {1.0}, analytic_along(part));
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
