#include "with_slope.hpp"

#include "formulas.hpp"
#include "special.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

// What is inlined into a function that is compiled for FMA becomes an instruction there, elsewhere a call of libm's fma.
#define RAPPEL_INLINE inline __attribute__((always_inline))

namespace rappel::detail {
namespace {

// A sum of two doubles that is not rounded.
struct Sum {
  double high, low;
};
RAPPEL_INLINE Sum sum_of(double a, double b) {  // Knuth 1969, 4.2.2, theorem B
  const double s = a + b, back = s - a;
  return {s, (a - (s - back)) + (b - back)};
}
RAPPEL_INLINE Sum sum_of_larger(double a, double b) {  // |a| >= |b|, or a = 0 (Dekker 1971)
  const double s = a + b;
  return {s, b - (s - a)};
}

// Both of e = exp(-2|x|), which is T (1 + r + c): T a power of 2^(1/16) in two parts, and c what follows r in the series
// (formulas::exp_by_scaling). tanh x = (1 - e) / (1 + e) and sech^2 x = 4 e / (1 + e)^2, all in two parts: n = 1 - e, whose
// first digits cancel exactly, d = 1 + e = 2 - n, and u = 1 / d.
RAPPEL_INLINE WithSlope tanh_parts(double x) {
  using Exp = formulas::ExpBySixteenths;
  const double size = std::fabs(x);
  if (!(size < 300.0)) {  // sech^2 there is 4 e: exp(-2(|x| - 91)) stays in the normal range, scaled in the end
    const double slope = 0x1.58c5dc99e4ae4p-261 * std::exp(-2.0 * (size - 91.0));
    return size >= 300.0 ? WithSlope{std::copysign(1.0, x), slope} : WithSlope{x, x};
  }
  const double y = -2.0 * size;
  const double shifted = std::fma(y, Exp::per_log2, Exp::rounds_to_sixteenths), k = shifted - Exp::rounds_to_sixteenths;
  const std::int64_t step = std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(Exp::rounds_to_sixteenths);
  const double scale = std::bit_cast<double>(((step >> 4) + 1023) << 52);
  const double t_high = scale * formulas::SixteenthPowers::high[step & 15];
  const double t_low = scale * formulas::SixteenthPowers::low[step & 15];
  const double rest = std::fma(-k, Exp::log2_high, y);  // exact
  const double r = std::fma(-k, Exp::log2_low, rest);
  const double r_low = std::fma(-k, Exp::log2_low, rest - r);
  const double r2 = r * r, r4 = r2 * r2;
  const auto& q = Exp::coefficients;
  const double q_of_r = std::fma(r4, std::fma(q[5], r, q[4]), std::fma(r2, std::fma(q[3], r, q[2]), std::fma(q[1], r, q[0])));
  const double c = std::fma(r2, q_of_r, r_low);

  const double a = 1.0 - t_high, a_low = (1.0 - a) - t_high;
  const double b = -t_high * r, b_low = std::fma(-t_high, r, -b);
  const Sum s = sum_of_larger(a, b);
  const Sum n = sum_of_larger(s.high, std::fma(-t_high, c, ((s.low + a_low) + (b_low - t_low))));
  const double d = 2.0 - n.high, d_low = ((2.0 - d) - n.high) - n.low;
  const double u = 1.0 / d;
  const double u_low = u * std::fma(-u, d_low, std::fma(-u, d, 1.0));
  const double z = n.high * u;
  const double tanh = z + std::fma(n.low, u, std::fma(n.high, u_low, std::fma(n.high, u, -z)));

  const Sum e = sum_of_larger(t_high, std::fma(t_high, r + c, t_low));
  const double u2 = u * u, u2_low = std::fma(2.0 * u, u_low, std::fma(u, u, -u2));
  const double w = e.high * u2;
  const double sech2 = w + std::fma(e.low, u2, std::fma(e.high, u2_low, std::fma(e.high, u2, -w)));
  return WithSlope{std::copysign(tanh, x), 4.0 * sech2};
}

// x = k pi/2 + r, |r| <= pi/4, r in two parts: by pi/2 in three parts, the first multiple of which cancels exactly (Cody and
// Waite 1980). The polynomials are fdlibm's, off by 2^-58.
RAPPEL_INLINE WithSlope sin_parts(double x) {
  const double size = std::fabs(x);
  if (size < 0x1p-27) return WithSlope{x, 1.0};
  if (!(size <= 1e8)) return WithSlope{special::sin_of_huge(x), special::cos_of_huge(x)};
  const double shifted = std::fma(x, 0x1.45f306dc9c883p-1, 0x1.8p52), k = shifted - 0x1.8p52;
  const std::uint64_t quadrant = std::bit_cast<std::uint64_t>(shifted);
  const double second = k * 0x1.1a62633145c07p-54, second_low = std::fma(k, 0x1.1a62633145c07p-54, -second);
  const Sum s = sum_of(std::fma(-k, 0x1.921fb54442d18p+0, x), -second);
  const double r = s.high, r_low = std::fma(k, 0x1.f1976b7ed8fbcp-110, s.low - second_low);

  const double r2 = r * r, r2_low = std::fma(r, r, -r2), r4 = r2 * r2;
  const double odd = std::fma(
      r4, std::fma(r4, std::fma(1.58969099521155010221e-10, r2, -2.50507602534068634195e-08),
                   std::fma(2.75573137070700676789e-06, r2, -1.98412698298579493134e-04)),
      std::fma(8.33333333332248946124e-03, r2, -1.66666666666666324348e-01));
  const double sine = r + std::fma(r2 * r, odd, std::fma(-0.5 * r2, r_low, r_low));
  const double even = std::fma(
      r4, std::fma(r4, std::fma(-1.13596475577881948265e-11, r2, 2.08757232129817482790e-09),
                   std::fma(-2.75573143513906633035e-07, r2, 2.48015872894767294178e-05)),
      std::fma(-1.38888888888741095749e-03, r2, 4.16666666666666019037e-02));
  const double head = std::fma(-0.5, r2, 1.0), head_low = std::fma(-0.5, r2, 1.0 - head);
  const double cosine = head + std::fma(r4, even, head_low - std::fma(r, r_low, 0.5 * r2_low));

  // Odd quadrants exchange the two; without branches, which would be guessed.
  const std::uint64_t a = std::bit_cast<std::uint64_t>(sine), b = std::bit_cast<std::uint64_t>(cosine);
  const std::uint64_t exchanged = (a ^ b) & (0 - (quadrant & 1));
  return WithSlope{std::bit_cast<double>(a ^ exchanged ^ ((quadrant & 2) << 62)),
                   std::bit_cast<double>(b ^ exchanged ^ (((quadrant + 1) & 2) << 62))};
}

#if defined(__x86_64__) && !defined(__FMA__)
const bool has_fma = __builtin_cpu_supports("fma");
__attribute__((target("fma"))) WithSlope tanh_by_fma(double x) { return tanh_parts(x); }
__attribute__((target("fma"))) WithSlope sin_by_fma(double x) { return sin_parts(x); }
#else
constexpr bool has_fma = false;  // or needs no version of its own
WithSlope tanh_by_fma(double x) { return tanh_parts(x); }
WithSlope sin_by_fma(double x) { return sin_parts(x); }
#endif

}  // namespace

WithSlope without_fma::tanh_with_slope(double x) { return tanh_parts(x); }
WithSlope without_fma::sin_with_slope(double x) { return sin_parts(x); }

WithSlope tanh_with_slope(double x) { return has_fma ? tanh_by_fma(x) : without_fma::tanh_with_slope(x); }
WithSlope sin_with_slope(double x) { return has_fma ? sin_by_fma(x) : without_fma::sin_with_slope(x); }

}  // namespace rappel::detail
