// Trigonometric functions, by exact reduction of x, to which the step is added; and their inverses.

#include "reference.hpp"

namespace rappel::accuracy {
namespace {

template <class N>
Terms<N> sine(const Operand<N>& x, int quarter_turns) {
  const Reduced<N>& turns = x.reduced_x();
  const N r = turns.rest + x.h;
  const int quarter = (turns.quarter + quarter_turns) % 4;
  const N size = quarter % 2 == 0 ? sin(r) : cos(r);
  return {quarter >= 2 ? N(-size) : size};
}

template <class N>
const Series<N>& sin_series() {
  static const Series<N> s = alternating(odd_part(exp_series<N>()));
  return s;
}
template <class N>
const Series<N>& cos_series() {
  static const Series<N> s = alternating(even_part(exp_series<N>()));
  return s;
}

template <class N>
Terms<N> tangent(const Operand<N>& x) {
  static const Series<N> series = sin_series<N>() / cos_series<N>();
  if (is_small(x.x)) return series.terms(x.v);
  const Reduced<N>& turns = x.reduced_x();
  const N r = turns.rest + x.h, t = tan(r);
  return {turns.quarter % 2 == 0 ? t : N(-1 / t)};
}
int tangent_scale(double x) {
  if (is_small(x)) return size_of(x);
  const Reduced<Filter> r = reduced<Filter>(x);
  return r.quarter % 2 == 0 ? -1 : std::min(-1, size_of(static_cast<double>(r.rest)));
}

template <class N>
Terms<N> sinc_reference(const Operand<N>& x) {
  static const Series<N> series =
      Series<N>::of([](int k) { return k + 1 < Series<N>::size ? sin_series<N>()[k + 1] : N(0); });
  if (is_small(x.x)) return series.terms(x.v);
  return {N(sine(x, 0).term[0] / x.v)};
}
// --- inverse trigonometric ---

template <class N>
Terms<N> asin_terms(const Operand<N>& x) {
  static const Series<N> series = integral(stretched(binomial_series(N(-0.5)), N(-1), 2));
  if (is_small(x.x)) return series.terms(x.v);
  return {N(atan(N(x.v / sqrt(N((1 - x.v) * (1 + x.v))))))};
}
template <class N>
Terms<N> acos_terms(const Operand<N>& x) {
  if (is_small(x.x)) {
    const Terms<N> a = asin_terms(x);
    return {boost::math::constants::half_pi<N>(), N(-a.term[1]), N(-a.term[2])};
  }
  if (x.x > 0) return {N(2 * atan(sqrt(N((1 - x.v) / (1 + x.v)))))};
  return {boost::math::constants::pi<N>(), N(-2 * atan(sqrt(N((1 + x.v) / (1 - x.v)))))};
}
template <class N>
Terms<N> atan_terms(const Operand<N>& x) {
  static const Series<N> series = atan_series<N>();
  if (is_small(x.x)) return series.terms(x.v);
  if (std::fabs(x.x) < 17) return {N(atan(x.v))};
  const N half_pi = boost::math::constants::half_pi<N>();
  return {x.x > 0 ? half_pi : N(-half_pi), N(-series.value(1 / x.v))};
}
int scale_of_atan(double x) { return is_small(x) || std::fabs(x) >= 17 ? size_of(x) : -1; }

}  // namespace

std::vector<Subject> trigonometric_subjects() {
  const std::vector<double> multiples = {1.5707963267948966,
                                         3.141592653589793,
                                         4.71238898038469,
                                         6.283185307179586,
                                         -1.5707963267948966,
                                         22.0,
                                         355.0,
                                         103993.0,
                                         5.319372648326541416e255};
  return {
      {.name = "sin",
       .record = RAPPEL_RECORDED_1(sin(x)),
       .reference = RAPPEL_REFERENCE(return is_small(x.x) ? sin_series<N>().terms(x.v) : sine(x, 0);),
       .scale = scale_of(unit_or_small),
       .zeros = multiples},
      {.name = "cos",
       .record = RAPPEL_RECORDED_1(cos(x)),
       .reference = RAPPEL_REFERENCE(return is_small(x.x) ? cos_series<N>().terms(x.v) : sine(x, 1);),
       .scale = scale_of(unit_or_small),
       .zeros = multiples},
      {.name = "tan",
       .record = RAPPEL_RECORDED_1(tan(x)),
       .reference = RAPPEL_REFERENCE(return tangent(x);),
       .scale = scale_of(tangent_scale),
       .zeros = {0.0},
       .poles = multiples},
      {.name = "sinc",
       .record = RAPPEL_RECORDED_1(sinc(x)),
       .reference = RAPPEL_REFERENCE(return sinc_reference(x);),
       .scale = scale_of(unit_or_small),
       .zeros = multiples,
       .cancellation = {{-1.0, 1.0}}},
      {.name = "asin",
       .record = RAPPEL_RECORDED_1(asin(x)),
       .reference = RAPPEL_REFERENCE(return asin_terms(x);),
       .scale = scale_of(inside_one),
       .domain = {-1.0, 1.0},
       .zeros = {0.0},
       .poles = {-1.0, 1.0}},
      {.name = "acos",
       .record = RAPPEL_RECORDED_1(acos(x)),
       .reference = RAPPEL_REFERENCE(return acos_terms(x);),
       .scale = scale_of(inside_one),
       .domain = {-1.0, 1.0},
       .zeros = {0.0},
       .poles = {-1.0, 1.0}},
      {.name = "atan",
       .record = RAPPEL_RECORDED_1(atan(x)),
       .reference = RAPPEL_REFERENCE(return atan_terms(x);),
       .scale = scale_of(scale_of_atan),
       .zeros = {0.0},
       .edges = {1e154, -1e200}},
  };
}

}  // namespace rappel::accuracy
