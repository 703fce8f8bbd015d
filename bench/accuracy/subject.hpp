#pragma once

// What is measured: a public function of Expr, with its reference, its domain, where it is difficult, and its
// bounds.

#include "number.hpp"

#include <rappel/autodiff/expr.hpp>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace rappel::accuracy {

// The largest errors that are stated, in ulp.
struct Bounds {
  double value, partial, second;
};
inline constexpr Bounds goal{2.0, 2.0, 8.0};          // of the contract, DESIGN section 4
inline constexpr Bounds special_goal{4.0, 4.0, 8.0};  // of the gamma, Bessel and quantile families

inline constexpr double infinity = std::numeric_limits<double>::infinity();

struct Interval {
  double lowest = -infinity, highest = infinity;
  bool contains(double x) const { return lowest <= x && x <= highest; }
};

using Scale = std::function<int(std::span<const double> x, std::size_t i)>;

struct Subject {
  std::string name;
  Index num_operands = 1;
  Expr (*record)(ExprSpan) = nullptr;  // null: the library does not have it
  Reference reference;
  // The function is smooth on 2^scale(x, i) around x in operand i.
  Scale scale;
  Interval domain = {};                                 // of the first operand
  Interval further = {};                                // of the further ones
  bool (*inside)(std::span<const double> x) = nullptr;  // a domain that is no product of intervals
  // Where the error of an output is in ulp of this size, if it is larger than the output: sums that cancel.
  double (*size)(std::span<const double> x, std::size_t output) = nullptr;
  std::vector<double> zeros = {};  // of value or derivatives; poles and kinks; where formulas change
  std::vector<double> poles = {};
  std::vector<Interval> cancellation = {};
  std::vector<double> edges = {};
  Bounds goal = accuracy::goal;
  Bounds bounds = goal;     // of ops.def where it has an entry, else the goal
  bool costly = false;      // a reference takes 0.3 ms or more
  const char* reason = "";  // why it exceeds the goal, if it does
};

// What holds at a kink, a pole, an end of the domain, at infinity: operands; value, gradient, second
// derivatives as in Jet. No entry: nothing is stated.
struct Convention {
  std::string name;
  std::vector<double> x;
  std::vector<std::optional<double>> jet;
};
const std::vector<Convention>& conventions();

// All, by family; those that the library does not have are there with a null `record`.
const std::vector<Subject>& subjects();

std::vector<Subject> arithmetic_subjects();
std::vector<Subject> exponential_subjects();
std::vector<Subject> trigonometric_subjects();
std::vector<Subject> statistical_subjects();
std::vector<Subject> special_subjects();
std::vector<Subject> subjects_of_two();
std::vector<Subject> subjects_of_many();

// The recorded function, or null where the call does not compile: the library has no such function (yet).
template <int operands, class F>
auto recorded(F) -> Expr (*)(ExprSpan) {
  if constexpr (operands == 0 && std::is_invocable_v<F, const ExprSpan&>)
    return [](ExprSpan x) -> Expr { return F{}(x); };
  else if constexpr (operands == 1 && std::is_invocable_v<F, const Expr&>)
    return [](ExprSpan x) -> Expr { return F{}(x[0]); };
  else if constexpr (operands == 2 && std::is_invocable_v<F, const Expr&, const Expr&>)
    return [](ExprSpan x) -> Expr { return F{}(x[0], x[1]); };
  else if constexpr (operands == 3 && std::is_invocable_v<F, const Expr&, const Expr&, const Expr&>)
    return [](ExprSpan x) -> Expr { return F{}(x[0], x[1], x[2]); };
  else
    return nullptr;
}
#define RAPPEL_RECORDED_1(...) \
  recorded<1>(                 \
      [](const auto& x) requires requires { Expr(__VA_ARGS__); } { return Expr(__VA_ARGS__); })
#define RAPPEL_RECORDED_2(...)                                                    \
  recorded<2>(                                                                    \
      [](const auto& x, const auto& y) requires requires { Expr(__VA_ARGS__); } { \
        return Expr(__VA_ARGS__);                                                 \
      })
#define RAPPEL_RECORDED_3(...)                                                                   \
  recorded<3>(                                                                                   \
      [](const auto& x, const auto& y, const auto& z) requires requires { Expr(__VA_ARGS__); } { \
        return Expr(__VA_ARGS__);                                                                \
      })
#define RAPPEL_RECORDED_SPAN(...) \
  recorded<0>(                    \
      [](const auto& x) requires requires { Expr(__VA_ARGS__); } { return Expr(__VA_ARGS__); })

inline Scale scale_of(int (*f)(double)) {
  return [f](std::span<const double> x, std::size_t) { return f(x[0]); };
}

}  // namespace rappel::accuracy
