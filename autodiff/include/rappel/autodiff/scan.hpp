#pragma once

// Loops that do not unroll: the body is recorded once, whatever the number of steps.

#include <rappel/autodiff/expr.hpp>

#include <concepts>
#include <functional>
#include <vector>

namespace rappel {

struct ScanOptions {
  // >= 0. Derivatives read the carry before each step, in reverse. So many of them are kept, and the steps between
  // computed again; 0: all of them where that is at most 8 MB, else about sqrt(steps). No result depends on it.
  Index checkpoints = 0;
};

// What the body of a scan gives.
struct ScanStep {
  std::vector<Expr> carry;    // for the next step
  std::vector<Expr> outputs;  // of this one
};

struct Scan {
  std::vector<Expr> carry;                 // after the last step
  std::vector<std::vector<Expr>> outputs;  // by step
};

namespace detail {

Scan record_scan(Index steps, ExprSpan carry, ExprSpan inputs,
                 const std::function<ScanStep(ExprSpan, ExprSpan)>& body, const ScanOptions& options,
                 Location at);

}  // namespace detail

// carry = body(carry, inputs of the step), for each step. The inputs are a step's after the other's: inputs.size()
// / steps for each. `body` is called once, on symbols, and gives the next carry (std::vector<Expr> or
// std::array), or a ScanStep; it may use Exprs of the cost around it. The carry may vary by row. Derivatives, of
// every order, are scans again. Throws std::invalid_argument for a negative number of steps, inputs that are no
// multiple of the steps, a next carry of another size, row functions in the body, and outside of a cost.
template <class F>
requires std::invocable<F&, ExprSpan, ExprSpan> Scan scan(Index steps, ExprSpan carry, ExprSpan inputs, F&& body,
                                                          const ScanOptions& options = {},
                                                          Location at = Location::here()) {
  return detail::record_scan(
      steps, carry, inputs,
      [&](ExprSpan c, ExprSpan x) -> ScanStep {
        if constexpr (std::is_same_v<std::invoke_result_t<F&, ExprSpan, ExprSpan>, ScanStep>) {
          return body(c, x);
        } else {
          const auto next = body(c, x);
          return {std::vector<Expr>(next.begin(), next.end()), {}};
        }
      },
      options, at);
}

// x = body(x), so many times.
template <class F>
requires std::invocable<F&, ExprSpan> std::vector<Expr> iterate(Index times, ExprSpan x, F&& body,
                                                                const ScanOptions& options = {},
                                                                Location at = Location::here()) {
  return scan(
             times, x, ExprSpan(), [&](ExprSpan c, ExprSpan) { return body(c); }, options, at)
      .carry;
}
template <class F>
requires(std::invocable<F&, const Expr&> && !std::invocable<F&, ExprSpan>) Expr
    iterate(Index times, const Expr& x, F&& body, const ScanOptions& options = {}, Location at = Location::here()) {
  return scan(
             times, {x}, ExprSpan(), [&](ExprSpan c, ExprSpan) { return std::vector<Expr>{body(c[0])}; }, options,
             at)
      .carry[0];
}

}  // namespace rappel
