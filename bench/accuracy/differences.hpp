#pragma once

// Derivatives of a reference by central differences, and errors in ulp.

#include "number.hpp"

#include <cstdint>
#include <vector>

namespace rappel::accuracy {

// The value, then the gradient, then the second derivatives (0,0) (0,1) .. (1,1) .. .
template <class N>
using Jet = std::vector<N>;

inline std::size_t num_outputs(std::size_t operands) { return 1 + operands + operands * (operands + 1) / 2; }
// 0: value, 1: first partial, 2: second.
inline int order_of(std::size_t output, std::size_t operands) {
  return output == 0 ? 0 : output <= operands ? 1 : 2;
}

// Five points on either axis, eight more for a mixed derivative: errors of h^4. `scale`: see Subject.
template <class N>
Jet<N> derivatives(ReferenceIn<N> f, std::span<const double> x, std::span<const int> scale);
extern template Jet<Filter> derivatives<Filter>(ReferenceIn<Filter>, std::span<const double>,
                                                std::span<const int>);
extern template Jet<Exact> derivatives<Exact>(ReferenceIn<Exact>, std::span<const double>,
                                              std::span<const int>);

// |computed - exact| in units of the spacing of doubles at the exact result, 2^-1074 below the normal range;
// infinite where an exact 0 is not 0, or a NaN is missing or wrong. Results from 2^1024 on are infinite ones.
template <class N>
double ulp_error(double computed, const N& exact);
extern template double ulp_error<Filter>(double, const Filter&);
extern template double ulp_error<Exact>(double, const Exact&);

}  // namespace rappel::accuracy
