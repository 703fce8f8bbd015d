// The gamma and Bessel families.

#include "reference.hpp"

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

namespace rappel::accuracy {
namespace {

// --- gamma: left of 1/2 by reflection, with sin(pi x) from the distance to the nearest integer ---

template <class N>
N pi_times_distance(const Operand<N>& x) {  // pi (x - n)
  return boost::math::constants::pi<N>() * (N(x.x - std::nearbyint(x.x)) + x.h);
}
bool is_odd(double integer) { return std::fmod(integer, 2.0) != 0.0; }

template <class N>
N lgamma_right(const N& v) {
  if (v < N(1e12)) return boost::math::lgamma(v);
  // Stirling: the next terms are below 1e-120.
  return (v - N(0.5)) * log(v) - v + log(boost::math::constants::two_pi<N>()) / 2 + 1 / (12 * v) -
         1 / (360 * v * v * v) + 1 / (1260 * v * v * v * v * v) - 1 / (1680 * v * v * v * v * v * v * v) +
         1 / (1188 * v * v * v * v * v * v * v * v * v);
}
template <class N>
Terms<N> lgamma_terms(const Operand<N>& x) {
  if (x.x >= 0.5) return {lgamma_right(x.v)};
  const N d = pi_times_distance(x);
  return {N(log(N(boost::math::constants::pi<N>() / abs(sin(d))))), N(-lgamma_right(N(1 - x.v)))};
}
template <class N>
Terms<N> tgamma_terms(const Operand<N>& x) {
  const N v = bounded(x, 2000.0);
  if (x.x >= 0.5) return {x.x < 200 ? N(boost::math::tgamma(v)) : N(exp(lgamma_right(v)))};
  const N d = pi_times_distance(x),
          size = boost::math::constants::pi<N>() / sin(d) / exp(lgamma_right(N(1 - v)));
  return {is_odd(std::nearbyint(x.x)) ? N(-size) : size};
}
template <class N>
N digamma_right(const N& v) {
  if (v < N(1e12)) return boost::math::digamma(v);
  const N t = 1 / (v * v);
  return log(v) - 1 / (2 * v) -
         t * (N(1) / 12 - t * (N(1) / 120 - t * (N(1) / 252 - t * (N(1) / 240 - t / 132))));
}
template <class N>
Terms<N> digamma_terms(const Operand<N>& x) {
  if (x.x >= 0.5) return {digamma_right(x.v)};
  const N d = pi_times_distance(x);
  return {N(-boost::math::constants::pi<N>() * cos(d) / sin(d)), digamma_right(N(1 - x.v))};
}
template <class N>
N trigamma_right(const N& v) {
  if (v < N(1e12)) return boost::math::trigamma(v);
  const N t = 1 / (v * v);
  return 1 / v + t / 2 +
         t / v * (N(1) / 6 - t * (N(1) / 30 - t * (N(1) / 42 - t * (N(1) / 30 - t * 5 / 66))));
}
template <class N>
Terms<N> trigamma_terms(const Operand<N>& x) {
  if (x.x >= 0.5) return {trigamma_right(x.v)};
  const N d = pi_times_distance(x), s = boost::math::constants::pi<N>() / sin(d);
  return {N(s * s), N(-trigamma_right(N(1 - x.v)))};
}
int gamma_scale(double x) {
  if (x >= 0.5) return std::max(-1, size_of(x));
  return x == std::nearbyint(x) ? -1100 : size_of(x - std::nearbyint(x));
}
int tgamma_scale(double x) { return x >= 0.5 ? -3 : gamma_scale(x) - 2; }

// --- Bessel ---

// Hankel's expansion for x > 150: P cos(chi) - Q sin(chi), chi = x - (2n + 1) pi/4; J or Y.
template <class N>
N hankel(const Operand<N>& x, int order, bool second_kind) {
  const N mu = 4 * order * order;
  N term = 1, p = 1, q = 0;
  for (int k = 1; k < 400; ++k) {
    term *= (mu - N(2 * k - 1) * (2 * k - 1)) / (k * 8 * x.v);
    if (abs(term) < std::numeric_limits<N>::epsilon() / 256) break;
    const N signed_term = k / 2 % 2 == 0 ? term : N(-term);
    (k % 2 == 0 ? p : q) += signed_term;
  }
  const Reduced<N>& turns = x.reduced_x();
  const N chi = turns.rest + x.h - (2 * order + 1) * boost::math::constants::pi<N>() / 4;
  N c = cos(chi), s = sin(chi);
  for (int i = 0; i < turns.quarter; ++i) {
    const N old = c;
    c = -s;
    s = old;
  }
  const N size = sqrt(N(2 / (boost::math::constants::pi<N>() * x.v)));
  return size * (second_kind ? N(p * s + q * c) : N(p * c - q * s));
}
constexpr double hankel_from = 150.0;

// (x/2)^n sum (sign x^2/4)^k / (k! (k + n)!).
template <class N>
Series<N> bessel_series(int n, int sign) {
  N c = n == 0 ? N(1) : N(0.5);
  return Series<N>::of([&](int k) -> N {
    if (k % 2 != n || k < n) return 0;
    const int i = (k - n) / 2;
    return i == 0 ? c : N(c *= N(sign) / (4 * i * (i + n)));
  });
}
template <int order, class N>
Terms<N> bessel_j_terms(const Operand<N>& x) {
  static const Series<N> series = bessel_series<N>(order, -1);
  if (is_small(x.x)) return series.terms(x.v);
  if (std::fabs(x.x) < hankel_from) return {N(boost::math::cyl_bessel_j(order, x.v))};
  const Operand<N> size{std::fabs(x.x), x.x < 0 ? N(-x.h) : x.h, N(abs(x.v)), x.turns};
  if (x.x < 0 && *x.turns == std::nullopt) *x.turns = reduced<N>(-x.x);
  return {x.x < 0 && order == 1 ? N(-hankel(size, order, false)) : hankel(size, order, false)};
}
template <int order, class N>
Terms<N> bessel_y_terms(const Operand<N>& x) {
  if (x.x < hankel_from) return {N(boost::math::cyl_neumann(order, x.v))};
  return {hankel(x, order, true)};
}
template <int order, class N>
Terms<N> bessel_i_terms(const Operand<N>& x) {
  static const Series<N> series = bessel_series<N>(order, 1);
  if (is_small(x.x)) return series.terms(x.v);
  const N v = bounded(x, 2000.0);
  const N size = boost::math::cyl_bessel_i(order, N(abs(v)));
  return {order == 1 && x.x < 0 ? N(-size) : size};
}

const std::vector<double> gamma_poles = {0.0, -1.0, -2.0, -3.0, -10.0};

bool no_pole(std::span<const double> x) { return x[0] > 0.0 || x[0] != std::nearbyint(x[0]); }

std::vector<Subject> gamma_family() {
  return {
      {.name = "lgamma",
       .record = RAPPEL_RECORDED_1(lgamma(x)),
       .reference = RAPPEL_REFERENCE(return lgamma_terms(x);),
       .scale = scale_of(gamma_scale),
       .inside = no_pole,
       .zeros = {1.0, 2.0, 1.4616321449683622, -2.4570247382208006, -2.7476826467274127},
       .poles = gamma_poles,
       .cancellation = {{0.5, 3.0}, {-4.0, -2.0}},
       .edges = {171.6, 1e305, 2.5e305},
       .goal = special_goal},
      {.name = "tgamma",
       .record = RAPPEL_RECORDED_1(tgamma(x)),
       .reference = RAPPEL_REFERENCE(return tgamma_terms(x);),
       .scale = scale_of(tgamma_scale),
       .inside = no_pole,
       .zeros = {1.0, 2.0, 1.4616321449683622},
       .poles = gamma_poles,
       .cancellation = {{0.5, 171.0}, {-180.0, -0.5}},
       .edges = {171.0, 171.62437695630272, -170.5, -184.5},
       .goal = special_goal},
      {.name = "digamma",
       .record = RAPPEL_RECORDED_1(digamma(x)),
       .reference = RAPPEL_REFERENCE(return digamma_terms(x);),
       .scale = scale_of(gamma_scale),
       .inside = no_pole,
       .zeros = {1.4616321449683622, -0.504083008264455409},
       .poles = gamma_poles,
       .cancellation = {{0.5, 3.0}, {-4.0, -0.1}},
       .goal = special_goal},
      {.name = "trigamma",
       .record = RAPPEL_RECORDED_1(trigamma(x)),
       .reference = RAPPEL_REFERENCE(return trigamma_terms(x);),
       .scale = scale_of(gamma_scale),
       .inside = no_pole,
       .zeros = {1.0},
       .poles = gamma_poles,
       .cancellation = {{0.5, 10.0}, {-4.0, -0.1}},
       .goal = special_goal},
  };
}

std::vector<Subject> bessel_family() {
  const std::vector<double> j_zeros = {2.404825557695773,  3.8317059702075125, 5.520078110286311,
                                       1.8411837813406593, 7.015586669815619,  30.634606468431975};
  const std::vector<double> y_zeros = {0.8935769662791675, 2.197141326031017, 3.957678419314858,
                                       5.429681040794135, 3.6830228565851777};
  const auto j_scale = scale_of(unit_or_small);
  const auto y_scale = scale_of([](double x) { return std::min(0, size_of(x) - 1); });
  return {
      {.name = "bessel_j0",
       .record = RAPPEL_RECORDED_1(bessel_j0(x)),
       .reference = RAPPEL_REFERENCE(return bessel_j_terms<0>(x);),
       .scale = j_scale,
       .zeros = j_zeros,
       .edges = {5.0, 8.0, 25.0, 1e6},
       .goal = special_goal,
       .costly = true},
      {.name = "bessel_j1",
       .record = RAPPEL_RECORDED_1(bessel_j1(x)),
       .reference = RAPPEL_REFERENCE(return bessel_j_terms<1>(x);),
       .scale = j_scale,
       .zeros = j_zeros,
       .edges = {5.0, 8.0, 25.0, 1e6},
       .goal = special_goal,
       .costly = true},
      {.name = "bessel_y0",
       .record = RAPPEL_RECORDED_1(bessel_y0(x)),
       .reference = RAPPEL_REFERENCE(return bessel_y_terms<0>(x);),
       .scale = y_scale,
       .domain = {0.0},
       .zeros = y_zeros,
       .poles = {0.0},
       .edges = {5.0, 8.0, 25.0, 1e6},
       .goal = special_goal,
       .costly = true},
      {.name = "bessel_y1",
       .record = RAPPEL_RECORDED_1(bessel_y1(x)),
       .reference = RAPPEL_REFERENCE(return bessel_y_terms<1>(x);),
       .scale = y_scale,
       .domain = {0.0},
       .zeros = y_zeros,
       .poles = {0.0},
       .edges = {5.0, 8.0, 25.0, 1e6},
       .goal = special_goal,
       .costly = true},
      {.name = "bessel_i0",
       .record = RAPPEL_RECORDED_1(bessel_i0(x)),
       .reference = RAPPEL_REFERENCE(return bessel_i_terms<0>(x);),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .edges = {7.75, 713.0, 713.98, 710.0, -713.0},
       .goal = special_goal},
      {.name = "bessel_i1",
       .record = RAPPEL_RECORDED_1(bessel_i1(x)),
       .reference = RAPPEL_REFERENCE(return bessel_i_terms<1>(x);),
       .scale = scale_of(unit_or_small),
       .zeros = {0.0},
       .edges = {7.75, 713.0, 713.98, 710.0, -713.0},
       .goal = special_goal},
  };
}

}  // namespace

std::vector<Subject> special_subjects() {
  std::vector<Subject> all = gamma_family();
  for (Subject& s : bessel_family()) all.push_back(std::move(s));
  return all;
}

}  // namespace rappel::accuracy
