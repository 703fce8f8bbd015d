// Operations of one's own, values held, roots and minima inside of costs.

#include "messages.hpp"

#include <rappel/autodiff.hpp>
#include <rappel/autodiff/exact_op.hpp>

#include <boost/test/unit_test.hpp>
#include <Eigen/LU>

#include <array>
#include <atomic>
#include <cmath>
#include <sstream>

namespace rappel::test {
namespace {

// Lambert's W on the principal branch, x >= 0, by Halley's method.
template <class Number>
Number lambert_w0(const Number& x) {
  using std::exp, std::log1p;
  Number w = log1p(x);
  for (int i = 0; i < 8; ++i) {
    const Number e = exp(w), f = w * e - x;
    w = w - f / (e * (w + 1) - (w + 2) * f / (2 * w + 2));
  }
  return w;
}
double lambert(double x) { return lambert_w0(x); }

const UnaryOp lambert_w = define_op(
    "lambert_w", [](double x) { return lambert(x); },
    [](Expr x, Expr z, Expr zbar) { return x * 0.0 + zbar * exp(-z) / (1.0 + z); },
    {.exact = exact_form([](const std::vector<ExactNumber>& x) { return lambert_w0(x[0]); })});

// From W e^W = x.
double first(double w) { return std::exp(-w) / (1.0 + w); }
double second(double w) { return -std::exp(-2.0 * w) * (w + 2.0) / std::pow(1.0 + w, 3); }
double third(double w) {
  return std::exp(-3.0 * w) * (2.0 * w * w + 8.0 * w + 9.0) / std::pow(1.0 + w, 5);
}

const auto near = boost::test_tools::tolerance(1e-14);  // some roundings each, nothing cancels

}  // namespace

BOOST_AUTO_TEST_SUITE(own_operations)

BOOST_AUTO_TEST_CASE(an_adjoint_in_expr_has_every_order) {
  const Function f = record(1, [](ExprSpan x) { return lambert_w(x[0]); });
  for (const double x : {0.1, 1.0, 5.0}) {
    const double w = lambert(x);
    BOOST_TEST(f.value(Vector{{x}}) == w);
    BOOST_TEST(f.value_and_gradient(Vector{{x}}).second[0] == first(w), near);
    BOOST_TEST(f.hessian(Vector{{x}})(0, 0) == second(w), near);
    const Function df = f.gradient();
    const Function slope = record(1, [&](ExprSpan y) { return df.outputs(y)[0]; });
    BOOST_TEST(slope.hessian(Vector{{x}})(0, 0) == third(w), near);
  }
}

BOOST_AUTO_TEST_CASE(equal_uses_are_one_node_and_constants_fold) {
  const Function f = record(1, [](ExprSpan x) { return lambert_w(x[0]) * lambert_w(x[0]) + lambert_w(Expr(1.0)); });
  int uses = 0;
  for (NodeId n = 0; n < static_cast<NodeId>(f.graph().size()); ++n) uses += f.graph().op(n) == Op::custom;
  BOOST_TEST(uses == 1);
  const double w = lambert(2.0);
  BOOST_TEST(f.value(Vector{{2.0}}) == w * w + lambert(1.0), near);
  std::ostringstream text;
  text << f;
  BOOST_TEST((text.str().find("lambert_w(n0)") != std::string::npos), text.str());
}

BOOST_AUTO_TEST_CASE(by_row_by_lane_and_by_block_alike) {
  const Vector data = Vector::LinSpaced(1003, 0.1, 3.0);
  std::atomic<int> blocks = 0;
  const UnaryOp block_w = define_op(
      "block_w", [](double x) { return lambert(x); },
      [](Expr, Expr z, Expr zbar) { return zbar * exp(-z) / (1.0 + z); },
      {.rows = [&](const double* const* x, double* const* z, Index rows) {
        ++blocks;
        for (Index r = 0; r < rows; ++r) z[0][r] = lambert(x[0][r]);
      }});
  const auto cost = [&](const UnaryOp& op) {
    return record(2, [&](ExprSpan w) {
      return mean_over_rows(Columns(data), [&](Row row) { return op(w[0] * row[0]) * op(w[1]); });
    });
  };
  const Function f = cost(lambert_w), g = cost(block_w);
  const Vector w{{1.5, 2.0}};
  double sum = 0.0, slope = 0.0;
  for (const double x : data) {
    sum += lambert(1.5 * x);
    slope += x * first(lambert(1.5 * x));
  }
  const double n = 1003.0;
  BOOST_TEST(f.value(w) == sum / n * lambert(2.0), boost::test_tools::tolerance(1e-13));
  const Vector gradient = f.value_and_gradient(w).second;
  BOOST_TEST(gradient[0] == slope / n * lambert(2.0), boost::test_tools::tolerance(1e-13));
  BOOST_TEST(gradient[1] == sum / n * first(lambert(2.0)), boost::test_tools::tolerance(1e-13));
  BOOST_TEST((g.value_and_gradient(w).second.array() == gradient.array()).all());
  BOOST_TEST((g.hessian(w).array() == f.hessian(w).array()).all());
  BOOST_TEST(blocks > 0);
}

BOOST_AUTO_TEST_CASE(inside_of_a_scan_by_row_and_not) {
  const Vector data = Vector::LinSpaced(100, 0.5, 2.0);
  const auto twice = [](const Expr& x) { return iterate(2, x, [](const Expr& y) { return lambert_w(y); }); };
  const Function f = record(1, [&](ExprSpan w) {
    return twice(w[0]) + sum_over_rows(Columns(data), [&](Row row) { return twice(w[0] * row[0]); });
  });
  double value = lambert(lambert(3.0)), slope = first(lambert(lambert(3.0))) * first(lambert(3.0));
  for (const double x : data) {
    const double v = lambert(3.0 * x), u = lambert(v);
    value += u;
    slope += x * first(u) * first(v);
  }
  const auto [computed, gradient] = f.value_and_gradient(Vector{{3.0}});
  BOOST_TEST(computed == value, near);
  BOOST_TEST(gradient[0] == slope, near);
}

BOOST_AUTO_TEST_CASE(an_adjoint_in_doubles_has_first_derivatives_and_says_so) {
  const UnaryOp op = define_op(
      "plain_w", [](double x) { return lambert(x); },
      [](double, double z, double zbar) { return zbar * first(z); });
  const Vector data = Vector::LinSpaced(50, 0.5, 2.0);
  const Function f = record(1, [&](ExprSpan x) {
    return op(x[0]) + sum_over_rows(Columns(data), [&](Row row) { return op(x[0] * row[0]); });
  });
  double slope = first(lambert(2.0));
  for (const double x : data) slope += x * first(lambert(2.0 * x));
  BOOST_TEST(f.value_and_gradient(Vector{{2.0}}).second[0] == slope, near);
  check_refused([&] { f.hessian(Vector{{2.0}}); }, {"plain_w", "first derivatives only"});
  BOOST_TEST(f.value_and_gradient(Vector{{2.0}}).second[0] == slope, near);
}

BOOST_AUTO_TEST_CASE(several_operands_and_results) {
  // (r, phi) of (x, y), and back.
  const NaryOp polar = define_op(
      "polar", 2, 2,
      [](ConstSpan x, MutableSpan z) {
        z[0] = std::hypot(x[0], x[1]);
        z[1] = std::atan2(x[1], x[0]);
      },
      [](ExprSpan x, ExprSpan z, ExprSpan zbar) {
        return std::vector<Expr>{zbar[0] * x[0] / z[0] - zbar[1] * x[1] / square(z[0]),
                                 zbar[0] * x[1] / z[0] + zbar[1] * x[0] / square(z[0])};
      });
  const Function f = record(2, [&](ExprSpan x) {
    const std::vector<Expr> p = polar(x);
    return std::array<Expr, 2>{p[0] * cos(p[1]), p[0] * sin(p[1])};
  });
  const Vector x{{0.3, -0.8}};
  BOOST_TEST((f.jacobian(x) - Matrix::Identity(2, 2)).cwiseAbs().maxCoeff() < 1e-15);
  const BinaryOp times = define_op(
      "times", [](double a, double b) { return a * b; },
      [](Expr a, Expr b, Expr, Expr zbar) { return std::array<Expr, 2>{zbar * b, zbar * a}; });
  BOOST_TEST((record(2, [&](ExprSpan y) { return times(y[0], y[1]); }).hessian(x) == Matrix{{0.0, 1.0}, {1.0, 0.0}}));
  check_refused([&] { polar({Expr(1.0)}); }, {"polar takes 2 operands", "1 given"});
  check_refused([] { define_op("none", 0, 1, [](ConstSpan, MutableSpan) {}, [](ExprSpan o, ExprSpan, ExprSpan) {
                       return std::vector<Expr>(o.begin(), o.end());
                     }); },
                {"none has 0 operands"});
}

BOOST_AUTO_TEST_CASE(an_exception_reaches_the_caller_and_leaves_the_function_usable) {
  const UnaryOp picky = define_op(
      "picky",
      [](double x) {
        if (x > 100.0) throw std::domain_error("too large");
        return x;
      },
      [](Expr, Expr, Expr zbar) { return zbar; });
  const Vector data = Vector::LinSpaced(50000, 0.0, 1.0);
  for (const int threads : {1, 2}) {
    const Function f = record(
        1,
        [&](ExprSpan w) {
          return sum_over_rows(Columns(data), [&](Row row) { return picky(w[0] * row[0]); });
        },
        {.threads = threads});
    const double value = f.value(Vector{{2.0}});
    BOOST_CHECK_THROW(f.value(Vector{{200.0}}), std::domain_error);
    BOOST_CHECK_THROW(f.value_and_gradient(Vector{{200.0}}), std::domain_error);
    BOOST_TEST(f.value(Vector{{2.0}}) == value);
  }
}

BOOST_AUTO_TEST_CASE(an_operation_may_call_a_function_of_its_own) {
  const Function inner = record(1, [](ExprSpan x) { return exp(x[0]) * x[0]; });
  const UnaryOp op = define_op(
      "inner", [inner](double x) { return inner.value(Vector{{x}}); },
      [inner](double x, double, double zbar) { return zbar * inner.value_and_gradient(Vector{{x}}).second[0]; });
  const Vector data = Vector::LinSpaced(300, 0.0, 1.0);
  const Function f = record(2, [&](ExprSpan w) {
    return op(w[1]) * sum_over_rows(Columns(data), [&](Row row) { return op(w[0] * row[0]) + row[0]; });
  });
  const Function g = record(2, [&](ExprSpan w) {
    return exp(w[1]) * w[1] *
           sum_over_rows(Columns(data), [&](Row row) { return exp(w[0] * row[0]) * (w[0] * row[0]) + row[0]; });
  });
  const Vector w{{0.7, 1.1}};
  BOOST_TEST(f.value(w) == g.value(w), boost::test_tools::tolerance(1e-13));
  BOOST_TEST((f.value_and_gradient(w).second - g.value_and_gradient(w).second).norm() <=
             1e-13 * g.value_and_gradient(w).second.norm());
}

BOOST_AUTO_TEST_CASE(accuracy_checks_the_exact_form_or_names_what_it_lacks) {
  const Function f = record(1, [](ExprSpan x) { return lambert_w(x[0]); });
  const Accuracy checked = f.accuracy(Vector{{2.0}});
  BOOST_TEST(checked.ok());
  BOOST_TEST(checked.not_checked.empty());
  const UnaryOp plain = define_op(
      "plain", [](double x) { return x; }, [](Expr, Expr, Expr zbar) { return zbar; });
  const Accuracy not_checked = record(1, [&](ExprSpan x) { return plain(x[0]); }).accuracy(Vector{{2.0}});
  BOOST_REQUIRE(not_checked.not_checked.size() == 1);
  BOOST_TEST(not_checked.not_checked[0] == "plain");
}

BOOST_AUTO_TEST_CASE(diagnosis_names_the_operation_and_its_operands) {
  const UnaryOp never = define_op(
      "never", [](double) { return std::nan(""); }, [](Expr, Expr, Expr zbar) { return zbar; });
  const Diagnosis d = record(1, [&](ExprSpan x) { return never(x[0] + 1.0); }).diagnose(Vector{{2.0}});
  BOOST_TEST(d.operation == "never");
  BOOST_REQUIRE(d.operands.size() == 1);
  BOOST_TEST(d.operands[0] == 3.0);
}

BOOST_AUTO_TEST_CASE(stop_gradient_passes_the_value_alone) {
  const Vector data{{1.0, 2.0, 3.0}};
  const Function f = record(2, [&](ExprSpan x) {
    return stop_gradient(x[0] * x[1]) * x[0] + fixed(x[1]) * x[1] +
           sum_over_rows(Columns(data), [&](Row row) { return stop_gradient(x[0] * row[0]) * x[1]; });
  });
  const Vector x{{3.0, 5.0}};
  const auto [value, gradient] = f.value_and_gradient(x);
  BOOST_TEST(value == 45.0 + 25.0 + 90.0);
  BOOST_TEST(gradient[0] == 15.0);
  BOOST_TEST(gradient[1] == 5.0 + 18.0);
  BOOST_TEST(f.accuracy(x).not_checked.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(implicit_functions)

BOOST_AUTO_TEST_CASE(a_root_has_the_derivatives_of_the_square_root) {
  const Function f = record(1, [](ExprSpan theta) {
    return root([](ExprSpan z, ExprSpan t) { return z[0] * z[0] - t[0]; }, 1.0, theta);
  });
  for (const double t : {0.25, 2.0, 9.0}) {
    const double z = std::sqrt(t);
    BOOST_TEST(f.value(Vector{{t}}) == z, near);
    BOOST_TEST(f.value_and_gradient(Vector{{t}}).second[0] == 0.5 / z, near);
    BOOST_TEST(f.hessian(Vector{{t}})(0, 0) == -0.25 / (t * z), near);
    const Function df = f.gradient();
    BOOST_TEST(record(1, [&](ExprSpan y) { return df.outputs(y)[0]; }).hessian(Vector{{t}})(0, 0) ==
                   0.375 / (t * t * z), near);
  }
}

// E - e sin E = M: dE/dM = 1 / (1 - e cos E), dE/de = sin E / (1 - e cos E).
BOOST_AUTO_TEST_CASE(keplers_equation_by_row) {
  const Vector anomaly = Vector::LinSpaced(200, 0.1, 6.0);
  const Function f = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(anomaly), [&](Row row) {
      return root([](ExprSpan z, ExprSpan t) { return z[0] - t[0] * sin(z[0]) - t[1]; }, 3.0, {w[0], row[0]});
    });
  });
  const double e = 0.3;
  double sum = 0.0, slope = 0.0;
  for (const double m : anomaly) {
    double z = m;
    for (int i = 0; i < 50; ++i) z -= (z - e * std::sin(z) - m) / (1.0 - e * std::cos(z));
    sum += z;
    slope += std::sin(z) / (1.0 - e * std::cos(z));
  }
  const auto [value, gradient] = f.value_and_gradient(Vector{{e}});
  BOOST_TEST(value == sum, boost::test_tools::tolerance(1e-13));
  BOOST_TEST(gradient[0] == slope, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(several_unknowns) {
  // z0 + z1 = t0, z0 z1 = t1: the roots of a quadratic.
  const Function f = record(2, [](ExprSpan theta) {
    return root([](ExprSpan z, ExprSpan t) { return std::array<Expr, 2>{z[0] + z[1] - t[0], z[0] * z[1] - t[1]}; },
                Vector{{4.0, 1.0}}, theta);
  });
  const Vector t{{5.0, 6.0}}, z = f.values(t);
  BOOST_TEST(z[0] == 3.0, near);
  BOOST_TEST(z[1] == 2.0, near);
  // dz0 = (z0 dt0 - dt1) / (z0 - z1).
  const Matrix j = f.jacobian(t);
  BOOST_TEST((j - Matrix{{3.0, -1.0}, {-2.0, 1.0}}).cwiseAbs().maxCoeff() < 1e-13);
  check_refused(
      [] {
        record(1, [](ExprSpan theta) {
          return root([](ExprSpan u, ExprSpan) { return std::array<Expr, 2>{u[0], u[0]}; }, Vector{{1.0}}, theta)[0];
        });
      },
      {"2 equations for 1 unknowns"});
}

// Ridge regression as a function of its penalty, against the closed form in (X'X + t I)^-1.
BOOST_AUTO_TEST_CASE(a_minimum_has_the_derivatives_of_ridge_regression) {
  const Matrix X{{1.0, 0.5}, {0.3, -1.0}, {-0.7, 0.2}, {1.1, 1.3}};
  const Vector y{{1.0, -0.5, 0.3, 2.0}};
  const Function f = record(1, [&](ExprSpan theta) {
    return argmin(
        [&](ExprSpan z, ExprSpan t) {
          Expr total = 0.5 * t[0] * (square(z[0]) + square(z[1]));
          for (Index i = 0; i < 4; ++i) total += 0.5 * square(X(i, 0) * z[0] + X(i, 1) * z[1] - y[i]);
          return total;
        },
        Vector::Zero(2), theta);
  });
  const double t = 0.7;
  const Matrix inverse = (X.transpose() * X + t * Matrix::Identity(2, 2)).inverse();
  const Vector z = inverse * (X.transpose() * y);
  BOOST_TEST((f.values(Vector{{t}}) - z).norm() < 1e-14);
  BOOST_TEST((f.jacobian(Vector{{t}}).col(0) + inverse * z).norm() < 1e-14);
  const Function norm = record(1, [&](ExprSpan theta) {
    const std::vector<Expr> w = f.outputs(theta);
    return square(w[0]) + square(w[1]);
  });
  // d2 |z|^2 / dt2 = 2 |A z|^2 + 4 z' A A z, A the inverse.
  const Vector az = inverse * z;
  BOOST_TEST(norm.hessian(Vector{{t}})(0, 0) == 6.0 * az.squaredNorm(), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_minimum_is_found_where_newton_alone_finds_a_maximum) {
  const Function f = record(1, [](ExprSpan theta) {
    return argmin([](ExprSpan z, ExprSpan t) { return square(square(z[0]) - t[0]); }, 0.1, theta);
  });
  BOOST_TEST(f.value(Vector{{4.0}}) == 2.0, near);
  BOOST_TEST(f.value_and_gradient(Vector{{4.0}}).second[0] == 0.25, near);
}

BOOST_AUTO_TEST_CASE(no_root_is_nan_and_diagnosis_says_so) {
  const Function f = record(1, [](ExprSpan theta) {
    return root([](ExprSpan z, ExprSpan t) { return z[0] * z[0] + t[0]; }, 1.0, theta);
  });
  BOOST_TEST(std::isnan(f.value(Vector{{2.0}})));
  const Diagnosis d = f.diagnose(Vector{{2.0}});
  BOOST_TEST(d.operation == "root");
  BOOST_TEST((d.hint.find("did not converge") != std::string::npos), d.hint);
}

// It would have to be run anew where a branch turns, and is gone by then.
BOOST_AUTO_TEST_CASE(an_equation_or_a_cost_that_branches_is_refused) {
  const auto branches = [](ExprSpan z, ExprSpan t) -> Expr {
    if (z[0] < t[0]) return square(z[0]);
    return square(z[0] - t[0]);
  };
  check_refused([&] { record(1, [&](ExprSpan t) { return argmin(branches, 0.0, t); }).value(Vector{{0.7}}); },
                {"argmin: f branches on values", "select"});
  check_refused([&] { record(1, [&](ExprSpan t) { return root(branches, 0.0, t); }).value(Vector{{0.7}}); },
                {"root: f branches on values", "select"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
