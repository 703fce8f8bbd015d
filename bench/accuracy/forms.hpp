#pragma once

// Functions of one operand as people write them, for any number type that has the elementary functions: what
// peers, the complex step and differences are given. Where a type lacks one, the form is null.

#include <cmath>
#include <complex>
#include <map>
#include <string>

namespace rappel::accuracy::forms {

using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atanh;
using std::cbrt;
using std::cos;
using std::cosh;
using std::erf;
using std::erfc;
using std::exp;
using std::expm1;
using std::log;
using std::log10;
using std::log1p;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;

template <class T>
using Form = T (*)(const T&);

template <class T, class F>
Form<T> form_of(F) {
  if constexpr (std::is_invocable_v<F, const T&>)
    return [](const T& x) -> T { return F{}(x); };
  else
    return nullptr;
}

// By the name of the subject.
template <class T>
std::map<std::string, Form<T>> all() {
#define RAPPEL_FORM(name, ...)                                                                    \
  {                                                                                               \
    name, form_of<T>(                                                                             \
              [](const auto& x) requires requires { T(__VA_ARGS__); } { return T(__VA_ARGS__); }) \
  }
  return {
      RAPPEL_FORM("square", x * x),
      RAPPEL_FORM("cube", x * x * x),
      RAPPEL_FORM("sqrt", sqrt(x)),
      RAPPEL_FORM("cbrt", cbrt(x)),
      RAPPEL_FORM("exp", exp(x)),
      RAPPEL_FORM("expm1", expm1(x)),
      RAPPEL_FORM("log", log(x)),
      RAPPEL_FORM("log10", log10(x)),
      RAPPEL_FORM("log1p", log1p(x)),
      RAPPEL_FORM("log1mexp", log(1.0 - exp(x))),
      RAPPEL_FORM("sin", sin(x)),
      RAPPEL_FORM("cos", cos(x)),
      RAPPEL_FORM("tan", tan(x)),
      RAPPEL_FORM("sinc", sin(x) / x),
      RAPPEL_FORM("asin", asin(x)),
      RAPPEL_FORM("acos", acos(x)),
      RAPPEL_FORM("atan", atan(x)),
      RAPPEL_FORM("sinh", sinh(x)),
      RAPPEL_FORM("cosh", cosh(x)),
      RAPPEL_FORM("tanh", tanh(x)),
      RAPPEL_FORM("asinh", asinh(x)),
      RAPPEL_FORM("acosh", acosh(x)),
      RAPPEL_FORM("atanh", atanh(x)),
      RAPPEL_FORM("log_cosh", log(cosh(x))),
      RAPPEL_FORM("sigmoid", 1.0 / (1.0 + exp(-x))),
      RAPPEL_FORM("silu", x / (1.0 + exp(-x))),
      RAPPEL_FORM("softplus", log(1.0 + exp(x))),
      RAPPEL_FORM("log_sigmoid", -log(1.0 + exp(-x))),
      RAPPEL_FORM("logit", log(x / (1.0 - x))),
      RAPPEL_FORM("gaussian", exp(-x * x)),
      RAPPEL_FORM("erf", erf(x)),
      RAPPEL_FORM("erfc", erfc(x)),
      RAPPEL_FORM("normal_cdf", 0.5 * erfc(x * -0.7071067811865476)),
      RAPPEL_FORM("gelu", 0.5 * x * erfc(x * -0.7071067811865476)),
      RAPPEL_FORM("smooth_step", x * x * (3.0 - 2.0 * x)),
  };
#undef RAPPEL_FORM
}

}  // namespace rappel::accuracy::forms
