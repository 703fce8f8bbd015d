// Functions with their derivatives of any order: Gaussians, the normal distribution, silu and gelu; and what
// is made of x^2 + y^2. Part of each kernels_*.cpp, after lanes_functions.hpp: included once inside of its
// unnamed namespace.

// e^-64 as factor: it keeps what is on its way to the subnormal numbers in the normal range until the end.
inline Two scale_back() { return two(0x1.969d47321e4ccp-93, -0x1.5034b5fe3da71p-147); }

// factor * e^-h * constant, h = high + low >= 0: rounded about once, also where it leaves the normal range.
inline Lanes times_exp(Lanes factor, Two h, Two constant) {
  const Mask far = h.high > Lanes(600.0);
  const Lanes inside = select(h.high < Lanes(820.0), h.high, Lanes(820.0));
  const Two e = exp_two(select(far, Lanes(128.0) - inside, -inside));
  const Two scaled = select(far, constant * two(0x1.42eb9f39afb0bp-185, 0x1.11dadd69e8799p-242), constant);  // e^-128
  const Two m = Two{e.high, e.low - h.low * e.high} * factor;
  const Lanes result = fma(m.high, scaled.high, fma(m.high, scaled.low, m.low * scaled.high));
  return select(h.high < Lanes(820.0), result, select(h.high == h.high, Lanes(0.0), h.high));
}

// (x - zero) times the polynomial, rounded about once.
template <int Count>
Lanes beside_zero(Lanes x, double zero_high, double zero_low, const double (&coefficients)[Count]) {
  Two h = sum_of_two(x, Lanes(-zero_high));
  h.low = h.low - Lanes(zero_low);
  Lanes rest(coefficients[0]);
  for (int k = 1; k + 1 < Count; ++k) rest = multiply_add(rest, h.high, Lanes(coefficients[k]));
  return rounded(h * sum_of_two(Lanes(coefficients[Count - 1]), rest * h.high));
}

// The k-th derivative of exp(-x^2 / scale) is p_k exp(-x^2 / scale); p_(k+1) = -(slope x p_k + slope k
// p_(k-1)).
inline Lanes hermite(Lanes x, double slope, int k) {
  if (k == 2) return fma(Lanes(slope * slope) * x, x, Lanes(-slope));
  Lanes before(0.0), value(1.0);
  for (int i = 0; i < k; ++i) {
    const Lanes next = Lanes(-slope) * (x * value + Lanes(i) * before);
    before = value;
    value = next;
  }
  return value;
}

inline Lanes gaussian_derivative_value(Lanes x, int k) {
  return times_exp(hermite(x, 2.0, k), product_of_two(x, x), two(1.0));
}
inline Lanes normal_pdf_derivative_value(Lanes x, int k) {
  const Two square = product_of_two(x, x);
  return times_exp(hermite(x, 1.0, k), {Lanes(0.5) * square.high, Lanes(0.5) * square.low},
                   two(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56));
}

// Phi(x) = erfc(t) / 2 at t = -x / sqrt 2, with what the rounding of t lost put back (left out: 1,300 ulp at
// -37).
inline Two normal_cdf_two(Lanes x) {
  const Two root = two(0x1.6a09e667f3bcdp-1, -0x1.bdd3413b26456p-55);
  const Lanes t = -x * root.high;
  const Lanes low = fma(-x, root.high, -t) - x * root.low;
  const Lanes slope = Lanes(-0x1.20dd750429b6dp-1) * math_exp(-(t * t));
  const Lanes rest = select(math_abs(x) < Lanes(39.0), slope * low, Lanes(0.0));
  const Two outer = {Lanes(0.5) * math_erfc(t), rest};
  const Mask small = math_abs(x) < Lanes(0.5);
  if (!any(small)) return outer;
  const Two inner = sum_of_two(Lanes(0.5), Lanes(-0.5) * math_erf(t));  // erfc has 1.4 ulp close to 1
  return select(small, Two{inner.high, inner.low + rest}, outer);
}
inline Lanes normal_cdf_value(Lanes x) { return rounded(normal_cdf_two(x)); }

// 1 - 1/s^2 + 3/s^4 - ..: s times Mills' ratio of the normal distribution at s >= 37, to 2^-56.
inline Lanes mills_series(Lanes s) {
  const Lanes w = Lanes(1.0) / (s * s);
  constexpr double series[] = {-135135.0, 10395.0, -945.0, 105.0, -15.0, 3.0, -1.0, 1.0};
  return polynomial(series, w);
}

inline Lanes gelu_value(Lanes x) {
  const Two cdf = normal_cdf_two(x);
  const Lanes near = select(x == Lanes(__builtin_inf()), x, fma(x, cdf.high, x * cdf.low));
  const Two square = product_of_two(x, x);
  const Lanes far = times_exp(-mills_series(x), {Lanes(0.5) * square.high, Lanes(0.5) * square.low},
                              two(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56));
  return select(x < Lanes(-36.0), select(x > Lanes(-50.0), far, Lanes(0.0)), near);
}

