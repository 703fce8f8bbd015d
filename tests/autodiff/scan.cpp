// Loops that do not unroll: against the same loops unrolled, and against closed forms.

#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <random>

namespace rappel::test {
namespace {

// What a scan does, as a plain C++ loop.
template <class Body>
Scan unrolled(Index steps, ExprSpan carry, ExprSpan inputs, const Body& body) {
  Scan result{{carry.begin(), carry.end()}, {}};
  for (Index t = 0; t < steps; ++t) {
    const Index k = inputs.size() / steps;
    ScanStep step = body(ExprSpan(result.carry), inputs.subspan(t * k, k));
    result.carry = std::move(step.carry);
    result.outputs.push_back(std::move(step.outputs));
  }
  return result;
}

// A recurrence of two values with two parameters captured, one input and one output a step.
const auto recurrence = [](ExprSpan theta) {
  return [theta](ExprSpan c, ExprSpan x) {
    const Expr h = tanh(theta[0] * c[0] + theta[1] * x[0]);
    return ScanStep{{0.5 * h + 0.25 * c[1], c[0] * cos(c[1]) + 0.1 * x[0]}, {h * c[1]}};
  };
};

constexpr Index num_steps = 1000;

// Of four parameters: two captured, the two of the first carry; inputs are some data and, every tenth, a parameter.
template <class Loop>
Expr recurrence_cost(ExprSpan w, const Loop& loop) {
  std::vector<Expr> inputs;
  for (Index t = 0; t < num_steps; ++t)
    inputs.push_back(t % 10 == 0 ? w[3] * 0.3 : Expr(std::sin(0.1 * static_cast<double>(t))));
  const Scan result = loop(num_steps, w.subspan(2, 2), ExprSpan(inputs), recurrence(w.first(2)));
  Expr total = result.carry[0] * result.carry[1];
  for (const std::vector<Expr>& outputs : result.outputs) total += square(outputs[0]);
  return total;
}

const auto by_scan = [](Index steps, ExprSpan c, ExprSpan x, const auto& body) { return scan(steps, c, x, body); };
const auto by_scan_with = [](Index checkpoints) {
  return [checkpoints](Index steps, ExprSpan c, ExprSpan x, const auto& body) {
    return scan(steps, c, x, body, {.checkpoints = checkpoints});
  };
};
const auto by_loop = [](Index steps, ExprSpan c, ExprSpan x, const auto& body) { return unrolled(steps, c, x, body); };

const Vector point{{0.8, -0.6, 0.3, 0.7}};

void check_close(const Matrix& computed, const Matrix& expected, double tolerance = 1e-13) {
  BOOST_REQUIRE_EQUAL(computed.rows(), expected.rows());
  BOOST_REQUIRE_EQUAL(computed.cols(), expected.cols());
  BOOST_TEST((computed - expected).cwiseAbs().maxCoeff() <= tolerance * expected.cwiseAbs().maxCoeff(),
             computed << "\nnot\n"
                      << expected);
}

bool same_bits(const Vector& a, const Vector& b) { return (a.array() == b.array()).all(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(scans)

// The bar: 1e-13 of the unrolled graph.
BOOST_AUTO_TEST_CASE(a_recurrence_and_its_hessian_are_those_of_the_loop_unrolled) {
  const Function f = record(4, [](ExprSpan w) { return recurrence_cost(w, by_scan); });
  const Function g = record(4, [](ExprSpan w) { return recurrence_cost(w, by_loop); });
  BOOST_TEST(f.value(point) == g.value(point), boost::test_tools::tolerance(1e-14));
  check_close(f.value_and_gradient(point).second, g.value_and_gradient(point).second);
  const Vector v{{1.0, -2.0, 0.5, 3.0}};
  check_close(f.hessian_vector(point, v), g.hessian_vector(point, v));
  check_close(f.hessian(point), g.hessian(point));
  check_close(f.gradient().jacobian_vector(point, v), g.hessian_vector(point, v));
  BOOST_TEST(f.graph().size() < 10000);   // 1,000 inputs and as many outputs, and their sum
  BOOST_TEST(g.graph().size() > 10000);
}

BOOST_AUTO_TEST_CASE(third_order_is_that_of_the_loop_unrolled) {
  const auto curvature = [](const auto& loop) {
    const Function f = record(4, [&](ExprSpan w) {
      const Scan result = loop(20, w.subspan(2, 2), ExprSpan(std::vector<Expr>(20, w[3])), recurrence(w.first(2)));
      return result.carry[0] + result.outputs[7][0] * result.carry[1];
    });
    const Function df = f.gradient();
    const Function slope = record(4, [&](ExprSpan w) {
      const std::vector<Expr> g = df.outputs(w);
      return g[0] * g[1] + g[2] * g[3];
    });
    return slope.hessian(point);
  };
  check_close(curvature(by_scan), curvature(by_loop));
}

BOOST_AUTO_TEST_CASE(checkpoints_do_not_change_a_bit) {
  Vector gradient, product;
  const Vector v{{1.0, 0.0, -1.0, 2.0}};
  for (const Index checkpoints : {0, 1, 7, 31, 999, 1000, 5000}) {
    const Function f = record(4, [&](ExprSpan w) { return recurrence_cost(w, by_scan_with(checkpoints)); });
    const Vector own = f.value_and_gradient(point).second, own_product = f.hessian_vector(point, v);
    if (checkpoints == 0) gradient = own, product = own_product;
    BOOST_TEST(same_bits(own, gradient), checkpoints);
    BOOST_TEST(same_bits(own_product, product), checkpoints);
  }
}

// Twelve units side by side, whose weights are used unit by unit: a body of groups, with carries that swap places, one that
// stays and one that is another's before the step.
constexpr std::size_t units = 12;
constexpr Index weights_a_unit = 3, num_weights = weights_a_unit * static_cast<Index>(units);

// Unit i has the carries 2 i and 2 i + 1.
const auto units_side_by_side = [](ExprSpan w) {
  return [w](ExprSpan c, ExprSpan x) {
    ScanStep step{{c.begin(), c.end()}, {}};
    Expr total = 0.0;
    for (std::size_t i = 0; i < units; ++i) {
      const auto weight = [&](Index k) { return w[weights_a_unit * static_cast<Index>(i) + k]; };
      const Index own = 2 * static_cast<Index>(i);
      const Expr z = tanh(weight(0) * c[own] + weight(1) * x[static_cast<Index>(i % 4)] + weight(2));
      step.carry[2 * i] = z * c[own + 1];
      total += z;
    }
    for (std::size_t i = 0; i < units; i += 2) std::swap(step.carry[2 * i + 1], step.carry[2 * i + 3]);
    step.carry[2 * units - 1] = c[2 * static_cast<Index>(units) - 1];
    step.carry[2 * units - 3] = c[0];
    step.outputs = {total, step.carry[4], c[7]};
    return step;
  };
};

template <class Loop>
Expr units_cost(ExprSpan w, const Loop& loop) {
  constexpr Index steps = 40;
  std::vector<Expr> inputs, carry;
  for (Index t = 0; t < 4 * steps; ++t) inputs.push_back(t % 9 == 0 ? w[t % num_weights] * 0.3 : Expr(std::sin(0.1 * static_cast<double>(t))));
  for (Index i = 0; i < 2 * static_cast<Index>(units); ++i) carry.push_back(w[i] + 0.5);
  const Scan result = loop(steps, ExprSpan(carry), ExprSpan(inputs), units_side_by_side(w));
  Expr total = 0.0;
  for (const Expr& c : result.carry) total += square(c);
  for (const std::vector<Expr>& outputs : result.outputs) total += outputs[0] * outputs[1] + square(outputs[2]);
  return total;
}

BOOST_AUTO_TEST_CASE(units_side_by_side_are_those_of_the_loop_unrolled) {
  Vector w(num_weights), v(num_weights);
  for (Index i = 0; i < num_weights; ++i) w[i] = 0.7 * std::sin(2.0 + 3.0 * static_cast<double>(i)), v[i] = std::cos(static_cast<double>(i * i));
  const Function g = record(num_weights, [](ExprSpan x) { return units_cost(x, by_loop); });
  for (const Index checkpoints : {0, 1, 6}) {
    const Function f = record(num_weights, [&](ExprSpan x) { return units_cost(x, by_scan_with(checkpoints)); });
    BOOST_TEST(f.value(w) == g.value(w), boost::test_tools::tolerance(1e-13));
    check_close(f.value_and_gradient(w).second, g.value_and_gradient(w).second, 1e-12);
    check_close(f.hessian_vector(w, v), g.hessian_vector(w, v), 1e-12);
  }
}

// y' = -k y, Euler: y_n = (1 - k h)^n y_0, and its derivatives in closed form.
BOOST_AUTO_TEST_CASE(an_ode_of_a_million_steps) {
  constexpr Index n = 1000000;
  const double h = 1e-6;
  const Function f = record(2, [&](ExprSpan w) {
    return iterate(n, w[1], [&](const Expr& y) { return y - h * (w[0] * y); });
  });
  BOOST_TEST(f.graph().size() < 20);
  const double k = 1.5, y0 = 2.0, y = y0 * std::exp(static_cast<double>(n) * std::log1p(-k * h));
  const auto [value, gradient] = f.value_and_gradient(Vector{{k, y0}});
  // A million roundings that do not cancel: about 1e6 * 2^-53 = 1e-10.
  BOOST_TEST(value == y, boost::test_tools::tolerance(1e-10));
  BOOST_TEST(gradient[0] == -1.0 / (1.0 - k * h) * y, boost::test_tools::tolerance(1e-10));
  BOOST_TEST(gradient[1] == y / y0, boost::test_tools::tolerance(1e-10));
  BOOST_TEST(f.hessian_vector(Vector{{k, y0}}, Vector{{0.0, 1.0}})[0] == gradient[0] / y0,
             boost::test_tools::tolerance(1e-10));
}

BOOST_AUTO_TEST_CASE(a_scan_inside_of_a_row_cost) {
  Matrix data(1001, 3);
  std::mt19937 random(3);
  std::uniform_real_distribution<double> entry(-1.0, 1.0);
  for (double& e : data.reshaped()) e = entry(random);
  const auto cost = [&](const auto& loop) {
    return record(4, [&](ExprSpan w) {
      return mean_over_rows(Columns(data), [&](Row row) {
        std::vector<Expr> inputs;
        for (Index t = 0; t < 12; ++t) inputs.push_back(t % 3 == 2 ? w[3] : row[t % 3]);
        const Scan result = loop(12, ExprSpan{row[2] * w[2], w[3]}, ExprSpan(inputs), recurrence(w.first(2)));
        return square(result.carry[0] - row[1]) + result.outputs[5][0];
      });
    });
  };
  const Function f = cost(by_scan), g = cost(by_loop), h = cost(by_scan_with(3));
  BOOST_TEST(f.value(point) == g.value(point), boost::test_tools::tolerance(1e-13));
  const Vector gradient = f.value_and_gradient(point).second;
  check_close(gradient, g.value_and_gradient(point).second);
  check_close(f.hessian(point), g.hessian(point));
  BOOST_TEST(same_bits(h.value_and_gradient(point).second, gradient));
}

BOOST_AUTO_TEST_CASE(rows_with_scans_have_the_same_bits_on_any_number_of_threads) {
  const Index rows = 20000;
  const Vector data = Vector::LinSpaced(rows, -1.0, 1.0);
  Vector gradient;
  for (const int threads : {1, 2, 3, 8}) {
    const Function f = record(
        2,
        [&](ExprSpan w) {
          return mean_over_rows(Columns(data), [&](Row row) {
            return iterate(8, row[0], [&](const Expr& y) { return sin(w[0] * y) + w[1]; });
          });
        },
        {.threads = threads});
    const Vector own = f.value_and_gradient(Vector{{1.1, 0.2}}).second;
    if (threads == 1) gradient = own;
    BOOST_TEST(same_bits(own, gradient));
  }
}

// Rows that need a sum over rows: what was stacked is computed again by the later body.
BOOST_AUTO_TEST_CASE(a_scan_before_a_sum_that_rows_need) {
  const Vector data = Vector::LinSpaced(500, 0.1, 1.0);
  const auto cost = [&](const auto& loop, Index workspace_limit) {
    return record(
        2,
        [&, loop](ExprSpan w) {
          const Columns columns(data);
          const auto row_value = [&, loop](Row row) {
            return loop(6, ExprSpan{row[0]}, ExprSpan(), [&](ExprSpan c, ExprSpan) {
                     return ScanStep{{tanh(w[0] * c[0]) + w[1]}, {}};
                   }).carry[0];
          };
          const Expr mean = mean_over_rows(columns, row_value);
          return mean_over_rows(columns, [&](Row row) { return exp(row_value(row) * mean); });
        },
        {.workspace_limit = workspace_limit});
  };
  const auto by_loop_without = [](Index steps, ExprSpan c, ExprSpan, const auto& body) {
    return unrolled(steps, c, ExprSpan(), body);
  };
  const Vector w{{1.2, 0.3}};
  const Function f = cost(by_scan, 32 << 20), g = cost(by_loop_without, 32 << 20), h = cost(by_scan, 0);
  const Vector gradient = f.value_and_gradient(w).second;
  check_close(gradient, g.value_and_gradient(w).second);
  check_close(f.hessian(w), g.hessian(w));
  BOOST_TEST(same_bits(h.value_and_gradient(w).second, gradient));
}

BOOST_AUTO_TEST_CASE(a_scan_inside_of_a_scan) {
  const auto cost = [](const auto& loop) {
    return record(2, [&loop](ExprSpan w) {
      return loop(5, ExprSpan{w[0], Expr(1.0)}, ExprSpan(), [&](ExprSpan c, ExprSpan) {
               const Expr inner = loop(4, ExprSpan{c[0]}, ExprSpan(), [&](ExprSpan d, ExprSpan) {
                                    return ScanStep{{sin(d[0] * w[1]) + c[1]}, {}};
                                  }).carry[0];
               return ScanStep{{inner, c[1] * 0.5}, {}};
             }).carry[0];
    });
  };
  const auto plain = [](Index steps, ExprSpan c, ExprSpan, const auto& body) {
    return unrolled(steps, c, ExprSpan(), body);
  };
  const Vector w{{0.4, 1.3}};
  const Function f = cost(by_scan), g = cost(plain);
  BOOST_TEST(f.value(w) == g.value(w), boost::test_tools::tolerance(1e-14));
  check_close(f.value_and_gradient(w).second, g.value_and_gradient(w).second);
  check_close(f.hessian(w), g.hessian(w));
}

BOOST_AUTO_TEST_CASE(arms_that_are_not_taken_contribute_nothing) {
  const Function f = record(1, [](ExprSpan x) {
    return iterate(3, x[0], [](const Expr& y) { return select(y > 0.0, sqrt(y), y * y); });
  });
  // -0.5: 0.25, then sqrt twice; the sqrt of a negative number is never looked at.
  BOOST_TEST(f.value(Vector{{-0.5}}) == std::sqrt(std::sqrt(0.25)));
  BOOST_TEST(f.value_and_gradient(Vector{{-0.5}}).second[0] == -std::pow(0.5, 0.5), boost::test_tools::tolerance(1e-15));
  const Function g = record(1, [](ExprSpan x) {
    const Expr root = iterate(2, x[0], [](const Expr& y) { return sqrt(y); });
    return select(x[0] > 0.0, root, x[0] * x[0]);
  });
  BOOST_TEST(g.value_and_gradient(Vector{{-2.0}}).second[0] == -4.0);
  BOOST_TEST(g.hessian(Vector{{-2.0}})(0, 0) == 2.0);
}

BOOST_AUTO_TEST_CASE(backwards_and_forwards_through_an_argument_and_a_function) {
  const Function step = record(2, [](ExprSpan z) { return std::array<Expr, 2>{z[0] * z[1], z[1] + 0.1}; });
  const Function f = record(1, [&](ExprSpan x) {
    const Expr rate = argument(1.0);
    return iterate(4, ExprSpan{x[0], rate}, [&](ExprSpan c) { return step.outputs(c); })[0];
  });
  const auto product = [](double r) { return r * (r + 0.1) * (r + 0.1 + 0.1) * (r + 0.1 + 0.1 + 0.1); };
  BOOST_TEST(f.value(Vector{{3.0}}) == 3.0 * product(1.0), boost::test_tools::tolerance(1e-15));
  BOOST_TEST(f.with(Vector{{2.0}}).value_and_gradient(Vector{{3.0}}).second[0] == product(2.0),
             boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(branches_in_the_body_are_on_what_it_captures) {
  const Function f = record(2, [](ExprSpan x) {
    return iterate(3, x[0], [&](const Expr& y) { return x[1] > 0.0 ? y * x[1] : y + x[1]; });
  });
  BOOST_TEST(f.value(Vector{{5.0, 2.0}}) == 40.0);
  BOOST_TEST(f.value(Vector{{5.0, -1.0}}) == 2.0);
  const auto on_carry = [](ExprSpan x) {
    return iterate(3, x[0], [](const Expr& y) { return y > 1.0 ? y : 2.0 * y; });
  };
  check_refused([&] { record(1, on_carry); }, {"carry", "select"});
}

BOOST_AUTO_TEST_CASE(a_branch_on_what_a_scan_gives) {
  const Function f = record(1, [](ExprSpan x) {
    const Expr y = iterate(10, x[0], [&](const Expr& z) { return 0.5 * (z + x[0] * x[0] / z); });
    return y > 1.0 ? y : -y;
  });
  BOOST_TEST(f.value(Vector{{4.0}}) > 1.0);
}

BOOST_AUTO_TEST_CASE(accuracy_and_diagnosis_see_the_steps) {
  const Function f = record(1, [](ExprSpan x) {
    return iterate(30, x[0], [](const Expr& y) { return 0.5 * (y + 2.0 / y); });
  });
  BOOST_TEST(f.accuracy(Vector{{1.5}}).ok());
  const Function g = record(1, [](ExprSpan x) { return iterate(5, x[0], [](const Expr& y) { return log(y); }); });
  BOOST_TEST(g.diagnose(Vector{{2.0}}).operation == "log");
}

BOOST_AUTO_TEST_CASE(wrong_sizes_and_places_are_refused) {
  const auto refused = [](const auto& cost, std::initializer_list<const char*> parts) {
    check_refused([&] { record(2, cost); }, parts);
  };
  const auto same = [](ExprSpan c, ExprSpan) { return std::vector<Expr>(c.begin(), c.end()); };
  refused([&](ExprSpan x) { return scan(-1, x, {}, same).carry[0]; }, {"-1 steps"});
  refused([&](ExprSpan x) { return scan(3, x, x, same).carry[0]; }, {"2 inputs", "3 steps"});
  refused([&](ExprSpan x) { return scan(3, x, {}, same, {.checkpoints = -1}).carry[0]; }, {"checkpoints is -1"});
  refused([&](ExprSpan x) { return scan(3, x, {}, [](ExprSpan c, ExprSpan) { return std::vector<Expr>{c[0]}; }).carry[0]; },
          {"carry of 1", "one of 2"});
  const Vector data{{1.0}};
  refused(
      [&](ExprSpan x) {
        return iterate(2, x[0], [&](const Expr& y) {
          return y + sum_over_rows(Columns(data), [](Row row) { return row[0]; });
        });
      },
      {"rows cannot be recorded here"});
  check_refused([&] { scan(2, {Expr(1.0)}, {}, same); }, {"no recording is in progress"});
  BOOST_TEST(record(1, [&](ExprSpan x) { return scan(0, x, {}, same).carry[0]; }).value(Vector{{3.0}}) == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
