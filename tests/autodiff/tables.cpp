// Several tables in one cost.

#include "autodiff/messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

using namespace rappel;
using namespace rappel::test;

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(one_table_with_rows_and_one_without) {
  const Matrix X = Matrix::Ones(3, 1), none(0, 1);
  const auto cost = [&](bool mean) {
    return record(1, [&, mean](ExprSpan w) {
      const auto term = [&](const Row& row) { return w[0] * row[0]; };
      const Expr nothing = mean ? mean_over_rows(Columns(none), term) : sum_over_rows(Columns(none), term);
      return mean_over_rows(Columns(X), term) + nothing;
    });
  };
  BOOST_TEST(cost(false).value(Vector{{2.0}}) == 2.0);
  check_refused([&] { cost(true).value(Vector{{2.0}}); }, {"no rows"});
}

BOOST_AUTO_TEST_CASE(a_table_that_is_used_twice_is_one_table) {
  const Matrix X{{1.0}, {2.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr s = sum_over_rows(Columns(X), [&](const Row& row) { return w[0] * row[0]; });
    const Expr t = sum_over_rows(Columns(X), [&](const Row& row) { return square(w[0] * row[0]); });
    return s * t;
  });
  BOOST_TEST(f.num_rows() == 2);
  BOOST_TEST(f.graph().num_row_sets() == 1);
  const auto [value, g] = f.value_and_gradient(Vector{{2.0}});
  BOOST_TEST(value == 6.0 * 20.0);  // 3 w * 5 w^2
  BOOST_TEST(g[0] == 45.0 * 4.0);   // of 15 w^3
}

BOOST_AUTO_TEST_CASE(rows_of_two_tables_do_not_mix) {
  const Matrix X = Matrix::Ones(3, 1), Z = Matrix::Ones(3, 2);
  Expr kept;
  check_refused(
      [&] {
        record(0, [&](ExprSpan) {
          sum_over_rows(Columns(X), [&](const Row& row) { return kept = row[0]; });
          return sum_over_rows(Columns(Z), [&](const Row& row) { return row[0] * kept; });
        });
      },
      {"rows"});
}

BOOST_AUTO_TEST_CASE(rows_between_rows_of_another_table_are_no_nesting) {
  const Matrix X{{1.0}, {2.0}}, Z{{10.0}, {20.0}, {30.0}};
  const Function f = record(1, [&](ExprSpan w) {
    Expr total = 0.0;
    for (const Matrix* data : {&X, &Z, &X})
      total += sum_over_rows(Columns(*data), [&](const Row& row) { return w[0] * row[0]; });
    return total;
  });
  BOOST_TEST(f.graph().num_row_sets() == 2);
  const auto [value, g] = f.value_and_gradient(Vector{{2.0}});
  BOOST_TEST(value == 132.0);
  BOOST_TEST(g[0] == 66.0);
}

BOOST_AUTO_TEST_SUITE_END()
