#include <stan/math/rev/scal.hpp>

#include "peer.hpp"

namespace rappel::bench {

Peer stan_math() {
  return make_peer("Stan Math", [](const auto& cost, std::span<const double> x, std::span<double> gradient) {
    std::vector<stan::math::var> w(x.begin(), x.end());
    stan::math::var y = cost(w);
    y.grad();
    for (std::size_t i = 0; i < w.size(); ++i) gradient[i] = w[i].adj();
    const double value = y.val();
    stan::math::recover_memory();
    return value;
  });
}

}  // namespace rappel::bench
