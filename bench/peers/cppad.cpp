#include "peer.hpp"

#include "tmb.hpp"

#include <cppad/cppad.hpp>

namespace rappel::bench {
namespace {

using Number = CppAD::AD<double>;

template <class Cost>
std::shared_ptr<CppAD::ADFun<double>> record(const Cost& cost, std::span<const double> x) {
  std::vector<Number> w(x.begin(), x.end());
  CppAD::Independent(w);
  const std::vector<Number> y = {cost(w)};
  auto f = std::make_shared<CppAD::ADFun<double>>();
  f->Dependent(w, y);
  return f;
}

double run(CppAD::ADFun<double>& f, std::span<const double> x, std::span<double> gradient) {
  const double value = f.Forward(0, std::vector<double>(x.begin(), x.end()))[0];
  const std::vector<double> g = f.Reverse(1, std::vector<double>{1.0});
  std::copy(g.begin(), g.end(), gradient.begin());
  return value;
}

}  // namespace

Peer cppad() {
  return make_peer(
      "CppAD",
      [](const auto& cost, std::span<const double> x, std::span<double> gradient) {
        return run(*record(cost, x), x, gradient);
      },
      [](const auto& cost) -> Derivative {
        return [cost, f = std::shared_ptr<CppAD::ADFun<double>>()](std::span<const double> x,
                                                                   std::span<double> gradient) mutable {
          if (!f) f = record(cost, x), f->optimize();
          return run(*f, x, gradient);
        };
      });
}

}  // namespace rappel::bench
