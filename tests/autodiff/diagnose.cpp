// f.diagnose(x): the first operation that is not finite, its operands, row and source line, and a hint.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <sstream>

namespace {

using namespace rappel;
using Found = Diagnosis::Found;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string printed(const Diagnosis& d) {
  std::ostringstream text;
  text << d;
  return text.str();
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_line(const Diagnosis& d, int line) {
  BOOST_TEST(d.file == "diagnose.cpp");
  BOOST_TEST(d.line == line);
}

BOOST_AUTO_TEST_SUITE(diagnose)

BOOST_AUTO_TEST_CASE(says_that_all_is_finite) {
  const Function f = record(2, [](ExprSpan x) { return exp(x[0]) * x[1]; });
  const Diagnosis d = f.diagnose(Vector{{1.0, 2.0}});
  BOOST_TEST(d.ok());
  BOOST_TEST(printed(d) == "every value and every derivative is finite");
}

BOOST_AUTO_TEST_CASE(names_operation_operands_and_line) {
  int line = 0;
  const Function f = record(2, [&](ExprSpan x) {
    const Expr difference = x[0] - x[1];
    line = __LINE__ + 1;
    return 2.0 * log(difference) + 1.0;
  });
  const Diagnosis d = f.diagnose(Vector{{1.0, 4.0}});
  BOOST_TEST((d.found == Found::value));
  BOOST_TEST(d.operation == "log");
  BOOST_REQUIRE(d.operands.size() == 1u);
  BOOST_TEST(d.operands[0] == -3.0);
  check_line(d, line);
  BOOST_TEST(d.row == -1);
  BOOST_TEST(contains(printed(d), "log(-3) is NaN, at diagnose.cpp:" + std::to_string(line)), printed(d));
}

BOOST_AUTO_TEST_CASE(operators_have_lines_too) {
  int lines[4] = {};
  const Function f = record(1, [&](ExprSpan x) {
    lines[0] = __LINE__ + 1;
    Expr y = x[0] * 1e200;
    lines[1] = __LINE__ + 1;
    y *= x[0];
    lines[2] = __LINE__ + 1;
    y = 1.0 / (y - y) + 2;
    return y;
  });
  check_line(f.diagnose(Vector{{1e120}}), lines[0]);
  check_line(f.diagnose(Vector{{1e100}}), lines[1]);
  check_line(f.diagnose(Vector{{1.0}}), lines[2]);
}

BOOST_AUTO_TEST_CASE(names_the_row) {
  Matrix X(40, 1);
  for (Index r = 0; r < 40; ++r) X(r, 0) = r == 17 ? -3.2 : 1.0 + static_cast<double>(r);
  int line = 0;
  const Function f = record(1, [&](ExprSpan w) {
    return mean_over_rows(Columns(X), [&](Row row) {
      line = __LINE__ + 1;
      return square(w[0] - log(row[0] * w[0]));
    });
  });
  const Diagnosis d = f.diagnose(Vector{{1.0}});
  BOOST_TEST(d.row == 17);
  BOOST_TEST(d.operation == "log");
  check_line(d, line);
  BOOST_TEST(contains(printed(d), "row 17: log(-3.2) is NaN"), printed(d));
}

BOOST_AUTO_TEST_CASE(finds_what_is_wrong_in_the_gradient_alone) {
  int line = 0;
  const Function f = record(1, [&](ExprSpan x) {
    line = __LINE__ + 1;
    return x[0] * sqrt(x[0]) + sqrt(x[0]);
  });
  const Diagnosis d = f.diagnose(Vector{{0.0}});
  BOOST_TEST((d.found == Found::gradient));
  BOOST_TEST(d.operation == "/");  // 0.5 / sqrt(0)
  check_line(d, line);
  BOOST_TEST(contains(printed(d), "in the gradient"), printed(d));
  BOOST_TEST(contains(d.hint, "norm"), d.hint);
}

BOOST_AUTO_TEST_CASE(hints_at_stable_forms) {
  const auto hint = [](auto cost, double x) {
    return record(1, [&](ExprSpan w) -> Expr { return cost(w[0]); }).diagnose(Vector{{x}}).hint;
  };
  BOOST_TEST(contains(hint([](Expr x) { return log(1.0 + exp(x)); }, 800.0), "softplus"));
  BOOST_TEST(contains(hint([](Expr x) { return log(exp(x) + exp(2.0 * x)); }, 800.0), "logsumexp"));
  BOOST_TEST(contains(hint([](Expr x) { return exp(x) / (1.0 + exp(x)); }, 800.0), "sigmoid"));
  BOOST_TEST(contains(hint([](Expr x) { return log(sigmoid(x)); }, -800.0), "log_sigmoid"));
  BOOST_TEST(contains(hint([](Expr x) { return log(1.0 - exp(x)); }, -1e-30), "log1mexp"));
  BOOST_TEST(contains(hint([](Expr x) { return x * log(x); }, 0.0), "xlogy"));
  BOOST_TEST(contains(hint([](Expr x) { return sin(x) / x; }, 0.0), "sinc"));
  BOOST_TEST(contains(hint([](Expr x) { return log(erfc(x)); }, 30.0), "log_erfc"));
  BOOST_TEST(contains(hint([](Expr x) { return sqrt(x * x + 2.0 * x); }, 1e200), "norm"));
  BOOST_TEST(contains(hint([](Expr x) { return pow(x, 0.5); }, -1.0), "no integer"));
}

BOOST_AUTO_TEST_CASE(tells_bad_parameters_and_bad_data_from_bad_operations) {
  Vector y{{1.0, nan, 3.0}};
  const Columns named = Columns::from({"price"}, {y.data()}, 3);
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(named, [&](Row row) { return square(row["price"] - w[0]); });
  });
  const Diagnosis cell = f.diagnose(Vector{{0.0}});
  BOOST_TEST((cell.found == Found::data));
  BOOST_TEST(cell.row == 1);
  BOOST_TEST(printed(cell) == "row 1: column price is NaN");
  y[1] = 2.0;
  const Diagnosis parameter = f.diagnose(Vector{{nan}});
  BOOST_TEST((parameter.found == Found::parameter));
  BOOST_TEST(printed(parameter) == "parameter 0 is NaN");
  const Diagnosis overflow = f.diagnose(Vector{{1.2e154}});  // each square is finite, three are not
  BOOST_TEST(overflow.row == -1);
  BOOST_TEST(contains(overflow.hint, "their sum overflows"), printed(overflow));
}

