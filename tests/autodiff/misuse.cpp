// Mistakes of the caller: std::invalid_argument that names both sides, and everything else as it was.

#include "autodiff/messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <type_traits>

using namespace rappel;
using namespace rappel::test;

namespace {

const Matrix table{{1.0, 2.0}, {3.0, 4.0}};

Function works() {
  return record(1, [](ExprSpan x) { return square(x[0]); });
}

// A view that a type of its own would have to have to be borrowed.
template <class... Parts>
constexpr bool makes_columns = std::is_constructible_v<Columns, Parts...>;

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Strided = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

static_assert(makes_columns<Matrix&, Vector&>);
static_assert(makes_columns<const Matrix&, const Vector&>);
static_assert(makes_columns<Matrix&&, Vector&>);  // moved in: owned
static_assert(makes_columns<Strided&>);
static_assert(makes_columns<Eigen::Ref<const Matrix>&>);
static_assert(!makes_columns<RowMajor&>);
static_assert(!makes_columns<decltype(std::declval<Matrix>() * 2.0)>);
static_assert(!makes_columns<Eigen::Block<Matrix>>);  // a temporary view: what it views may go
static_assert(makes_columns<Eigen::MatrixXf&, const Vector&, const Eigen::VectorXf&>);
static_assert(makes_columns<Eigen::MatrixXf&&>);
static_assert(makes_columns<Eigen::Ref<const Eigen::MatrixXf>&>);
static_assert(!makes_columns<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>&>);
static_assert(!makes_columns<decltype(std::declval<Eigen::MatrixXf>() * 2.0f)>);
static_assert(!makes_columns<Eigen::Block<Eigen::MatrixXf>>);
static_assert(!makes_columns<Eigen::MatrixXi&>);
static_assert(!std::is_convertible_v<Condition, double>);
static_assert(std::is_convertible_v<Condition, bool>);

}  // namespace

BOOST_AUTO_TEST_SUITE(misuse)

BOOST_AUTO_TEST_CASE(a_comparison_of_constants_is_a_plain_bool) {
  const Function f = record(1, [](ExprSpan x) { return Expr(2.0) > 1.0 ? x[0] : Expr(0.0); });
  BOOST_TEST(f.value(Vector{{5.0}}) == 5.0);
}

BOOST_AUTO_TEST_CASE(an_expr_of_an_outer_recording_is_refused_in_the_inner_one) {
  check_refused(
      [] {
        record(1, [](ExprSpan x) {
          record(1, [&](ExprSpan y) { return y[0] * x[0]; });
          return x[0];
        });
      },
      {"recording"});
}

BOOST_AUTO_TEST_CASE(an_expr_used_after_its_recording_is_refused) {
  Expr kept;
  const Function f = record(1, [&](ExprSpan x) { return kept = x[0]; });
  check_refused([&] { record(1, [&](ExprSpan y) { return y[0] + kept; }); }, {"recording"});
  check_refused([&] { kept + 1.0; }, {"recording"});
  check_refused([&] { record(1, [&](ExprSpan) { return kept; }); }, {"recording"});
  BOOST_TEST(f.value(Vector{{2.0}}) == 2.0);
}

BOOST_AUTO_TEST_CASE(a_wrong_size_names_both) {
  const Function f = record(3, [](ExprSpan x) { return x[0]; });
  Vector g(2);
  check_refused([&] { f.value(Vector{{1.0, 2.0}}); }, {"2", "3"});
  check_refused([&] { f.value_and_gradient(Vector{{1.0, 2.0}}); }, {"2", "3"});
  check_refused([&] { f.value_and_gradient(span_of(Vector{{1.0, 2.0, 3.0}}), span_of(g)); }, {"2", "3"});
}

BOOST_AUTO_TEST_CASE(an_index_outside_names_both) {
  check_refused([] { record(2, [](ExprSpan x) { return x[2]; }); }, {"2", "span of 2"});
  check_refused([] { record(2, [](ExprSpan x) { return x[-1]; }); }, {"-1"});
  check_refused([] { record(2, [](ExprSpan x) { return sum(x.first(3)); }); }, {"3", "2"});
  check_refused([] { record(2, [](ExprSpan x) { return sum(x.last(3)); }); }, {"3", "2"});
  check_refused([] { record(2, [](ExprSpan x) { return sum(x.subspan(1, 2)); }); }, {"2"});
  check_refused(
      [] {
        record(0,
               [](ExprSpan) { return sum_over_rows(Columns(table), [](const Row& row) { return row[2]; }); });
      },
      {"2"});
  check_refused(
      [] {
        record(0, [](ExprSpan) {
          return sum_over_rows(Columns(table), [](const Row& row) { return row["a"]; });
        });
      },
      {"a"});
  check_refused([] { record(2, [](ExprSpan x) { return dot(x, x.first(1)); }); }, {"2", "1"});
  check_refused([] { record(0, [](ExprSpan) { return logsumexp({}); }); }, {"logsumexp"});
}

