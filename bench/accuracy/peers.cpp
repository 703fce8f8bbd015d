#include "peers.hpp"

namespace rappel::accuracy {

// Each is defined in a file of its own, which is compiled if its headers are there.
std::vector<Peer> peers() {
  return {
#ifdef RAPPEL_HAS_ADOLC
      adolc(),
#else
      {"ADOL-C", nullptr},
#endif
#ifdef RAPPEL_HAS_SACADO
      sacado(),
#else
      {"Sacado", nullptr},
#endif
#ifdef RAPPEL_HAS_CPPAD
      cppad(),
#else
      {"CppAD", nullptr},
#endif
#ifdef RAPPEL_HAS_STAN
      stan_math(),
#else
      {"Stan Math", nullptr},
#endif
#ifdef RAPPEL_HAS_CERES
      ceres_jet(),
#else
      {"Ceres Jet", nullptr},
#endif
      {"TMBad", nullptr},  // no Debian package
  };
}

}  // namespace rappel::accuracy