BOOST_AUTO_TEST_CASE(passes_over_what_no_output_uses) {
  // The arm that was not taken is NaN, and no fault.
  const Function f = record(2, [](ExprSpan x) { return select(x[0] > 0.0, log(x[0]), 0.0) + log(x[1]); });
  BOOST_TEST(f.diagnose(Vector{{-1.0, 2.0}}).ok());
  const Diagnosis d = f.diagnose(Vector{{-1.0, -2.0}});
  BOOST_REQUIRE(d.operands.size() == 1u);
  BOOST_TEST(d.operands[0] == -2.0);
}

BOOST_AUTO_TEST_CASE(merged_nodes_keep_the_first_place) {
  int line = 0;
  const Function f = record(1, [&](ExprSpan x) {
    line = __LINE__ + 1;
    const Expr a = log(x[0]);
    const Expr b = log(x[0]);
    return a + 2.0 * b;
  });
  check_line(f.diagnose(Vector{{-1.0}}), line);
}

BOOST_AUTO_TEST_CASE(rows_of_map_rows) {
  const Matrix X{{1.0}, {0.0}, {2.0}};
  const Function f =
      record(1, [&](ExprSpan w) { return map_rows(Columns(X), [&](Row row) { return w[0] / row[0]; }); });
  const Diagnosis d = f.diagnose(Vector{{1.0}});
  BOOST_TEST(d.row == 1);
  BOOST_TEST(d.operation == "/");
}

BOOST_AUTO_TEST_CASE(a_place_inside_of_eigen_is_passed_over) {
  Graph graph;
  const NodeId x = graph.parameter();
  graph.set_location(id_of({"/home/someone/cost.cpp", 12}));
  graph.set_location(id_of({"/usr/include/eigen3/Eigen/src/Core/Redux.h", 240}));
  const NodeId y = graph.node(Op::exp, {x});
  BOOST_TEST(location_of(graph.location(y)).file == std::string("cost.cpp"));
  BOOST_TEST(location_of(graph.location(y)).line == 12);
}

BOOST_AUTO_TEST_CASE(a_product_of_eigens_has_the_place_of_its_user) {
  int line = 0;
  const Function f = record(3, [&](ExprSpan x) {
    Eigen::Matrix<Expr, 3, 1> v, u;
    for (Index i = 0; i < 3; ++i) v[i] = x[i], u[i] = 2.0 * x[i];
    line = __LINE__ + 1;
    return 1.0 + v.transpose() * u;
  });
  const Diagnosis d = f.diagnose(Vector{{1.0, 1e200, 1.0}});  // 1e200 * 2e200 overflows, inside of Eigen
  BOOST_TEST((d.found == Found::value));
  BOOST_TEST(d.file == "diagnose.cpp");
  BOOST_TEST((d.line == line || d.line == line - 2), d.line);  // the nearest place recorded outside of Eigen
}

