#include "forms.hpp"
#include "peers.hpp"

#include "../peers/tmb.hpp"

#include <cppad/cppad.hpp>

namespace rappel::accuracy {

Peer cppad() {
  using Number = CppAD::AD<double>;
  return {"CppAD", [](const std::string& name, double at) -> std::optional<double> {
            static const auto all = forms::all<Number>();
            const auto form = all.find(name);
            if (form == all.end() || form->second == nullptr) return std::nullopt;
            std::vector<Number> x = {Number(at)};
            CppAD::Independent(x);
            const std::vector<Number> y = {form->second(x[0])};
            CppAD::ADFun<double> f(x, y);
            return f.Reverse(1, std::vector<double>{1.0})[0];
          }};
}

}  // namespace rappel::accuracy
