#pragma once

// Functions whose value and slope share most of their work, one double at a time: what a tape takes of an operation. Made of
// correctly rounded operations alone, so that the bits are the same on every machine.

namespace rappel::detail {

// A value and the slope there. A vector, since compilers take two calls with one argument for one if they return a register.
typedef double WithSlope __attribute__((vector_size(16)));

// tanh x, at most 0.9 ulp, and sech^2 x, at most 0.6 ulp where it is normal (from |x| = 300 on: 1.6); any x.
__attribute__((const)) WithSlope tanh_with_slope(double x);
// sin x and cos x; any x, each at most 0.8 ulp.
__attribute__((const)) WithSlope sin_with_slope(double x);

// The same, as it runs where the processor has no FMA: the instruction is a call there, and the bits are equal.
namespace without_fma {
WithSlope tanh_with_slope(double x);
WithSlope sin_with_slope(double x);
}  // namespace without_fma

}  // namespace rappel::detail
