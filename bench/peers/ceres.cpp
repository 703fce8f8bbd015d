#include "peer.hpp"

#include <ceres/jet.h>

#include <algorithm>

namespace rappel::bench {
namespace {

// Forward mode, a few directions at a time: the whole cost is computed for each group of them.
template <int lanes>
double by_groups(const auto& cost, std::span<const double> x, std::span<double> gradient) {
  using Number = ceres::Jet<double, lanes>;
  double value = 0.0;
  for (std::size_t first = 0; first < x.size(); first += lanes) {
    std::vector<Number> w;
    for (std::size_t i = 0; i < x.size(); ++i) w.push_back(Number(x[i]));
    const std::size_t last = std::min<std::size_t>(x.size(), first + lanes);
    for (std::size_t i = first; i < last; ++i) w[i].v[static_cast<int>(i - first)] = 1.0;
    const Number y = cost(w);
    value = y.a;
    for (std::size_t i = first; i < last; ++i) gradient[i] = y.v[static_cast<int>(i - first)];
  }
  return value;
}

}  // namespace

Peer ceres_jet() {
  return make_peer("Ceres Jet", [](const auto& cost, std::span<const double> x, std::span<double> gradient) {
    if (x.size() == 2) return by_groups<2>(cost, x, gradient);
    return x.size() == 11 ? by_groups<11>(cost, x, gradient) : by_groups<16>(cost, x, gradient);
  });
}

}  // namespace rappel::bench
