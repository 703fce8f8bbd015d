#pragma once

// What another library for derivatives computes of the costs in bench/traces/costs.hpp: each in a file of its own, which
// CMake compiles if the library is found.

#include "../traces/costs.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace rappel::bench {

// The value; the gradient is written.
using Derivative = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct Peer {
  std::string name;
  std::map<std::string, Derivative> once;      // by cost: recorded, swept, dropped
  std::map<std::string, Derivative> replayed;  // recorded before; those libraries that can
};

// f(name, cost) for each cost that peers compute.
template <class F>
void for_each_peer_cost(F&& f) {
  f("trace/1e6", LongTrace::of_nodes(1'000'000));
  f("determinant/8", Determinant{8});
  f("rosenbrock/2", Rosenbrock{2});
  f("rosenbrock/1000", Rosenbrock{1000});
  f("lstm/1000", Lstm::of_steps(1000));
  f("logistic/100000x10", LogisticLoop::of(100'000, 10));
}

// once(cost, x, gradient) is the value; replayed(cost), a Derivative, empty if the library has no such thing.
template <class Once, class Replayed>
Peer make_peer(const std::string& name, Once once, Replayed replayed) {
  Peer peer{name, {}, {}};
  for_each_peer_cost([&](const std::string& cost_name, const auto& cost) {
    peer.once[cost_name] = [=](std::span<const double> x, std::span<double> gradient) { return once(cost, x, gradient); };
    if (Derivative d = replayed(cost)) peer.replayed[cost_name] = d;
  });
  return peer;
}
template <class Once>
Peer make_peer(const std::string& name, Once once) {
  return make_peer(name, once, [](const auto&) { return Derivative(); });
}

const std::vector<Peer>& peers();  // those that were found

}  // namespace rappel::bench