// Phi(x) + x phi(x), the product in two parts. About its zero by a polynomial on [-1.15, 0.1] times the
// distance from it (minimax, off by 2^-60).
inline Lanes gelu_slope(Lanes x) {
  constexpr double around_zero[] = {-7.673976272191996e-11,  1.1154918633777032e-10, 1.883550966894885e-09,
                                    -1.3446969886984246e-09, -3.544279144957432e-08, -1.6509449922731277e-09,
                                    5.702674150875088e-07,   4.328706690452621e-07,  -7.748458281564947e-06,
                                    -1.1214389126347958e-05, 8.615947799032093e-05,  0.00018633974819261511,
                                    -0.0007448268386007564,  -0.002239538068332355,  0.004539228379120975,
                                    0.01942167983820788,     -0.014771522148244249,  -0.11400823329722233,
                                    -0.018199676398671087,   0.38828498299055203,    0.4314939923140469};
  const Lanes middle = beside_zero(x, -0x1.80ead197f00b4p-1, 0x1.13e74c58cada8p-56, around_zero);
  const Two cdf = normal_cdf_two(x), square = product_of_two(x, x);
  const Two e = exp_two(select(math_abs(x) < Lanes(37.0), Lanes(-0.5) * square.high, Lanes(-1.0)));
  const Two density = e * two(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56);
  const Two exact = {density.high, density.low - density.high * (Lanes(0.5) * square.low)};
  const Lanes outer = rounded(exact * x + cdf);
  const Lanes far = times_exp(x - mills_series(x) / x, {Lanes(0.5) * square.high, Lanes(0.5) * square.low},
                              two(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56));
  const Lanes tail = select(x > Lanes(-50.0), far, Lanes(0.0));
  const Lanes inner = select(x > Lanes(-1.15), select(x < Lanes(0.1), middle, outer), outer);
  return select(x < Lanes(-36.0), tail, select(x > Lanes(36.0), Lanes(1.0), inner));
}

// For k >= 2: x phi^(k-1) + k phi^(k-2) = p phi, p = -(-1)^k (x He_(k-1) - k He_(k-2)).
inline Lanes gelu_derivative_value(Lanes x, int k) {
  if (k == 0) return gelu_value(x);
  if (k == 1) return gelu_slope(x);
  const Lanes p =
      k == 2 ? fma(-x, x, Lanes(2.0)) : x * hermite(x, 1.0, k - 1) + Lanes(k) * hermite(x, 1.0, k - 2);
  const Two square = product_of_two(x, x);
  return times_exp(p, {Lanes(0.5) * square.high, Lanes(0.5) * square.low},
                   two(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56));
}

// --- silu: x / (1 + e^-x); a = e^-|x| in two parts, scaled from |x| = 600 on ---

struct SiluParts {
  Two a, one_plus_a;
  Two scale;  // of results made of one factor a
};
inline SiluParts silu_parts(Lanes size) {
  const Mask far = size > Lanes(600.0);
  const Lanes inside = select(size < Lanes(760.0), size, Lanes(760.0));
  const Two a = exp_two(select(far, Lanes(64.0) - inside, -inside));
  return {a, select(far, two(1.0), a + Lanes(1.0)), select(far, scale_back(), two(1.0))};
}

inline Lanes silu_value(Lanes x) {
  const SiluParts e = silu_parts(math_abs(x));
  const Two share = select(x < Lanes(0.0), e.a, two(1.0)) / e.one_plus_a;
  const Two product = share * x;
  const Lanes value = rounded(select(x < Lanes(0.0), product * e.scale, product));
  const Lanes inside = select(math_abs(x) < Lanes(760.0), value, select(x < Lanes(0.0), Lanes(0.0), x));
  return select(x == x, inside, x);
}

// (1 + a + x a) / (1 + a)^2, from below (a + x a + a^2) / (1 + a)^2; about its zero by Taylor's series.
inline Lanes silu_slope(Lanes x) {
  const SiluParts e = silu_parts(math_abs(x));
  const Mask negative = x < Lanes(0.0);
  const Two line = sum_of_two(x, Lanes(1.0));
  const Two left = (line + e.a) * e.a, right = e.one_plus_a + e.a * x;
  const Two square = e.one_plus_a * e.one_plus_a;
  const Two far = line * e.a;  // from -600 on
  const Two quotient = select(negative, select(x < Lanes(-600.0), far, left), right) / square;
  const Lanes value = rounded(select(negative, quotient * e.scale, quotient));
  const double zero = -0x1.474973c84120bp+0;
  constexpr double taylor[] = {2.346029682463866e-06,  -2.942631888842464e-06, -2.9733542213263917e-05,
                               -4.090534237428612e-05, 0.00018570724361186496, 0.0007985218818397998,
                               0.000126627410081122,   -0.006606589138356696,  -0.015222655223188032,
                               0.018874814223782312,   0.1466487969969469,     0.2178117057198001};
  const Lanes near = beside_zero(x, zero, -0x1.f8d74bc9ac154p-54, taylor);
  const Lanes result = select(math_abs(x - Lanes(zero)) < Lanes(0.0625), near, value);
  const Lanes inside = select(math_abs(x) < Lanes(760.0), result, select(negative, Lanes(0.0), Lanes(1.0)));
  return select(x == x, inside, x);
}

