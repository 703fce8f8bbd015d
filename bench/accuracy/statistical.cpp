// Activations, losses, and the normal distribution.

#include "reference.hpp"

#include <boost/math/special_functions/erf.hpp>

namespace rappel::accuracy {
namespace {

template <class N>
N erfc_of(const N& v) {
  return boost::math::erfc(v);
}
template <class N>
N root_half() {
  return boost::math::constants::one_div_root_two<N>();
}
constexpr double far_enough = 200.0;  // exp(-200^2) is 0 as a double

template <class N>
Terms<N> erf_terms(const Operand<N>& x) {
  static const Series<N> series = erf_series<N>();
  if (is_small(x.x)) return series.terms(x.v);
  const N tail = erfc_of(N(abs(bounded(x, far_enough))));
  return x.x > 0 ? Terms<N>{N(1), N(-tail)} : Terms<N>{N(-1), tail};
}
template <class N>
Terms<N> erfc_terms(const Operand<N>& x) {
  if (is_small(x.x)) {
    const Terms<N> e = erf_terms(x);
    return {N(1), N(-e.term[1]), N(-e.term[2])};
  }
  const N tail = erfc_of(N(abs(bounded(x, far_enough))));
  return x.x > 0 ? Terms<N>{tail} : Terms<N>{N(2), N(-tail)};
}
template <class N>
Terms<N> normal_cdf_terms(const Operand<N>& x) {
  static const Series<N> series = stretched(N(0.5) * erf_series<N>(), root_half<N>());
  if (is_small(x.x)) return {N(0.5), N(series[1] * x.v), series.tail(x.v)};
  const N tail = erfc_of(N(abs(bounded(x, far_enough)) * root_half<N>())) / 2;
  return x.x < 0 ? Terms<N>{tail} : Terms<N>{N(1), N(-tail)};
}

// log(u sqrt(pi) exp(u^2) erfc(u)) for u from 25 on: the asymptotic series 1 - 1/(2u^2) + 3/(2u^2)^2 ..
template <class N>
N log_scaled_tail(const N& u) {
  const N t = 1 / (2 * u * u);
  N term = 1, rest = 0;
  for (int k = 1; k < 400; ++k) {
    term *= -(2 * k - 1) * t;
    if (abs(term) <= abs(rest) * std::numeric_limits<N>::epsilon() / 16) break;
    rest += term;
  }
  return log1p_of(rest);
}
constexpr double asymptotic_from = 25.0;

template <class N>
Terms<N> log_erfc_terms(const Operand<N>& x) {
  if (x.x >= asymptotic_from)
    return {N(-x.v * x.v), N(-log(x.v)), N(-log(boost::math::constants::root_pi<N>())), log_scaled_tail(x.v)};
  const N v = bounded(x, far_enough);
  if (x.x > 0.5) return {N(log(erfc_of(v)))};
  if (x.x > -0.5) return {log1p_of(N(-boost::math::erf(v)))};
  return {boost::math::constants::ln_two<N>(), log1p_of(N(-erfc_of(N(-v)) / 2))};
}
int log_erfc_scale(double x) {
  return x >= asymptotic_from ? size_of(x) : -1 - std::clamp(size_of(x) + 1, 0, 40);
}

template <class N>
Terms<N> normal_log_cdf_terms(const Operand<N>& x) {
  if (x.x <= -1.5 * asymptotic_from)
    return {N(-x.v * x.v / 2), N(-log(N(-x.v))), N(-log(boost::math::constants::root_two_pi<N>())),
            log_scaled_tail(N(-x.v * root_half<N>()))};
  if (std::fabs(x.x) < 0.5) return {N(log(N(erfc_of(N(-x.v * root_half<N>())) / 2)))};
  const N tail = erfc_of(N(abs(bounded(x, far_enough)) * root_half<N>())) / 2;
  return {x.x > 0 ? log1p_of(N(-tail)) : N(log(tail))};
}
int normal_log_cdf_scale(double x) {
  return x <= -1.5 * asymptotic_from ? size_of(x) : -1 - std::clamp(size_of(x) + 1, 0, 40);
}

// The inverse by Newton's method on the series: erf(w(y)) = y, two digits for one.
template <class N>
const Series<N>& erf_inv_series() {
  static const Series<N> series = [] {
    // w' = sqrt(pi)/2 exp(w^2); coefficients one after the other from e = exp(w^2), e' = 2 w w' e.
    Series<N> w, e;
    const N half_root_pi = boost::math::constants::root_pi<N>() / 2;
    e[0] = 1;
    for (int k = 1; k < Series<N>::size; ++k) {
      w[k] = half_root_pi * e[k - 1] / k;
      Series<N> square;  // w w up to order k
      for (int n = 0; n <= k; ++n)
        for (int i = 0; i <= n; ++i) square[n] += w[i] * w[n - i];
      N total = 0;
      for (int i = 1; i <= k; ++i) total += i * square[i] * e[k - i];
      e[k] = total / k;
    }
    return w;
  }();
  return series;
}
template <class N>
N erfc_inv_of(const N& q) {
  return boost::math::erfc_inv(q);
}
template <class N>
Terms<N> erf_inv_terms(const Operand<N>& x) {
  if (is_small(x.x)) return erf_inv_series<N>().terms(x.v);
  const N size = erfc_inv_of(N(1 - abs(x.v)));
  return {x.x > 0 ? size : N(-size)};
}
int erf_inv_scale(double x) { return is_small(x) ? size_of(x) : distance_to(x, {-1.0, 1.0}); }

template <class N>
Terms<N> normal_quantile_terms(const Operand<N>& p) {
  const N root_two = boost::math::constants::root_two<N>();
  if (is_small(p.x - 0.5)) {
    const N v = 2 * (N(p.x - 0.5) + p.h);
    return {N(root_two * erf_inv_series<N>()[1] * v), N(root_two * erf_inv_series<N>().tail(v))};
  }
  return {p.x < 0.5 ? N(-root_two * erfc_inv_of(N(2 * p.v))) : N(root_two * erfc_inv_of(N(2 * (1 - p.v))))};
}
int normal_quantile_scale(double p) {
  return std::min(distance_to(p, {0.0, 1.0}), is_small(p - 0.5) ? size_of(p - 0.5) : 0) - 1;
}

template <class N>
Terms<N> sigmoid_terms(const Operand<N>& x) {
  static const Series<N> series = one<N>() / (one<N>() + stretched(exp_series<N>(), N(-1)));
  if (is_small(x.x)) return series.terms(x.v);
  const N e = exp(N(-abs(bounded(x)))), tail = e / (1 + e);
  return x.x > 0 ? Terms<N>{N(1), N(-tail)} : Terms<N>{tail};
}
template <class N>
N log1p_exp(const N& v) {  // of any size
  return log1p_of(N(exp(v)));
}
template <class N>
Terms<N> softplus_terms(const Operand<N>& x) {
  return x.x > 0 ? Terms<N>{N(x.x), x.h, log1p_exp(N(-bounded(x)))} : Terms<N>{log1p_exp(bounded(x))};
}
template <class N>
Terms<N> logit_terms(const Operand<N>& p) {
  static const Series<N> series = stretched(2 * integral(stretched(binomial_series(N(-1)), N(-1), 2)), N(2));
  if (is_small(p.x - 0.5)) return series.terms(N(N(p.x - 0.5) + p.h));
  return {N(log(N(p.v / (1 - p.v))))};
}

template <class N>
Terms<N> elu_terms(const Operand<N>& x) {
  static const Series<N> series = exp_series<N>();
  if (x.x > 0) return {x.v};
  if (is_small(x.x)) return {x.v, series.tail(x.v)};
  return {N(-1), N(exp(bounded(x)))};
}
template <class N>
Terms<N> silu_terms(const Operand<N>& x) {
  if (x.x > 1) return {N(x.x), x.h, N(-x.v / (1 + exp(bounded(x))))};
  return {N(x.v / (1 + exp(N(-bounded(x)))))};
}
template <class N>
Terms<N> gelu_terms(const Operand<N>& x) {
  const N v = bounded(x, far_enough);
  if (x.x > 1) return {N(x.x), x.h, N(-v * erfc_of(N(v * root_half<N>())) / 2)};
  return {N(v * erfc_of(N(-v * root_half<N>())) / 2)};
}
template <class N>
Terms<N> log_sigmoid_terms(const Operand<N>& x) {
  if (x.x < 0) return {N(x.x), x.h, N(-log1p_exp(bounded(x)))};
  return {N(-log1p_exp(N(-bounded(x))))};
}

std::vector<Subject> activations() {
  return {
      {.name = "relu",
       .record = RAPPEL_RECORDED_1(relu(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{x.x > 0 ? x.v : N(0)};),
       .scale = scale_of(relative)},
      {.name = "leaky_relu",
       .record = RAPPEL_RECORDED_1(leaky_relu(x)),
       .reference = RAPPEL_REFERENCE(return Terms<N>{x.x > 0 ? x.v : N(N(0.01) * x.v)};),
       .scale = scale_of(relative)},
      {.name = "elu",
       .record = RAPPEL_RECORDED_1(elu(x)),
       .reference = RAPPEL_REFERENCE(return elu_terms(x);),
       .scale = scale_of([](double x) { return x > 0 ? size_of(x) : unit_or_small(x); }),
       .zeros = {0.0},
       .edges = {-37.0, -38.0, -745.0}},
      {.name = "sigmoid",
       .record = RAPPEL_RECORDED_1(sigmoid(x)),
       .reference = RAPPEL_REFERENCE(return sigmoid_terms(x);),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .cancellation = {{30.0, 40.0}, {-750.0, -700.0}},
       .edges = {20.0, -20.0, 40.0, -40.0, 710.0, -710.0, -745.0, 800.0}},
      {.name = "silu",
       .record = RAPPEL_RECORDED_1(silu(x)),
       .reference = RAPPEL_REFERENCE(return silu_terms(x);),
       .scale = scale_of(unit),
       .zeros = {-1.2784645427610738, 2.399357280520047, -2.399357280520047, 0.0},
       .edges = {-745.0, 37.0, 710.0, -710.0}},
      {.name = "gelu",
       .record = RAPPEL_RECORDED_1(gelu(x)),
       .reference = RAPPEL_REFERENCE(return gelu_terms(x);),
       .scale = scale_of([](double x) { return is_small(x) ? -1 : gaussian_scale(x); }),
       .zeros = {-0.7517915246935645, 1.4142135623730951, -1.4142135623730951, 0.0},
       .edges = {-38.0, -37.5, 8.3}},
      {.name = "softplus",
       .record = RAPPEL_RECORDED_1(softplus(x)),
       .reference = RAPPEL_REFERENCE(return softplus_terms(x);),
       .scale = scale_of(unit),
       .cancellation = {{30.0, 40.0}, {-750.0, -700.0}},
       .edges = {710.0, -710.0, -745.0, 37.0}},
      {.name = "log_sigmoid",
       .record = RAPPEL_RECORDED_1(log_sigmoid(x)),
       .reference = RAPPEL_REFERENCE(return log_sigmoid_terms(x);),
       .scale = scale_of(unit),
       .cancellation = {{-40.0, -30.0}, {700.0, 750.0}},
       .edges = {710.0, -710.0, 745.0, 37.0}},
      {.name = "logit",
       .record = RAPPEL_RECORDED_1(logit(x)),
       .reference = RAPPEL_REFERENCE(return logit_terms(x);),
       .scale = scale_of([](double p) {
         return std::min(distance_to(p, {0.0, 1.0}), is_small(p - 0.5) ? size_of(p - 0.5) : 0);
       }),
       .domain = {0.0, 1.0},
       .zeros = {0.5},
       .poles = {0.0, 1.0}},
  };
}

std::vector<Subject> normal_distribution() {
  return {
      {.name = "gaussian",
       .record = RAPPEL_RECORDED_1(gaussian(x)),
       .reference = RAPPEL_REFERENCE(static const Series<N> series = gaussian_series<N>();
                                     if (is_small(x.x)) return series.terms(x.v);
                                     const N v = bounded(x, far_enough); return Terms<N>{N(exp(N(-v * v)))};),
       .scale = scale_of(gaussian_scale),
       .zeros = {0.7071067811865476, -0.7071067811865476, 0.0},
       .cancellation = {{5.0, 27.3}, {-27.3, -20.0}},
       .edges = {26.615, 26.64, 27.2261, 27.2264}},
      {.name = "erf",
       .record = RAPPEL_RECORDED_1(erf(x)),
       .reference = RAPPEL_REFERENCE(return erf_terms(x);),
       .scale = scale_of(gaussian_scale),
       .zeros = {0.0},
       .cancellation = {{0.4, 6.0}},
       .edges = {5.9, 26.64, -27.2}},
      {.name = "erfc",
       .record = RAPPEL_RECORDED_1(erfc(x)),
       .reference = RAPPEL_REFERENCE(return erfc_terms(x);),
       .scale = scale_of(gaussian_scale),
       .zeros = {0.0},
       .cancellation = {{0.4, 27.3}},
       .edges = {26.54, 27.0, 27.2, -5.9}},
      {.name = "log_erfc",
       .record = RAPPEL_RECORDED_1(log_erfc(x)),
       .reference = RAPPEL_REFERENCE(return log_erfc_terms(x);),
       .scale = scale_of(log_erfc_scale),
       .zeros = {0.0},
       .cancellation = {{-6.0, -1.0}, {1.0, 30.0}},
       .edges = {26.54, 27.0, -5.9, -26.6, 1e154, 1.4e154}},
      {.name = "erf_inv",
       .record = RAPPEL_RECORDED_1(erf_inv(x)),
       .reference = RAPPEL_REFERENCE(return erf_inv_terms(x);),
       .scale = scale_of(erf_inv_scale),
       .domain = {-1.0, 1.0},
       .zeros = {0.0},
       .poles = {-1.0, 1.0},
       .goal = special_goal},
      {.name = "normal_cdf",
       .record = RAPPEL_RECORDED_1(normal_cdf(x)),
       .reference = RAPPEL_REFERENCE(return normal_cdf_terms(x);),
       .scale = scale_of(gaussian_scale),
       .zeros = {0.0},
       .cancellation = {{-38.5, -0.5}, {5.0, 9.0}},
       .edges = {-37.5, -38.4, 8.3}},
      {.name = "normal_log_cdf",
       .record = RAPPEL_RECORDED_1(normal_log_cdf(x)),
       .reference = RAPPEL_REFERENCE(return normal_log_cdf_terms(x);),
       .scale = scale_of(normal_log_cdf_scale),
       .cancellation = {{-40.0, -0.5}, {1.0, 9.0}},
       .edges = {-37.5, -38.4, 8.3, 37.5, -1e154, -1.8e154}},
      {.name = "normal_quantile",
       .record = RAPPEL_RECORDED_1(normal_quantile(x)),
       .reference = RAPPEL_REFERENCE(return normal_quantile_terms(x);),
       .scale = scale_of(normal_quantile_scale),
       .domain = {0.0, 1.0},
       .zeros = {0.5},
       .poles = {0.0, 1.0},
       .edges = {0.02425, 0.97575},
       .goal = special_goal},
  };
}

}  // namespace

std::vector<Subject> statistical_subjects() {
  std::vector<Subject> all = activations();
  for (Subject& s : normal_distribution()) all.push_back(std::move(s));
  return all;
}

}  // namespace rappel::accuracy
