// f.accuracy(x): the error in ulps against 50 digits, the condition, where digits are lost, and the verdict.

#include "accuracies.hpp"
#include "row_costs.hpp"
#include "sweep.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace rappel::test {
namespace {

// Doubles `steps` further from 0.
double nudged(double x, int steps) {
  for (int i = 0; i < steps; ++i) x = std::nextafter(x, std::copysign(INFINITY, x));
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(accuracy)

BOOST_AUTO_TEST_CASE(cancellation_is_named_by_its_condition_and_its_node) {
  const double x = 1e-5;
  const Accuracy a = accuracy_of(
      1, [](ExprSpan w) { return 1.0 - cos(w[0]); }, Vector{{x}});
  BOOST_REQUIRE_EQUAL(a.outputs.size(), 2u);
  const OutputAccuracy& value = a.outputs[0];
  const Digits50 exact = 1 - cos(Digits50(x));
  BOOST_TEST(value.exact == static_cast<double>(exact));
  BOOST_TEST(value.exact_digits == exact.str(25));
  BOOST_TEST(value.ulp > 1e6);
  // cos counts |cos x| / (1 - cos x), the difference 1.
  BOOST_TEST(close(value.condition, static_cast<double>(cos(Digits50(x)) / exact) + 1.0));
  BOOST_TEST(value.loses_most.operation == "cos");
  BOOST_TEST(value.loses_most.node == 1u);
  BOOST_TEST(value.loses_most.share > 0.99);
  BOOST_TEST((value.verdict == AccuracyVerdict::ok));
  BOOST_TEST(a.outputs[1].name == "gradient[0]");
  BOOST_TEST(a.outputs[1].ulp <= 1.0);  // sin(x)
  BOOST_TEST(contains(printed(a), "by the rounding of cos (n1)"));
}

BOOST_AUTO_TEST_CASE(the_naive_softplus_loses_all_digits_at_minus_40_and_none_at_40) {
  const auto cost = [](ExprSpan w) { return log(1.0 + exp(w[0])); };
  const Accuracy bad = accuracy_of(1, cost, Vector{{-40.0}});
  BOOST_TEST(bad.outputs[0].computed == 0.0);
  BOOST_TEST(bad.outputs[0].ulp > 1e15);
  BOOST_TEST(close(bad.outputs[0].condition, std::exp(40.0) + 2.0));  // the sum, log and exp
  BOOST_TEST(bad.outputs[0].loses_most.operation == "+");
  BOOST_TEST(bad.ok());
  BOOST_TEST(contains(printed(bad), "as written loses"));
  const Accuracy good = accuracy_of(1, cost, Vector{{40.0}});
  BOOST_TEST(good.outputs[0].ulp <= 1.0);
  BOOST_TEST(contains(printed(good), "within 4 ulp of 50 digits"));
}

BOOST_AUTO_TEST_CASE(the_tiny_gradient_at_a_minimum_is_not_called_wrong) {
  const Vector y{{0.1, 0.2, 0.3, 0.7, 1.1}};
  const Function f = record(1, [&](ExprSpan w) {
    return mean_over_rows(Columns(y), [&](Row row) { return square(w[0] - row[0]); });
  });
  const Accuracy a = f.accuracy(Vector{{y.mean()}});
  const OutputAccuracy& g = a.outputs[1];
  BOOST_TEST(std::abs(g.exact) < 1e-15);
  BOOST_TEST(g.ulp > 1e3);
  BOOST_TEST(g.condition > g.ulp);
  BOOST_TEST(a.ok());
}

BOOST_AUTO_TEST_CASE(what_is_further_off_than_4_ulp_times_the_condition_is_caught) {
  const Function f = record(2, [](ExprSpan x) { return exp(x[0]) * x[1] - sin(x[1]); });
  const Vector x{{0.5, 2.0}};
  const Accuracy right = f.accuracy(x);
  BOOST_TEST(right.ok());
  detail::Builder builder(f.graph());
  const NodeId output = static_cast<NodeId>(f.graph().size()) - 1, one = builder.constant(1.0);
  const std::vector<NodeId> parameters = {0, 1};
  Traced traced{{}, {output}, {}};
  for (const NodeId g : detail::reverse_sweep(builder, {&output, 1}, {&one, 1}, parameters))
    traced.outputs.push_back(g);
  traced.graph = builder.take();
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> computed;
    for (const OutputAccuracy& o : right.outputs) computed.push_back(o.computed);
    BOOST_TEST(detail::accuracy_of(traced, detail::OutputNames::value_and_gradient, {span_of(x), {}, {}}, computed).ok());
    const double allowed = 4.0 * std::max(1.0, right.outputs[i].condition);
    computed[i] = nudged(right.outputs[i].exact, static_cast<int>(allowed) - 1);
    BOOST_TEST(detail::accuracy_of(traced, detail::OutputNames::value_and_gradient, {span_of(x), {}, {}}, computed).ok());
    computed[i] = nudged(right.outputs[i].exact, static_cast<int>(allowed) + 2);
    const Accuracy wrong = detail::accuracy_of(traced, detail::OutputNames::value_and_gradient, {span_of(x), {}, {}}, computed);
    BOOST_TEST(!wrong.ok());
    BOOST_TEST((wrong.outputs[i].verdict == AccuracyVerdict::off));
    BOOST_TEST(wrong.worst() == static_cast<Index>(i));
    BOOST_TEST(contains(printed(wrong), "off: further"));
  }
}

// The part that the rounding of c * x has in the condition of f(c * x) is |f' c x / f|: so the conditions of
// all operations are known from their gradients.
BOOST_AUTO_TEST_CASE(conditions_are_those_that_gradients_predict_for_every_operation_of_the_table) {
  const auto check = [](const char* name, Index n, const std::function<Expr(ExprSpan)>& op,
                        const Vector& at) {
    BOOST_TEST_CONTEXT(name << " at " << at.transpose()) {
      const Vector x = at / 1.25;  // times 1.25 again: the operation rounds, though these do not
      const Function f = record(n, [&](ExprSpan w) {
        std::vector<Expr> scaled;
        for (const Expr& p : w) scaled.push_back(1.25 * p);
        return op(scaled);
      });
      const auto [value, gradient] = f.value_and_gradient(x);
      const Accuracy a = f.accuracy(x);
      BOOST_TEST(a.ok(), printed(a));
      if (value == 0.0 || !std::isfinite(value)) return;
      const double by_operands = gradient.cwiseProduct(x).cwiseAbs().sum() / std::abs(value);
      const double own = a.outputs[0].condition - by_operands;
      // The operation itself counts 0 or 1 where its value is in the normal range. The gradient has 4 ulp.
      BOOST_TEST((std::abs(own) <= 1e-14 * by_operands || std::abs(own - 1.0) <= 1e-14 * (1.0 + by_operands)),
                 "condition " << a.outputs[0].condition << ", of the operands " << by_operands);
    }
  };
  const auto inside = [](double lowest, double highest) {
    std::vector<double> points;
    for (const double x : {-2.8, -0.75, -0.3, 0.2, 0.625, 1.7, 5.2})  // no integers: poles and jumps
      if (lowest < x && x < highest) points.push_back(x);
    return points;
  };
  constexpr double inf = std::numeric_limits<double>::infinity();
#define RAPPEL_UNARY(name, symbol, value, partial, lowest, highest, ...) \
  for (const double x : inside(lowest, highest))                         \
    check(                                                               \
        #name, 1, [](ExprSpan w) { return name(w[0]); }, Vector{{x}});
#define RAPPEL_UNARY_AUX(name, symbol, aux, value, partial, lowest, highest, ...) \
  for (const double x : inside(lowest, highest))                                  \
    check(                                                                        \
        #name, 1, [](ExprSpan w) { return name(w[0]); }, Vector{{x}});
#define RAPPEL_BINARY(name, ...)        \
  for (const double x : {0.4, 0.875})   \
    for (const double y : {0.875, 3.5}) \
      check(                            \
          #name, 2, [](ExprSpan w) { return name(w[0], w[1]); }, Vector{{x, y}});
#define RAPPEL_TERNARY(name, ...)                                           \
  if (!std::string(#name).starts_with("over_")) /* z is given by x and y */ \
    check(                                                                  \
        #name, 3, [](ExprSpan w) { return name(w[0], w[1], w[2]); }, Vector{{0.4, 0.875, 3.5}});
#include <rappel/autodiff/ops.def>
  check(
      "select", 3, [](ExprSpan w) { return select(w[0] < 1.0, w[1], w[2]); }, Vector{{0.4, 0.875, 3.5}});
  check(
      "power", 1, [](ExprSpan w) { return pow(w[0], 2.5); }, Vector{{1.7}});
  check(
      "power", 2, [](ExprSpan w) { return pow(w[0], w[1]); }, Vector{{1.7, 0.6}});
  check(
      "norm", 3, [](ExprSpan w) { return norm(w); }, Vector{{1.7, 0.6, -2.2}});
  check(
      "dot", 1, [](ExprSpan w) { return dot(w, std::vector<Expr>(1, Expr(3.0))); }, Vector{{1.7}});
  check(
      "sum", 2, [](ExprSpan w) { return sum(w); }, Vector{{1.7, 2.0}});
  check(
      "logsumexp", 3, [](ExprSpan w) { return logsumexp(w); }, Vector{{1.7, 2.0, 4.0}});
}

BOOST_AUTO_TEST_CASE(a_value_used_twice_counts_by_the_sum_of_its_uses) {
  const auto cost = [](ExprSpan w) {
    const Expr u = exp(w[0]);
    return u + u * sin(u);
  };
  const double x = 0.75, u = std::exp(x), f = u + u * std::sin(u);
  const double expected = 1.0 + 2.0 * u * std::sin(u) / f +               // the sum; product, sine
                          u * (1.0 + std::sin(u) + u * std::cos(u)) / f;  // exp
  BOOST_TEST(close(accuracy_of(1, cost, Vector{{x}}).outputs[0].condition, expected));
}

BOOST_AUTO_TEST_CASE(a_long_sum_counts_as_the_sums_on_its_way) {
  const Accuracy a = accuracy_of(
      3, [](ExprSpan w) { return sum(w); }, Vector{{5.0, 7.0, -11.0}});
  BOOST_TEST(a.outputs[0].condition == 12.0 + 1.0);  // 5 + 7, then 1
  const Accuracy b = accuracy_of(
      3, [](ExprSpan w) { return dot(w, w.first(3)); }, Vector{{1.0, 2.0, 3.0}});
  BOOST_TEST(b.outputs[0].condition == (1.0 + 5.0 + 14.0) / 14.0);
}

BOOST_AUTO_TEST_CASE(logsumexp_counts_as_its_larger_part) {
  const Accuracy a = accuracy_of(
      2, [](ExprSpan w) { return logsumexp(w); }, Vector{{-0.69, -0.7}});
  const OutputAccuracy& value = a.outputs[0];
  BOOST_TEST(close(value.condition, std::max(0.69, value.exact + 0.69) / std::abs(value.exact)));
}

BOOST_AUTO_TEST_CASE(rows_are_summed_in_50_digits_too_and_the_worst_row_is_named) {
  const Vector t{{1.0, -20.0, 3.0, 16.5}};
  const Function f = record(
      1, [&](ExprSpan w) { return sum_over_rows(Columns(t), [&](Row row) { return w[0] * row[0]; }); });
  const OutputAccuracy value = f.accuracy(Vector{{0.75}}).outputs[0];
  // By the products, and once more by the sum over rows of them; the result is 0.75 * 0.5.
  BOOST_TEST(close(value.condition, 2.0 * 40.5 / 0.5));
  BOOST_TEST(value.loses_most.share == 0.5);
  const Function g = record(
      1, [&](ExprSpan w) { return sum_over_rows(Columns(t), [&](Row row) { return exp(w[0] * row[0]); }); });
  const Accuracy b = g.accuracy(Vector{{0.75}});
  BOOST_TEST(b.outputs[0].loses_most.row == 3);  // |0.75 * 16.5| exp(0.75 * 16.5) is the largest
}

BOOST_AUTO_TEST_CASE(conditions_of_a_gradient_follow_its_own_graph) {
  const Vector t{{1.0, -2.0, 3.0}};
  const double w = -0.9;
  const Function f = record(
      1, [&](ExprSpan p) { return sum_over_rows(Columns(t), [&](Row row) { return exp(p[0] * row[0]); }); });
  // sum of t exp(w t): by row a product w t, exp, a product; then the sum.
  double sum = 0.0, sizes = 0.0, inner = 0.0;
  for (const double r : t) {
    sum += r * std::exp(w * r);
    sizes += std::abs(r * std::exp(w * r));
    inner += std::abs(w * r * r * std::exp(w * r));
  }
  BOOST_TEST(close(f.accuracy(Vector{{w}}).outputs[1].condition, (inner + 3.0 * sizes) / std::abs(sum)));
}

BOOST_AUTO_TEST_CASE(conditions_of_shares_follow_the_derivatives_of_a_softmax) {
  const Vector x{{0.8, 1.6, -0.4}};
  const Function f = record(3, [](ExprSpan w) { return logsumexp({1.25 * w[0], 1.25 * w[1], 1.25 * w[2]}); });
  const Accuracy a = f.accuracy(x);
  const Vector z = 1.25 * x, p = z.array().exp() / z.array().exp().sum();
  for (Index i = 0; i < 3; ++i) {
    double expected = 2.0;  // the share, and 1.25 times it
    for (Index j = 0; j < 3; ++j) expected += std::abs(((i == j ? 1.0 : 0.0) - p[j]) * z[j]);
    BOOST_TEST(close(a.outputs[static_cast<std::size_t>(i) + 1].condition, expected));
  }
}

BOOST_AUTO_TEST_CASE(a_jump_that_rounding_decides_is_named_and_not_called_wrong) {
  const double third = 1.0 / 3.0;  // below 1/3, yet 3 times it is 1 in doubles
  const Accuracy a = accuracy_of(
      1, [](ExprSpan w) { return floor(3.0 * w[0]); }, Vector{{third}});
  BOOST_TEST(a.outputs[0].computed == 1.0);
  BOOST_TEST(a.outputs[0].exact == 0.0);
  BOOST_TEST((a.outputs[0].verdict == AccuracyVerdict::not_checked));
  BOOST_TEST(contains(printed(a), "value: floor (n3) stands at a jump"), printed(a));
  const Vector t{{0.5, third, 0.25}};
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(t), [&](Row row) {
      const Expr z = w[0] * row[0];
      return select(z < 1.0, 5.0, z);
    });
  });
  const Accuracy b = f.accuracy(Vector{{3.0}});
  BOOST_TEST(b.outputs[0].computed == 1.5 + 1.0 + 5.0);
  BOOST_TEST((b.outputs[0].verdict == AccuracyVerdict::not_checked));
  BOOST_TEST(b.outputs[0].loses_most.row == 1);
  BOOST_TEST(b.outputs[0].loses_most.operation == "<");
  // Data and parameters are exact: there is nothing to decide, and what differs is wrong.
  BOOST_TEST(accuracy_of(
                 1, [](ExprSpan w) { return floor(w[0]); }, Vector{{1.0}})
                 .outputs[0]
                 .ulp == 0.0);
}

BOOST_AUTO_TEST_CASE(results_that_are_truly_infinite_or_NaN_are_right) {
  const Accuracy a = accuracy_of(
      1, [](ExprSpan w) { return log(w[0]); }, Vector{{0.0}});
  BOOST_TEST(a.outputs[0].ulp == 0.0);
  BOOST_TEST(a.ok());
  const Accuracy b = accuracy_of(
      1, [](ExprSpan w) { return log(w[0]); }, Vector{{-1.0}});
  BOOST_TEST(b.outputs[0].ulp == 0.0);
  BOOST_TEST(b.ok());
}

BOOST_AUTO_TEST_CASE(only_so_many_conditions_are_computed_as_asked_for) {
  const Accuracy a = accuracy_of(30,
                                 [](ExprSpan w) {
                                   Expr total = 0.0;
                                   for (Index i = 0; i < 30; ++i) total += 1.0 - cos(w[i]);
                                   return total;
                                 },
                                 Vector::Constant(30, 1e-3), {.max_conditions = 5});
  const auto with = std::ranges::count_if(a.outputs, [](const auto& o) { return !std::isnan(o.condition); });
  BOOST_TEST(with == 5);
  BOOST_TEST(!std::isnan(a.outputs[0].condition));
  BOOST_TEST(contains(printed(a), "and 11 more"));
}

BOOST_AUTO_TEST_CASE(an_operation_without_a_50_digit_form_is_named_and_what_it_enters_is_not_checked) {
  detail::Builder builder;
  const NodeId x = builder.graph().parameter();
  const NodeId s = builder.node(Op::sin, {x}), e = builder.node(Op::exp, {x});
  const NodeId both = builder.node(Op::mul, {s, e});
  const Traced traced{builder.take(), {both, e}, {}};
  const auto definition = [](Op op, const std::vector<exact::Real>& operands) {
    if (op == Op::sin) throw std::logic_error("no definition");
    return exact::results_of(op, operands);
  };
  const double at = 0.5;
  const std::vector<double> computed = {std::sin(at) * std::exp(at), std::exp(at)};
  const Accuracy a = detail::accuracy_of(traced, detail::OutputNames::value_and_gradient, {{&at, 1}, {}, {}}, computed, {}, definition);
  BOOST_TEST(a.not_checked == std::vector<std::string>{"sin"}, boost::test_tools::per_element());
  BOOST_TEST((a.outputs[0].verdict == AccuracyVerdict::not_checked));
  BOOST_TEST(std::isnan(a.outputs[0].ulp));
  BOOST_TEST((a.outputs[1].verdict == AccuracyVerdict::ok));
  BOOST_TEST(contains(printed(a), "not checked: sin"));
}

BOOST_AUTO_TEST_CASE(many_small_losses_are_told_from_one_and_losses_beyond_50_digits_from_others) {
  const auto chain = [](ExprSpan w) {
    Expr s = w[0];
    for (int i = 0; i < 200; ++i) s = 3.9 * s * (1.0 - s);  // chaos: what is rounded early grows
    return s;
  };
  const Accuracy a = accuracy_of(1, chain, Vector{{0.3}});
  BOOST_TEST(a.ok(), printed(a));
  BOOST_TEST(a.outputs[0].condition > 1e34);
  BOOST_TEST(contains(printed(a), "50 digits do not resolve it either"));
  const auto sum = [](ExprSpan w) {
    Expr s = 0.0;
    for (int i = 0; i < 400; ++i) s += sin(w[0] + static_cast<double>(i));
    return s;
  };
  const Accuracy b = accuracy_of(1, sum, Vector{{0.8169}});
  BOOST_TEST(b.outputs[0].loses_most.share < 0.05);
  BOOST_TEST(b.outputs[0].ulp > 4.0);
  BOOST_TEST(contains(printed(b), "by many roundings"), printed(b));
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_as_by_the_other_calls) {
  const Function f = record(2, [](ExprSpan x) { return x[0] * x[1]; });
  BOOST_CHECK_THROW(f.accuracy(Vector{{1.0}}), std::invalid_argument);
  BOOST_CHECK_THROW(f.accuracy(Vector{{1.0, 2.0}}, {.max_conditions = -1}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