BOOST_AUTO_TEST_CASE(no_recursion_in_a_deep_cost) {
  const Function f = record(1, [](ExprSpan x) {
    Expr y = log(x[0]);
    for (int i = 0; i < 1'000'000; ++i) y = y + 1.0;
    return y;
  });
  const Diagnosis d = f.diagnose(Vector{{-1.0}});
  BOOST_TEST(d.operation == "log");
}

BOOST_AUTO_TEST_CASE(an_infinity_beside_a_nan_is_not_blamed) {
  int line = 0;
  const Function f = record(2, [&](ExprSpan x) {
    const Expr mask = -floor(exp(1000.0 * x[0]));  // -inf, and meant; its slope is 0
    line = __LINE__ + 1;
    return mask + log(x[1]);
  });
  const Diagnosis d = f.diagnose(Vector{{1.0, -2.0}});
  BOOST_TEST(d.operation == "log");
  check_line(d, line);
}

BOOST_AUTO_TEST_CASE(a_constant_that_is_not_finite_is_named_with_its_user) {
  int line = 0;
  const Function f = record(1, [&](ExprSpan x) {
    const Expr offset = log(Expr(0.0));  // folded: no node
    line = __LINE__ + 1;
    return x[0] + offset;
  });
  const Diagnosis d = f.diagnose(Vector{{1.0}});
  BOOST_TEST((d.found == Found::constant));
  check_line(d, line);
  BOOST_TEST(printed(d) == "a constant is -inf, used at diagnose.cpp:" + std::to_string(line));
}

BOOST_AUTO_TEST_CASE(of_several_faults_the_first_computed_is_named) {
  int line = 0;
  const Function f = record(2, [&](ExprSpan x) {
    line = __LINE__ + 1;
    const Expr first = log(x[0]);
    const Expr second = sqrt(x[1]);
    return second * first + sqrt(x[1] - 1.0);
  });
  const Diagnosis d = f.diagnose(Vector{{-1.0, -1.0}});
  BOOST_TEST(d.operation == "log");
  check_line(d, line);
}

// Two sums whose bad rows differ: what the first search saw of a row says nothing about another row.
BOOST_AUTO_TEST_CASE(each_sum_has_its_own_row) {
  const Matrix X{{1.0, 1.0}, {2.0, -1.0}, {-1.0, 2.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr a = sum_over_rows(Columns(X), [&](Row row) { return w[0] * log(row[0]); });
    const Expr b = sum_over_rows(Columns(X), [&](Row row) { return w[0] * sqrt(row[1]); });
    return b + a;
  });
  const Diagnosis d = f.diagnose(Vector{{1.0}});
  BOOST_TEST(d.operation == "log");
  BOOST_TEST(d.row == 2);
}

BOOST_AUTO_TEST_CASE(rows_of_which_one_arm_is_out_of_its_domain_are_no_fault) {
  const Matrix X{{1.0}, {-4.0}, {0.0}};
  int line = 0;
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      const Expr root =
          select(row[0] >= 0.0, sqrt(row[0] * w[0]), 0.0);  // finite in each row, its slope not in row 2
      line = __LINE__ + 1;
      return root + 1.0 / (row[0] + 4.0 * w[0]);
    });
  });
  const Diagnosis d = f.diagnose(Vector{{1.0}});
  BOOST_TEST((d.found == Found::value));
  BOOST_TEST(d.operation == "/");
  BOOST_TEST(d.row == 1);
  check_line(d, line);
}

// fuse_products makes one node of products and sums; the graph that is diagnosed keeps each.
BOOST_AUTO_TEST_CASE(places_stay_where_products_are_fused) {
  const Matrix X{{1.0, 2.0}, {1e200, 1e200}};
  int line = 0;
  const Function f = record(2, [&](ExprSpan w) {
    return sum_over_rows(Columns(X), [&](Row row) {
      const Expr first = row[0] * w[0];
      line = __LINE__ + 1;
      const Expr product = row[1] * row[1] * w[1];
      return first + product;
    });
  });
  const Diagnosis d = f.diagnose(Vector{{1.0, 1.0}});
  BOOST_TEST(d.operation == "*");
  BOOST_TEST(d.row == 1);
  check_line(d, line);
}

BOOST_AUTO_TEST_CASE(a_wrong_size_is_refused) {
  const Function f = record(2, [](ExprSpan x) { return x[0] + x[1]; });
  BOOST_CHECK_THROW(f.diagnose(Vector{{1.0}}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
