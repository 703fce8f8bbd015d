#include "exact.hpp"

#include <rappel/autodiff/graph.hpp>

#include "reduction.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace rappel::exact {
namespace {

using Number = Real::Number;
bool is_integer(const Real& y) { return !is_inf(y) && floor(y.v) == y.v; }
bool is_odd(const Real& y) { return is_integer(y) && !is_integer(y / Real(2.0)); }
bool is_negative(const Real& x) { return signbit(x.v); }

Real dot_of(const std::vector<Real>& x) {
  Real total = x[0] * x[1];
  for (std::size_t i = 2; i < x.size(); i += 2) total = total + x[i] * x[i + 1];
  return total;
}

std::vector<Real> shifted_exps_of(const std::vector<Real>& x) {
  Real largest = x[0];
  for (const Real& y : x) largest = max(largest, y);
  std::vector<Real> results = {largest, Real(-1.0)};
  for (const Real& y : x) {
    results.push_back(y == largest ? Real(1.0) : math_exp(y - largest));
    results[1] = results[1] + results.back();
  }
  return results;
}

std::vector<Real> softmax_of(const std::vector<Real>& x) {
  const std::size_t n = (x.size() - 2) / 2;
  std::vector<Real> results;
  for (std::size_t i = 0; i < n; ++i)
    results.push_back(x[n] == -real_inf ? Real(0.0) : x[n + 2 + i] / (Real(1.0) + x[n + 1]));
  return results;
}

std::vector<Real> softmax_product_of(const std::vector<Real>& x) {
  const std::size_t n = x.size() / 2;
  Real mean(0.0);
  for (std::size_t i = 0; i < n; ++i) mean = mean + x[i] * x[n + i];
  std::vector<Real> results;
  for (std::size_t i = 0; i < n; ++i) results.push_back(x[i] * (x[n + i] - mean));
  return results;
}

// See kernels_shares.hpp.
std::vector<Real> shares_of(const std::vector<Real>& x) {
  const std::size_t n = x.size() - 1;
  auto left = std::count(x.begin(), x.end() - 1, x.back());
  Real share(1.0);
  std::vector<Real> results(n, Real(0.0));
  for (std::size_t k = n; k-- > 0;) {
    if (!(x[k] == x[n])) continue;
    if (left-- > 1) share = share * Real(0.5);
    results[k] = share;
  }
  return results;
}

std::vector<Real> unit_product_of(const std::vector<Real>& x) {
  const std::size_t n = (x.size() - 2) / 2;
  const Real norm = x[n + 1] / x[n];
  if (norm == Real(0.0)) return std::vector<Real>(n, real_nan);
  Real along(0.0);
  for (std::size_t i = 0; i < n; ++i) along = along + x[i] / norm * x[n + 2 + i];
  std::vector<Real> results;
  for (std::size_t i = 0; i < n; ++i) results.push_back((x[n + 2 + i] - x[i] / norm * along) / norm);
  return results;
}

}  // namespace

Real math_sin(const Real& x) {
  if (is_nan(x) || is_inf(x)) return real_nan;
  return math_abs(x) < Real(1e-30) ? x - x * x * x / Real(6.0) : Real(detail::sin_cos(x.v).sin);
}

Real math_cos(const Real& x) { return is_nan(x) || is_inf(x) ? real_nan : Real(detail::sin_cos(x.v).cos); }

Real math_pow(const Real& x, const Real& y) {
  if (y == Real(0.0) || x == Real(1.0)) return 1.0;
  if (is_nan(x) || is_nan(y)) return real_nan;
  const bool negative = is_negative(x) && is_odd(y);
  if (x == Real(0.0) || is_inf(x)) {
    const Real size = (x == Real(0.0)) == (y > Real(0.0)) ? Real(0.0) : real_inf;
    return negative ? -size : size;
  }
  if (x < Real(0.0) && !is_integer(y)) return real_nan;
  const Real size = math_exp(y * math_log(math_abs(x)));
  return negative ? -size : size;
}

double ulp_error(double computed, const Real& exact) {
  const double wrong = std::numeric_limits<double>::infinity();
  if (is_nan(exact)) return std::isnan(computed) ? 0.0 : wrong;
  if (std::isnan(computed)) return wrong;
  if (exact == Real(0.0)) return computed == 0.0 ? 0.0 : wrong;
  const Number limit = ldexp(Number(1.0), 1024);
  const Number e = std::clamp<Number>(exact.v, -limit, limit);
  const Number c = std::isinf(computed) ? Number(std::signbit(computed) ? -limit : limit) : Number(computed);
  int exponent;
  frexp(e, &exponent);  // e = m 2^exponent, 1/2 <= |m| < 1
  const int spacing = std::clamp(exponent - 53, -1074, 971);
  return static_cast<double>(ldexp(Number(abs(c - e)), -spacing));
}

std::vector<Real> results_of(Op op, const std::vector<Real>& x) {
  switch (op) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return {formulas::name##_op::value(x[0])};
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return {formulas::name##_op::value(x[0], x[1])};
#define RAPPEL_BINARY(name, ...) \
  case Op::name:                 \
    return {formulas::name##_op::value(x[0], x[1])};
#define RAPPEL_TERNARY(name, ...) \
  case Op::name:                  \
    return {formulas::name##_op::value(x[0], x[1], x[2])};
#define RAPPEL_DERIVATIVES(name, ...) \
  case Op::name:                      \
    return {formulas::name##_op::value(x[0], static_cast<int>(x[1].v))};
#include <rappel/autodiff/ops.def>
    case Op::select:
      return {x[0] == Real(0.0) ? x[2] : x[1]};
    case Op::power:
      return {power_value(x[0], x[1], static_cast<int>(x[2].v), static_cast<int>(x[3].v))};
    case Op::sum: {
      Real total = x[0];
      for (std::size_t i = 1; i < x.size(); ++i) total = total + x[i];
      return {total};
    }
    case Op::dot:
      return {dot_of(x)};
    case Op::shifted_exps:
      return shifted_exps_of(x);
    case Op::logsumexp:
      return {x[x.size() - 2] + math_log1p(x.back())};
    case Op::scaled_norm: {
      Real sum(0.0);
      for (const Real& y : x) sum = sum + y * y;
      return {Real(1.0), math_sqrt(sum)};
    }
    case Op::norm:
      return {x.back() / x[x.size() - 2]};
    case Op::unit: {
      std::vector<Real> results;
      for (std::size_t i = 0; i + 2 < x.size(); ++i)
        results.push_back(x.back() == Real(0.0) ? Real(0.0) : x[i] * x[x.size() - 2] / x.back());
      return results;
    }
    case Op::softmax:
      return softmax_of(x);
    case Op::softmax_product:
      return softmax_product_of(x);
    case Op::unit_product:
      return unit_product_of(x);
    case Op::shares:
      return shares_of(x);
    default:
      throw std::logic_error(std::string("no definition of ") + name_of(op));
  }
}

}  // namespace rappel::exact
