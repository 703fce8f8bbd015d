// Lengths, functions of differences of exponents, functions of three and many operands.

#include "reference.hpp"

namespace rappel::accuracy {
namespace {

int unit_of_any(std::span<const double>, std::size_t) { return 0; }
template <class N>
const Series<N>& exps() {
  static const Series<N> series = exp_series<N>();
  return series;
}

// --- lengths and angles ---

// Each operand but the largest in a term of its own, and the two smaller ones' product: c may be 1e-100 of b.
template <class N>
Terms<N> length(std::vector<Operand<N>> x) {
  std::sort(x.begin(), x.end(), [](const auto& p, const auto& q) { return std::fabs(p.x) > std::fabs(q.x); });
  if (x[0].x == 0.0) return {N(0)};
  const N a = abs(x[0].v), bb = x[1].v * x[1].v, ab = sqrt(N(a * a + bb));
  if (x.size() == 2) return {a, N(bb / (ab + a))};
  const N cc = x[2].v * x[2].v, ac = sqrt(N(a * a + cc)), abc = sqrt(N(a * a + bb + cc));
  return {a, N(bb / (ab + a)), N(cc / (ac + a)),
          N(-bb * cc * (1 / (abc + ac) + 1 / (ab + a)) / ((abc + ab) * (ac + a)))};
}

// --- exponentials of differences ---

template <class N>
N bounded_difference(const Operand<N>& x, const Operand<N>& y) {  // x - y, at least -1e5
  const N at = N(x.x) - N(y.x);
  return (at < N(-1e5) ? N(-1e5) : at) + (x.h - y.h);
}
template <class N>
Terms<N> log_diff_exp_terms(const Operand<N>& x, const Operand<N>& y) {
  const N d = bounded_difference(y, x);
  const double at = y.x - x.x;
  if (at > -0.03125) return {N(x.x), x.h, N(log(N(-d - exps<N>().tail(d))))};
  return {N(x.x), x.h, at > -1.0 ? N(log(N(1 - exp(d)))) : log1p_of(N(-exp(d)))};
}
int log_diff_exp_scale(std::span<const double> x, std::size_t) {
  return std::min(0, size_of(x[0] - x[1])) - 2;
}
bool falling(std::span<const double> x) { return x[0] > x[1]; }

template <class N>
Terms<N> logsumexp_terms(std::vector<Operand<N>> x) {
  std::sort(x.begin(), x.end(), [](const auto& a, const auto& b) { return a.x > b.x; });
  const N e1 = exp(bounded_difference(x[1], x[0])), e2 = exp(bounded_difference(x[2], x[0]));
  return {N(x[0].x), x[0].h, log1p_of(e1), log1p_of(e2), log1p_of(N(-e1 * e2 / ((1 + e1) * (1 + e2))))};
}
// The first of three shares, 1 / (1 + b + c) with b >= c.
template <class N>
Terms<N> softmax_terms(const Operand<N>& x, const Operand<N>& y, const Operand<N>& z) {
  const bool swapped = z.x > y.x;
  const Operand<N>&first = swapped ? z : y, &second = swapped ? y : z;
  const N largest = std::max({x.x, first.x});
  const auto scaled = [&](const Operand<N>& o) {
    const N at = N(o.x) - largest;
    return N(exp(N((at < N(-1e5) ? N(-1e5) : at) + o.h)));
  };
  const N a = scaled(x), b = scaled(first), c = scaled(second);
  if (x.x > first.x)
    return {N(1), N(-b / (a + b)), N(-c / (a + c)),
            N(b * c * (2 * a + b + c) / ((a + b) * (a + c) * (a + b + c)))};
  return {N(a / (a + b)), N(-a * c / ((a + b) * (a + b + c)))};
}
// The value is a sum of the largest operand and of log(1 + ..).
double logsumexp_size(std::span<const double> x, std::size_t output) {
  return output > 0 ? 0.0 : std::max(std::fabs(*std::max_element(x.begin(), x.end())), 0.69);
}
// Second derivatives of the first share p: p (1 - p) (1 - 2p), -p q (1 - 2p) and -p q (1 - 2q), whose last
// factors cancel near 1/2.
double softmax_size(std::span<const double> x, std::size_t output) {
  const auto share = [&](std::size_t i) {
    double sum = 0.0;
    for (const double y : x) sum += std::exp(y - x[i]);
    return 1.0 / sum;
  };
  const double p = share(0), q = share(1), r = share(2);
  const double sizes[] = {0.0, 0.0, 0.0, 0.0, p * (q + r), p * q, p * r, p * q, 0.0, p * r};
  return sizes[output];
}

template <class N>
Terms<N> clamp_terms(const Operand<N>& x, const Operand<N>& lowest, const Operand<N>& highest) {
  if (x.x == lowest.x) return {N(x.v / 2), N(lowest.v / 2)};
  if (x.x == highest.x) return {N(x.v / 2), N(highest.v / 2)};
  return {x.x < lowest.x ? lowest.v : x.x > highest.x ? highest.v : x.v};
}

}  // namespace

std::vector<Subject> subjects_of_many() {
  return {
      {.name = "hypot",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(hypot(x, y)),
       .reference = RAPPEL_REFERENCE_2(return length<N>({x, y});),
       .scale = relative_to_own,
       .edges = {1e154, 1e200, 1e-200},
       .bounds = {1.0, 2.0, 8.0}},
      {.name = "log_diff_exp",
       .num_operands = 2,
       .record = RAPPEL_RECORDED_2(log_diff_exp(x, y)),
       .reference = RAPPEL_REFERENCE_2(return log_diff_exp_terms(x, y);),
       .scale = log_diff_exp_scale,
       .inside = falling,
       .cancellation = {{-1.0, 1.0}, {700.0, 701.0}}},
      {.name = "fma",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_3(fma(x, y, z)),
       .reference = RAPPEL_REFERENCE_3(return Terms<N>{N(x.v * y.v), N(z.x), z.h};),
       .scale = relative_to_own},
      {.name = "clamp",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_3(clamp(x, y, z)),
       .reference = RAPPEL_REFERENCE_3(return clamp_terms(x, y, z);),
       .scale = relative_to_own,
       .inside = [](std::span<const double> x) { return x[1] < x[2]; }},
      {.name = "hypot_of_3",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_3(hypot(x, y, z)),
       .reference = RAPPEL_REFERENCE_3(return length<N>({x, y, z});),
       .scale = relative_to_own,
       .bounds = {1.0, 2.0, 8.0}},
      {.name = "norm",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_SPAN(norm(x)),
       .reference = RAPPEL_REFERENCE_3(return length<N>({x, y, z});),
       .scale = relative_to_own,
       .bounds = {1.0, 2.0, 8.0}},
      {.name = "logsumexp",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_SPAN(logsumexp(x)),
       .reference = RAPPEL_REFERENCE_3(return logsumexp_terms<N>({x, y, z});),
       .scale = unit_of_any,
       .size = logsumexp_size,
       .cancellation = {{-2.0, 1.0}, {999.0, 1001.0}},
       .edges = {1000.0, -1000.0, 710.0},
       .bounds = {2.5, 3.0, 8.0},
       .reason = "a derivative has the rounding of its exponential and of their sum; the value in ulp of the "
                 "largest operand or of log 2 where the sum of that operand and the logarithm "
                 "cancels"},
      {.name = "softmax",
       .num_operands = 3,
       .record = RAPPEL_RECORDED_SPAN(softmax(x)[0]),
       .reference = RAPPEL_REFERENCE_3(return softmax_terms(x, y, z);),
       .scale = unit_of_any,
       .size = softmax_size,
       .cancellation = {{-2.0, 1.0}, {999.0, 1001.0}},
       .edges = {1000.0, -1000.0, 710.0},
       .bounds = {3.0, 6.0, 8.0},
       .reason = "a derivative is a product of two shares, each with the rounding of its exponential; second "
                 "derivatives in ulp of p (1 - p) where 1 - 2p cancels"},
  };
}

}  // namespace rappel::accuracy
