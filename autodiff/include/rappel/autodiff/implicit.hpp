#pragma once

// Values that are defined by an equation or as a minimum, and their derivatives by the implicit function theorem.

#include <rappel/autodiff/define_op.hpp>
#include <rappel/autodiff/function.hpp>

#include <concepts>
#include <vector>

namespace rappel {

struct ImplicitOptions {
  int max_iterations = 100;  // >= 1, of Newton's method
};

namespace detail {

std::vector<Expr> root(const Function& equations, ConstSpan start, ExprSpan theta, const ImplicitOptions& options,
                       Location at);
std::vector<Expr> argmin(const Function& cost, ConstSpan start, ExprSpan theta, const ImplicitOptions& options,
                         Location at);

// A callable of (z, theta) as one of the parameters z, theta together.
template <class F>
auto joined(F& f, Index num_unknowns) {
  return [&f, num_unknowns](ExprSpan x) { return f(x.first(num_unknowns), x.last(x.size() - num_unknowns)); };
}

}  // namespace detail

// z with f(z, theta) = 0, by damped Newton steps from `start`: as many equations (std::vector<Expr>, std::array, or an
// Expr) as unknowns. f is recorded once and sees theta as symbols of its own: what else it uses of the cost around
// it must come by theta. Where Newton's method does not converge or the Jacobian is singular, z is NaN, and
// `diagnose` names it. Derivatives of every order are exact at z: dz = -(df/dz)^-1 df/dtheta dtheta (the implicit
// function theorem), whatever way the solver took. Throws std::invalid_argument for another number of equations, and where f branches.
template <class F>
requires std::invocable<F&, ExprSpan, ExprSpan> std::vector<Expr> root(F&& f, const Vector& start, ExprSpan theta,
                                                                       const ImplicitOptions& options = {},
                                                                       Location at = Location::here()) {
  return detail::root(record(start.size() + theta.size(), detail::joined(f, start.size())), span_of(start), theta,
                      options, at);
}
// Of one unknown.
template <class F>
requires std::invocable<F&, ExprSpan, ExprSpan> Expr root(F&& f, double start, ExprSpan theta,
                                                          const ImplicitOptions& options = {},
                                                          Location at = Location::here()) {
  return root(f, Vector::Constant(1, start), theta, options, at)[0];
}

// z that minimises f(z, theta), an Expr: Newton's method on its gradient, with steps that descend, so that it ends
// in a minimum near `start`. Else as root.
template <class F>
requires std::invocable<F&, ExprSpan, ExprSpan> std::vector<Expr> argmin(F&& f, const Vector& start, ExprSpan theta,
                                                                         const ImplicitOptions& options = {},
                                                                         Location at = Location::here()) {
  return detail::argmin(record(start.size() + theta.size(), detail::joined(f, start.size())), span_of(start), theta,
                        options, at);
}
template <class F>
requires std::invocable<F&, ExprSpan, ExprSpan> Expr argmin(F&& f, double start, ExprSpan theta,
                                                            const ImplicitOptions& options = {},
                                                            Location at = Location::here()) {
  return argmin(f, Vector::Constant(1, start), theta, options, at)[0];
}

}  // namespace rappel