// Even: a (2 + 2a - |x| + |x| a) / (1 + a)^3.
inline Lanes silu_curvature(Lanes x) {
  const Lanes size = math_abs(x);
  const SiluParts e = silu_parts(size);
  const Two line = sum_of_two(Lanes(2.0), -size);
  const Two inner = select(size > Lanes(600.0), line, line + e.a * (size + Lanes(2.0)));
  const Two quotient = (e.a * inner) / (e.one_plus_a * (e.one_plus_a * e.one_plus_a));
  const Lanes value = rounded(quotient * e.scale);
  const double zero = 0x1.331e23ad9de11p+1;
  constexpr double taylor[] = {-1.190460513336088e-06, 1.2461615072251882e-06, 8.432377564571459e-06,
                               -4.74507427928072e-05,  9.644059294156357e-05,  0.0001151307019584522,
                               -0.0013663696912367745, 0.003862816776830254,   -0.001836670144762844,
                               -0.022487259234225326,  0.07629586548655085,    -0.09153052016419229};
  const Lanes near = beside_zero(size, zero, 0x1.a9c55ef03c74ap-53, taylor);
  const Lanes result = select(math_abs(size - Lanes(zero)) < Lanes(0.0625), near, value);
  return select(size < Lanes(760.0), result, select(x == x, Lanes(0.0), x));
}

// The n-th derivative of the sigmoid at -size as a polynomial of it: P_1 = s - s^2, P_(n+1) = P_n' (s - s^2).
inline Lanes sigmoid_derivative_below(Lanes size, int n) {
  const SiluParts e = silu_parts(size);
  const Lanes s = rounded((e.a / e.one_plus_a) * e.scale);
  double p[34] = {0.0, 1.0};
  for (int i = 0; i < n && i < 32; ++i) {
    for (int d = i + 2; d >= 1; --d) p[d] = d * p[d] - (d - 1) * p[d - 1];
  }
  Lanes value(0.0);
  for (int d = (n < 32 ? n : 32) + 1; d >= 1; --d) value = value * s + Lanes(p[d]);
  return value * s;
}

inline Lanes silu_derivative_value(Lanes x, int k) {
  if (k == 0) return silu_value(x);
  if (k == 1) return silu_slope(x);
  if (k == 2) return silu_curvature(x);
  const Lanes size = math_abs(x);  // odd k: odd function, even k: even
  const Lanes below =
      Lanes(k) * sigmoid_derivative_below(size, k - 1) - size * sigmoid_derivative_below(size, k);
  const Lanes finite = select(size < Lanes(760.0), below, select(x == x, Lanes(0.0), x));
  return k % 2 == 0 ? finite : select(x > Lanes(0.0), -finite, finite);
}

// --- of x^2 + y^2 ---

// A power of two that brings the larger one to where squares neither over- nor underflow.
inline Lanes scale_of_squares(Lanes largest) {
  return select(largest > Lanes(0x1p500), Lanes(0x1p-520),
                select(largest < Lanes(0x1p-400), Lanes(0x1p600), Lanes(1.0)));
}
inline Lanes larger_size(Lanes x, Lanes y) {
  const Lanes a = math_abs(x), b = math_abs(y);
  return select(a < b, b, a);
}

// x / (x^2 + y^2)
inline Lanes over_square_sum_value(Lanes x, Lanes y) {
  const Lanes largest = larger_size(x, y), scale = scale_of_squares(largest);
  const Lanes u = x * scale, v = y * scale;
  const Two sum = product_of_two(u, u) + product_of_two(v, v);
  const Lanes q = u / sum.high;
  const Lanes value = (q - q * (sum.low / sum.high)) * scale;
  return select(largest == Lanes(__builtin_inf()), select(x == x, select(y == y, Lanes(0.0), y), x), value);
}

// (x^2 - y^2) / (x^2 + y^2)^2
inline Lanes difference_over_square_sum_value(Lanes x, Lanes y) {
  const Lanes largest = larger_size(x, y), scale = scale_of_squares(largest);
  const Lanes u = x * scale, v = y * scale, sum = fma(u, u, v * v);
  const Lanes value = ((u - v) / sum) * ((u + v) / sum) * scale * scale;
  return select(largest == Lanes(__builtin_inf()), select(x == x, select(y == y, Lanes(0.0), y), x), value);
}

// x y / (x^2 + y^2)^2
inline Lanes product_over_square_sum_value(Lanes x, Lanes y) {
  const Lanes largest = larger_size(x, y), scale = scale_of_squares(largest);
  const Lanes u = x * scale, v = y * scale, sum = fma(u, u, v * v);
  const Lanes value = (u / sum) * (v / sum) * scale * scale;
  return select(largest == Lanes(__builtin_inf()), select(x == x, select(y == y, Lanes(0.0), y), x), value);
}
