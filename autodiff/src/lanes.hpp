// Lanes: RAPPEL_LANES doubles side by side, and the elementary functions on them. No include guard and no
// namespace of its own: each kernels_*.cpp includes it once inside of an unnamed namespace, compiled for its
// instruction set, so that everything here has internal linkage and no linker can share a copy between
// instruction sets.

constexpr int width = RAPPEL_LANES;

#if RAPPEL_LANES == 1
using Raw = double;
using RawMask = bool;
#define RAPPEL_SLEEF(name, ulp) Sleef_##name##d1_##ulp##purec
#else
typedef double Raw __attribute__((vector_size(8 * RAPPEL_LANES)));
typedef long long RawMask __attribute__((vector_size(8 * RAPPEL_LANES)));
#if RAPPEL_LANES == 8
#define RAPPEL_SLEEF(name, ulp) Sleef_##name##d8_##ulp##avx512f
#elif RAPPEL_LANES == 4
#define RAPPEL_SLEEF(name, ulp) Sleef_##name##d4_##ulp##avx2
#else
#define RAPPEL_SLEEF(name, ulp) Sleef_##name##d2_##ulp##sse2
#endif
#endif

struct Mask {
  RawMask m;
};

struct Lanes {
  Raw v;
  Lanes() = default;
#if RAPPEL_LANES == 1
  explicit Lanes(double x) : v(x) {}
  static Lanes of(Raw r) { return Lanes(r); }
#else
  explicit Lanes(double x) : v(x - Raw{}) {}  // 0 + x would lose the sign of -0
  static Lanes of(Raw r) {
    Lanes l;
    l.v = r;
    return l;
  }
#endif
  friend Lanes operator+(Lanes a, Lanes b) { return of(a.v + b.v); }
  friend Lanes operator-(Lanes a, Lanes b) { return of(a.v - b.v); }
  friend Lanes operator*(Lanes a, Lanes b) { return of(a.v * b.v); }
  friend Lanes operator/(Lanes a, Lanes b) { return of(a.v / b.v); }
  friend Lanes operator-(Lanes a) { return of(-a.v); }
  friend Mask operator<(Lanes a, Lanes b) { return {a.v < b.v}; }
  friend Mask operator<=(Lanes a, Lanes b) { return {a.v <= b.v}; }
  friend Mask operator>(Lanes a, Lanes b) { return {a.v > b.v}; }
  friend Mask operator>=(Lanes a, Lanes b) { return {a.v >= b.v}; }
  friend Mask operator==(Lanes a, Lanes b) { return {a.v == b.v}; }
};
#if RAPPEL_LANES == 1
inline Mask operator&(Mask a, Mask b) { return {a.m && b.m}; }
inline Mask operator!(Mask a) { return {!a.m}; }
#else
inline Mask operator&(Mask a, Mask b) { return {a.m & b.m}; }
inline Mask operator!(Mask a) { return {~a.m}; }
#endif

inline Lanes select(Mask c, Lanes a, Lanes b) { return Lanes::of(c.m ? a.v : b.v); }

inline Lanes load(const double* p) {
  Lanes l;
  __builtin_memcpy(&l.v, p, sizeof l.v);
  return l;
}
inline void store(double* p, Lanes l) { __builtin_memcpy(p, &l.v, sizeof l.v); }

template <class F>
Lanes by_lane(F f, Lanes x) {
  double a[width];
  store(a, x);
  for (int i = 0; i < width; ++i) a[i] = f(a[i]);
  return load(a);
}

inline bool any(Mask m) {
#if RAPPEL_LANES == 1
  return m.m;
#elif RAPPEL_LANES == 8
  return _mm512_test_epi64_mask((__m512i)m.m, (__m512i)m.m) != 0;
#elif RAPPEL_LANES == 4
  return _mm256_movemask_pd((__m256d)m.m) != 0;
#else
  return _mm_movemask_pd((__m128d)m.m) != 0;
#endif
}

