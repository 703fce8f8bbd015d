#pragma once

// The special functions in 90 digits, for 50-digit replays (exact.hpp): as special.hpp has them.

#include "reduction.hpp"

namespace rappel::detail::special {

using Exact = Wide<90>;

Exact exact_lgamma(const Exact& x);
Exact exact_tgamma_derivative(const Exact& x, int k);
Exact exact_polygamma(const Exact& x, int k);
Exact exact_polygamma_difference(const Exact& x, const Exact& y, int k);
Exact exact_log_beta(const Exact& x, const Exact& y);
Exact exact_erf(const Exact& x);
Exact exact_erfc(const Exact& x);
Exact exact_erf_inv(const Exact& x);
Exact exact_normal_quantile(const Exact& p);
Exact exact_normal_log_cdf_derivative(const Exact& x, int k);
Exact exact_log_erfc_derivative(const Exact& x, int k);
Exact exact_sinc_derivative(const Exact& x, int k);
Exact exact_bessel_j0_derivative(const Exact& x, int k);
Exact exact_bessel_y0_derivative(const Exact& x, int k);
Exact exact_bessel_i0_derivative(const Exact& x, int k);
Exact exact_pow_derivative(const Exact& x, const Exact& y, int k, int j);

}  // namespace rappel::detail::special
