// Functions: values by row, other data, printing, and the classic test functions.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <sstream>

using namespace rappel;

namespace {

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

const Matrix table{{1.0, 10.0}, {2.0, 20.0}, {3.0, 30.0}};

}  // namespace

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
  BOOST_TEST(holds(error_of([&] { rows.value(Vector(0)); }), "values()"));
  const Function scalar = record(1, [](ExprSpan x) { return x[0]; });
  BOOST_TEST(error_of([&] { scalar.values(Vector{{1.0}}); }) != "no error");
  std::vector<double> two(2);
  const std::string error = error_of([&] { rows.values(ConstSpan(), MutableSpan(two)); });
  BOOST_TEST(holds(error, "2"));
  BOOST_TEST(holds(error, "3"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(with_columns)

BOOST_AUTO_TEST_CASE(the_same_cost_on_other_data_by_place) {
  const Function f = record(1, [](ExprSpan w) {
    return mean_over_rows(Columns(table), [&](const Row& row) { return w[0] * row[0] * row[1]; });
  });
  const Matrix other{{2.0, 5.0}};
  BOOST_TEST(f.with_columns(Columns(other)).value(Vector{{3.0}}) == 30.0);
  BOOST_TEST(f.value(Vector{{3.0}}) == 140.0);  // (10 + 40 + 90) / 3 * 3: the first is what it was
}

BOOST_AUTO_TEST_CASE(by_name_where_both_have_names) {
  const std::vector<double> a = {1.0, 2.0}, b = {10.0, 20.0}, more = {0.0, 0.0, 0.0}, c = {5.0, 6.0, 7.0},
                            d = {1.0, 1.0, 1.0};
  const Columns data = Columns::from({"a", "b"}, {a.data(), b.data()}, 2);
  const Function f = record(
      0, [&](ExprSpan) { return sum_over_rows(data, [](const Row& row) { return row["b"] - row["a"]; }); });
  BOOST_TEST(f.value(Vector(0)) == 27.0);
  const Columns other = Columns::from({"b", "more", "a"}, {c.data(), more.data(), d.data()}, 3);
  BOOST_TEST(f.with_columns(other).value(Vector(0)) == 15.0);
  const std::string missing = error_of([&] {
    f.with_columns(Columns::from({"b", "aa"}, {c.data(), d.data()}, 3));
  });
  BOOST_TEST(holds(missing, "a"), missing);
  BOOST_TEST(missing != "no error");
}

BOOST_AUTO_TEST_CASE(another_number_of_columns_is_refused) {
  const Function f = record(0, [](ExprSpan) {
    return sum_over_rows(Columns(table), [](const Row& row) { return row[0] + row[1]; });
  });
  const Matrix three = Matrix::Ones(2, 3);
  const std::string error = error_of([&] { f.with_columns(Columns(three)); });
  BOOST_TEST(holds(error, "3"), error);
  BOOST_TEST(holds(error, "2"), error);
  BOOST_TEST(error_of([] { record(1, [](ExprSpan x) { return x[0]; }).with_columns(Columns(table)); }) !=
             "no error");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(printing)

Function small() {
  return record(2, [](ExprSpan x) {
    const Expr product = sin(x[0]) * x[1];
    return product + exp(x[1]);
  });
}

BOOST_AUTO_TEST_CASE(a_function_prints_one_line_a_node) {
  std::ostringstream out;
  out << small();
  BOOST_TEST(out.str() ==
             "function of 2 parameters, 6 nodes\n"
             "n0 = x[0]\nn1 = x[1]\nn2 = sin(n0)\nn3 = n1 * n2\nn4 = exp(n1)\nn5 = n3 + n4\nvalue = n5\n");
}

BOOST_AUTO_TEST_CASE(to_dot_names_every_node_that_it_joins) {
  const std::string dot = small().to_dot();
  BOOST_TEST(dot.substr(0, 7) == "digraph");
  BOOST_TEST(std::count(dot.begin(), dot.end(), '{') == std::count(dot.begin(), dot.end(), '}'));
  for (int n = 0; n <= 5; ++n) BOOST_TEST(holds(dot, "n" + std::to_string(n) + " ["), dot);
  BOOST_TEST(holds(dot, "n0 -> n2"), dot);
  BOOST_TEST(small().to_dot() == dot);
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
