// The same Function over other data: by name, by place, with other numbers of rows.

#include "autodiff/messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

using namespace rappel;
using namespace rappel::test;

namespace {

const Matrix table{{1.0, 10.0}, {2.0, 20.0}, {3.0, 30.0}};
const std::vector<double> a = {1.0, 2.0}, b = {10.0, 20.0}, c = {5.0, 6.0, 7.0}, d = {1.0, 1.0, 1.0},
                          more = {0.0, 0.0, 0.0};

Function product() {
  return record(1, [](ExprSpan w) {
    return mean_over_rows(Columns(table), [&](const Row& row) { return w[0] * row[0] * row[1]; });
  });
}

Function difference_by_name() {
  const Columns data = Columns::from({"a", "b", "unused"}, {a.data(), b.data(), b.data()}, 2);
  return record(
      0, [&](ExprSpan) { return sum_over_rows(data, [](const Row& row) { return row["b"] - row["a"]; }); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(with_columns)

BOOST_AUTO_TEST_CASE(the_same_cost_on_other_data_by_place) {
  const Function f = product();
  const Matrix other{{2.0, 5.0}};
  BOOST_TEST(f.with_columns(Columns(other)).value(Vector{{3.0}}) == 30.0);
  BOOST_TEST(f.value(Vector{{3.0}}) == 140.0);  // (10 + 40 + 90) / 3 * 3: the first is what it was
}

BOOST_AUTO_TEST_CASE(by_name_where_both_have_names) {
  const Function f = difference_by_name();
  BOOST_TEST(f.value(Vector(0)) == 27.0);
  const Columns other = Columns::from({"b", "more", "a"}, {c.data(), more.data(), d.data()}, 3);
  BOOST_TEST(f.with_columns(other).value(Vector(0)) == 15.0);
  BOOST_TEST(f.with_columns(other).with_columns(other).value(Vector(0)) == 15.0);
}

BOOST_AUTO_TEST_CASE(by_place_where_one_has_no_names) {
  Matrix X(3, 3);
  X << 1.0, 2.0, 0.0, 1.0, 4.0, 0.0, 1.0, 6.0, 0.0;
  BOOST_TEST(difference_by_name().with_columns(Columns(X)).value(Vector(0)) == 9.0);
  const Columns named = Columns::from({"y", "x"}, {c.data(), d.data()}, 3);
  BOOST_TEST(product().with_columns(named).value(Vector{{1.0}}) == 6.0);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_used_and_missing_is_named_and_one_that_is_not_used_may_be_missing) {
  const Function f = difference_by_name();
  check_refused(
      [&] {
        f.with_columns(Columns::from({"b", "aa"}, {c.data(), d.data()}, 3));
      },
      {"uses column a,"});
  const Columns without = Columns::from({"a", "b"}, {d.data(), c.data()}, 3);
  BOOST_TEST(f.with_columns(without).value(Vector(0)) == 15.0);
}

BOOST_AUTO_TEST_CASE(another_number_of_columns_is_refused) {
  const Matrix three = Matrix::Ones(2, 3);
  check_refused([&] { product().with_columns(Columns(three)); }, {"3 columns given", "recorded over 2"});
}

BOOST_AUTO_TEST_CASE(a_function_without_a_table_or_with_two_is_refused) {
  check_refused([] { record(1, [](ExprSpan x) { return x[0]; }).with_columns(Columns(table)); },
                {"0 tables"});
  const Matrix other = Matrix::Ones(5, 1);
  const Function two = record(0, [&](ExprSpan) {
    const auto first = [](const Row& row) { return row[0]; };
    return sum_over_rows(Columns(table), first) + sum_over_rows(Columns(other), first);
  });
  check_refused([&] { two.with_columns(Columns(table)); }, {"2 tables"});
  check_refused([&] { two.num_rows(); }, {"2 tables"});
}

BOOST_AUTO_TEST_CASE(a_mean_and_its_gradient_count_the_rows_of_the_new_data) {
  const Function f = product();
  for (const Index m : {1, 2, 32, 33, 256, 257, 5000}) {
    Matrix X(m, 2);
    X.col(0).setConstant(2.0);
    X.col(1).setConstant(0.25);
    const auto [value, gradient] = f.with_columns(Columns(X)).value_and_gradient(Vector{{3.0}});
    BOOST_TEST(value == 1.5);
    BOOST_TEST(gradient[0] == 0.5);
  }
  const Matrix none(0, 2);
  check_refused([&] { f.with_columns(Columns(none)).value_and_gradient(Vector{{3.0}}); }, {"no rows"});
}

BOOST_AUTO_TEST_CASE(values_by_row_are_as_many_as_the_new_rows) {
  const Function f = record(1, [](ExprSpan w) {
    return map_rows(Columns(table), [&](const Row& row) { return w[0] * row[0] - row[1]; });
  });
  const Matrix one{{4.0, 1.0}};
  const Function g = f.with_columns(Columns(one));
  BOOST_TEST(g.num_rows() == 1);
  BOOST_TEST((g.values(Vector{{2.0}}) == Vector{{7.0}}));
  BOOST_TEST((f.values(Vector{{2.0}}) == Vector{{-8.0, -16.0, -24.0}}));
  const Matrix none(0, 2);
  BOOST_TEST(f.with_columns(Columns(none)).values(Vector{{2.0}}).size() == 0);
}

BOOST_AUTO_TEST_CASE(columns_that_are_owned_live_as_long_as_the_function) {
  const Function f = [] {
    Matrix X = Matrix::Constant(4, 2, 3.0);
    return product().with_columns(Columns(std::move(X)));
  }();
  BOOST_TEST(f.value(Vector{{1.0}}) == 9.0);
}

BOOST_AUTO_TEST_SUITE_END()
