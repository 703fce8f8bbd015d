#include "subject.hpp"

namespace rappel::accuracy {
namespace {

constexpr double inf = infinity;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::nullopt_t any = std::nullopt;

}  // namespace

// The tables of docs/accuracy.md; the second derivatives at kinks are stated where they are 0 or infinite.
const std::vector<Convention>& conventions() {
  static const std::vector<Convention> all = {
      {"abs", {0.0}, {0.0, 0.0, 0.0}},
      {"abs", {inf}, {inf, 1.0, 0.0}},
      {"abs", {nan}, {nan, nan, any}},
      {"sign", {-inf}, {-1.0, 0.0, 0.0}},
      {"sqrt", {0.0}, {0.0, inf, -inf}},
      {"sqrt", {inf}, {inf, 0.0, any}},
      {"sqrt", {-1.0}, {nan, nan, nan}},
      {"cbrt", {0.0}, {0.0, inf, any}},
      {"exp", {-inf}, {0.0, 0.0, 0.0}},
      {"exp", {inf}, {inf, inf, inf}},
      {"expm1", {-inf}, {-1.0, 0.0, 0.0}},
      {"log", {0.0}, {-inf, inf, -inf}},
      {"log", {-1.0}, {nan, any, any}},
      {"log2", {0.0}, {-inf, inf, -inf}},
      {"log10", {0.0}, {-inf, inf, -inf}},
      {"log1p", {-1.0}, {-inf, inf, -inf}},
      {"log1mexp", {0.0}, {-inf, any, any}},
      {"log1mexp", {-inf}, {0.0, 0.0, any}},
      {"sin", {inf}, {nan, nan, nan}},
      {"cos", {inf}, {nan, nan, nan}},
      {"tan", {inf}, {nan, nan, nan}},
      {"tanh", {inf}, {1.0, 0.0, any}},
      {"tanh", {-inf}, {-1.0, 0.0, any}},
      {"asin", {1.0}, {1.5707963267948966, inf, inf}},
      {"asin", {-1.0}, {-1.5707963267948966, inf, -inf}},
      {"acos", {1.0}, {0.0, -inf, -inf}},
      {"acos", {-1.0}, {3.141592653589793, -inf, inf}},
      {"acosh", {1.0}, {0.0, inf, -inf}},
      {"atanh", {1.0}, {inf, inf, any}},
      {"atanh", {-1.0}, {-inf, inf, any}},
      {"sinc", {0.0}, {1.0, 0.0, any}},
      {"relu", {0.0}, {0.0, 0.0, 0.0}},
      {"smooth_step", {0.0}, {0.0, 0.0, any}},
      {"smooth_step", {1.0}, {1.0, 0.0, any}},
      {"softplus", {inf}, {inf, 1.0, any}},
      {"softplus", {-inf}, {0.0, 0.0, any}},
      {"sigmoid", {inf}, {1.0, 0.0, any}},
      {"sigmoid", {-inf}, {0.0, 0.0, any}},
      {"leaky_relu", {0.0}, {0.0, 0.01, any}},
      {"elu", {0.0}, {0.0, 1.0, any}},
      {"logit", {0.0}, {-inf, inf, any}},
      {"logit", {1.0}, {inf, inf, any}},
      {"erf_inv", {1.0}, {inf, any, any}},
      {"erf_inv", {-1.0}, {-inf, any, any}},
      {"normal_quantile", {0.0}, {-inf, any, any}},
      {"normal_quantile", {1.0}, {inf, any, any}},
      {"lgamma", {0.0}, {inf, any, any}},
      {"lgamma", {-1.0}, {inf, any, any}},
      {"lgamma", {-2.0}, {inf, any, any}},
      {"bessel_y0", {0.0}, {-inf, any, any}},
      {"bessel_y1", {0.0}, {-inf, any, any}},
      {"min", {1.0, 1.0}, {1.0, 0.5, 0.5, any, any, any}},
      {"max", {1.0, 1.0}, {1.0, 0.5, 0.5, any, any, any}},
      {"min", {nan, 1.0}, {nan, any, any, any, any, any}},
      {"max", {1.0, nan}, {nan, any, any, any, any, any}},
      {"pow", {0.0, 0.0}, {1.0, 0.0, nan, any, any, any}},
      {"pow", {0.0, 1.0}, {0.0, 1.0, 0.0, any, any, any}},
      {"pow", {0.0, 2.0}, {0.0, 0.0, 0.0, any, any, any}},
      {"pow", {0.0, 0.5}, {0.0, inf, 0.0, any, any, any}},
      {"pow", {0.0, -1.0}, {inf, -inf, any, any, any, any}},
      {"pow", {-2.0, 3.0}, {-8.0, 12.0, nan, -12.0, any, any}},
      {"pow", {-2.0, 3.5}, {nan, nan, nan, any, any, any}},
      {"hypot", {0.0, 0.0}, {0.0, 0.0, 0.0, any, any, any}},
      {"atan2", {0.0, 0.0}, {0.0, nan, nan, any, any, any}},
      {"xlogy", {0.0, 0.0}, {0.0, any, any, any, any, any}},
      {"xlogy", {0.0, 2.0}, {0.0, any, 0.0, any, any, any}},
      {"fdim", {1.0, 1.0}, {0.0, 0.0, 0.0, any, any, any}},
      {"clamp", {0.0, 0.0, 1.0}, {0.0, 0.5, any, any, any, any, any, any, any, any}},
      {"clamp", {1.0, 0.0, 1.0}, {1.0, 0.5, any, any, any, any, any, any, any, any}},
      {"norm", {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0, any, any, any, any, any, any}},
      {"logsumexp", {-inf, -inf, -inf}, {-inf, 0.0, 0.0, 0.0, any, any, any, any, any, any}},
      {"logsumexp", {inf, inf, 0.0}, {inf, 0.5, 0.5, 0.0, any, any, any, any, any, any}},
      {"logsumexp", {1.0, nan, 0.0}, {nan, nan, nan, nan, any, any, any, any, any, any}},
  };
  return all;
}

}  // namespace rappel::accuracy
