#include "rappel/optim/check_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <tuple>

namespace rappel {

namespace {

std::string text_of(const char* format, double value) {
  if (std::isnan(value)) return "nan";
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string count_of(Index n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string name_of(const SlopeCheck& slope) {
  return slope.coordinate >= 0 ? "gradient[" + std::to_string(slope.coordinate) + "]"
                               : "slope along direction " + std::to_string(slope.direction);
}

double excess(const SlopeCheck& slope) {
  const double apart = std::abs(slope.analytic - slope.numeric);
  if (apart == 0.0) return 0.0;
  return std::isnan(apart) ? HUGE_VAL : apart / slope.tolerance;
}

Index number_with(const GradientCheck& check, SlopeVerdict verdict) {
  return std::count_if(check.slopes.begin(), check.slopes.end(),
                       [&](const SlopeCheck& slope) { return slope.verdict == verdict; });
}

// The first of these, as an example.
void print_group(std::ostream& out, const GradientCheck& check, SlopeVerdict verdict, const char* what) {
  const Index n = number_with(check, verdict);
  if (n == 0) return;
  const auto first = std::find_if(check.slopes.begin(), check.slopes.end(),
                                  [&](const SlopeCheck& slope) { return slope.verdict == verdict; });
  out << name_of(*first);
  if (n > 1) out << " and " << n - 1 << " more";
  out << ": " << what << "\n";
}

void print_verdict(std::ostream& out, const GradientCheck& check) {
  const Index differ = number_with(check, SlopeVerdict::differs);
  if (check.slopes.empty())
    out << "ok: there is nothing to check\n";
  else if (differ > 0)
    out << "off: " << differ << " of " << check.slopes.size() << " further apart than the tolerance\n";
  else if (check.ok())
    out << "ok: no slope further from differences than its tolerance\n";
  else
    out << "off: no slope could be checked\n";
}

}  // namespace

const char* name_of(SlopeVerdict verdict) {
  switch (verdict) {
    case SlopeVerdict::agrees:
      return "agrees";
    case SlopeVerdict::differs:
      return "differs";
    case SlopeVerdict::at_kink:
      return "at a kink";
    default:
      return "not finite";
  }
}

bool GradientCheck::ok() const {
  if (!finite || number_with(*this, SlopeVerdict::differs) > 0) return false;
  return slopes.empty() || number_with(*this, SlopeVerdict::not_finite) < static_cast<Index>(slopes.size());
}

const SlopeCheck* GradientCheck::worst() const {
  const auto rank = [](const SlopeCheck& slope) {
    const bool differs = slope.verdict == SlopeVerdict::differs;
    return std::tuple(differs, slope.verdict == SlopeVerdict::agrees, differs && slope.coordinate >= 0,
                      excess(slope));
  };
  const auto worst = std::max_element(slopes.begin(), slopes.end(),
                                      [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return worst == slopes.end() ? nullptr : &*worst;
}

std::ostream& operator<<(std::ostream& out, const GradientCheck& check) {
  out << "gradient against differences (Ridders): ";
  if (check.num_directions > 0) out << count_of(check.num_directions, "direction") << ", ";
  out << count_of(check.num_coordinates, "coordinate") << ", " << count_of(check.evaluations, "evaluation")
      << "\n";
  if (!check.finite) return out << "off: the cost is " << text_of("%g", check.value) << " at x\n";
  if (const SlopeCheck* worst = check.worst(); worst && worst->verdict != SlopeVerdict::not_finite)
    out << "worst: " << name_of(*worst) << " is " << text_of("%.17g", worst->analytic) << ", by differences "
        << text_of("%.17g", worst->numeric) << ", apart by "
        << text_of("%.2g", std::abs(worst->analytic - worst->numeric)) << ", tolerance "
        << text_of("%.2g", worst->tolerance) << "\n";
  print_group(out, check, SlopeVerdict::at_kink,
              "at a kink: the slopes to the left and right differ, the gradient is one between");
  print_group(out, check, SlopeVerdict::not_finite, "not checked, the cost is not finite beside x");
  print_verdict(out, check);
  return out;
}

}  // namespace rappel
