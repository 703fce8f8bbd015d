// Powers, exponentials, logarithms, trigonometric and hyperbolic functions, rounding.

#include "reference.hpp"

namespace rappel::accuracy {
namespace {

// --- trigonometric: by exact reduction of x, to which the step is added ---

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
int scale_inside_one(double x) { return is_small(x) ? size_of(x) : distance_to(x, {-1.0, 1.0}); }

// --- exponential and hyperbolic ---

template <class N>
Terms<N> expm1_terms(const Operand<N>& x) {
  static const Series<N> series = exp_series<N>();
  if (is_small(x.x)) return {x.v, series.tail(x.v)};
  return {N(exp(bounded(x))), N(-1)};
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

int distance_to_integer(double x) { return x == std::nearbyint(x) ? 0 : size_of(x - std::nearbyint(x)); }
int distance_to_half(double x) { return distance_to_integer(x - 0.5); }

int scale_above_one(double x) { return distance_to(x, {1.0}); }
int scale_of_smooth_step(double x) {
  return std::min(distance_to(x, {0.0, 1.0}), x > 0.25 && x < 0.75 ? size_of(x - 0.5) : 2000);
}

std::vector<Subject> arithmetic() {
  return {
      {.name = "neg",
       .record = RAPPEL_RECORDED_1(neg(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(-x.v)};),
       .scale = scale_of(relative)},
      {.name = "square",
       .record = RAPPEL_RECORDED_1(square(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(x.v * x.v)};),
       .scale = scale_of(relative),
       .edges = {1e154, 1.5e154, 1e-154, 1e-162}},
      {.name = "cube",
       .record = RAPPEL_RECORDED_1(cube(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(x.v * x.v * x.v)};),
       .scale = scale_of(relative),
       .edges = {5e102, 6e102, 1e-103, 1e-108}},
      {.name = "abs",
       .record = RAPPEL_RECORDED_1(abs(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{x.x > 0   ? x.v
                                                     : x.x < 0 ? N(-x.v)
                                                               : N(0)};),
       .scale = scale_of(relative)},
      {.name = "sign",
       .record = RAPPEL_RECORDED_1(sign(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(x.x > 0   ? 1
                                                       : x.x < 0 ? -1
                                                                 : 0)};),
       .scale = scale_of(unit)},
      {.name = "sqrt",
       .record = RAPPEL_RECORDED_1(sqrt(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(sqrt(x.v))};),
       .scale = scale_of(relative),
       .domain = {0.0},
       .poles = {0.0}},
      {.name = "cbrt",
       .record = RAPPEL_RECORDED_1(cbrt(x)),
       .reference = RAPPEL_REFERENCE(const N root = exp(N(log(N(abs(x.v))) / 3));
                                     return Terms<N>{x.x > 0 ? root : N(-root)};),
       .scale = scale_of(relative),
       .poles = {0.0}},
      {.name = "floor",
       .record = RAPPEL_RECORDED_1(floor(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(std::floor(x.x))};),
       .scale = scale_of(distance_to_integer),
       .zeros = {1.0, 2.0, -1.0, -2.0, 1e6, 4503599627370496.0}},
      {.name = "ceil",
       .record = RAPPEL_RECORDED_1(ceil(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(std::ceil(x.x))};),
       .scale = scale_of(distance_to_integer),
       .zeros = {1.0, 2.0, -1.0, -2.0, 1e6, 4503599627370496.0}},
      {.name = "round",
       .record = RAPPEL_RECORDED_1(round(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(std::round(x.x))};),
       .scale = scale_of(distance_to_half),
       .zeros = {0.5, 1.5, -0.5, -2.5, 1e6 + 0.5, 4503599627370496.0}},
      {.name = "trunc",
       .record = RAPPEL_RECORDED_1(trunc(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{N(std::trunc(x.x))};),
       .scale = scale_of(distance_to_integer),
       .zeros = {1.0, 2.0, -1.0, -2.0, 1e6, 4503599627370496.0}},
      {.name = "smooth_step",
       .record = RAPPEL_RECORDED_1(smooth_step(x)),
       .reference =
           RAPPEL_REFERENCE(if (x.x <= 0) return Terms<N>{N(0)}; if (x.x >= 1) return Terms<N>{N(1)};
                            if (x.x < 0.25) return Terms<N>{N(3 * x.v * x.v), N(-2 * x.v * x.v * x.v)};
                            const N u = 1 - x.v; const N w = N(x.x - 0.5) + x.h;
                            if (x.x > 0.75) return Terms<N>{N(1), N(-3 * u * u), N(2 * u * u * u)};
                            return Terms<N>{N(0.5), N(1.5 * w), N(-2 * w * w * w)};),
       .scale = scale_of(scale_of_smooth_step),
       .zeros = {0.5},
       .poles = {1.0},
       .cancellation = {{0.0, 1.0}}},
  };
}

std::vector<Subject> exponentials() {
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
       .reference = RAPPEL_REFERENCE(if (x.x > -1.0) {
         const Terms<N> e = expm1_terms(x);
         return Terms<N>{N(log(N(-e.sum())))};
       } return Terms<N>{log1p_of(N(-exp(bounded(x))))};),
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
       .scale = scale_of(scale_inside_one),
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

std::vector<Subject> trigonometric() {
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
       .scale = scale_of(scale_inside_one),
       .domain = {-1.0, 1.0},
       .zeros = {0.0},
       .poles = {-1.0, 1.0}},
      {.name = "acos",
       .record = RAPPEL_RECORDED_1(acos(x)),
       .reference = RAPPEL_REFERENCE(return acos_terms(x);),
       .scale = scale_of(scale_inside_one),
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

}  // namespace

std::vector<Subject> elementary_subjects() {
  std::vector<Subject> all = arithmetic();
  for (auto family : {exponentials(), trigonometric()}) all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace rappel::accuracy