// f of the lanes of x where the mask is set, else what stands in `other`: for rare arguments.
template <class F>
Lanes where(Mask m, F f, Lanes x, Lanes other) {
  if (!any(m)) return other;
  double a[width], b[width], set[width];
  store(a, x), store(b, other), store(set, select(m, Lanes(1.0), Lanes(0.0)));
  for (int i = 0; i < width; ++i)
    if (set[i] != 0.0) b[i] = f(a[i]);
  return load(b);
}
template <class F>
Lanes where(Mask m, F f, Lanes x, Lanes y, Lanes other) {
  if (!any(m)) return other;
  double a[width], c[width], b[width], set[width];
  store(a, x), store(c, y), store(b, other), store(set, select(m, Lanes(1.0), Lanes(0.0)));
  for (int i = 0; i < width; ++i)
    if (set[i] != 0.0) b[i] = f(a[i], c[i]);
  return load(b);
}

#if RAPPEL_LANES == 8
inline Lanes fma(Lanes a, Lanes b, Lanes c) {
  return Lanes::of((Raw)_mm512_fmadd_pd((__m512d)a.v, (__m512d)b.v, (__m512d)c.v));
}
inline Lanes math_sqrt(Lanes x) { return Lanes::of((Raw)_mm512_maskz_sqrt_pd(0xff, (__m512d)x.v)); }
#elif RAPPEL_LANES == 4
inline Lanes fma(Lanes a, Lanes b, Lanes c) {
  return Lanes::of((Raw)_mm256_fmadd_pd((__m256d)a.v, (__m256d)b.v, (__m256d)c.v));
}
inline Lanes math_sqrt(Lanes x) { return Lanes::of((Raw)_mm256_sqrt_pd((__m256d)x.v)); }
#else
inline Lanes fma(Lanes a, Lanes b, Lanes c) {  // rounded once, also without the instruction
  double x[width], y[width], z[width];
  store(x, a), store(y, b), store(z, c);
  for (int i = 0; i < width; ++i) z[i] = __builtin_fma(x[i], y[i], z[i]);
  return load(z);
}
inline Lanes math_sqrt(Lanes x) {
  return by_lane([](double a) { return __builtin_sqrt(a); }, x);
}
#endif

// For sums of products: contracted where the instruction set has FMA, else rounded twice.
inline Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#if RAPPEL_LANES >= 4
  return fma(a, b, c);
#else
  return a * b + c;
#endif
}

