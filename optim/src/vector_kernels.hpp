#pragma once

// The few vector operations of optim. Compiled here and not inline, so that the flags of the user's code
// change no bit. Sums are taken in a fixed order. Spans of one call have equal sizes.

#include <rappel/core.hpp>

namespace rappel::detail {

double dot(ConstSpan a, ConstSpan b);

// Euclidean length; neither overflows nor underflows before its result does.
double norm(ConstSpan a);

// The largest entry in size; NaN if any entry is.
double norm_inf(ConstSpan a);

// |a - b|, Euclidean.
double distance(ConstSpan a, ConstSpan b);

// out = x + t * d. out may be x or d.
void add_scaled(ConstSpan x, double t, ConstSpan d, MutableSpan out);

// out = a - b
void subtract(ConstSpan a, ConstSpan b, MutableSpan out);

// out = t * a. out may be a.
void scale(double t, ConstSpan a, MutableSpan out);

void copy(ConstSpan from, MutableSpan to);

}  // namespace rappel::detail
