// Exponential, logarithmic and hyperbolic functions.

#include "reference.hpp"

namespace rappel::accuracy {
namespace {

template <class N>
Terms<N> expm1_terms(const Operand<N>& x) {
  static const Series<N> series = exp_series<N>();
  if (is_small(x.x)) return {x.v, series.tail(x.v)};
  return {N(exp(bounded(x))), N(-1)};
}
template <class N>
Terms<N> log1mexp_terms(const Operand<N>& x) {
  if (x.x <= -1.0) return {log1p_of(N(-exp(bounded(x))))};
  return {N(log(N(-expm1_terms(x).sum())))};
}
template <class N>
Terms<N> log1p_terms(const Operand<N>& x) {
  static const Series<N> series = integral(binomial_series(N(-1)));
  if (is_small(x.x)) return series.terms(x.v);
  return {N(log(N(1 + x.v)))};
}
int scale_of_log1p(double x) { return is_small(x) ? size_of(x) : distance_to(x, {-1.0}); }

template <class N>
const Series<N>& sinh_series() {
  static const Series<N> s = odd_part(exp_series<N>());
  return s;
}
template <class N>
const Series<N>& cosh_series() {
  static const Series<N> s = even_part(exp_series<N>());
  return s;
}
template <class N>
const Series<N>& tanh_series() {
  static const Series<N> s = sinh_series<N>() / cosh_series<N>();
  return s;
}
template <class N>
Terms<N> tanh_terms(const Operand<N>& x) {
  if (is_small(x.x)) return tanh_series<N>().terms(x.v);
  const N tail = 2 / (exp(N(2 * abs(bounded(x)))) + 1);
  return x.x > 0 ? Terms<N>{N(1), N(-tail)} : Terms<N>{N(-1), tail};
}
template <class N>
Terms<N> asinh_terms(const Operand<N>& x) {
  static const Series<N> series = integral(stretched(binomial_series(N(-0.5)), N(1), 2));
  if (is_small(x.x)) return series.terms(x.v);
  const N size = abs(x.v), result = log(N(size + sqrt(N(size * size + 1))));
  return {x.x > 0 ? result : N(-result)};
}
template <class N>
Terms<N> atanh_terms(const Operand<N>& x) {
  static const Series<N> series = integral(stretched(binomial_series(N(-1)), N(-1), 2));
  if (is_small(x.x)) return series.terms(x.v);
  return {N(log(N((1 + x.v) / (1 - x.v))) / 2)};
}
template <class N>
Terms<N> log_cosh_terms(const Operand<N>& x) {
  static const Series<N> series = integral(tanh_series<N>());
  if (is_small(x.x)) return series.terms(x.v);
  const N step = x.x > 0 ? x.h : N(-x.h);
  return {N(std::fabs(x.x)), step, -boost::math::constants::ln_two<N>(),
          log1p_of(N(exp(N(-2 * abs(bounded(x))))))};
}
int scale_above_one(double x) { return distance_to(x, {1.0}); }

}  // namespace

std::vector<Subject> exponential_subjects() {
  return {
      {.name = "exp",
       .record = RAPPEL_RECORDED_1(exp(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(exp(bounded(x)))};),
       .scale = scale_of(unit),
       .edges = {709.78271289338397, 709.7827128933841, -708.39641853226408, -744.44007192138122,
                 -745.13321910194122}},
      {.name = "exp2",
       .record = RAPPEL_RECORDED_1(exp2(x)),
       .reference =
           RAPPEL_REFERENCE(return Terms<N>{N(exp(N(bounded(x) * boost::math::constants::ln_two<N>())))};),
       .scale = scale_of(unit),
       .edges = {1024.0, -1022.0, -1074.0, -1075.0}},
      {.name = "expm1",
       .record = RAPPEL_RECORDED_1(expm1(x)),
       .reference = RAPPEL_REFERENCE(return expm1_terms(x);),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .cancellation = {{-1.0, 1.0}, {-40.0, -30.0}},
       .edges = {709.78271289338397, -37.0, -38.0, -745.0}},
      {.name = "log",
       .record = RAPPEL_RECORDED_1(log(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(log(x.v))};),
       .scale = scale_of(relative),
       .domain = {0.0},
       .zeros = {1.0},
       .poles = {0.0}},
      {.name = "log2",
       .record = RAPPEL_RECORDED_1(log2(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(log(x.v) / boost::math::constants::ln_two<N>())};),
       .scale = scale_of(relative),
       .domain = {0.0},
       .zeros = {1.0},
       .poles = {0.0}},
      {.name = "log10",
       .record = RAPPEL_RECORDED_1(log10(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(log(x.v) / boost::math::constants::ln_ten<N>())};),
       .scale = scale_of(relative),
       .domain = {0.0},
       .zeros = {1.0},
       .poles = {0.0}},
      {.name = "log1p",
       .record = RAPPEL_RECORDED_1(log1p(x)),
       .reference = RAPPEL_REFERENCE(return log1p_terms(x);),
       .scale = scale_of(scale_of_log1p),
       .domain = {-1.0},
       .zeros = {0.0},
       .poles = {-1.0}},
      {.name = "log1mexp",
       .record = RAPPEL_RECORDED_1(log1mexp(x)),
       .reference = RAPPEL_REFERENCE(return log1mexp_terms(x);),
       .scale = scale_of([](double x) { return std::min(-1, size_of(x)); }),
       .domain = {-infinity, 0.0},
       .poles = {0.0},
       .cancellation = {{-1.0, -0.5}, {-40.0, -30.0}},
       .edges = {-0.6931471805599453, -745.0, -1e-300}},
      {.name = "sinh",
       .record = RAPPEL_RECORDED_1(sinh(x)),
       .reference = RAPPEL_REFERENCE(if (is_small(x.x)) return sinh_series<N>().terms(x.v);
                                     return Terms<N>{N(exp(bounded(x)) / 2), N(-exp(N(-bounded(x))) / 2)};),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .edges = {710.4758600739439, -710.4758600739439}},
      {.name = "cosh",
       .record = RAPPEL_RECORDED_1(cosh(x)),
       .reference = RAPPEL_REFERENCE(if (is_small(x.x)) return cosh_series<N>().terms(x.v);
                                     return Terms<N>{N(exp(bounded(x)) / 2), N(exp(N(-bounded(x))) / 2)};),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .edges = {710.4758600739439, -710.4758600739439}},
      {.name = "tanh",
       .record = RAPPEL_RECORDED_1(tanh(x)),
       .reference = RAPPEL_REFERENCE(return tanh_terms(x);),
       .scale = scale_of([](double x) { return is_small(x) ? size_of(x) : -1; }),
       .zeros = {0.0},
       .cancellation = {{18.0, 23.0}, {-400.0, -300.0}},
       .edges = {10.0, 18.0, 20.0, 40.0, 354.9, 372.6, 710.0}},
      {.name = "asinh",
       .record = RAPPEL_RECORDED_1(asinh(x)),
       .reference = RAPPEL_REFERENCE(return asinh_terms(x);),
       .scale = scale_of([](double x) { return is_small(x) ? size_of(x) : std::max(-1, size_of(x)); }),
       .zeros = {0.0},
       .edges = {1e154, 1.4e154, 1e200, -1e200}},
      {.name = "acosh",
       .record = RAPPEL_RECORDED_1(acosh(x)),
       .reference =
           RAPPEL_REFERENCE(const N d = x.v - 1; return Terms<N>{log1p_of(N(d + sqrt(N(d * (x.v + 1)))))};),
       .scale = scale_of(scale_above_one),
       .domain = {1.0},
       .poles = {1.0},
       .edges = {1e154, 1.4e154, 1e200}},
      {.name = "atanh",
       .record = RAPPEL_RECORDED_1(atanh(x)),
       .reference = RAPPEL_REFERENCE(return atanh_terms(x);),
       .scale = scale_of(inside_one),
       .domain = {-1.0, 1.0},
       .zeros = {0.0},
       .poles = {-1.0, 1.0}},
      {.name = "log_cosh",
       .record = RAPPEL_RECORDED_1(log_cosh(x)),
       .reference = RAPPEL_REFERENCE(return log_cosh_terms(x);),
       .scale = scale_of([](double x) { return is_small(x) ? size_of(x) : -1; }),
       .zeros = {0.0},
       .edges = {10.0, 18.0, 372.6, -710.0}},
  };
}

}  // namespace rappel::accuracy
