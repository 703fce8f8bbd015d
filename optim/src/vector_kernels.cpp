#include "vector_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rappel::detail {

namespace {

// Sum of term(i), i < n: i adds to partial i mod 8, and the partials fold 8, 4, 2, 1. Independent partials
// are what lets a compiler use vector instructions without reordering.
template <class Term>
double sum_of(std::size_t n, Term term) {
  std::array<double, 8> partial{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) partial[j] += term(i + j);
  }
  for (std::size_t j = 0; i + j < n; ++j) partial[j] += term(i + j);
  for (std::size_t width = 4; width > 0; width /= 2) {
    for (std::size_t j = 0; j < width; ++j) partial[j] += partial[j + width];
  }
  return partial[0];
}

// Largest |term(i)|; NaN if any is.
template <class Term>
double largest_of(std::size_t n, Term term) {
  double largest = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double size = std::abs(term(i));
    if (size > largest || std::isnan(size)) largest = size;
    if (std::isnan(largest)) return largest;
  }
  return largest;
}

template <class Term>
double length_of(std::size_t n, Term term) {
  const double squares = sum_of(n, [&](std::size_t i) { return term(i) * term(i); });
  if (squares > 1e-280 && squares < 1e300) return std::sqrt(squares);
  const double largest = largest_of(n, term);
  if (!(largest > 0.0) || std::isinf(largest)) return largest;
  return largest * std::sqrt(sum_of(n, [&](std::size_t i) {
           const double share = term(i) / largest;
           return share * share;
         }));
}

}  // namespace

double dot(ConstSpan a, ConstSpan b) {
  return sum_of(a.size(), [&](std::size_t i) { return a[i] * b[i]; });
}

double norm(ConstSpan a) {
  return length_of(a.size(), [&](std::size_t i) { return a[i]; });
}

double norm_inf(ConstSpan a) {
  return largest_of(a.size(), [&](std::size_t i) { return a[i]; });
}

double distance(ConstSpan a, ConstSpan b) {
  return length_of(a.size(), [&](std::size_t i) { return a[i] - b[i]; });
}

void add_scaled(ConstSpan x, double t, ConstSpan d, MutableSpan out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = x[i] + t * d[i];
}

void subtract(ConstSpan a, ConstSpan b, MutableSpan out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] - b[i];
}

void scale(double t, ConstSpan a, MutableSpan out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = t * a[i];
}

void copy(ConstSpan from, MutableSpan to) { std::copy(from.begin(), from.end(), to.begin()); }

}  // namespace rappel::detail
