#include "peer.hpp"

#include <adolc/adolc.h>

namespace rappel::bench {
namespace {

// On the tape of this number, in memory: the default buffers would spill into files.
template <class Cost>
double record(short tape, const Cost& cost, std::span<const double> x) {
  constexpr unsigned operations = 1u << 24, places = 1u << 26, values = 1u << 24, taylors = 1u << 24;
  double value = 0.0;
  trace_on(tape, 1, operations, places, values, taylors);
  std::vector<adouble> w(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) w[i] <<= x[i];
  adouble y = cost(w);
  y >>= value;
  trace_off();
  return value;
}

void sweep(short tape, std::span<double> gradient) {
  double one = 1.0;
  ::fos_reverse(tape, 1, static_cast<int>(gradient.size()), &one, gradient.data());
}

double once(const auto& cost, std::span<const double> x, std::span<double> gradient) {
  const double value = record(0, cost, x);
  sweep(0, gradient);
  return value;
}

short last_tape = 0;  // that is kept; 0 serves those that are used once

Derivative replayed(const auto& cost) {
  return [cost, tape = ++last_tape, recorded = false](std::span<const double> x, std::span<double> gradient) mutable {
    if (!recorded) record(tape, cost, x);
    recorded = true;
    double value = 0.0;
    ::zos_forward(tape, 1, static_cast<int>(x.size()), 1, x.data(), &value);
    sweep(tape, gradient);
    return value;
  };
}

}  // namespace

Peer adolc() {
  return make_peer("ADOL-C", [](const auto&... a) { return once(a...); }, [](const auto& cost) { return replayed(cost); });
}

}  // namespace rappel::bench
