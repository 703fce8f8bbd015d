// Functions on lanes that SLEEF has not, or not over the whole range. Part of each kernels_*.cpp, after
// lanes.hpp: included once inside of its unnamed namespace.

// A sum of two doubles that is not rounded: high + low, low below half an ulp of high.
struct Two {
  Lanes high, low;
};

inline Two sum_of_two(Lanes a, Lanes b) {  // exact
  const Lanes s = a + b;
  return {s, formulas::lost_in_sum(a, b, s)};
}
inline Two product_of_two(Lanes a, Lanes b) {  // exact, but below the normal range
  const Lanes p = a * b;
  return {p, fma(a, b, -p)};
}
inline Two operator+(Two a, Lanes b) {
  const Two s = sum_of_two(a.high, b);
  return {s.high, s.low + a.low};
}
inline Two operator*(Two a, Lanes b) {
  const Two p = product_of_two(a.high, b);
  return {p.high, p.low + a.low * b};
}
// Not normalised: low may be some ulps of high.
inline Two operator+(Two a, Two b) {
  const Two s = sum_of_two(a.high, b.high);
  return {s.high, s.low + (a.low + b.low)};
}
inline Two operator*(Two a, Two b) {
  const Two p = product_of_two(a.high, b.high);
  return {p.high, p.low + (a.high * b.low + a.low * b.high)};
}
inline Two operator/(Two a, Two b) {
  const Lanes q = a.high / b.high;
  return {q, ((fma(-q, b.high, a.high) + a.low) - q * b.low) / b.high};
}
inline Lanes rounded(Two a) { return a.high + a.low; }
inline Two select(Mask c, Two a, Two b) { return {select(c, a.high, b.high), select(c, a.low, b.low)}; }
inline Two two(double high, double low = 0.0) { return {Lanes(high), Lanes(low)}; }

template <class F>
Lanes by_lane(F f, Lanes x, Lanes y) {
  double a[width], b[width];
  store(a, x), store(b, y);
  for (int i = 0; i < width; ++i) a[i] = f(a[i], b[i]);
  return load(a);
}

inline Lanes math_fma(Lanes a, Lanes b, Lanes c) { return fma(a, b, c); }
inline Lanes math_copysign(Lanes x, Lanes y) {
  return by_lane([](double a, double b) { return __builtin_copysign(a, b); }, x, y);
}
inline Lanes math_floor(Lanes x) {
  return by_lane([](double a) { return __builtin_floor(a); }, x);
}
inline Lanes math_ceil(Lanes x) {
  return by_lane([](double a) { return __builtin_ceil(a); }, x);
}
inline Lanes math_trunc(Lanes x) {
  return by_lane([](double a) { return __builtin_trunc(a); }, x);
}
#if RAPPEL_LANES != 8
inline Lanes math_rint(Lanes x) {
  return by_lane([](double a) { return __builtin_nearbyint(a); }, x);
}
#endif
inline Lanes math_round(Lanes x) {
  return by_lane([](double a) { return __builtin_round(a); }, x);
}

inline Lanes math_fmod(Lanes x, Lanes y) {
  return by_lane([](double a, double b) { return __builtin_fmod(a, b); }, x, y);
}
inline Lanes math_remainder(Lanes x, Lanes y) {
  return by_lane([](double a, double b) { return __builtin_remainder(a, b); }, x, y);
}

// e^r - 1 for |r_high| <= 0.35, off by about 2^-59 of itself; the polynomial is the exponential series.
inline Two expm1_of_reduced(Two r) {
  const Two square = product_of_two(r.high, r.high);
  constexpr double series[] = {
      1.0 / 1307674368000.0, 1.0 / 87178291200.0, 1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0,
      1.0 / 3628800.0,       1.0 / 362880.0,      1.0 / 40320.0,      1.0 / 5040.0,      1.0 / 720.0,
      1.0 / 120.0,           1.0 / 24.0,          1.0 / 6.0};
  const Lanes cubic = polynomial(series, r.high) * (square.high * r.high);
  const Two head = sum_of_two(r.high, Lanes(0.5) * square.high);
  const Two all = sum_of_two(head.high, cubic);
  return {all.high, all.low + (head.low + (Lanes(0.5) * square.low + fma(r.high, r.low, r.low)))};
}

