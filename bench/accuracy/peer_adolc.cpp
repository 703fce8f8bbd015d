#include "forms.hpp"
#include "peers.hpp"

#include <adolc/adtl.h>

namespace rappel::accuracy {

Peer adolc() {
  return {"ADOL-C", [](const std::string& name, double at) -> std::optional<double> {
            static const auto all = forms::all<adtl::adouble>();
            const auto form = all.find(name);
            if (form == all.end() || form->second == nullptr) return std::nullopt;
            adtl::adouble x = at;
            const double one = 1.0;
            x.setADValue(&one);
            return *form->second(x).getADValue();
          }};
}

}  // namespace rappel::accuracy
