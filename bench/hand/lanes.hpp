#pragma once

// What the `best` baselines are made of: lanes of doubles as wide as the instruction set that this file is
// compiled for, and the exponential. Vector extensions, with intrinsics only where AVX-512 has an instruction
// of its own.

#include <rappel/core.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace rappel::bench::hand {

#if defined(__AVX512F__)
inline constexpr int width = 8;
#elif defined(__AVX__)
inline constexpr int width = 4;
#else
inline constexpr int width = 2;
#endif

typedef double Lanes __attribute__((vector_size(8 * width)));
typedef std::int64_t Bits __attribute__((vector_size(8 * width)));

// The tables of these benchmarks have rows in multiples of this, and no `best` looks after a remainder.
inline constexpr Index row_multiple = 8;

inline Lanes load(const double* p) {
  Lanes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(double* p, Lanes v) { std::memcpy(p, &v, sizeof v); }
inline Lanes all(double x) { return Lanes{} + x; }

inline double sum(Lanes v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_pd(v);
#else
  double s = 0.0;
  for (int i = 0; i < width; ++i) s += v[i];
  return s;
#endif
}

inline Lanes minimum(Lanes a, Lanes b) {
#if defined(__AVX512F__)
  return _mm512_min_pd(a, b);
#else
  return a < b ? a : b;
#endif
}
inline Lanes maximum(Lanes a, Lanes b) {
#if defined(__AVX512F__)
  return _mm512_max_pd(a, b);
#else
  return a > b ? a : b;
#endif
}
inline Lanes absolute(Lanes v) {
  const Bits magnitude = Bits{} + INT64_MAX;
  return (Lanes)((Bits)v & magnitude);
}

// 1 / x to about an ulp, for normal x. The divider of AVX-512 takes 16 cycles for eight, this takes 3.
inline Lanes reciprocal(Lanes x) {
#if defined(__AVX512F__)
  Lanes y = _mm512_rcp14_pd(x);
  for (int step = 0; step < 2; ++step) y += y * (1.0 - x * y);  // each doubles the digits
  return y;
#else
  return 1.0 / x;
#endif
}

// exp(x) for x < 709, to about 2 ulp; at most 1e-307 below -708.
inline Lanes exponential(Lanes x) {
  const double round = 0x1.8p52;
#if defined(__AVX512F__)
  // x = k log(2) / 16 + r with |r| < 0.022: 2^(k mod 16 / 16) from a table in two registers, and six terms.
  const Lanes low = {0x1p+0,
                     0x1.0b5586cf9890fp+0,
                     0x1.172b83c7d517bp+0,
                     0x1.2387a6e756238p+0,
                     0x1.306fe0a31b715p+0,
                     0x1.3dea64c123422p+0,
                     0x1.4bfdad5362a27p+0,
                     0x1.5ab07dd485429p+0};
  const Lanes high = {0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
                      0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
  const Lanes shifted = x * 0x1.71547652b82fep+4 + round, k = shifted - round;
  const Lanes r = (x - k * 0x1.62e42fefa39efp-5) - k * 0x1.abc9e3b39803fp-60;
  const Lanes scale = _mm512_permutex2var_pd(low, (__m512i)shifted, high);
  const Lanes p = r + r * r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720)))));
  return _mm512_scalef_pd(scale + scale * p, k * 0.0625);  // which takes the floor of its second operand
#else
  x = maximum(x, all(-708.0));
  const Lanes shifted = x * 0x1.71547652b82fep+0 + round, k = shifted - round;
  const Lanes r = (x - k * 0x1.62e42fefa3800p-1) - k * 0x1.ef35793c76730p-45;
  Lanes p = all(1.0 / 479001600);
  for (const double factorial :
       {39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0})
    p = p * r + 1.0 / factorial;
  return (Lanes)((Bits)p + ((Bits)shifted << 52));
#endif
}

// The low and the high halves of a and b, interleaved.
inline Lanes interleave_low(Lanes a, Lanes b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#elif defined(__AVX__)
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
  return __builtin_shufflevector(a, b, 0, 2);
#endif
}
inline Lanes interleave_high(Lanes a, Lanes b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif defined(__AVX__)
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  return __builtin_shufflevector(a, b, 1, 3);
#endif
}

// v[i][j] becomes v[j][i]: as often as width can be halved, the first half is interleaved with the second.
inline void transpose(Lanes (&v)[width]) {
  for (int step = 1; step < width; step *= 2) {
    Lanes next[width];
    for (int i = 0; i < width / 2; ++i) {
      next[2 * i] = interleave_low(v[i], v[i + width / 2]);
      next[2 * i + 1] = interleave_high(v[i], v[i + width / 2]);
    }
    for (int i = 0; i < width; ++i) v[i] = next[i];
  }
}

// The sum of each of v[0], v[1], ..: a transpose that adds what it has brought together, half as many each
// time.
inline Lanes sums(const Lanes* v) {
  Lanes s[width];
  for (int i = 0; i < width; ++i) s[i] = v[i];
  for (int half = width / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      s[i] = interleave_low(s[i], s[i + half]) + interleave_high(s[i], s[i + half]);
  return s[0];
}

// The sum of log(x) over rows, 1 <= x <= 32: as a product by lane, with one logarithm in the end. Each factor
// rounds once, an absolute error of 2^-53 in the sum.
class SumOfLogs {
 public:
  static constexpr Index most_factors = 200;  // 32^200 = 2^1000: call flush at least that often
  void add(Lanes x) { product_ *= x; }
  void flush() {
    const Bits bits = (Bits)product_;
    exponents_ += (bits >> 52) - 1023;
    product_ = (Lanes)((bits & ((std::int64_t{1} << 52) - 1)) | (Bits)all(1.0));
  }
  double sum() {
    flush();
    double product = 1.0, exponent = 0.0;
    for (int i = 0; i < width; ++i) product *= product_[i], exponent += static_cast<double>(exponents_[i]);
    return std::log(product) + exponent * 0x1.62e42fefa39efp-1;
  }

 private:
  Lanes product_ = all(1.0);
  Bits exponents_ = {};
};

}  // namespace rappel::bench::hand
