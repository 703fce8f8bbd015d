// Functions without a SIMD form, a lane at a time. Part of each kernels_*.cpp, after lanes_functions.hpp: included once
// inside of its unnamed namespace.

#define RAPPEL_BY_LANE(name) \
  inline Lanes name##_value(Lanes x) { return by_lane(&detail::special::name, x); }
#define RAPPEL_BY_LANE_OF_TWO(name) \
  inline Lanes name##_value(Lanes x, Lanes y) { return by_lane(&detail::special::name, x, y); }
#define RAPPEL_BY_LANE_OF_ORDER(name)         \
  inline Lanes name##_value(Lanes x, int k) { \
    return by_lane([k](double a) { return detail::special::name(a, k); }, x); \
  }
RAPPEL_BY_LANE(normal_quantile)
RAPPEL_BY_LANE(normal_quantile_slope)
RAPPEL_BY_LANE(erf_inv)
RAPPEL_BY_LANE(erf_inv_slope)
RAPPEL_BY_LANE(tgamma)
RAPPEL_BY_LANE_OF_TWO(log_beta)
RAPPEL_BY_LANE_OF_TWO(digamma_difference)
RAPPEL_BY_LANE_OF_TWO(trigamma_difference)
RAPPEL_BY_LANE_OF_ORDER(polygamma)
RAPPEL_BY_LANE_OF_ORDER(normal_log_cdf_derivative)
RAPPEL_BY_LANE_OF_ORDER(log_erfc_derivative)
RAPPEL_BY_LANE_OF_ORDER(sinc_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_j0_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_y0_derivative)
RAPPEL_BY_LANE_OF_ORDER(bessel_i0_derivative)
#undef RAPPEL_BY_LANE
#undef RAPPEL_BY_LANE_OF_TWO
#undef RAPPEL_BY_LANE_OF_ORDER
