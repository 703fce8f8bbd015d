// Functions of two operands.

#include "reference.hpp"

#include <boost/math/special_functions/gamma.hpp>

namespace rappel::accuracy {
namespace {

int own_or_less(std::span<const double> x, std::size_t i) { return size_of(x[i]) - 1; }
bool nonzero_second(std::span<const double> x) { return x[1] != 0.0; }

template <class N>
N log_of(const Operand<N>& x) {  // near 1 by the distance, which is exact
  return std::fabs(x.x - 1.0) < 0.0625 ? log1p_of(N(N(x.x - 1.0) + x.h)) : N(log(x.v));
}
template <class N>
const Series<N>& exps() {
  static const Series<N> series = exp_series<N>();
  return series;
}

// --- powers ---

template <class N>
Terms<N> pow_terms(const Operand<N>& x, const Operand<N>& y) {
  const double size = y.x * std::log(x.x);
  // The logarithm at x, and what the step adds: it may be far below the digits of x.
  const N at = log_of(Operand<N>{x.x, N(0), N(x.x), x.turns}), step = log1p_of(N(x.h / N(x.x)));
  if (std::fabs(size) >= 1e5) return {N(exp(N(y.h * at + y.v * step + std::copysign(1e5, size))))};
  const N l = y.v * (at + step);
  if (std::fabs(size) < 0.03125) return {N(1), l, exps<N>().tail(l)};
  return {N(exp(l))};
}
int pow_scale(std::span<const double> x, std::size_t i) {
  if (i == 0) return size_of(x[0]) - 1 - std::max(0, size_of(x[1]) + 1);
  return std::min(-size_of(std::log(x[0])) - 1, std::max(size_of(x[1]), 0) + 10);
}

constexpr Bounds power_bounds{1.0, 2.0, 4.0};  // as ops.def says

// x^c, for x < 0 if c is an integer.
template <int numerator, int denominator>
Subject power_subject(const char* name) {
  Subject s;
  s.name = name;
  s.record = RAPPEL_RECORDED_1(pow(x, static_cast<double>(numerator) / denominator));
  s.reference =
      RAPPEL_REFERENCE(N result = exp(N(N(static_cast<double>(numerator) / denominator) * log(N(abs(x.v)))));
                       return Terms<N>{x.x < 0 && numerator % 2 != 0 ? N(-result) : result};);
  s.scale = scale_of([](double x) { return size_of(x) - 2; });
  s.domain = {denominator == 1 ? -infinity : 0.0};
  s.poles = {0.0};
  s.bounds = power_bounds;
  s.inside = [](std::span<const double> x) { return x[0] != 0.0; };
  return s;
}

template <class N>
Terms<N> angle(const Operand<N>& y, const Operand<N>& x) {
  static const Series<N> series = atan_series<N>();
  const N pi = boost::math::constants::pi<N>(), half_pi = pi / 2;
  const auto with_sign_of_y = [&](const N& a) { return std::signbit(y.x) ? N(-a) : a; };
  if (20 * std::fabs(x.x) < std::fabs(y.x)) {
    const N t = -x.v / y.v;
    return {with_sign_of_y(half_pi), t, series.tail(t)};
  }
  const N t = y.v / x.v, turn = std::signbit(x.x) ? with_sign_of_y(pi) : N(0);
  if (20 * std::fabs(y.x) < std::fabs(x.x)) return {turn, t, series.tail(t)};
  return {turn, N(atan(t))};
}

// --- remainders: linear in both around a point ---

template <class N>
Terms<N> linear_remainder(const Operand<N>& x, const Operand<N>& y, double value) {
  const N quotient = floor(N((N(x.x) - N(value)) / N(y.x) + N(0.5)));
  return {N(value), x.h, N(-quotient * y.h)};
}

// --- the rest ---

template <class N>
Terms<N> huber_terms(const Operand<N>& x, const Operand<N>& delta) {
  if (std::fabs(x.x) <= delta.x) return {N(x.v * x.v / 2)};
  return {N(delta.v * abs(x.v)), N(-delta.v * delta.v / 2)};
}
bool not_at_the_knee(std::span<const double> x) { return std::fabs(x[0]) != x[1] && x[1] > 0.0; }
template <class N>
Terms<N> log_beta_terms(const Operand<N>& x, const Operand<N>& y) {
  return {N(boost::math::lgamma(x.v)), N(boost::math::lgamma(y.v) - boost::math::lgamma(N(x.v + y.v)))};
}
int scale_of_log1p_operand(double y) { return is_small(y) ? size_of(y) : distance_to(y, {-1.0}); }

std::vector<Subject> arithmetic_of_two() {
  return {
      {.name = "add",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(x + y),
       .reference = RAPPEL_REFERENCE_2(return Terms<N>{N(N(x.x) + N(y.x)), x.h, y.h};),
       .scale = relative_to_own},
      {.name = "sub",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(x - y),
       .reference = RAPPEL_REFERENCE_2(return Terms<N>{N(N(x.x) - N(y.x)), x.h, N(-y.h)};),
       .scale = relative_to_own},
      {.name = "mul",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(x * y),
       .reference = RAPPEL_REFERENCE_2(return Terms<N>{N(x.v * y.v)};),
       .scale = relative_to_own},
      {.name = "div",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(x / y),
       .reference = RAPPEL_REFERENCE_2(return Terms<N>{N(x.v / y.v)};),
       .scale = relative_to_own,
       .inside = nonzero_second},
      {.name = "min",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(min(x, y)),
       .reference = RAPPEL_REFERENCE_2(if (x.x == y.x) return Terms<N>{N(x.v / 2), N(y.v / 2)};
                                       return Terms<N>{x.x < y.x ? x.v : y.v};),
       .scale = relative_to_own},
      {.name = "max",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(max(x, y)),
       .reference = RAPPEL_REFERENCE_2(if (x.x == y.x) return Terms<N>{N(x.v / 2), N(y.v / 2)};
                                       return Terms<N>{x.x > y.x ? x.v : y.v};),
       .scale = relative_to_own},
      {.name = "fdim",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(fdim(x, y)),
       .reference = RAPPEL_REFERENCE_2(if (!(x.x > y.x)) return Terms<N>{N(0)};
                                       return Terms<N>{N(N(x.x) - N(y.x)), x.h, N(-y.h)};),
       .scale = relative_to_own,
       .inside = [](std::span<const double> x) { return x[0] != x[1]; }},
      {.name = "copysign",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(copysign(x, y)),
       .reference =
           RAPPEL_REFERENCE_2(return Terms<N>{std::signbit(x.x) == std::signbit(y.x) ? x.v : N(-x.v)};),
       .scale = relative_to_own,
       .inside = [](std::span<const double> x) { return x[0] != 0.0; }},
      {.name = "fmod",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(fmod(x, y)),
       .reference = RAPPEL_REFERENCE_2(return linear_remainder(x, y, std::fmod(x.x, y.x));),
       .scale = relative_to_own,
       .inside = nonzero_second},
      {.name = "remainder",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(remainder(x, y)),
       .reference = RAPPEL_REFERENCE_2(return linear_remainder(x, y, std::remainder(x.x, y.x));),
       .scale = relative_to_own,
       .inside = nonzero_second},
      {.name = "huber",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(huber(x, y)),
       .reference = RAPPEL_REFERENCE_2(return huber_terms(x, y);),
       .scale = relative_to_own,
       .further = {0.0},
       .inside = not_at_the_knee},
  };
}

std::vector<Subject> transcendental_of_two() {
  return {
      {.name = "atan2",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(atan2(x, y)),
       .reference = RAPPEL_REFERENCE_2(return angle(x, y);),
       .scale = own_or_less,
       .inside = [](std::span<const double> x) { return x[0] != 0.0 || x[1] != 0.0; },
       .edges = {1e154, 1e200, 1e-200}},
      {.name = "pow",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(pow(x, y)),
       .reference = RAPPEL_REFERENCE_2(return pow_terms(x, y);),
       .scale = pow_scale,
       .domain = {std::numeric_limits<double>::denorm_min()},
       .zeros = {1.0},
       .cancellation = {{0.5, 2.0}},
       .edges = {1e154, 1e-154, 0.5, 1.0000000001},
       .bounds = power_bounds},
      {.name = "xlogy",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(xlogy(x, y)),
       .reference = RAPPEL_REFERENCE_2(return Terms<N>{N(x.v * log_of(y))};),
       .scale = relative_to_own,
       .further = {std::numeric_limits<double>::denorm_min()},
       .zeros = {1.0},
       .cancellation = {{0.5, 2.0}}},
      {.name = "xlog1py",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(xlog1py(x, y)),
       .reference =
           RAPPEL_REFERENCE_2(static const Series<N> series = integral(binomial_series(N(-1)));
                              if (is_small(y.x)) return Terms<N>{N(x.v * y.v), N(x.v * series.tail(y.v))};
                              return Terms<N>{N(x.v * log(N(1 + y.v)))};),
       .scale = [](std::span<const double> x,
                   std::size_t i) { return i == 0 ? size_of(x[0]) : scale_of_log1p_operand(x[1]); },
       .further = {-1.0 + 0x1p-53},
       .cancellation = {{-0.5, 1.0}}},
      {.name = "log_beta",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(log_beta(x, y)),
       .reference = RAPPEL_REFERENCE_2(return log_beta_terms(x, y);),
       .scale = own_or_less,
       .domain = {1e-10, 1e10},
       .further = {1e-10, 1e10},
       .goal = special_goal,
       .costly = true},
      power_subject<-2, 1>("pow_minus_2"),
      power_subject<-1, 2>("pow_minus_half"),
      power_subject<1, 3>("pow_third"),
      power_subject<3, 2>("pow_three_halves"),
      power_subject<3, 1>("pow_3"),
  };
}

}  // namespace

std::vector<Subject> subjects_of_two() {
  std::vector<Subject> all = arithmetic_of_two();
  for (Subject& s : transcendental_of_two()) all.push_back(std::move(s));
  return all;
}

}  // namespace rappel::accuracy
