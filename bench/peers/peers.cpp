#include "peer.hpp"

namespace rappel::bench {

// Each is defined in a file of its own, which is compiled if its headers are there.
Peer adolc(), cppad(), tmbad(), stan_math(), sacado(), ceres_jet();

const std::vector<Peer>& peers() {
  static const std::vector<Peer> found = {
#ifdef RAPPEL_HAS_ADOLC
      adolc(),
#endif
#ifdef RAPPEL_HAS_CPPAD
      cppad(),
#endif
#ifdef RAPPEL_HAS_TMBAD
      tmbad(),
#endif
#ifdef RAPPEL_HAS_STAN
      stan_math(),
#endif
#ifdef RAPPEL_HAS_SACADO
      sacado(),
#endif
#ifdef RAPPEL_HAS_CERES
      ceres_jet(),
#endif
  };
  return found;
}

}  // namespace rappel::bench