BOOST_AUTO_TEST_CASE(an_unknown_column_is_named_with_those_there_are) {
  const std::vector<double> a = {1.0}, b = {2.0};
  const Columns data = Columns::from({"sqft", "beds"}, {a.data(), b.data()}, 1);
  check_refused(
      [&] {
        record(0, [&](ExprSpan) { return sum_over_rows(data, [](const Row& row) { return row["sqrft"]; }); });
      },
      {"sqrft", "sqft", "beds"});
}

BOOST_AUTO_TEST_CASE(row_functions_belong_to_a_recording_and_do_not_nest) {
  check_refused([] { sum_over_rows(Columns(table), [](const Row& row) { return row[0]; }); }, {"recording"});
  check_refused(
      [] {
        record(0, [](ExprSpan) {
          return sum_over_rows(Columns(table), [](const Row& row) {
            return row[0] * sum_over_rows(Columns(table), [](const Row& inner) { return inner[1]; });
          });
        });
      },
      {"nest"});
}

BOOST_AUTO_TEST_CASE(what_varies_by_row_is_no_cost) {
  std::optional<Expr> kept;
  check_refused(
      [&] {
        record(0, [&](ExprSpan) {
          sum_over_rows(Columns(table), [&](const Row& row) { return *(kept = row[0]); });
          return *kept;
        });
      },
      {"varies by row"});
}

BOOST_AUTO_TEST_CASE(columns_of_different_length_are_refused) {
  const Vector three = Vector::Ones(3);
  check_refused([&] { Columns(table, three); }, {"2", "3"});
  check_refused([&] { Columns::from({"a"}, {}, 3); }, {"1", "0"});
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
  check_refused([] { record(-1, [](ExprSpan) { return Expr(0.0); }); }, {"-1"});
  check_refused([] { record(1, [](ExprSpan x) { return x[0]; }, {.threads = 0}); }, {"threads", "0"});
}

BOOST_AUTO_TEST_CASE(a_cost_that_throws_leaves_recording_as_it_was) {
  BOOST_CHECK_THROW(record(1, [](ExprSpan) -> Expr { throw std::runtime_error("mine"); }),
                    std::runtime_error);
  BOOST_CHECK_THROW(record(1,
                           [](ExprSpan) {
                             return sum_over_rows(Columns(table), [](const Row&) -> Expr {
                               throw std::runtime_error("mine");
                             });
                           }),
                    std::runtime_error);
  check_refused([] { sum_over_rows(Columns(table), [](const Row& row) { return row[0]; }); }, {"recording"});
  BOOST_TEST(works().value(Vector{{3.0}}) == 9.0);
}

BOOST_AUTO_TEST_CASE(a_function_that_was_moved_from_still_works) {
  Function f = works();
  const Function g = std::move(f);
  BOOST_TEST(f.value(Vector{{3.0}}) == 9.0);
  BOOST_TEST(g.value(Vector{{3.0}}) == 9.0);
}

BOOST_AUTO_TEST_CASE(recordings_nest) {
  const Function f = record(1, [](ExprSpan x) { return x[0] * works().value(Vector{{3.0}}); });
  BOOST_TEST(f.value(Vector{{2.0}}) == 18.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(columns)

BOOST_AUTO_TEST_CASE(views_with_any_outer_stride_are_read_in_place) {
  Matrix big(6, 3);
  for (Index i = 0; i < big.size(); ++i) big.data()[i] = static_cast<double>(i);
  const Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> middle(big.data() + 1, 4, 3,
                                                                 Eigen::OuterStride<>(6));
  const Eigen::Ref<const Matrix> lower = big.bottomRows(4);
  for (const Columns& data : {Columns(middle), Columns(lower)}) {
    BOOST_TEST(data.num_rows() == 4);
    BOOST_TEST(data.num_columns() == 3);
  }
  BOOST_TEST(Columns(middle).column(2).doubles() == big.data() + 13);
  BOOST_TEST(Columns(lower).column(1).doubles() == big.data() + 8);
  const Function f = record(
      0, [&](ExprSpan) { return sum_over_rows(Columns(middle), [](const Row& row) { return row[2]; }); });
  BOOST_TEST(f.value(Vector(0)) == 13.0 + 14.0 + 15.0 + 16.0);
  big(1, 2) = 0.0;  // borrowed, not copied
  BOOST_TEST(f.value(Vector(0)) == 14.0 + 15.0 + 16.0);
}

BOOST_AUTO_TEST_CASE(copies_and_moved_parts_live_as_long_as_the_function) {
  const auto sum_of = [](const Columns& data) {
    return record(
        0, [&](ExprSpan) { return sum_over_rows(data, [](const Row& row) { return row[0] * row[1]; }); });
  };
  std::optional<Function> copied, moved;
  {
    Matrix X = Matrix::Constant(3, 1, 2.0);
    const Vector y = Vector::Constant(3, 5.0);
    copied = sum_of(Columns::copy(X, y));
    X.setZero();
    Matrix Z = Matrix::Constant(3, 2, 3.0);
    moved = sum_of(Columns(std::move(Z)));
  }
  BOOST_TEST(copied->value(Vector(0)) == 30.0);
  BOOST_TEST(moved->value(Vector(0)) == 27.0);
}

BOOST_AUTO_TEST_SUITE_END()