inline Lanes low_bits_as_exponent(Lanes x) {
#if RAPPEL_LANES == 1
  unsigned long long bits;
  __builtin_memcpy(&bits, &x.v, sizeof bits);
  bits <<= 52;
  __builtin_memcpy(&x.v, &bits, sizeof bits);
  return x;
#else
  return Lanes::of((Raw)((RawMask)x.v << 52));
#endif
}

// x = k ln 2 + r with k whole, |x| < 1000; returns r and 2^k, which must be normal.
inline Two reduced_by_ln2(Lanes x, Lanes& power_of_two) {
  const Lanes shift(0x1.8p52);
  const Lanes k = (x * Lanes(0x1.71547652b82fep+0) + shift) - shift;
  const Lanes r = x - k * Lanes(0x1.62e42fefa0000p-1);  // ln 2 in 37 bits: k times it is exact
  const Two low = product_of_two(k, Lanes(0x1.cf79abc9e3b3ap-40));
  const Two rest = sum_of_two(r, -low.high);
  power_of_two = low_bits_as_exponent((k + Lanes(1023.0)) + shift);
  return {rest.high, rest.low - low.low};
}

// e^x for |x| < 700, off by about 2^-59 of itself.
inline Two exp_two(Lanes x) {
  Lanes scale;
  const Two p = expm1_of_reduced(reduced_by_ln2(x, scale));
  const Two e = sum_of_two(Lanes(1.0), p.high);
  return {scale * e.high, scale * (e.low + p.low)};
}

// e^x - 1, as accurately.
inline Two expm1_two(Lanes x) {
  Lanes scale;
  const Two p = expm1_of_reduced(reduced_by_ln2(x, scale));
  const Two e = sum_of_two(scale - Lanes(1.0), scale * p.high);
  return {e.high, e.low + scale * p.low};
}

// --- elementary functions over their whole range ---

// SLEEF's overflows from 709 on, where the result is still finite: there e^(x - 64) e^64, the subtraction
// exact.
inline Lanes half_exp_beyond_709(Lanes size) {
  const Lanes e = math_exp(size - Lanes(64.0));
  return fma(e, Lanes(0x1.425982cf597cdp+91), e * Lanes(0x1.02e71eada76d8p+36));
}
inline Lanes sinh_value(Lanes x) {
  const Lanes size = math_abs(x), big = half_exp_beyond_709(size);
  return select(size > Lanes(709.0), select(x > Lanes(0.0), big, -big), sleef_sinh(x));
}
inline Lanes cosh_value(Lanes x) {
  const Lanes size = math_abs(x);
  return select(size > Lanes(709.0), half_exp_beyond_709(size), sleef_cosh(x));
}
// Beyond 2^60 log(2x), SLEEF's square of x overflows there.
inline Lanes log_of_twice(Lanes x) { return math_log(x) + Lanes(0x1.62e42fefa39efp-1); }
inline Lanes asinh_value(Lanes x) {
  const Lanes size = math_abs(x), big = log_of_twice(size);
  return select(size > Lanes(0x1p60), select(x > Lanes(0.0), big, -big), sleef_asinh(x));
}
inline Lanes acosh_value(Lanes x) { return select(x > Lanes(0x1p60), log_of_twice(x), sleef_acosh(x)); }
inline Lanes log1p_value(Lanes x) {
  const Lanes inside = select(math_abs(x) < Lanes(0x1p-54), x, math_log1p(x));
  return select(x > Lanes(0x1p60), math_log(x), inside);
}

