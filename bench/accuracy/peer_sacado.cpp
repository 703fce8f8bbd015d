#include "forms.hpp"
#include "peers.hpp"

#include <Sacado_No_Kokkos.hpp>

namespace rappel::accuracy {

Peer sacado() {
  using Number = Sacado::Fad::SFad<double, 1>;
  return {"Sacado", [](const std::string& name, double at) -> std::optional<double> {
            static const auto all = forms::all<Number>();
            const auto form = all.find(name);
            if (form == all.end() || form->second == nullptr) return std::nullopt;
            return form->second(Number(1, 0, at)).dx(0);
          }};
}

}  // namespace rappel::accuracy
