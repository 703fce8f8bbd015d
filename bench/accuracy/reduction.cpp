#include "number.hpp"

#include <boost/math/constants/constants.hpp>

namespace rappel::accuracy {
namespace {

template <int digits>
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<digits>,
                                           boost::multiprecision::et_off>;

template <class N, class W>
Reduced<N> reduced_in(double x) {
  static const W half_pi = boost::math::constants::half_pi<W>();
  const W quarters = floor(W(W(x) / half_pi + W(0.5)));
  const W turns = floor(W(quarters / 4));
  return {static_cast<int>(W(quarters - 4 * turns)), N(W(x) - quarters * half_pi)};
}

}  // namespace

template <class N>
Reduced<N> reduced(double x) {
  constexpr double quarter_pi = 0.78;
  if (std::fabs(x) < quarter_pi) return {0, N(x)};
  // The quotient's digits, 20 for the nearest that a double comes to a multiple, and those of N.
  if (std::fabs(x) < 1e8) return reduced_in<N, Wide<160>>(x);
  return reduced_in<N, Wide<460>>(x);
}
template Reduced<Filter> reduced<Filter>(double);
template Reduced<Exact> reduced<Exact>(double);

}  // namespace rappel::accuracy
