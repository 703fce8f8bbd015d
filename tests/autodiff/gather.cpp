// Parameters looked up by row: against the same costs unrolled row by row.

#include "instruction_sets.hpp"
#include "messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <random>

namespace rappel::test {
namespace {

// A table of two indices and two numbers a row.
struct Ratings {
  Index users = 7, items = 5, rows;
  Matrix data;

  explicit Ratings(Index num_rows) : rows(num_rows), data(num_rows, 4) {
    std::mt19937 random(4);
    std::uniform_real_distribution<double> number(-1.0, 1.0);
    for (Index r = 0; r < rows; ++r) {
      data(r, 0) = static_cast<double>(random() % static_cast<unsigned>(users));
      data(r, 1) = static_cast<double>(random() % static_cast<unsigned>(items));
      data(r, 2) = number(random);
      data(r, 3) = number(random);
    }
  }
};

constexpr Index rank = 3;

// Matrix factorisation with a bias for each user, for one row.
Expr squared_error(ExprSpan u, ExprSpan v, const Expr& bias, const Expr& rating) {
  return square(dot(u, v) + bias - rating);
}

Index num_factors(const Ratings& t) { return (t.users + t.items) * rank + t.users; }

Function by_gather(const Ratings& t, int threads = 1) {
  return record(
      num_factors(t),
      [&](ExprSpan w) {
        const ExprSpan users = w.first(t.users * rank), items = w.subspan(t.users * rank, t.items * rank),
                       biases = w.last(t.users);
        return mean_over_rows(Columns(t.data), [&](Row row) {
          const std::vector<Expr> u = gather(users, row[0], rank), v = gather(items, row[1], rank);
          return squared_error(u, v, gather(biases, row[0]), row[2]);
        });
      },
      {.threads = threads});
}

Function by_hand(const Ratings& t) {
  return record(num_factors(t), [&](ExprSpan w) {
    const ExprSpan users = w.first(t.users * rank), items = w.subspan(t.users * rank, t.items * rank),
                   biases = w.last(t.users);
    Expr total = 0.0;
    for (Index r = 0; r < t.rows; ++r) {
      const auto i = static_cast<Index>(t.data(r, 0)), j = static_cast<Index>(t.data(r, 1));
      total += squared_error(users.subspan(i * rank, rank), items.subspan(j * rank, rank), biases[i], t.data(r, 2));
    }
    return total / static_cast<double>(t.rows);
  });
}

Vector some_point(Index n) {
  return Vector::NullaryExpr(n, [](Index i) { return std::sin(1.7 * static_cast<double>(i) + 0.3); });
}

// Sums of some hundred terms: 100 roundings.
void check_close(const Matrix& computed, const Matrix& expected, double tolerance = 1e-14) {
  BOOST_TEST((computed - expected).cwiseAbs().maxCoeff() <= tolerance * (1.0 + expected.cwiseAbs().maxCoeff()),
             computed << "\nnot\n"
                      << expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gathers)

BOOST_AUTO_TEST_CASE(what_was_looked_up_may_be_several_outputs) {
  Matrix data(5, 2);
  data << 0, 1, 4, 2, 2, 3, 1, 4, 3, 5;
  const UnaryOp twice = define_op("twice", [](double x) { return 2.0 * x; }, [](Expr, Expr, Expr zbar) { return 2.0 * zbar; });
  const Vector x{{1.5, 2.5, 3.5, 4.5, 5.5}};
  const Function f = record(5, [&](ExprSpan w) {
    return map_rows(Columns(data), [&](Row row) {
      const Expr looked_up = gather(w, row[0]), doubled = twice(row[1]);
      return std::vector<Expr>{looked_up, doubled, looked_up * row[1], looked_up, 0.0, doubled, looked_up};
    });
  });
  const Vector values = f.values(x);
  for (Index r = 0; r < 5; ++r) {
    const double w = x[static_cast<Index>(data(r, 0))], d = 2.0 * data(r, 1);
    const double expected[] = {w, d, w * data(r, 1), w, 0.0, d, w};
    for (Index j = 0; j < 7; ++j) BOOST_TEST(values[j * 5 + r] == expected[j]);
  }
}

BOOST_AUTO_TEST_CASE(matrix_factorisation_is_that_of_the_rows_unrolled) {
  const Ratings t(333);
  const Function f = by_gather(t), g = by_hand(t);
  const Vector w = some_point(num_factors(t)), v = some_point(num_factors(t) + 1).tail(num_factors(t));
  BOOST_TEST(f.value(w) == g.value(w), boost::test_tools::tolerance(1e-14));
  check_close(f.value_and_gradient(w).second, g.value_and_gradient(w).second);
  check_close(f.hessian_vector(w, v), g.hessian_vector(w, v));
  check_close(f.hessian(w), g.hessian(w));
}

BOOST_AUTO_TEST_CASE(third_order_is_that_of_the_rows_unrolled) {
  const Ratings t(40);
  const auto third = [&](const Function& f) {
    const Function df = f.gradient();
    const Vector v = some_point(num_factors(t));
    const Function slope = record(num_factors(t), [&](ExprSpan w) {
      const std::vector<Expr> d = df.outputs(w);
      Expr total = 0.0;
      for (Index i = 0; i < w.size(); ++i) total += v[i] * d[static_cast<std::size_t>(i)];
      return total;
    });
    return slope.hessian_vector(v, v);
  };
  check_close(third(by_gather(t)), third(by_hand(t)), 1e-13);
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same_bits) {
  const Ratings t(30000);
  const Vector w = some_point(num_factors(t));
  const Vector gradient = by_gather(t).value_and_gradient(w).second;
  for (const int threads : {2, 3, 8})
    BOOST_TEST((by_gather(t, threads).value_and_gradient(w).second.array() == gradient.array()).all());
}

// What is looked up need be no parameter: effects are scaled by a parameter, and shrunk by a sum over rows.
BOOST_AUTO_TEST_CASE(random_effects_of_computed_values) {
  const Ratings t(200);
  const auto cost = [&](bool unroll) {
    return record(t.users + 2, [&, unroll](ExprSpan w) {
      const Columns columns(t.data);
      std::vector<Expr> effects;
      for (Index i = 0; i < t.users; ++i) effects.push_back(exp(w[t.users]) * w[i]);
      Expr penalty = 0.0;
      for (const Expr& e : effects) penalty += square(e);
      if (unroll) {
        Expr total = 0.0;
        for (Index r = 0; r < t.rows; ++r)
          total += log_cosh(effects[static_cast<std::size_t>(t.data(r, 0))] + w[t.users + 1] * t.data(r, 2) - t.data(r, 3));
        return sqrt(total) + 0.1 * penalty;
      }
      const Expr total = sum_over_rows(columns, [&](Row row) {
        return log_cosh(gather(effects, row[0]) + w[t.users + 1] * row[2] - row[3]);
      });
      return sqrt(total) + 0.1 * penalty;
    });
  };
  const Function f = cost(false), g = cost(true);
  const Vector w = some_point(t.users + 2);
  BOOST_TEST(f.value(w) == g.value(w), boost::test_tools::tolerance(1e-14));
  check_close(f.value_and_gradient(w).second, g.value_and_gradient(w).second, 1e-13);
  check_close(f.hessian(w), g.hessian(w), 1e-13);
}

// Cameras (angle, shift, focal length) and points, two residuals a row in one cost: bundle adjustment in the plane.
BOOST_AUTO_TEST_CASE(cameras_and_points) {
  const Ratings t(150);
  const auto residuals = [](ExprSpan camera, ExprSpan point, const Expr& a, const Expr& b) {
    const Expr c = cos(camera[0]), s = sin(camera[0]);
    const Expr depth = 3.0 + c * point[0] - s * point[1];
    return square(camera[2] * (s * point[0] + c * point[1] + camera[1]) / depth - a) +
           square(camera[2] * (point[0] - camera[1]) / depth - b);
  };
  const Index n = 3 * t.items + 2 * t.users;
  const Function f = record(n, [&](ExprSpan w) {
    return sum_over_rows(Columns(t.data), [&](Row row) {
      return residuals(gather(w.first(3 * t.items), row[1], 3), gather(w.last(2 * t.users), row[0], 2), row[2], row[3]);
    });
  });
  const Function g = record(n, [&](ExprSpan w) {
    Expr total = 0.0;
    for (Index r = 0; r < t.rows; ++r)
      total += residuals(w.subspan(3 * static_cast<Index>(t.data(r, 1)), 3),
                         w.subspan(3 * t.items + 2 * static_cast<Index>(t.data(r, 0)), 2), t.data(r, 2), t.data(r, 3));
    return total;
  });
  const Vector w = 0.5 * some_point(n);
  check_close(f.value_and_gradient(w).second, g.value_and_gradient(w).second, 1e-13);
  check_close(f.hessian(w), g.hessian(w), 1e-13);
}

BOOST_AUTO_TEST_CASE(an_arm_that_is_not_taken_gives_nothing_to_what_it_looked_up) {
  const Matrix data{{0.0, 1.0}, {1.0, -1.0}, {0.0, -1.0}};
  const Function f = record(2, [&](ExprSpan w) {
    return sum_over_rows(Columns(data), [&](Row row) {
      return select(row[1] > 0.0, sqrt(gather(w, row[0])), square(gather(w, row[0])));
    });
  });
  const Vector gradient = f.value_and_gradient(Vector{{4.0, -3.0}}).second;
  BOOST_TEST(gradient[0] == 0.25 + 8.0);
  BOOST_TEST(gradient[1] == -6.0);  // no sqrt(-3)
  BOOST_TEST((f.hessian(Vector{{4.0, -3.0}}) == Matrix{{2.0 - 0.25 / 8.0, 0.0}, {0.0, 2.0}}));
}

BOOST_AUTO_TEST_CASE(a_column_that_is_no_index_names_its_row_when_it_is_bound) {
  Matrix data{{0.0}, {1.0}, {2.0}};
  const auto cost = [&](const Matrix& table) {
    return record(3, [&](ExprSpan w) {
      return sum_over_rows(Columns(table), [&](Row row) { return square(gather(w, row[0])); });
    });
  };
  const Function f = cost(data);
  BOOST_TEST(f.value(Vector{{1.0, 2.0, 3.0}}) == 14.0);
  const Matrix fraction{{0.0}, {0.5}}, large{{3.0}}, negative{{0.0}, {1.0}, {-1.0}}, nan{{std::nan("")}};
  check_refused([&] { cost(fraction); }, {"column 0 is 0.5 in row 1", "from 0 to 2"});
  check_refused([&] { f.with_columns(Columns(large)); }, {"column 0 is 3 in row 0"});
  check_refused([&] { f.with_columns(Columns(negative)); }, {"column 0 is -1 in row 2"});
  check_refused([&] { f.with_columns(Columns(nan)); }, {"nan in row 0"});
  const Matrix none(0, 1);
  BOOST_TEST(f.with_columns(Columns(none)).value_and_gradient(Vector{{1.0, 2.0, 3.0}}).second.norm() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_computed_index_that_is_none_gives_nan_and_diagnosis_says_so) {
  const Matrix data{{0.0}, {1.0}, {2.0}};
  const Function f = record(3, [&](ExprSpan w) {
    return sum_over_rows(Columns(data), [&](Row row) { return gather(w, 2.0 * row[0]); });
  });
  BOOST_TEST(std::isnan(f.value(Vector{{1.0, 2.0, 3.0}})));
  const Diagnosis d = f.diagnose(Vector{{1.0, 2.0, 3.0}});
  BOOST_TEST(d.operation == "gather");
  BOOST_TEST(d.row == 2);
}

BOOST_AUTO_TEST_CASE(parameters_may_be_looked_up_and_used_besides) {
  const Vector index{{0.0, 1.0, 2.0, 1.0}};
  const Function f = record(4, [&](ExprSpan x) {
    return sum_over_rows(Columns(index), [&](Row row) { return gather(x.first(3), row[0]) * x[1]; }) + square(x[2]) * x[3];
  });
  const auto [value, gradient] = f.value_and_gradient(Vector{{2.0, 3.0, 5.0, 7.0}});
  BOOST_TEST(value == (2.0 + 3.0 + 5.0 + 3.0) * 3.0 + 175.0);
  BOOST_TEST((gradient == Vector{{3.0, 13.0 + 6.0, 3.0 + 70.0, 25.0}}));
}

BOOST_AUTO_TEST_CASE(an_index_may_be_an_output_too) {
  Vector data(300);
  for (Index r = 0; r < 300; ++r) data[r] = static_cast<double>(2 * (r % 7));
  const Vector w = some_point(7);
  const Vector values = record(7, [&](ExprSpan x) {
                          return map_rows(Columns(data), [&](Row row) {
                            const Expr index = 0.5 * row[0];
                            return std::vector<Expr>{index, gather(x, index), 2.0 * gather(x, index)};
                          });
                        }).values(w);
  bool right = true;
  for (Index r = 0; r < 300; ++r)
    right = right && values[r] == static_cast<double>(r % 7) && values[300 + r] == w[r % 7] && values[600 + r] == 2.0 * w[r % 7];
  BOOST_TEST(right);
}

BOOST_AUTO_TEST_CASE(accuracy_is_measured_through_lookups) {
  const Ratings t(20);
  const Function f = by_gather(t);
  const Accuracy a = f.accuracy(some_point(num_factors(t)));
  BOOST_TEST(a.not_checked.empty());
  BOOST_TEST(a.ok());
}

BOOST_AUTO_TEST_CASE(a_function_that_looks_up_goes_into_another) {
  const Ratings t(50);
  const Function f = by_gather(t), g = record(num_factors(t), [&](ExprSpan w) { return exp(f(w)); });
  const Vector w = 0.1 * some_point(num_factors(t));
  check_close(g.value_and_gradient(w).second, f.value_and_gradient(w).second * std::exp(f.value(w)));
}

BOOST_AUTO_TEST_CASE(wrong_widths_and_rates_are_refused) {
  const Vector data{{0.0}};
  const auto refused = [&](const auto& row_cost, std::initializer_list<const char*> parts) {
    check_refused(
        [&] {
          record(3, [&](ExprSpan w) {
            return sum_over_rows(Columns(data), [&](Row row) { return row_cost(w, row); });
          });
        },
        parts);
  };
  refused([](ExprSpan w, Row row) { return gather(w, row[0], 2)[0]; }, {"3 values", "groups of 2"});
  refused([](ExprSpan w, Row) { return gather(w, w[0]); }, {"index does not vary"});
  refused([](ExprSpan, Row row) { return gather(row, row[0]); }, {"varies by row", "uniform"});
}

// A million parameters: what it takes is linear in them.
BOOST_AUTO_TEST_CASE(a_million_parameters) {
  const Index n = 1000000;
  Vector index(2000);
  for (Index r = 0; r < index.size(); ++r) index[r] = static_cast<double>((r * 7919) % n);
  const Function f = record(n, [&](ExprSpan w) {
    return sum_over_rows(Columns(index), [&](Row row) { return square(gather(w, row[0])); });
  });
  const Vector w = Vector::LinSpaced(n, 0.0, 1.0);
  Vector gradient;
  f.value_and_gradient(w, gradient);
  Vector expected = Vector::Zero(n);
  for (const double i : index) expected[static_cast<Index>(i)] += 2.0 * w[static_cast<Index>(i)];
  BOOST_TEST((gradient - expected).cwiseAbs().maxCoeff() == 0.0);
}

// Lookups of every width, by every instruction set: values by row and, of integers, gradients, which are exact then.
BOOST_AUTO_TEST_CASE(every_width_gathers_what_stands_there_and_scatters_all_of_it) {
  constexpr Index groups = 37;
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (Index width = 1; width <= 19; ++width)
      for (const Index m : {1, 7, 9, 31, 33, 255, 256, 300}) {
        std::mt19937 random(static_cast<unsigned>(width * 1000 + m));
        const Matrix data = Matrix::NullaryExpr(m, 2, [&] { return static_cast<double>(random() % groups); });
        const Index n = groups * width + 3;
        const Vector w = Vector::NullaryExpr(n, [&](Index i) { return static_cast<double>(i % 101) - 50.0; });
        const auto looked_up = [&](ExprSpan x, const Expr& index) { return gather(x.subspan(1, groups * width), index, width); };
        const Vector values = record(n, [&](ExprSpan x) {
                                return map_rows(Columns(data), [&](Row row) { return looked_up(x, row[0]); });
                              }).values(w);
        // Each entry times its place in the group, and once more, without a factor, by the other column.
        const Vector gradient = record(n, [&](ExprSpan x) {
                                  return sum_over_rows(Columns(data), [&](Row row) {
                                    const std::vector<Expr> u = looked_up(x, row[0]), v = looked_up(x, row[1]);
                                    Expr total = 0.0;
                                    for (Index j = 0; j < width; ++j)
                                      total += static_cast<double>(j + 1) * row[1] * u[static_cast<std::size_t>(j)] +
                                               v[static_cast<std::size_t>(j)];
                                    return total;
                                  });
                                }).value_and_gradient(w).second;
        Vector expected = Vector::Zero(n);
        bool same = true;
        for (Index r = 0; r < m; ++r)
          for (Index j = 0; j < width; ++j) {
            const Index i = 1 + static_cast<Index>(data(r, 0)) * width + j;
            same = same && values[j * m + r] == w[i];
            expected[i] += static_cast<double>(j + 1) * data(r, 1);
            expected[1 + static_cast<Index>(data(r, 1)) * width + j] += 1.0;
          }
        BOOST_TEST(same, set << ", width " << width << ", " << m << " rows");
        BOOST_TEST((gradient - expected).cwiseAbs().maxCoeff() == 0.0, set << ", width " << width << ", " << m << " rows");
      }
  }
}

BOOST_AUTO_TEST_CASE(what_is_scattered_is_added_in_the_order_of_the_rows_by_every_set) {
  constexpr Index groups = 3, rows = 1000;  // the same group comes often, also in rows next to each other
  for (const Index width : {1, 2, 3, 4, 7, 8, 11, 16}) {
    std::mt19937 random(static_cast<unsigned>(width));
    std::uniform_real_distribution<double> number(-1.0, 1.0);
    Matrix data(rows, 1 + width);
    for (Index r = 0; r < rows; ++r) {
      data(r, 0) = static_cast<double>(random() % groups);
      for (Index j = 0; j < width; ++j) data(r, 1 + j) = number(random);
    }
    Vector expected = Vector::Zero(groups * width);
    for (Index r = 0; r < rows; ++r)
      for (Index j = 0; j < width; ++j) expected[static_cast<Index>(data(r, 0)) * width + j] += data(r, 1 + j);
    for (const std::string& set : sets_here()) {
      const Forced forced(set);
      const Function f = record(groups * width, [&](ExprSpan x) {
        return sum_over_rows(Columns(data), [&](Row row) {
          const std::vector<Expr> u = gather(x, row[0], width);
          Expr total = 0.0;
          for (Index j = 0; j < width; ++j) total += u[static_cast<std::size_t>(j)] * row[1 + j];
          return total;
        });
      });
      BOOST_TEST((f.value_and_gradient(Vector::Ones(groups * width)).second.array() == expected.array()).all(),
                 set << ", width " << width);
    }
  }
}

// Rows one after the other, from any first one on, and leaves in which that breaks: at the first row, at the last, between.
BOOST_AUTO_TEST_CASE(an_index_that_counts_up_is_looked_up_like_any_other) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index m : {1, 5, 33, 256, 300, 1025})
      for (const Index broken : std::vector<Index>{-1, 0, m / 2, m - 1, std::min<Index>(m - 1, 257)}) {
        const Index n = m + 5;
        Vector index = Vector::LinSpaced(m, 3.0, static_cast<double>(m + 2));
        if (m == 1) index[0] = 3.0;
        if (broken >= 0) index[broken] = 1.0;
        const Function f = record(n, [&](ExprSpan x) {
          return sum_over_rows(Columns(index), [&](Row row) { return square(gather(x, row[0])) + gather(x, row[0] - 1.0); });
        });
        const Vector w = Vector::LinSpaced(n, 1.0, static_cast<double>(n)).array().round();
        Vector expected = Vector::Zero(n);
        for (const double i : index) {
          expected[static_cast<Index>(i)] += 2.0 * w[static_cast<Index>(i)];
          expected[static_cast<Index>(i) - 1] += 1.0;
        }
        BOOST_TEST((f.value_and_gradient(w).second - expected).cwiseAbs().maxCoeff() == 0.0, set << ", " << m << ", " << broken);
      }
  }
}