// 1 / (1 + x^2), whose square overflows.
inline Lanes atan_slope_value(Lanes x) {
  const Lanes size = math_abs(x);
  const Lanes far = (Lanes(1.0) / x) / x, near = Lanes(1.0) / fma(x, x, Lanes(1.0));
  return select(size > Lanes(0x1p60), far, near);
}
// 1 / sqrt(x^2 - 1)
inline Lanes acosh_slope_value(Lanes x) {
  return Lanes(1.0) / select(x > Lanes(0x1p60), x, math_sqrt(fma(x, x, Lanes(-1.0))));
}

// x^(-2/3) / 3: z = cbrt(x) and what x - z^3 says of its rounding; scaled where squares leave the normal
// range.
inline Lanes cbrt_slope_value(Lanes x) {
  const Lanes size = math_abs(x);
  const Mask tiny = size<Lanes(0x1p-900), huge = size> Lanes(0x1p900);
  const Lanes y = size * select(tiny, Lanes(0x1p300), select(huge, Lanes(0x1p-300), Lanes(1.0)));
  const Lanes z = math_cbrt(y);
  const Two square = product_of_two(z, z), cube = square * z;
  const Lanes correction = ((y - cube.high) - cube.low) / (Lanes(3.0) * square.high);
  const Two exact_square = {square.high, square.low + Lanes(2.0) * z * correction};
  const Lanes slope = rounded(two(1.0) / (exact_square * Lanes(3.0)));
  const Lanes finite = slope * select(tiny, Lanes(0x1p200), select(huge, Lanes(0x1p-200), Lanes(1.0)));
  return select(size == Lanes(0.0), Lanes(__builtin_inf()),
                select(size < Lanes(__builtin_inf()), finite, Lanes(1.0) / size));
}

inline Lanes lgamma_value(Lanes x) {
  const Lanes positive = sleef_lgamma(x);
  return where(!((x > Lanes(0.0)) & (x < Lanes(1e305))), &detail::special::lgamma, x, positive);
}

// log(p / (1 - p)): by the exact 2p - 1 about 1/2, by the smaller of p and 1 - p elsewhere.
inline Lanes logit_value(Lanes p) {
  const Lanes q = select(p < Lanes(0.5), p, Lanes(1.0) - p), outer = math_log(q / (Lanes(1.0) - q));
  const Lanes middle = Lanes(2.0) * math_atanh(Lanes(2.0) * p - Lanes(1.0));
  return select(q > Lanes(0.25), middle, select(p < Lanes(0.5), outer, -outer));
}

// log(1 - e^x), x = high + low <= 0; by 1 - e^x or by e^x, whichever is below 1/2, with what their rounding
// lost.
inline Lanes log1mexp_of(Two x) {
  const Mask moderate = x.high > Lanes(-40.0);
  const Lanes inside = select(moderate, x.high, Lanes(-1.0));
  const Two near = expm1_two(inside), far = exp_two(inside);
  const Lanes of_near = math_log(-near.high) + near.low / near.high;
  const Lanes of_far = math_log1p(-far.high) - far.low / (Lanes(1.0) - far.high);
  const Lanes value = select(inside > Lanes(-0.6931471805599453), of_near, of_far);
  const Lanes by_exp = -math_exp(x.high);
  const Lanes result = select(moderate, value, select(x.high == x.high, by_exp, x.high));
  const Lanes low = select(x.low == x.low, x.low, Lanes(0.0));
  const Lanes correction = low * select(moderate, Lanes(1.0) + Lanes(1.0) / near.high, by_exp);
  const Lanes corrected = result + select(low == Lanes(0.0), Lanes(0.0), correction);
  return select(x.high < Lanes(0.0), corrected,
                select(x.high == Lanes(0.0), Lanes(-__builtin_inf()), Lanes(__builtin_nan(""))));
}
inline Lanes log1mexp_value(Lanes x) { return log1mexp_of({x, Lanes(0.0)}); }

