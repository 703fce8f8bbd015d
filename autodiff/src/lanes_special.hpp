// Functions without a SIMD form, a lane at a time. Part of each kernels_*.cpp, after lanes_functions.hpp:
// included once inside of its unnamed namespace.

#define RAPPEL_BY_LANE(name) \
  inline Lanes name##_value(Lanes x) { return by_lane(&detail::special::name, x); }
#define RAPPEL_BY_LANE_OF_TWO(name) \
  inline Lanes name##_value(Lanes x, Lanes y) { return by_lane(&detail::special::name, x, y); }
#define RAPPEL_BY_LANE_OF_ORDER(name)                                         \
  inline Lanes name##_value(Lanes x, int k) {                                 \
    return by_lane([k](double a) { return detail::special::name(a, k); }, x); \
  }
RAPPEL_BY_LANE(normal_quantile)
RAPPEL_BY_LANE(normal_quantile_slope)
RAPPEL_BY_LANE(erf_inv)
RAPPEL_BY_LANE(erf_inv_slope)
RAPPEL_BY_LANE_OF_TWO(log_beta)
RAPPEL_BY_LANE_OF_TWO(digamma_difference)
RAPPEL_BY_LANE_OF_TWO(trigamma_difference)
RAPPEL_BY_LANE_OF_ORDER(polygamma)
RAPPEL_BY_LANE_OF_ORDER(tgamma_derivative)
RAPPEL_BY_LANE_OF_ORDER(normal_log_cdf_derivative)
RAPPEL_BY_LANE_OF_ORDER(log_erfc_derivative)
RAPPEL_BY_LANE_OF_ORDER(sinc_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_j0_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_y0_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_i0_derivative)
#undef RAPPEL_BY_LANE
#undef RAPPEL_BY_LANE_OF_TWO
#undef RAPPEL_BY_LANE_OF_ORDER

// What is beyond the exponents where x^(y - k) keeps its digits, in long double.
inline Mask extreme(Lanes power) {
  const Lanes size = math_abs(power);
  return !((size > Lanes(0x1p-960)) & (size < Lanes(0x1p1000)));
}

// y (y-1) .. (y-k+1) x^(y-k). Where y - k rounds, its rounding times log x is put back (left out: 295 ulp).
inline Lanes power_by_x(Lanes x, Lanes y, int k) {
  if (k == 0) return math_pow(x, y);
  Lanes factor = y;
  for (int i = 1; i < k; ++i) factor = factor * (y - Lanes(i));
  const Two exponent = sum_of_two(y, Lanes(-k));
  const Lanes power = math_pow(x, exponent.high), product = factor * power;
  Lanes value = product;
  if (any(!(exponent.low == Lanes(0.0)))) {
    const Mask inside = (Lanes(0.0) < x) & (x < Lanes(__builtin_inf()));
    const Lanes logarithm = math_log(select(inside, x, Lanes(1.0)));
    const Lanes low = fma(factor, power, -product) + product * (exponent.low * logarithm);
    value = select(math_abs(product) < Lanes(__builtin_inf()), product + low, product);
    // y is no integer, y - k rounded may be one
    value = select((x < Lanes(0.0)) & !(exponent.low == Lanes(0.0)), Lanes(__builtin_nan("")), value);
  }
  const Mask rare =
      extreme(power) & !(math_abs(x) == Lanes(__builtin_inf())) & !(x == Lanes(0.0)) & (power == power);
  value = where(
      rare, [k](double a, double b) { return detail::special::pow_derivative(a, b, k, 0); }, x, y, value);
  return select(factor == Lanes(0.0), select(x == x, Lanes(0.0), x), value);
}

// x^y log x; 0 at x = 0 < y, NaN at (0, 0) and for x < 0.
inline Lanes power_by_y(Lanes x, Lanes y) {
  const Lanes power = math_pow(x, y), plain = power * math_log(x), infinity(__builtin_inf());
  const Mask rare = extreme(power) & (x > Lanes(0.0)) & (x < infinity) & (math_abs(y) < infinity);
  const Lanes value = where(
      rare, [](double a, double b) { return detail::special::pow_derivative(a, b, 0, 1); }, x, y, plain);
  const Lanes at_zero =
      select(y > Lanes(0.0), Lanes(0.0), select(y < Lanes(0.0), plain, Lanes(__builtin_nan(""))));
  const Lanes at_infinity = select(y < Lanes(0.0), Lanes(0.0), plain);
  return select(x == Lanes(0.0), at_zero, select(x == infinity, at_infinity, value));
}

// d^(k + j) / dx^k dy^j of x^y.
inline Lanes power_value(Lanes x, Lanes y, int k, int j) {
  if (j == 0) return power_by_x(x, y, k);
  if (k == 0 && j == 1) return power_by_y(x, y);
  return by_lane([=](double a, double b) { return detail::special::pow_derivative(a, b, k, j); }, x, y);
}

// x / y^k with z = x / y^(k - 1) given, which may have lost its digits.
template <int K>
Lanes over_power(Lanes x, Lanes y, Lanes z) {
  const Mask lost = (math_abs(z) < Lanes(0x1p-1000)) & !(x == Lanes(0.0)) & (y == y);
  return where(lost, &detail::special::over_power<K>, x, y, z / y);
}
inline Lanes over_square_value(Lanes x, Lanes y, Lanes z) { return over_power<2>(x, y, z); }
inline Lanes over_cube_value(Lanes x, Lanes y, Lanes z) { return over_power<3>(x, y, z); }
