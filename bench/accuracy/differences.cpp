#include "differences.hpp"

#include <limits>

namespace rappel::accuracy {
namespace {

// Steps of scale * 2^-shift: an error of 2^-4shift by the step, of 2^(2 shift - digits) by the subtraction.
template <class N>
constexpr int shift = std::numeric_limits<N>::digits / 6;

// A difference below this part of the terms it is made of is rounding: the derivative is 0.
template <class N>
const N& noise() {
  static const N bound = ldexp(N(1), 15 - std::numeric_limits<N>::digits);
  return bound;
}

template <class N>
class Stencil {
 public:
  Stencil(ReferenceIn<N> f, std::span<const double> x, std::span<const int> scale) : f_(f), turns_(x.size()) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      at_.push_back({x[i], N(0), N(x[i]), &turns_[i]});
      step_.push_back(ldexp(N(1), scale[i] - shift<N>));
    }
  }

  Terms<N> at(std::size_t i = 0, int k = 0, std::size_t j = 0, int l = 0) {
    move(i, k);
    if (j != i) move(j, l);
    const Terms<N> terms = f_(at_);
    move(i, 0);
    move(j, 0);
    return terms;
  }

  const N& step(std::size_t i) const { return step_[i]; }

 private:
  void move(std::size_t i, int k) {
    at_[i].h = k * step_[i];
    at_[i].v = N(at_[i].x) + at_[i].h;
  }

  ReferenceIn<N> f_;
  std::vector<std::optional<Reduced<N>>> turns_;
  std::vector<Operand<N>> at_;
  std::vector<N> step_;
};

template <class N>
N unless_noise(const N& difference, std::initializer_list<const N*> terms) {
  N largest = 0;
  for (const N* t : terms) largest = std::max<N>(largest, abs(*t));
  return abs(difference) <= largest * noise<N>() ? N(0) : difference;
}

// The sum over terms; terms that cancel to what the step's error leaves cancel to 0.
template <class N>
class Total {
 public:
  void add(const N& difference) {
    sum_ += difference;
    largest_ = std::max<N>(largest_, abs(difference));
  }
  N value() const {
    static const N step_error = ldexp(N(1), 10 - 4 * shift<N>);
    return abs(sum_) <= largest_ * step_error ? N(0) : sum_;
  }

 private:
  N sum_ = 0, largest_ = 0;
};

// By x_i: the first and the second derivative, in units of the step.
template <class N>
std::pair<N, N> along_axis(Stencil<N>& stencil, const Terms<N>& here, std::size_t i) {
  const Terms<N> up = stencil.at(i, 1), down = stencil.at(i, -1), up2 = stencil.at(i, 2),
                 down2 = stencil.at(i, -2);
  Total<N> first, second;
  for (std::size_t t = 0; t < static_cast<std::size_t>(here.size); ++t) {
    const N &c = here.term[t], &p = up.term[t], &m = down.term[t], &p2 = up2.term[t], &m2 = down2.term[t];
    first.add(unless_noise<N>((8 * (p - m) - (p2 - m2)) / 12, {&p, &m, &p2, &m2}));
    second.add(unless_noise<N>((16 * (p + m - 2 * c) - (p2 + m2 - 2 * c)) / 12, {&p, &m, &p2, &m2, &c}));
  }
  return {first.value(), second.value()};
}

template <class N>
N across(Stencil<N>& stencil, std::size_t i, std::size_t j) {
  const Terms<N> pp = stencil.at(i, 1, j, 1), pm = stencil.at(i, 1, j, -1), mp = stencil.at(i, -1, j, 1),
                 mm = stencil.at(i, -1, j, -1), pp2 = stencil.at(i, 2, j, 2), pm2 = stencil.at(i, 2, j, -2),
                 mp2 = stencil.at(i, -2, j, 2), mm2 = stencil.at(i, -2, j, -2);
  Total<N> mixed;
  for (std::size_t t = 0; t < static_cast<std::size_t>(pp.size); ++t) {
    const N near = pp.term[t] - pm.term[t] - mp.term[t] + mm.term[t];
    const N far = pp2.term[t] - pm2.term[t] - mp2.term[t] + mm2.term[t];
    mixed.add(
        unless_noise<N>((16 * near - far) / 48, {&pp2.term[t], &pm2.term[t], &mp2.term[t], &mm2.term[t]}));
  }
  return mixed.value();
}

}  // namespace

template <class N>
Jet<N> derivatives(ReferenceIn<N> f, std::span<const double> x, std::span<const int> scale) {
  const std::size_t n = x.size();
  Jet<N> jet(num_outputs(n), N(0));
  Stencil<N> stencil(f, x, scale);
  const Terms<N> here = stencil.at();
  jet[0] = here.sum();
  std::size_t second = n;
  for (std::size_t i = 0; i < n; ++i) {
    const auto [first, own_second] = along_axis(stencil, here, i);
    jet[1 + i] = first / stencil.step(i);
    jet[++second] = own_second / (stencil.step(i) * stencil.step(i));
    for (std::size_t j = i + 1; j < n; ++j)
      jet[++second] = across(stencil, i, j) / (stencil.step(i) * stencil.step(j));
  }
  return jet;
}
template Jet<Filter> derivatives<Filter>(ReferenceIn<Filter>, std::span<const double>, std::span<const int>);
template Jet<Exact> derivatives<Exact>(ReferenceIn<Exact>, std::span<const double>, std::span<const int>);

template <class N>
double ulp_error(double computed, const N& exact) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (isnan(exact)) return std::isnan(computed) ? 0.0 : wrong;
  if (std::isnan(computed)) return wrong;
  if (exact == 0) return computed == 0.0 ? 0.0 : wrong;
  static const N limit = ldexp(N(1), 1024);
  const N e = std::clamp<N>(exact, -limit, limit);
  const N c = std::isinf(computed) ? (computed < 0.0 ? N(-limit) : limit) : N(computed);
  int exponent;
  frexp(e, &exponent);  // e = m 2^exponent, 1/2 <= |m| < 1
  const double error = static_cast<double>(ldexp(N(abs(N(c - e))), -std::clamp(exponent - 53, -1074, 971)));
  return error < 1e-6 ? 0.0
                      : error;  // no double is so near to what is no double, and references are off by less
}
template double ulp_error<Filter>(double, const Filter&);
template double ulp_error<Exact>(double, const Exact&);

}  // namespace rappel::accuracy