// Computed, so that nobody checks it when it is bound: the row alone is NaN, and adds nothing.
BOOST_AUTO_TEST_CASE(a_bad_index_spoils_its_own_row_for_every_width_and_set) {
  const double bad[] = {-1.0, -0.5, 5.0, 1.5, 1e300, -1e300, std::nan(""), HUGE_VAL, 4294967297.0};
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index width : {1, 3, 8, 9})
      for (const double wrong : bad) {
        Matrix data(70, 1);
        for (Index r = 0; r < 70; ++r) data(r, 0) = static_cast<double>(2 * (r % 5));
        data(33, 0) = data(69, 0) = 2.0 * wrong;
        const Vector w = some_point(5 * width);
        const auto looked_up = [&](ExprSpan x, Row row) { return gather(x, 0.5 * row[0], width); };
        const Vector values = record(w.size(), [&](ExprSpan x) {
                                return map_rows(Columns(data), [&](Row row) { return looked_up(x, row); });
                              }).values(w);
        bool right = true;
        for (Index j = 0; j < width; ++j)
          for (Index r = 0; r < 70; ++r)
            right = right && (r == 33 || r == 69 ? std::isnan(values[j * 70 + r]) : values[j * 70 + r] == w[(r % 5) * width + j]);
        BOOST_TEST(right, set << ", " << width << ", " << wrong);
        const Vector counts = record(w.size(), [&](ExprSpan x) {
                                return sum_over_rows(Columns(data), [&](Row row) { return sum(looked_up(x, row)); });
                              }).value_and_gradient(w).second;
        Vector expected = Vector::Constant(w.size(), 14.0);
        expected.tail(2 * width).array() -= 1.0;  // 33 and 69 are 3 and 4 modulo 5
        BOOST_TEST((counts - expected).cwiseAbs().maxCoeff() == 0.0, set << ", " << width << ", " << wrong);
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test

namespace rappel::test {
namespace {

// Two residuals a row: cameras of three parameters and points of two, a scale shared by all, in two ways.
Function residuals_by_row(const Ratings& t, Index threads = 1) {
  const Index n = 3 * t.items + 2 * t.users + 1;
  return record(
      n,
      [&t](ExprSpan w) {
        const ExprSpan cameras = w.first(3 * t.items), points = w.subspan(3 * t.items, 2 * t.users);
        const Expr scale = exp(w[w.size() - 1]);
        return map_rows(Columns(t.data), [&](Row row) {
          const std::vector<Expr> c = gather(cameras, row[1], 3), p = gather(points, row[0], 2);
          const Expr depth = 3.0 + cos(c[0]) * p[0] - sin(c[0]) * p[1];
          return std::array<Expr, 2>{scale * c[2] * (p[0] + c[1]) / depth - row[2],
                                     select(row[3] > 0.0, c[2] * square(p[1]), w[w.size() - 1] * p[1]) - row[3]};
        });
      },
      {.threads = static_cast<int>(threads)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_jacobians)

BOOST_AUTO_TEST_CASE(blocks_by_row_are_those_of_products_with_unit_vectors) {
  const Ratings t(300);
  const Function f = residuals_by_row(t);
  const Vector w = 0.5 * some_point(f.dimension());
  BOOST_TEST(f.num_values() == 600);
  const Function::RowJacobian j = f.row_jacobian(w);
  BOOST_TEST(j.parameters.cols() == 6);  // 3 + 2 gathered, 1 shared
  BOOST_TEST(j.values.cols() == 12);
  Matrix dense = Matrix::Zero(600, f.dimension());
  j.for_each([&](Index r, Index c, double value) { dense(r, c) += value; });
  // The same residuals written as one cost for each row and value.
  for (Index r = 0; r < t.rows; r += 37)
    for (Index k = 0; k < 2; ++k) {
      const Matrix row = t.data.row(r);
      const Function one = record(f.dimension(), [&](ExprSpan x) {
        const Index item = 3 * static_cast<Index>(row(0, 1)), user = 3 * t.items + 2 * static_cast<Index>(row(0, 0));
        const Expr last = x[x.size() - 1], depth = 3.0 + cos(x[item]) * x[user] - sin(x[item]) * x[user + 1];
        if (k == 0) return exp(last) * x[item + 2] * (x[user] + x[item + 1]) / depth - row(0, 2);
        return (row(0, 3) > 0.0 ? x[item + 2] * square(x[user + 1]) : last * x[user + 1]) - row(0, 3);
      });
      check_close(dense.row(k * t.rows + r).transpose(), one.value_and_gradient(w).second);
      BOOST_TEST(f.values(w)[k * t.rows + r] == one.value(w), boost::test_tools::tolerance(1e-14));
    }
}

BOOST_AUTO_TEST_CASE(gauss_newton_of_several_residuals_is_that_of_the_blocks) {
  const Ratings t(300);
  const Function f = residuals_by_row(t);
  const Vector w = 0.5 * some_point(f.dimension()), r = f.values(w);
  Matrix dense = Matrix::Zero(600, f.dimension());
  const Function::RowJacobian j = f.row_jacobian(w);
  j.for_each([&](Index i, Index k, double value) { dense(i, k) += value; });
  Matrix values(j.values.rows(), j.values.cols());
  f.row_jacobian(span_of(w), {values.data(), static_cast<std::size_t>(values.size())}, {});
  BOOST_TEST((values == j.values));  // without the parameters
  const Function::GaussNewton g = f.gauss_newton(w);
  BOOST_TEST(g.value == 0.5 * r.squaredNorm(), boost::test_tools::tolerance(1e-14));
  check_close(g.gradient, dense.transpose() * r, 1e-13);
  check_close(g.hessian, dense.transpose() * dense, 1e-13);
}

BOOST_AUTO_TEST_CASE(gauss_newton_keeps_arguments) {
  const Vector data{{1.0, 2.0, 4.0}};
  const Function f = record(1, [&](ExprSpan w) {
    const Expr target = argument(2.0);
    return map_rows(Columns(data), [&](Row row) { return w[0] * row[0] - target; });
  });
  const Function::GaussNewton g = f.with(Vector{{3.0}}).gauss_newton(Vector{{2.0}});
  BOOST_TEST(g.value == 0.5 * (1.0 + 1.0 + 25.0));
  BOOST_TEST(g.gradient[0] == -1.0 + 2.0 + 20.0);
  BOOST_TEST(g.hessian(0, 0) == 21.0);
}

BOOST_AUTO_TEST_CASE(values_that_are_uniform_or_columns_or_the_same_twice) {
  const Matrix data{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  const Function f = record(1, [&](ExprSpan w) {
    return map_rows(Columns(data), [&](Row row) {
      const Expr product = w[0] * row[0];
      return std::vector<Expr>{w[0], product, row[1], product, exp(w[0]), square(product)};
    });
  });
  Vector expected(18);
  expected << 2, 2, 2, 2, 6, 10, 2, 4, 6, 2, 6, 10, std::exp(2.0), std::exp(2.0), std::exp(2.0), 4, 36, 100;
  BOOST_TEST((f.values(Vector{{2.0}}) - expected).norm() < 1e-15);
  BOOST_TEST(f.accuracy(Vector{{2.0}}).ok());
  BOOST_TEST(f.diagnose(Vector{{2.0}}).ok());
  BOOST_TEST(f.diagnose(Vector{{1000.0}}).operation == "exp");
}

BOOST_AUTO_TEST_CASE(what_has_no_row_jacobian_says_so) {
  const Ratings t(20);
  check_refused([&] { by_gather(t).row_jacobian(some_point(num_factors(t))); }, {"map_rows"});
  const Function f = record(2, [&](ExprSpan w) {
    const std::vector<Expr> twice{2.0 * w[0], 2.0 * w[1]};
    return map_rows(Columns(t.data), [&](Row row) { return gather(twice, min(row[0], Expr(1.0))); });
  });
  check_refused([&] { f.row_jacobian(Vector{{1.0, 2.0}}); }, {"which is no parameter"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
