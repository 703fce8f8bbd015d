// Functions: values by row, and the classic test functions.

#include "autodiff/messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

using namespace rappel;
using namespace rappel::test;

namespace {

const Matrix table{{1.0, 10.0}, {2.0, 20.0}, {3.0, 30.0}};

}  // namespace

BOOST_AUTO_TEST_SUITE(callables)

BOOST_AUTO_TEST_CASE(what_cannot_be_copied_is_kept_alive_and_shared) {
  const Function value = [&] {
    return record(1, [factor = std::make_unique<double>(3.0)](ExprSpan x) { return *factor * square(x[0]); });
  }();
  BOOST_TEST(value.value(Vector{{2.0}}) == 12.0);
  const Function copy = value;
  BOOST_TEST(copy.gradient().values(Vector{{2.0}})[0] == 12.0);
  const Function several = record(1, [factor = std::make_unique<double>(3.0)](ExprSpan x) {
    return std::vector<Expr>{*factor * x[0], x[0] > *factor ? exp(x[0]) : x[0]};
  });
  BOOST_TEST((several.values(Vector{{2.0}}) == Vector{{6.0, 2.0}}));
  BOOST_TEST((several.values(Vector{{4.0}}) == Vector{{12.0, exp(Expr(4.0)).constant()}}));  // recorded anew
  // A closure of a container of such says that it can be copied.
  std::vector<std::unique_ptr<double>> factors;
  factors.push_back(std::make_unique<double>(3.0));
  const Function of_container = record(1, [factors = std::move(factors)](ExprSpan x) { return *factors[0] * square(x[0]); });
  BOOST_TEST(of_container.value(Vector{{2.0}}) == 12.0);
  const Function by_row = record(1, [factor = std::make_unique<double>(3.0)](ExprSpan x) {
    return map_rows(Columns(table), [&](const Row& row) { return *factor * x[0] * row[0]; });
  });
  BOOST_TEST((by_row.values(Vector{{2.0}}) == Vector{{6.0, 12.0, 18.0}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(map_rows_)

BOOST_AUTO_TEST_CASE(one_value_a_row) {
  const Function f = record(2, [](ExprSpan w) {
    return map_rows(Columns(table), [&](const Row& row) { return w[0] * row[0] + w[1] * row[1]; });
  });
  BOOST_TEST((f.values(Vector{{1.0, 0.5}}) == Vector{{6.0, 12.0, 18.0}}));
  BOOST_TEST(f.num_rows() == 3);
  BOOST_TEST(f.dimension() == 2);
}

BOOST_AUTO_TEST_CASE(a_column_a_parameter_and_a_constant_are_values_too) {
  BOOST_TEST((record(0, [](ExprSpan) {
                return map_rows(Columns(table), [](const Row& row) { return row[1]; });
              }).values(Vector(0)) == table.col(1)));
  BOOST_TEST((record(1, [](ExprSpan w) {
                return map_rows(Columns(table), [&](const Row&) { return exp(w[0]); });
              }).values(Vector{{0.0}}) == Vector::Ones(3)));
  BOOST_TEST((record(0, [](ExprSpan) {
                return map_rows(Columns(table), [](const Row&) { return Expr(4.0); });
              }).values(Vector(0)) == Vector::Constant(3, 4.0)));
}

BOOST_AUTO_TEST_CASE(every_row_of_every_leaf_is_written_and_no_more) {
  for (const Index m : {1, 31, 32, 33, 255, 256, 257, 4097}) {
    const Matrix X = Vector::LinSpaced(m, 0.0, 1.0);
    const Function f = record(
        0, [&](ExprSpan) { return map_rows(Columns(X), [](const Row& row) { return row[0] * 2.0; }); });
    std::vector<double> out(static_cast<std::size_t>(m) + 1, -7.0);
    f.values(ConstSpan(), MutableSpan(out.data(), static_cast<std::size_t>(m)));
    for (Index r = 0; r < m; ++r) BOOST_REQUIRE(out[static_cast<std::size_t>(r)] == 2.0 * X(r, 0));
    BOOST_TEST(out.back() == -7.0);
  }
}

BOOST_AUTO_TEST_CASE(values_and_value_say_which_of_them_is_meant) {
  const Function rows =
      record(0, [](ExprSpan) { return map_rows(Columns(table), [](const Row& row) { return row[0]; }); });
  check_refused([&] { rows.value(Vector(0)); }, {"values()"});
  check_refused([&] { rows.value_and_gradient(Vector(0)); }, {"values()"});
  const Function two_values = record(1, [](ExprSpan x) { return std::vector<Expr>{x[0], 2.0 * x[0]}; });
  check_refused([&] { two_values.value(Vector{{1.0}}); }, {"2 values", "values()"});
  check_refused([&] { two_values.value_and_gradient(Vector{{1.0}}); }, {"2 values", "jacobian()"});
  check_refused([&] { two_values.gradient(); }, {"2 values"});
  std::vector<double> two(2);
  check_refused([&] { rows.values(ConstSpan(), MutableSpan(two)); }, {"2 entries", "3 rows"});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(functions)

struct Classic {
  const char* name;
  Vector x;
  double value;
  Vector gradient;
  std::function<Expr(ExprSpan)> cost;
};

// Values and gradients at these points are exact, by hand.
const Classic classics[] = {
    {"rosenbrock", Vector{{-1.0, 2.0}}, 104.0, Vector{{396.0, 200.0}},
     [](ExprSpan x) { return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0]); }},
    {"himmelblau", Vector{{1.0, 2.0}}, 68.0, Vector{{-36.0, -32.0}},
     [](ExprSpan x) { return square(square(x[0]) + x[1] - 11.0) + square(x[0] + square(x[1]) - 7.0); }},
    {"beale", Vector{{1.0, 0.0}}, 0.25 + 1.5625 + 2.640625, Vector{{-6.75, 1.0}},
     [](ExprSpan x) {
       return square(1.5 - x[0] + x[0] * x[1]) + square(2.25 - x[0] + x[0] * square(x[1])) +
              square(2.625 - x[0] + x[0] * pow(x[1], 3.0));
     }},
    {"booth", Vector{{2.0, 2.0}}, 2.0, Vector{{2.0, -2.0}},
     [](ExprSpan x) { return square(x[0] + 2.0 * x[1] - 7.0) + square(2.0 * x[0] + x[1] - 5.0); }},
    {"goldstein's valley", Vector{{1.0, 1.0}}, 0.0, Vector{{0.0, 0.0}},
     [](ExprSpan x) { return square(x[0] * x[1] - 1.0); }},
    {"quotient", Vector{{3.0, 4.0}}, 0.75, Vector{{0.25, -0.1875}}, [](ExprSpan x) { return x[0] / x[1]; }},
    {"powers", Vector{{2.0, 0.0}}, 8.5, Vector{{11.75, 0.0}},
     [](ExprSpan x) { return pow(x[0], 3.0) + pow(x[0], -1.0) + pow(x[1], 2.0); }},
    {"kinks", Vector{{-2.0, 0.5}}, 4.5, Vector{{-2.0, 1.0}},
     [](ExprSpan x) { return 2.0 * abs(x[0]) + max(x[1], x[0]) + 0.0 * min(x[0], x[1]); }},
};

BOOST_AUTO_TEST_CASE(classic_functions_have_their_values_and_gradients) {
  for (const Classic& c : classics) {
    BOOST_TEST_CONTEXT(c.name) {
      const Function f = record(c.x.size(), c.cost);
      const auto [value, gradient] = f.value_and_gradient(c.x);
      BOOST_TEST(value == c.value);
      BOOST_TEST((gradient == c.gradient), gradient.transpose());
      BOOST_TEST(f.value(c.x) == value);
      Vector into(c.x.size());
      BOOST_TEST(f.value_and_gradient(c.x, into) == value);
      BOOST_TEST((into == gradient));
      const auto [v, g] = value_and_gradient(c.cost, c.x);
      BOOST_TEST(v == value);
      BOOST_TEST((g == gradient));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cost_that_does_not_use_a_parameter_has_slope_0_there) {
  const Function f = record(3, [](ExprSpan x) { return square(x[1]); });
  BOOST_TEST((f.value_and_gradient(Vector{{1.0, 2.0, 3.0}}).second == Vector{{0.0, 4.0, 0.0}}));
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_results_like_others) {
  const Function f = record(1, [](ExprSpan x) { return log(x[0]); });
  BOOST_TEST(std::isnan(f.value(Vector{{-1.0}})));
  const auto [value, g] = f.value_and_gradient(Vector{{0.0}});
  BOOST_TEST(value == -INFINITY);
  BOOST_TEST(g[0] == INFINITY);
  BOOST_TEST(std::isnan(f.value(Vector{{std::nan("")}})));
}

BOOST_AUTO_TEST_CASE(a_function_outlives_its_copies_and_what_it_was_recorded_from) {
  Function f = [] {
    const double k = 3.0;
    return record(1, [&](ExprSpan x) { return k * x[0]; });
  }();
  const Function copy = f;
  f = record(1, [](ExprSpan x) { return x[0]; });
  BOOST_TEST(copy.value(Vector{{2.0}}) == 6.0);
  BOOST_TEST(f.value(Vector{{2.0}}) == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