// log(e^x (1 - e^d)), d = y - x, the product in two parts.
inline Lanes log_of_difference(Lanes x, Lanes y, Two d) {
  const Mask moderate = (math_abs(x) < Lanes(600.0)) & (d.high > Lanes(-40.0));
  const Two p = expm1_two(select(moderate, d.high, Lanes(-1.0)));
  const Two e = exp_two(select(moderate, x, Lanes(0.0))) * Two{p.high, p.low + d.low * (Lanes(1.0) + p.high)};
  const Lanes value = math_log(-e.high) + e.low / e.high;
  return where(!(moderate & (math_abs(value) > Lanes(0.0625))), &detail::special::log_diff_exp, x, y, value);
}

inline Lanes log_diff_exp_value(Lanes x, Lanes y) {
  const Two d = sum_of_two(y, -x);
  const Lanes rest = log1mexp_of(d);
  const Lanes sum = x + rest;
  const Mask cancels = math_abs(sum) < math_abs(rest);
  const Lanes value = any(cancels) ? select(cancels, log_of_difference(x, y, d), sum) : sum;
  return select(x == Lanes(__builtin_inf()), select(y < x, x, rest), value);
}

// -1 / (e^t - 1), t = x - y: the adjoint of -y in log_diff_exp(x, y). By e^-t where e^t may overflow.
inline Lanes log_diff_exp_slope_value(Lanes x, Lanes y) {
  const Two t = sum_of_two(x, -y);
  const Lanes low = select(t.low == t.low, t.low, Lanes(0.0));
  const Lanes q = Lanes(-1.0) / math_expm1(t.high + Lanes(0.0)), e = math_exp(-t.high);
  const Lanes near = q - select(low == Lanes(0.0), Lanes(0.0), q * (low * (Lanes(1.0) - q)));
  const Lanes value = select(t.high > Lanes(40.0), e * low - e, near);
  return select(t.high < Lanes(0.0), Lanes(__builtin_nan("")), value);
}

inline Lanes sinc_value(Lanes x) {
  const Lanes limit = select(math_abs(x) == Lanes(__builtin_inf()), Lanes(0.0), math_sin(x) / x);
  return select(x == Lanes(0.0), Lanes(1.0), limit);
}

// 3 t^2 - 2 t^3 on [0, 1].
inline Lanes smooth_step_value(Lanes t) {
  const Two square = product_of_two(t, t);
  const Lanes factor = fma(Lanes(-2.0), t, Lanes(3.0)),
              inside = fma(square.high, factor, square.low * factor);
  return select(t <= Lanes(0.0), Lanes(0.0), select(t >= Lanes(1.0), Lanes(1.0), inside));
}

inline Lanes smooth_step_slope_value(Lanes t) {
  const Lanes inside = Lanes(6.0) * fma(-t, t, t);
  return select(t <= Lanes(0.0), Lanes(0.0), select(t >= Lanes(1.0), Lanes(0.0), inside));
}

// log cosh x: log(1 + (cosh x - 1)) with cosh x - 1 = (e^x - 1)^2 / (2 e^x); from 2 on |x| - log 2 + log(1 +
// e^-2|x|).
inline Lanes log_cosh_value(Lanes x) {
  const Lanes size = math_abs(x);
  const Mask small = size < Lanes(2.0);
  const Lanes inside = select(small, size, Lanes(1.0));
  const Two p = expm1_two(inside), less_one = (p * p) / ((p + Lanes(1.0)) * Lanes(2.0));
  const Lanes near = math_log1p(less_one.high) + less_one.low / (Lanes(1.0) + less_one.high);
  const Two line = sum_of_two(size, Lanes(-0x1.62e42fefa39efp-1));
  const Lanes tail = math_log1p(math_exp(Lanes(-2.0) * size)) - Lanes(0x1.abc9e3b39803fp-56);
  const Lanes far = line.high + (select(line.low == line.low, line.low, Lanes(0.0)) + tail);
  // x^2 / 2 where its square is beyond the parts' reach
  return select(size < Lanes(0x1p-400), Lanes(0.5) * size * size, select(small, near, far));
}