#if RAPPEL_LANES == 1
// Where glibc's scalar function is the more accurate one it is taken: exp, log, log1p, pow.
inline Lanes math_abs(Lanes x) { return Lanes(__builtin_fabs(x.v)); }
inline Lanes math_exp(Lanes x) { return Lanes(::exp(x.v)); }
inline Lanes math_expm1(Lanes x) { return Lanes(::expm1(x.v)); }
inline Lanes math_log(Lanes x) { return Lanes(::log(x.v)); }
inline Lanes math_log1p(Lanes x) { return Lanes(::log1p(x.v)); }
inline Lanes math_tanh(Lanes x) { return Lanes(detail::tanh_with_slope(x.v)[0]); }
inline Lanes sech2_value(Lanes x) { return Lanes(detail::tanh_with_slope(x.v)[1]); }
inline Lanes math_sin(Lanes x) { return Lanes(detail::sin_with_slope(x.v)[0]); }
inline Lanes math_cos(Lanes x) { return Lanes(detail::sin_with_slope(x.v)[1]); }
inline Lanes math_pow(Lanes x, Lanes y) { return Lanes(::pow(x.v, y.v)); }
inline Lanes math_asin(Lanes x) { return Lanes(::asin(x.v)); }
inline Lanes math_acos(Lanes x) { return Lanes(::acos(x.v)); }
inline Lanes math_atan(Lanes x) { return Lanes(::atan(x.v)); }
inline Lanes math_exp2(Lanes x) { return Lanes(::exp2(x.v)); }
inline Lanes math_log2(Lanes x) { return Lanes(::log2(x.v)); }
inline Lanes math_atan2(Lanes y, Lanes x) { return Lanes(::atan2(y.v, x.v)); }
inline Lanes math_atanh(Lanes x) { return Lanes(Sleef_atanh_u10(x.v)); }
inline Lanes math_log10(Lanes x) { return Lanes(Sleef_log10_u10(x.v)); }
inline Lanes math_cbrt(Lanes x) { return Lanes(Sleef_cbrt_u10(x.v)); }
inline Lanes math_erf(Lanes x) { return Lanes(Sleef_erf_u10(x.v)); }
inline Lanes math_erfc(Lanes x) { return Lanes(Sleef_erfc_u15(x.v)); }
inline Lanes sleef_sinh(Lanes x) { return Lanes(Sleef_sinh_u10(x.v)); }
inline Lanes sleef_cosh(Lanes x) { return Lanes(Sleef_cosh_u10(x.v)); }
inline Lanes sleef_asinh(Lanes x) { return Lanes(Sleef_asinh_u10(x.v)); }
inline Lanes sleef_acosh(Lanes x) { return Lanes(Sleef_acosh_u10(x.v)); }
inline Lanes sleef_lgamma(Lanes x) { return Lanes(Sleef_lgamma_u10(x.v)); }
#else
inline Lanes math_abs(Lanes x) {
  const RawMask sign_off = RawMask{} + 0x7fffffffffffffffll;
  return Lanes::of((Raw)((RawMask)x.v & sign_off));
}
#if RAPPEL_LANES == 8
inline Lanes least(Lanes a, Lanes b) { return Lanes::of((Raw)_mm512_maskz_min_pd(0xff, (__m512d)a.v, (__m512d)b.v)); }  // b for NaN
inline Lanes most(Lanes a, Lanes b) { return Lanes::of((Raw)_mm512_maskz_max_pd(0xff, (__m512d)a.v, (__m512d)b.v)); }
inline Lanes nearer_to_zero(Lanes a, Lanes b) {  // the other for NaN
  return Lanes::of((Raw)_mm512_maskz_range_pd(0xff, (__m512d)a.v, (__m512d)b.v, 0b0110));
}
inline Lanes math_rint(Lanes x) {
  return Lanes::of((Raw)_mm512_maskz_roundscale_pd(0xff, (__m512d)x.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
inline Lanes scale_by_power_of_two(Lanes x, Lanes k) {
  return Lanes::of((Raw)_mm512_maskz_scalef_pd(0xff, (__m512d)x.v, (__m512d)k.v));
}
inline Lanes math_reciprocal_14(Lanes x) { return Lanes::of((Raw)_mm512_maskz_rcp14_pd(0xff, (__m512d)x.v)); }
// By the low four bits of each number.
inline Lanes pick_of_16(const double (&table)[16], Lanes numbers) {
  return Lanes::of((Raw)_mm512_permutex2var_pd(_mm512_loadu_pd(table), (__m512i)numbers.v, _mm512_loadu_pd(table + 8)));
}
// In line, where SLEEF's is a call: row costs compile it into theirs (the cost of a curve a exp(-b x) + c: 0.7 of the time).
inline Lanes math_exp(Lanes x) { return formulas::exp_by_scaling(x); }
inline Lanes exp_of_nonpositive(Lanes x) { return formulas::exp_of_nonpositive_by_scaling(x); }
inline Lanes exp_of_nonpositive(Lanes x, Lanes low) { return formulas::exp_of_nonpositive_by_scaling(x, low); }
#else
// SLEEF's overflow too early, by 4e-14 of the argument.
inline Lanes math_exp(Lanes x) {
  const Lanes value = Lanes::of((Raw)RAPPEL_SLEEF(exp, u10)(x.v));
  return where(
      x > Lanes(709.75), [](double a) { return ::exp(a); }, x, value);
}
#endif
inline Lanes math_pow(Lanes x, Lanes y) {
  const Lanes value = Lanes::of((Raw)RAPPEL_SLEEF(pow, u10)(x.v, y.v)), infinity(__builtin_inf());
  const Mask early = (math_abs(value) == infinity) & (math_abs(x) < infinity) & (math_abs(y) < infinity);
  return where(
      early, [](double a, double b) { return ::pow(a, b); }, x, y, value);
}
inline Lanes math_expm1(Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(expm1, u10)(x.v)); }
inline Lanes math_log(Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(log, u10)(x.v)); }
inline Lanes math_log1p(Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(log1p, u10)(x.v)); }
inline Lanes math_tanh(Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(tanh, u10)(x.v)); }
inline Lanes math_atan2(Lanes y, Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(atan2, u10)(y.v, x.v)); }
#define RAPPEL_FROM_SLEEF(ours, name, ulp) \
  inline Lanes ours(Lanes x) { return Lanes::of((Raw)RAPPEL_SLEEF(name, ulp)(x.v)); }
