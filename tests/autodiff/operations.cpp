// A few hundred points for each (tests/accuracy measures many more, by functions): each operation of ops.def,
// on each instruction set of this machine, holds the bounds that its entry states: value and partials against
// 50 digits. The cases are expanded from the table: a new entry is tested by itself.

#include "by_row.hpp"
#include "inputs.hpp"
#include "real.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <iomanip>
#include <sstream>

namespace rappel::test {
namespace {

// Marks a result that no bound is stated for.
const Real unstated(Real::Number("-1e4000"));

struct Worst {
  double ulp = 0.0;
  std::string where;
};

// Not so small or so large, but not 0 or infinite, that a double of it loses digits.
bool keeps_its_digits(const Real& x) {
  const Real size = math_abs(x);
  return !(Real(0.0) < size && size < Real(0x1p-1022)) &&
         !(Real(std::numeric_limits<double>::max()) < size && size < real_inf);
}

// values against exact ones, row by row.
Worst worst_error(const std::vector<double>& values, const std::vector<Real>& exact, const Table& inputs) {
  Worst worst;
  for (std::size_t r = 0; r < values.size(); ++r) {
    if (exact[r] == unstated) continue;
    const double ulp = ulp_error(values[r], exact[r]);
    if (!(ulp > worst.ulp)) continue;
    std::ostringstream where;
    where << std::setprecision(17);
    for (const auto& column : inputs) where << column[r] << " ";
    where << "-> " << values[r] << ", exact " << exact[r].v;
    worst = {ulp, where.str()};
  }
  return worst;
}

void check_bound(const std::string& what, const std::function<Expr(ExprSpan)>& formula, const Table& inputs,
                 const std::vector<Real>& exact, double bound) {
  const ByRow by_row(static_cast<Index>(inputs.size()), formula);
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const Worst worst = worst_error(by_row.values(*kernels, inputs), exact, inputs);
    BOOST_TEST_MESSAGE(what << " " << detail::name_of(kernels->instruction_set) << " " << worst.ulp << " of "
                            << bound << " ulp at " << worst.where);
    BOOST_TEST(worst.ulp <= bound, what << " on " << detail::name_of(kernels->instruction_set)
                                        << " is off by " << worst.ulp << " ulp, stated are " << bound << ": "
                                        << worst.where);
  }
}

// F: the formulas of the entry; op: the operation on Real and on Expr.
template <class F, class Op>
void check_unary(const std::string& name, const Op& op, double lowest, double highest, double value_ulp,
                 double partial_ulp, double) {
  Table inputs = {unary_inputs(200)};
  std::erase_if(inputs[0], [&](double x) { return x < lowest || x > highest; });  // NaN stays
  std::vector<Real> values, partials;
  for (const double x : inputs[0]) {
    values.push_back(op(Real(x)));
    partials.push_back(F::partial(Real(x), values.back()));
  }
  check_bound(
      name, [&](ExprSpan x) { return op(x[0]); }, inputs, values, value_ulp);
  check_bound(
      name + "'", [&](ExprSpan x) { return F::partial(x[0], op(x[0])); }, inputs, partials, partial_ulp);
}

Pairs inside_domain(const std::string& name, const Pairs& all) {
  const bool positive = name == "log_beta" || name == "digamma_difference" || name == "trigamma_difference";
  Pairs kept;
  for (std::size_t r = 0; r < all.x.size(); ++r) {
    if (positive && !(all.x[r] > 0.0 && all.y[r] > 0.0 && std::isfinite(all.x[r] + all.y[r]))) continue;
    kept.x.push_back(all.x[r]);
    kept.y.push_back(all.y[r]);
  }
  return kept;
}

template <class F, class Op>
void check_binary(const std::string& name, const Op& op, double value_ulp, double partial_ulp) {
  const Pairs pairs = inside_domain(name, binary_inputs(300));
  const Table inputs = {pairs.x, pairs.y};
  std::vector<Real> values, partials_x, partials_y;
  for (std::size_t r = 0; r < pairs.x.size(); ++r) {
    const Real x(pairs.x[r]), y(pairs.y[r]), z = op(x, y);
    values.push_back(z);
    // The exception that ops.def states: a partial made of a z that lost digits below the normal range.
    const bool stated = keeps_its_digits(z);
    partials_x.push_back(stated ? F::partial_x(x, y, z) : unstated);
    partials_y.push_back(stated ? F::partial_y(x, y, z) : unstated);
  }
  check_bound(
      name, [&](ExprSpan x) { return op(x[0], x[1]); }, inputs, values, value_ulp);
  check_bound(
      name + "'x", [&](ExprSpan x) { return F::partial_x(x[0], x[1], op(x[0], x[1])); }, inputs, partials_x,
      partial_ulp);
  check_bound(
      name + "'y", [&](ExprSpan x) { return F::partial_y(x[0], x[1], op(x[0], x[1])); }, inputs, partials_y,
      partial_ulp);
}

Expr power_of(const Expr& x, double c, double k) {
  detail::Recording& recording = *detail::Recording::innermost();
  detail::Builder& builder = recording.builder();
  return recording.expr(builder.node(
      Op::power, {recording.node(x), builder.constant(c), builder.constant(k), builder.constant(0.0)}));
}

constexpr double inf = std::numeric_limits<double>::infinity();

BOOST_AUTO_TEST_SUITE(operations)

#define RAPPEL_UNARY_BOUNDS(name, ...)                              \
  BOOST_AUTO_TEST_CASE(name##_holds_its_bounds) {                   \
    check_unary<formulas::name##_op>(                               \
        #name, [](const auto& x) { return name(x); }, __VA_ARGS__); \
  }
#define RAPPEL_UNARY(name, symbol, formula, derivative, ...) RAPPEL_UNARY_BOUNDS(name, __VA_ARGS__)
#define RAPPEL_UNARY_AUX(name, symbol, aux, formula, derivative, ...) RAPPEL_UNARY_BOUNDS(name, __VA_ARGS__)
#define RAPPEL_BINARY(name, symbol, formula, dx, dy, ax, ay, value_ulp, partial_ulp, second_ulp) \
  BOOST_AUTO_TEST_CASE(name##_holds_its_bounds) {                                                \
    check_binary<formulas::name##_op>(                                                           \
        #name, [](const auto& x, const auto& y) { return name(x, y); }, value_ulp, partial_ulp); \
  }
#include <rappel/autodiff/ops.def>
#undef RAPPEL_UNARY_BOUNDS

// pow is within 1 ulp; its derivatives c x^(c-1) and so on are rounded once more, those from the second on
// also in their factor c (c-1) .. . No bound is stated where x^(c-k) is beyond the range.
BOOST_AUTO_TEST_CASE(powers_hold_their_bounds) {
  Table inputs = {unary_inputs(1000)};
  std::erase(inputs[0],
             -std::numeric_limits<double>::infinity());  // pow(-inf, 0.5) is inf: C's rule, no limit
  for (const double c :
       {-3.0, -2.0, -1.0, -0.5, 0.0, 0.1, 1.0 / 3.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.3, 100.7})
    for (const int k : {0, 1, 2, 3}) {
      std::vector<Real> exact;
      for (const double x : inputs[0]) {
        const bool stated = keeps_its_digits(math_pow(Real(x), Real(c) - Real(k)));
        exact.push_back(stated ? power_value(Real(x), c, k, 0) : unstated);
      }
      check_bound(
          "power " + std::to_string(c) + " " + std::to_string(k),
          [&](ExprSpan x) { return power_of(x[0], c, k); }, inputs, exact,
          k == 0   ? 1.0
          : k == 1 ? 2.0
                   : 2.5);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
