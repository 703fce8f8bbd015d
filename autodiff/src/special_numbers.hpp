#pragma once

// What special functions over a number type N (long double, 90 digits) are made with.

#include <boost/math/constants/constants.hpp>
#include <boost/math/policies/policy.hpp>

#include "reduction.hpp"

namespace rappel::detail::special {

namespace policies = boost::math::policies;
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
    policies::denorm_error<policies::ignore_error>, policies::evaluation_error<policies::ignore_error>,
    policies::rounding_error<policies::ignore_error>, policies::promote_float<false>,
    policies::promote_double<false>>;
inline constexpr Quiet quiet;

template <class N>
struct Terms {
  N value;
  N size = N(0);  // of the terms summed; 0: nothing cancels

  Terms& operator+=(const N& term) {
    using std::abs;
    value += term;
    size += abs(term);
    return *this;
  }
};

template <class N>
N nan_of() {
  return std::numeric_limits<N>::quiet_NaN();
}
template <class N>
N inf_of() {
  return std::numeric_limits<N>::infinity();
}
template <class N>
constexpr bool is_wide = std::numeric_limits<N>::digits > 64;

}  // namespace rappel::detail::special
