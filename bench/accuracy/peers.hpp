#pragma once

// Other programs that differentiate; those that were installed when this was built.

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rappel::accuracy {

struct Peer {
  std::string name;
  // The derivative of the form (forms.hpp) at x; none if it has no such function. Null: the peer was not
  // found.
  std::function<std::optional<double>(const std::string& form, double x)> derivative;
};

// All that are known, whether found or not.
std::vector<Peer> peers();

Peer adolc();
Peer sacado();
Peer cppad();
Peer stan_math();
Peer ceres_jet();

}  // namespace rappel::accuracy