RAPPEL_FROM_SLEEF(math_asin, asin, u10)
RAPPEL_FROM_SLEEF(math_acos, acos, u10)
RAPPEL_FROM_SLEEF(math_atan, atan, u10)
RAPPEL_FROM_SLEEF(math_exp2, exp2, u10)
RAPPEL_FROM_SLEEF(math_log2, log2, u10)
RAPPEL_FROM_SLEEF(math_atanh, atanh, u10)
RAPPEL_FROM_SLEEF(math_log10, log10, u10)
RAPPEL_FROM_SLEEF(math_cbrt, cbrt, u10)
RAPPEL_FROM_SLEEF(math_erf, erf, u10)
RAPPEL_FROM_SLEEF(math_erfc, erfc, u15)
RAPPEL_FROM_SLEEF(sleef_sinh, sinh, u10)
RAPPEL_FROM_SLEEF(sleef_cosh, cosh, u10)
RAPPEL_FROM_SLEEF(sleef_asinh, asinh, u10)
RAPPEL_FROM_SLEEF(sleef_acosh, acosh, u10)
RAPPEL_FROM_SLEEF(sleef_lgamma, lgamma, u10)
#undef RAPPEL_FROM_SLEEF
#endif

// Close to a multiple of pi / 2 the reduction of huge arguments loses digits, in glibc (from 1e8 on) and in
// SLEEF (from 1e14 on): 8 ulp at 5.3193726483265414e255, the hardest double. There in long double, which is
// exact enough.
#if RAPPEL_LANES == 1
#define RAPPEL_PERIODIC(name)                                                                     \
  inline Lanes math_##name(Lanes x) {                                                             \
    return Lanes(__builtin_fabs(x.v) > 1e8 ? detail::special::name##_of_huge(x.v) : ::name(x.v)); \
  }
#else
#define RAPPEL_PERIODIC(name)                                                            \
  inline Lanes math_##name(Lanes x) {                                                    \
    const Lanes value = Lanes::of((Raw)RAPPEL_SLEEF(name, u10)(x.v));                    \
    return where(math_abs(x) > Lanes(1e14), &detail::special::name##_of_huge, x, value); \
  }
#endif
#if RAPPEL_LANES != 1
RAPPEL_PERIODIC(sin)
RAPPEL_PERIODIC(cos)
#endif
RAPPEL_PERIODIC(tan)
#undef RAPPEL_PERIODIC
#undef RAPPEL_SLEEF

// By Horner's rule, the highest coefficient first.
template <int Count>
Lanes polynomial(const double (&coefficients)[Count], Lanes x) {
  Lanes value(coefficients[0]);
  for (int k = 1; k < Count; ++k) value = multiply_add(value, x, Lanes(coefficients[k]));
  return value;
}

#if RAPPEL_LANES == 8
// x / y for 1 <= y <= 4, off by 0.63 ulp at most where the quotient is in the normal range: the reciprocal to 14 bits, one step
// of Newton's, which gives 28, and another of the quotient's own: no division, which blocks the processor's one divider for 16 cycles.
inline Lanes quotient_by_unit(Lanes x, Lanes y) {
  Lanes reciprocal = math_reciprocal_14(y);
  reciprocal = fma(reciprocal, fma(-y, reciprocal, Lanes(1.0)), reciprocal);
  const Lanes q = x * reciprocal;
  return fma(fma(-q, y, x), reciprocal, q);
}
#endif
inline Lanes log1p_of_unit(Lanes a) { return formulas::log1p_by_polynomial(a); }
