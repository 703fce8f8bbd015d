#include "peer.hpp"

#include "tmb.hpp"

#include <Eigen/Dense>
#include <Eigen/Sparse>

#include <TMBad/TMBad.hpp>
#include <TMBad/TMBad.cpp>

namespace rappel::bench {
namespace {

using Tape = TMBad::ADFun<>;

std::shared_ptr<Tape> record(const auto& cost, std::span<const double> x) {
  return std::make_shared<Tape>(
      [&](const std::vector<TMBad::ad_aug>& w) { return std::vector<TMBad::ad_aug>{cost(w)}; },
      std::vector<double>(x.begin(), x.end()));
}

double run(Tape& f, std::span<const double> x, std::span<double> gradient) {
  const std::vector<double> at(x.begin(), x.end());
  const double value = f(at)[0];
  const std::vector<double> g = f.Jacobian(at);
  std::copy(g.begin(), g.end(), gradient.begin());
  return value;
}

}  // namespace

Peer tmbad() {
  return make_peer(
      "TMBad",
      [](const auto& cost, std::span<const double> x, std::span<double> gradient) {
        return run(*record(cost, x), x, gradient);
      },
      [](const auto& cost) -> Derivative {
        return [cost, f = std::shared_ptr<Tape>()](std::span<const double> x, std::span<double> gradient) mutable {
          if (!f) f = record(cost, x), f->optimize();
          return run(*f, x, gradient);
        };
      });
}

}  // namespace rappel::bench
