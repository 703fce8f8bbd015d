// Powers and roots, rounding, polynomials by pieces.

#include "reference.hpp"

namespace rappel::accuracy {
namespace {

int distance_to_integer(double x) { return x == std::nearbyint(x) ? 0 : size_of(x - std::nearbyint(x)); }
int distance_to_half(double x) { return distance_to_integer(x - 0.5); }
int scale_of_smooth_step(double x) {
  return std::min(distance_to(x, {0.0, 1.0}), x > 0.25 && x < 0.75 ? size_of(x - 0.5) : 2000);
}

template <class N>
Terms<N> smooth_step_terms(const Operand<N>& x) {
  if (x.x <= 0) return {N(0)};
  if (x.x >= 1) return {N(1)};
  if (x.x < 0.25) return {N(3 * x.v * x.v), N(-2 * x.v * x.v * x.v)};
  const N to_one = 1 - x.v, from_middle = N(x.x - 0.5) + x.h;
  if (x.x > 0.75) return {N(1), N(-3 * to_one * to_one), N(2 * to_one * to_one * to_one)};
  return {N(0.5), N(1.5 * from_middle), N(-2 * from_middle * from_middle * from_middle)};
}

}  // namespace

std::vector<Subject> arithmetic_subjects() {
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
       .reference = RAPPEL_REFERENCE(return smooth_step_terms(x);),
       .scale = scale_of(scale_of_smooth_step),
       .zeros = {0.5},
       .poles = {1.0},
       .cancellation = {{0.0, 1.0}}},
  };
}
}  // namespace rappel::accuracy
