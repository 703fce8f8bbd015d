// f.accuracy(x) of costs over rows of tables.

#include "accuracies.hpp"
#include "builder.hpp"
#include "row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace rappel::test {
namespace {

BOOST_AUTO_TEST_SUITE(accuracy_rows)

BOOST_AUTO_TEST_CASE(the_largest_of_rows_that_tie_has_the_condition_of_one) {
  const Vector t{{3.0, 1.0, 3.0, 2.0}};
  const Columns columns(t);
  detail::Builder builder;
  const RowSet rows = builder.graph().rows(1);
  const NodeId w = builder.graph().parameter();
  const NodeId product = builder.node(Op::mul, {w, builder.column(rows, 0)});
  const NodeId largest = builder.reduce_rows(Reduce::max, rows, product);
  const NodeId any = builder.reduce_rows(Reduce::any, rows, builder.node(Op::less, {w, product}));
  const Traced traced{builder.take(), {largest, any}, {}};
  const double at = 0.7;
  const std::vector<double> computed = {at * 3.0, 1.0};
  const Accuracy a = detail::accuracy_of(traced, detail::OutputNames::values, {{&at, 1}, {}, {&columns, 1}}, computed);
  BOOST_TEST(a.ok());
  BOOST_TEST(a.outputs[0].condition == 1.0);  // half by row 0, half by row 2
  BOOST_TEST(a.outputs[0].loses_most.row == 0);
  BOOST_TEST(a.outputs[1].exact == 1.0);
  BOOST_TEST(a.outputs[1].condition == 0.0);
}

BOOST_AUTO_TEST_CASE(costs_over_rows_agree_with_the_same_thing_written_as_a_loop) {
  const RowProblem p = row_problem(300, 3);
  for (const RowCost& cost : row_costs()) {
    BOOST_TEST_CONTEXT(cost.name) {
      const Accuracy a = recorded(cost, p).accuracy(p.w);
      const Dual expected = exact(cost, p);
      BOOST_TEST(a.ok(), printed(a));
      BOOST_TEST(close(a.outputs[0].exact, static_cast<double>(expected.value)));
      for (std::size_t j = 0; j < 4; ++j)
        BOOST_TEST(close(a.outputs[j + 1].exact, static_cast<double>(expected.gradient[j])));
      for (const OutputAccuracy& o : a.outputs) BOOST_TEST(o.condition > 0.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_by_row_are_checked_row_by_row) {
  const Vector t{{1.0, 1e-6, 2.0, 1e-4}};
  const Function f = record(1, [&](ExprSpan w) {
    return map_rows(Columns(t), [&](Row row) { return 1.0 - cos(square(w[0]) * row[0]); });
  });
  const Accuracy a = f.accuracy(Vector{{0.9}}, {.max_conditions = 2});
  BOOST_REQUIRE_EQUAL(a.outputs.size(), 4u);
  BOOST_TEST(a.outputs[1].name == "row 1");
  for (const std::size_t i : {0u, 2u}) {
    BOOST_TEST(a.outputs[i].ulp <= 4.0);
    BOOST_TEST(std::isnan(a.outputs[i].condition));
  }
  for (const std::size_t i : {1u, 3u}) {
    BOOST_TEST(a.outputs[i].ulp > 1e3);
    const Digits50 angle = Digits50(0.9) * 0.9 * t[static_cast<Index>(i)];
    const Digits50 value = 1 - cos(angle);
    // cos, the difference, and the two products on the way.
    const Digits50 expected = cos(angle) / value + 1 + 2 * angle * sin(angle) / value;
    BOOST_TEST(close(a.outputs[i].condition, static_cast<double>(expected)));
    BOOST_TEST(a.outputs[i].loses_most.row == static_cast<Index>(i));
  }
  BOOST_TEST(a.ok());
}

BOOST_AUTO_TEST_CASE(several_tables_and_tables_without_rows_are_replayed) {
  const Vector t{{1.0, 2.0}}, u{{0.5, 0.25, 3.0}}, none(0);
  const auto total = [](const Vector& data, const Expr& w) {
    return sum_over_rows(Columns(data), [&](Row row) { return exp(w * row[0]); });
  };
  const Function f =
      record(1, [&](ExprSpan w) { return total(t, w[0]) - log(total(u, w[0])) + total(none, w[0]); });
  const Accuracy a = f.accuracy(Vector{{0.3}});
  Digits50 first = 0, second = 0;
  for (const double r : t) first += exp(Digits50(0.3) * r);
  for (const double r : u) second += exp(Digits50(0.3) * r);
  BOOST_TEST(a.outputs[0].exact == static_cast<double>(Digits50(first - log(second))));
  BOOST_TEST(a.ok());
}

BOOST_AUTO_TEST_CASE(overflow_on_the_way_is_off_and_named) {
  const Accuracy a = accuracy_of(
      1, [](ExprSpan w) { return log(exp(w[0])); }, Vector{{1000.0}});
  BOOST_TEST(!a.ok());
  BOOST_TEST(a.outputs[0].exact == 1000.0);
  BOOST_TEST((a.outputs[0].loses_most.why == LossyNode::overflows));
  BOOST_TEST(a.outputs[0].loses_most.operation == "exp");
  BOOST_TEST(contains(printed(a), "value: exp (n1) is beyond the largest double"));
  BOOST_TEST(contains(printed(a), "gradient[0]: exp (n1) is beyond the largest double"));
  const Accuracy b = accuracy_of(
      1, [](ExprSpan w) { return log(exp(w[0])); }, Vector{{-800.0}});
  BOOST_TEST(b.outputs[0].exact == -800.0);
  BOOST_TEST(!b.ok());
  BOOST_TEST(b.outputs[0].loses_most.operation == "exp");
}

BOOST_AUTO_TEST_CASE(overflow_is_named_with_its_row) {
  const Vector t{{1.0, 800.0, 2.0, 900.0}};
  const auto cost = [](const Expr& w, Row row) { return log(exp(w * row[0])); };
  const Function f = record(
      1, [&](ExprSpan w) { return sum_over_rows(Columns(t), [&](Row row) { return cost(w[0], row); }); });
  BOOST_TEST(f.accuracy(Vector{{1.0}}).outputs[0].loses_most.row == 1);
  const Function g =
      record(1, [&](ExprSpan w) { return map_rows(Columns(t), [&](Row row) { return cost(w[0], row); }); });
  const Accuracy a = g.accuracy(Vector{{1.0}});
  for (const std::size_t i : {1u, 3u}) {
    BOOST_TEST((a.outputs[i].verdict == AccuracyVerdict::off));
    BOOST_TEST((a.outputs[i].loses_most.why == LossyNode::overflows));
    BOOST_TEST(a.outputs[i].loses_most.row == static_cast<Index>(i));
  }
  for (const std::size_t i : {0u, 2u}) {
    BOOST_TEST((a.outputs[i].verdict == AccuracyVerdict::ok));
    BOOST_TEST((a.outputs[i].loses_most.why == LossyNode::rounds));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
