// Costs that branch on values: recorded at a point, anew where a branch turns, chosen by their guards.

#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <random>
#include <sstream>
#include <thread>

namespace rappel::test {
namespace {

// x^2 for x > 0, -3 x^3 else: values and derivatives differ on the two sides.
const auto two_sides = [](ExprSpan x) {
  return x[0] > 0.0 ? x[0] * x[0] : -3.0 * (x[0] * x[0] * x[0]);
};

// A sum of such terms has 2^n ways to go.
Expr many_sides(ExprSpan x) {
  Expr total = 0.0;
  for (const Expr& e : x) total += e > 0.0 ? e * e : -3.0 * e;
  return total;
}
double many_sides_gradient(double x) { return x > 0.0 ? 2.0 * x : -3.0; }

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

Vector random_point(std::mt19937& random, Index n) {
  std::uniform_real_distribution<double> entry(-1.0, 1.0);
  return Vector::NullaryExpr(n, [&] { return entry(random); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(branches)

BOOST_AUTO_TEST_CASE(a_cost_is_recorded_anew_where_its_branch_turns) {
  const Function f = record(1, two_sides);
  Vector gradient;
  for (const double x : {2.0, -2.0, 4.0, -0.5, 0.0}) {
    const bool right = x > 0.0;
    BOOST_TEST(f.value_and_gradient(Vector{{x}}, gradient) == (right ? x * x : -3.0 * (x * x * x)));
    BOOST_TEST(gradient[0] == (right ? 2.0 * x : -9.0 * x * x));
  }
  BOOST_TEST(f.branch_statistics().recordings == 2);
  BOOST_TEST(f.branch_statistics().kept == 2);
  BOOST_TEST(f.branch_statistics().calls == 5);
}

BOOST_AUTO_TEST_CASE(derivatives_of_every_order_take_the_branches_of_their_point) {
  const Function f = record(1, two_sides);
  const Function df = f.gradient();  // not recorded yet
  BOOST_TEST(df.values(Vector{{-2.0}})[0] == -36.0);
  BOOST_TEST(df.values(Vector{{2.0}})[0] == 4.0);
  BOOST_TEST(df.jacobian(Vector{{-2.0}})(0, 0) == 36.0);
  BOOST_TEST(f.hessian(Vector{{3.0}})(0, 0) == 2.0);
  BOOST_TEST(f.hessian_vector(Vector{{-3.0}}, Vector{{2.0}})[0] == 108.0);
  BOOST_TEST(df.jacobian_vector(Vector{{-3.0}}, Vector{{2.0}})[0] == 108.0);
  const Function slope = record(1, [&](ExprSpan x) { return df.outputs(x)[0]; });
  BOOST_TEST(slope.hessian(Vector{{-2.0}})(0, 0) == -18.0);  // the third derivative
  BOOST_TEST(slope.hessian(Vector{{2.0}})(0, 0) == 0.0);
  BOOST_TEST(f.branch_statistics().recordings == 2);
}

BOOST_AUTO_TEST_CASE(ten_signatures_are_recorded_once_each) {
  // Which tenth of [0, 1) x lies in, by comparisons one after the other.
  const Function f = record(1, [](ExprSpan x) {
    Expr slope = 1.0;
    for (int k = 1; k < 10; ++k) {
      if (x[0] < k / 10.0) break;
      slope = slope + 1.0;
    }
    return slope * x[0];
  });
  Vector gradient;
  for (int pass = 0; pass < 3; ++pass)
    for (int k = 9; k >= 0; --k) {
      f.value_and_gradient(Vector{{0.05 + k / 10.0}}, gradient);
      BOOST_TEST(gradient[0] == k + 1.0);
    }
  BOOST_TEST(f.branch_statistics().recordings == 10);
}

BOOST_AUTO_TEST_CASE(a_thousand_signatures_are_right_and_the_number_kept_is_bounded) {
  const Index n = 16;
  const Function f = record(n, many_sides, {.max_recordings = 100});
  std::mt19937 random(5);
  Vector gradient;
  for (int i = 0; i < 1000; ++i) {
    const Vector x = random_point(random, n);
    f.value_and_gradient(x, gradient);
    BOOST_TEST(gradient == x.unaryExpr(&many_sides_gradient), boost::test_tools::per_element());
  }
  BOOST_TEST(f.branch_statistics().kept == 100);
  BOOST_TEST(f.branch_statistics().recordings > 900);
  std::ostringstream text;
  text << f;
  BOOST_TEST(contains(text.str(), "most calls record anew"));
}

BOOST_AUTO_TEST_CASE(the_oldest_recording_goes) {
  const Function f = record(1, two_sides, {.max_recordings = 1});
  for (const double x : {1.0, -1.0, 1.0, 2.0}) f.value(Vector{{x}});
  BOOST_TEST(f.branch_statistics().recordings == 3);
  BOOST_TEST(f.branch_statistics().kept == 1);
  BOOST_TEST(f.value(Vector{{-1.0}}) == 3.0);
}

BOOST_AUTO_TEST_CASE(newtons_iteration_inside_of_a_cost) {
  const Function root = record(1, [](ExprSpan x) {
    Expr z = 1.0, last = 0.0;
    while (abs(z - last) > 1e-14 * z) {
      last = z;
      z = 0.5 * (z + x[0] / z);
    }
    return z;
  });
  for (const double x : {0.25, 2.0, 3.0, 100.0, 1e6}) {
    // The last step squares an error of 1e-14: what is left is rounding, some ulp a derivative.
    BOOST_TEST(root.value(Vector{{x}}) == std::sqrt(x), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(root.value_and_gradient(Vector{{x}}).second[0] == 0.5 / std::sqrt(x),
               boost::test_tools::tolerance(1e-14));
    BOOST_TEST(root.hessian(Vector{{x}})(0, 0) == -0.25 / (x * std::sqrt(x)), boost::test_tools::tolerance(1e-13));
  }
}

BOOST_AUTO_TEST_CASE(a_sort_inside_of_a_cost) {
  const Index n = 50;
  const Function f = record(n, [](ExprSpan x) {
    std::vector<Expr> sorted(x.begin(), x.end());
    std::sort(sorted.begin(), sorted.end());
    Expr total = 0.0;
    for (std::size_t i = 0; i < sorted.size(); ++i) total += static_cast<double>(i) * sorted[i];
    return total;
  });
  std::mt19937 random(6);
  for (int i = 0; i < 10; ++i) {
    const Vector x = random_point(random, n);
    const auto [value, gradient] = f.value_and_gradient(x);
    for (Index j = 0; j < n; ++j)
      BOOST_TEST(gradient[j] == static_cast<double>((x.array() < x[j]).count()));  // its rank
    BOOST_TEST(value == gradient.dot(x), boost::test_tools::tolerance(1e-14));     // 50 terms
  }
}

// The recording rounds x * x before it subtracts, its replay contracts the two: whichever way the branch goes,
// each call ends, and value and derivatives are of one arm.
BOOST_AUTO_TEST_CASE(a_comparison_that_rounds_otherwise_in_a_replay_keeps_to_one_arm) {
  const Function f = record(2, [](ExprSpan x) {
    const Expr excess = x[0] * x[0] - x[1];
    return excess > 0.0 ? 10.0 + x[0] : x[0] < 0.0 ? Expr(1.0) : 20.0 + 3.0 * x[0];
  });
  for (int k = 1; k < 200; ++k) {
    const double a = 1.0 + k / 1024.0 + 0x1p-40;  // its square is rounded
    const Vector x{{a, a * a}};
    for (int again = 0; again < 2; ++again) {
      const auto [value, gradient] = f.value_and_gradient(x);
      if (gradient[0] == 1.0)
        BOOST_TEST(value == 10.0 + a);
      else
        BOOST_TEST(value == 20.0 + 3.0 * a);
    }
  }
  BOOST_TEST(f.branch_statistics().kept <= 3);
}

BOOST_AUTO_TEST_CASE(branches_on_sums_over_rows_and_on_data) {
  const Vector up{{1.0, 2.0, 3.0}}, down{{-1.0, -2.0, -6.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Columns columns(up);
    const Expr mean = mean_over_rows(columns, [&](Row row) { return w[0] * row[0]; });
    if (mean > 1.0) return mean * mean;
    return sum_over_rows(columns, [&](Row row) { return exp(w[0] * row[0]); });
  });
  const auto check = [](const Function& g, double w, double value, double slope) {
    const auto [computed, gradient] = g.value_and_gradient(Vector{{w}});
    BOOST_TEST(computed == value, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(gradient[0] == slope, boost::test_tools::tolerance(1e-15));
  };
  const double e = std::exp(0.25);
  check(f, 2.0, 16.0, 16.0);
  check(f, 0.25, e + e * e + e * e * e, e + 2 * e * e + 3 * e * e * e);
  const Function other = f.with_columns(Columns(down));
  check(other, -2.0, 36.0, -36.0);
  check(other, 0.0, 3.0, -9.0);
  check(f, 2.0, 16.0, 16.0);
  BOOST_TEST(f.branch_statistics().recordings == 2);
}

BOOST_AUTO_TEST_CASE(branches_on_an_argument) {
  const Function f = record(1, [](ExprSpan x) {
    const Expr limit = argument(1.0);
    return x[0] > limit ? x[0] * limit : x[0] * x[0];
  });
  BOOST_TEST(f.value(Vector{{3.0}}) == 3.0);
  BOOST_TEST(f.with(Vector{{4.0}}).value(Vector{{3.0}}) == 9.0);
  BOOST_TEST(f.with(Vector{{2.0}}).value(Vector{{3.0}}) == 6.0);
  BOOST_TEST(f.gradient().with(Vector{{2.0}}).values(Vector{{3.0}})[0] == 2.0);
  check_refused([&] { f.with(Vector{{1.0, 2.0}}); }, {"2 entries", "takes 1"});
}

BOOST_AUTO_TEST_CASE(values_by_row_and_several_values_branch_too) {
  const Vector data{{1.0, 2.0}};
  const Function rows = record(1, [&](ExprSpan w) {
    const bool above = w[0] > 0.0;
    return map_rows(Columns(data), [&](Row row) { return above ? w[0] * row[0] : Expr(7.0); });
  });
  BOOST_TEST(rows.values(Vector{{3.0}}) == (Vector{{3.0, 6.0}}), boost::test_tools::per_element());
  BOOST_TEST(rows.values(Vector{{-3.0}}) == (Vector{{7.0, 7.0}}), boost::test_tools::per_element());
  const Function two = record(2, [](ExprSpan x) {
    return std::array<Expr, 2>{x[0] > x[1] ? x[0] : x[1], x[0] * x[1]};
  });
  BOOST_TEST((two.jacobian(Vector{{3.0, 2.0}}) == Matrix{{1.0, 0.0}, {2.0, 3.0}}));
  BOOST_TEST((two.jacobian(Vector{{2.0, 3.0}}) == Matrix{{0.0, 1.0}, {3.0, 2.0}}));
}

BOOST_AUTO_TEST_CASE(a_function_that_branches_is_used_in_another) {
  const Function f = record(1, two_sides);
  const Function g = record(1, [&](ExprSpan x) { return exp(f({x[0] - 1.0})); });
  const auto check = [&](double x, double inner, double slope) {
    const auto [value, gradient] = g.value_and_gradient(Vector{{x}});
    BOOST_TEST(value == std::exp(inner), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(gradient[0] == std::exp(inner) * slope, boost::test_tools::tolerance(1e-15));
  };
  check(2.0, 1.0, 2.0);
  check(0.0, 3.0, -9.0);
  check(1.5, 0.25, 1.0);
  BOOST_TEST(g.branch_statistics().recordings == 2);
  BOOST_TEST(f({Expr(-2.0)}).constant() == 24.0);
  const Vector data{{1.0, 2.0}};
  check_refused([&] {
        record(1, [&](ExprSpan x) {
          return sum_over_rows(Columns(data), [&](Row row) { return f({x[0] * row[0]}); });
        });
      },
      {"vary by row", "select"});
}

BOOST_AUTO_TEST_CASE(recorded_at_a_point_given_or_used_once) {
  const Vector left{{-2.0}};
  const Function f = record(1, two_sides, {.at = left});
  BOOST_TEST(f.branch_statistics().recordings == 1);
  BOOST_TEST(f.graph().num_parameters() == 1);
  BOOST_TEST(f.value(left) == 24.0);
  BOOST_TEST(f.branch_statistics().recordings == 1);
  BOOST_TEST(value_and_gradient(two_sides, Vector{{3.0}}).second[0] == 6.0);
  const Function plain = record(1, [](ExprSpan x) { return x[0] * x[0]; }, {.at = left});
  BOOST_TEST(plain.branch_statistics().calls == 0);
  check_refused([&] { record(2, two_sides, {.at = left}); }, {"1 entries", "2 parameters"});
}

BOOST_AUTO_TEST_CASE(what_is_not_recorded_yet_says_so) {
  const Function f = record(1, two_sides);
  std::ostringstream text;
  text << f;
  BOOST_TEST(contains(text.str(), "not recorded yet"));
  check_refused([&] { f.graph(); }, {"branches on values", "not been recorded yet"});
  check_refused([&] { f.to_dot(); }, {"not been recorded yet"});
  f.value(Vector{{1.0}});
  text.str("");
  text << f;
  BOOST_TEST(contains(text.str(), "where n"));
  BOOST_TEST(contains(text.str(), "1 recording made in 1 call"));
}

BOOST_AUTO_TEST_CASE(a_comparison_by_row_used_as_bool_says_select) {
  const Vector data{{1.0, -1.0}};
  const auto cost = [&](ExprSpan x) {
    return sum_over_rows(Columns(data), [&](Row row) { return row[0] > 0.0 ? x[0] : -x[0]; });
  };
  check_refused([&] { record(1, cost); }, {"varies by row", "select"});
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_cost_leaves_the_function_as_it_was) {
  const Function f = record(1, [](ExprSpan x) {
    if (x[0] > 100.0) throw std::runtime_error("too far");
    return x[0] > 0.0 ? x[0] * x[0] : -x[0];
  });
  BOOST_TEST(f.value(Vector{{2.0}}) == 4.0);
  BOOST_CHECK_THROW(f.value(Vector{{101.0}}), std::runtime_error);
  BOOST_TEST(f.value(Vector{{2.0}}) == 4.0);
  BOOST_TEST(f.value(Vector{{-2.0}}) == 2.0);
  BOOST_TEST(f.branch_statistics().recordings == 2);
}

BOOST_AUTO_TEST_CASE(a_cost_that_catches_everything_branches_all_the_same) {
  const Function f = record(1, [](ExprSpan x) {
    try {
      if (x[0] > 0.0) return x[0];
    } catch (...) {
    }
    return 5.0 * x[0];
  });
  BOOST_TEST(f.value(Vector{{2.0}}) == 2.0);
  BOOST_TEST(f.value(Vector{{-2.0}}) == -10.0);
}

BOOST_AUTO_TEST_CASE(a_branch_on_nan_goes_the_way_of_doubles) {
  const Function f = record(1, two_sides);
  BOOST_TEST(std::isnan(f.value(Vector{{std::nan("")}})));
  const Function g = record(1, [](ExprSpan x) { return x[0] < 1.0 ? Expr(1.0) : Expr(2.0); });
  BOOST_TEST(g.value(Vector{{std::nan("")}}) == 2.0);
  BOOST_TEST(g.value(Vector{{0.0}}) == 1.0);
  BOOST_TEST(g.value(Vector{{std::nan("")}}) == 2.0);
}

BOOST_AUTO_TEST_CASE(accuracy_and_diagnosis_are_of_the_branch_at_hand) {
  const Function f = record(1, [](ExprSpan x) { return x[0] > 0.0 ? sqrt(x[0]) : log(x[0]); });
  BOOST_TEST(f.accuracy(Vector{{2.0}}).ok());
  std::ostringstream text;
  text << f.diagnose(Vector{{-2.0}});
  BOOST_TEST(contains(text.str(), "log(-2)"));
}

BOOST_AUTO_TEST_CASE(short_circuits_and_conditions_as_nodes) {
  const Function f = record(2, [](ExprSpan x) {
    if (x[0] > 0.0 && log(x[0]) > x[1]) return log(x[0]);
    return select((x[0] > 1.0) & (x[1] > 1.0), x[0] * x[1], -x[1]);
  });
  BOOST_TEST(f.value(Vector{{-1.0, 3.0}}) == -3.0);
  BOOST_TEST(f.value(Vector{{2.0, 3.0}}) == 6.0);
  BOOST_TEST(f.value(Vector{{1.0, -3.0}}) == 0.0);
  BOOST_TEST(f.branch_statistics().recordings == 3);
}

BOOST_AUTO_TEST_CASE(sixteen_threads_call_one_function_that_branches) {
  const Index n = 6;
  const Function f = record(n, many_sides, {.max_recordings = 40}), df = f.gradient();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 16; ++seed)
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      Vector gradient;
      for (int i = 0; i < 60; ++i) {
        const Vector x = random_point(random, n), expected = x.unaryExpr(&many_sides_gradient);
        f.value_and_gradient(x, gradient);
        wrong += gradient != expected;
        wrong += df.values(x) != expected;
      }
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
