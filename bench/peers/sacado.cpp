#include "peer.hpp"

#include <Sacado_trad.hpp>

namespace rappel::bench {

Peer sacado() {
  using Number = Sacado::Rad::ADvar<double>;
  return make_peer("Sacado", [](const auto& cost, std::span<const double> x, std::span<double> gradient) {
    double value = 0.0;
    {
      std::vector<Number> w(x.begin(), x.end());
      const Number y = cost(w);
      Number::Gradcomp();
      for (std::size_t i = 0; i < w.size(); ++i) gradient[i] = w[i].adj();
      value = y.val();
    }
    return value;
  });
}

}  // namespace rappel::bench
