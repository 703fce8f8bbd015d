// How lookups by row run: rows that look up one after the other, in place; sums taken where the gradient stands; one scatter
// for all uses of a lookup. Against plain loops.

#include "instruction_sets.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace rappel::test {
namespace {

// The log of the sum of exp(w[i]) over an index column: several passes over the rows.
Function log_sum_exp(Index n, const Vector& index, int threads = 1, Index workspace_limit = 32 << 20) {
  return record(
      n,
      [&](ExprSpan w) {
        const Columns rows(index);
        const Expr most = max_over_rows(rows, [&](Row row) { return gather(w, row[0]); });
        return most + log(sum_over_rows(rows, [&](Row row) { return exp(gather(w, row[0]) - most); }));
      },
      {.threads = threads, .workspace_limit = workspace_limit});
}

Vector some_point(Index n) {
  return Vector::NullaryExpr(n, [](Index i) { return std::sin(1.7 * static_cast<double>(i) + 0.3); });
}

Vector by_loop(const Vector& w, const Vector& index) {
  Vector gradient = Vector::Zero(w.size());
  for (const double i : index) gradient[static_cast<Index>(i)] += std::exp(w[static_cast<Index>(i)]);
  return gradient / gradient.sum();
}

// Of 10,000 rows, which are three chunks: all in a row; all but one, in each chunk; backwards.
std::vector<Vector> indices() {
  constexpr Index n = 10000;
  const Vector in_a_row = Vector::LinSpaced(n, 0.0, n - 1.0).array().round();
  std::vector<Vector> all{in_a_row, in_a_row.reverse()};
  for (const Index broken : {0, 1, 4095, 4096, 5000, 8192, 9999}) {
    all.push_back(in_a_row);
    all.back()[broken] = 77.0;
  }
  return all;
}

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lookups)

BOOST_AUTO_TEST_CASE(passes_over_an_index_that_counts_up_or_nearly_so) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Vector& index : indices()) {
      const Vector w = some_point(index.size() + 3);
      const auto [value, gradient] = log_sum_exp(w.size(), index).value_and_gradient(w);
      const Vector expected = by_loop(w, index);
      // An exponential of 1 ulp, a sum of 10,000 terms in a tree, a product.
      BOOST_TEST((gradient - expected).cwiseAbs().maxCoeff() <= 1e-13 * expected.maxCoeff(), set);
    }
  }
}

BOOST_AUTO_TEST_CASE(neither_threads_nor_the_workspace_change_a_bit) {
  for (const Vector& index : indices()) {
    const Vector w = some_point(index.size());
    const Vector gradient = log_sum_exp(w.size(), index).value_and_gradient(w).second;
    for (const int threads : {2, 3, 8})
      BOOST_TEST(same_bits(log_sum_exp(w.size(), index, threads).value_and_gradient(w).second, gradient));
    BOOST_TEST(same_bits(log_sum_exp(w.size(), index, 1, 0).value_and_gradient(w).second, gradient));
  }
}

// What one call found is not what the next one finds: the columns are the caller's.
BOOST_AUTO_TEST_CASE(an_index_may_change_between_calls) {
  Vector index = Vector::LinSpaced(5000, 0.0, 4999.0).array().round();
  const Vector w = some_point(5000);
  const Function f = log_sum_exp(5000, index);
  f.value_and_gradient(w);
  index[4999] = 0.0;
  BOOST_TEST((f.value_and_gradient(w).second - by_loop(w, index)).cwiseAbs().maxCoeff() < 1e-15);
}

BOOST_AUTO_TEST_CASE(the_gradient_may_be_written_over_the_point_or_over_a_column) {
  for (const Vector& rows : indices()) {
    Vector index = rows, w = some_point(rows.size());
    const Function f = log_sum_exp(w.size(), index);
    const Vector expected = f.value_and_gradient(w).second;
    Vector x = w;
    f.value_and_gradient(x, x);
    BOOST_TEST(same_bits(x, expected));
    f.value_and_gradient(w, index);
    BOOST_TEST(same_bits(index, expected));
  }
}

// Of outputs that are sums of two scatters, in both orders, and of one that comes twice.
BOOST_AUTO_TEST_CASE(sums_of_several_scatters_stand_where_their_outputs_do) {
  const Vector index{{2.0, 0.0, 1.0, 2.0}};
  const Function f = record(6, [&](ExprSpan w) {
    return sum_over_rows(Columns(index), [&](Row row) {
      return square(gather(w.last(3), row[0])) + 3.0 * gather(w.first(3), row[0]);
    });
  });
  const Vector w{{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}};
  BOOST_TEST((f.value_and_gradient(w).second == Vector{{3.0, 3.0, 6.0, 8.0, 10.0, 24.0}}));
  const Function twice = record(6, [&](ExprSpan x) {
    const std::vector<Expr> d = f.gradient().outputs(x);
    return std::vector<Expr>{d[3], d[4], d[5], d[4], d[0], d[1], d[2]};
  });
  BOOST_TEST((twice.values(w) == Vector{{8.0, 10.0, 24.0, 10.0, 3.0, 3.0, 6.0}}));
}

// Few rows go through a block, as those at the end of a leaf; 64 and more are computed where the sums stand.
BOOST_AUTO_TEST_CASE(a_sum_of_negative_zeros_is_zero) {
  for (const Index n : {3, 64, 5000}) {
    const Vector zeros = Vector::Constant(n, -0.0);
    const Vector index = Vector::LinSpaced(n, 0.0, static_cast<double>(n - 1)).array().round();
    const Function f = record(n, [&](ExprSpan w) {
      return sum_over_rows(Columns(index, zeros), [&](Row row) { return row[1] * square(gather(w, row[0])); });
    });
    for (const double g : f.value_and_gradient(Vector::Ones(n)).second) BOOST_TEST(!std::signbit(g), n);
  }
}

// What is scattered is read by a sum before and by another scatter after it, beside which it may not stand in its sums.
BOOST_AUTO_TEST_CASE(what_is_scattered_may_be_read_besides) {
  constexpr Index n = 4200;
  const Vector index = Vector::LinSpaced(n, 0.0, n - 1.0).array().round();
  Matrix both(n, 2);
  both << index, index.reverse();
  const Function f = record(2 * n, [&](ExprSpan w) {
    return sum_over_rows(Columns(both), [&](Row row) { return exp(gather(w.first(n), row[0]) + gather(w.last(n), row[1])); });
  });
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const Vector w = some_point(2 * n);
    const auto [value, gradient] = f.value_and_gradient(w);
    double sum = 0.0, worst = 0.0;
    for (Index i = 0; i < n; ++i) {
      const double e = std::exp(w[i] + w[2 * n - 1 - i]);
      sum += e;
      worst = std::max({worst, std::abs(gradient[i] - e) / e, std::abs(gradient[2 * n - 1 - i] - e) / e});
    }
    BOOST_TEST(std::abs(value - sum) <= 1e-13 * sum, set);
    BOOST_TEST(worst <= 1e-15, set);
  }
}

// Of one value a row and of two, of every row and of some; the factor a number, a parameter, what a sum gives; into memory that
// begins anywhere, and where there is no room for all.
BOOST_AUTO_TEST_CASE(a_factor_of_all_sums_is_multiplied_on_the_way_out) {
  constexpr Index n = 300;
  for (const Index width : {1, 2}) {
    const Index groups = n / width;
    Vector index = Vector::LinSpaced(500, 0.0, 499.0);
    index = (7.0 * index).unaryExpr([&](double x) { return std::fmod(x, static_cast<double>(groups - 1)); }).eval();
    const auto sum = [&](ExprSpan w) {
      return sum_over_rows(Columns(index), [&](Row row) {
        Expr x = 0.0;
        for (const Expr& e : gather(w.first(n), row[0], width)) x = x + e * e * 0.5;
        return x;
      });
    };
    Vector w = some_point(n + 1), counts = Vector::Zero(n);
    for (const double i : index) counts.segment(static_cast<Index>(i) * width, width).array() += 1.0;
    const Vector sums = counts.cwiseProduct(w.head(n));
    const double total = 0.5 * sums.dot(w.head(n));
    const auto check = [&](const Function& f, double factor, double last) {
      for (const Index shift : {0, 1, 8}) {
        Vector all(n + 20);
        f.value_and_gradient(ConstSpan(w.data(), n + 1), MutableSpan(all.data() + shift, n + 1));
        const auto gradient = all.segment(shift, n + 1);
        BOOST_TEST((gradient.head(n) - factor * sums).cwiseAbs().maxCoeff() <= 1e-14 * std::abs(factor) * sums.cwiseAbs().maxCoeff());
        BOOST_TEST(std::abs(gradient[n] - last) <= 1e-14 * std::abs(last));
      }
    };
    check(record(n + 1, [&](ExprSpan x) { return sum(x) * -3.0; }), -3.0, 0.0);
    check(record(n + 1, [&](ExprSpan x) { return sum(x) * x[n]; }), w[n], total);
    check(record(n + 1, [&](ExprSpan x) { return log(sum(x)); }), 1.0 / total, 0.0);
    check(record(n + 1, [&](ExprSpan x) { return log(sum(x)) + square(x[n]); }), 1.0 / total, 2.0 * w[n]);
    check(record(n + 1, [&](ExprSpan x) { return square(sum(x)) + x[0] * 0.0; }), 2.0 * total, 0.0);
  }
}

// The maximum by which exponentials are shifted gets nothing, exactly: where it is counted, rows are compared with it.
BOOST_AUTO_TEST_CASE(a_shift_by_the_largest_cancels) {
  const Vector index{{0.0, 1.0, 2.0, 2.0}};
  const auto shifted = [&](ExprSpan w) {
    const Columns rows(index);
    const Expr most = max_over_rows(rows, [&](Row row) { return gather(w, row[0]); });
    return most + log(sum_over_rows(rows, [&](Row row) { return exp(gather(w, row[0]) - most); }));
  };
  const Vector w{{1.0, -2.0, 3.0}};
  const Vector shares = by_loop(w, index);
  const auto compares = [](const Function& f) {
    std::ostringstream graph;
    graph << f.gradient();
    return graph.str().find("==") != std::string::npos;
  };
  const Function plain = record(3, shifted), scaled = record(3, [&](ExprSpan x) { return x[1] * shifted(x); }),
                 with_most = record(3, [&](ExprSpan x) {
                   return shifted(x) + max_over_rows(Columns(index), [&](Row row) { return gather(x, row[0]); });
                 }),
                 in_arm = record(3, [&](ExprSpan x) { return select(x[1] > 0.0, shifted(x), square(x[0])); });
  BOOST_TEST(!compares(plain));
  BOOST_TEST(!compares(scaled));
  BOOST_TEST(compares(with_most));
  const double value = std::log(std::exp(1.0) + std::exp(-2.0) + 2.0 * std::exp(3.0));
  const auto near = [](const Vector& x, const Vector& y) { return (x - y).cwiseAbs().maxCoeff() <= 1e-15 * y.cwiseAbs().maxCoeff(); };
  BOOST_TEST(near(plain.value_and_gradient(w).second, shares));
  BOOST_TEST(near(scaled.value_and_gradient(w).second, -2.0 * shares + Vector{{0.0, value, 0.0}}));
  BOOST_TEST(near(with_most.value_and_gradient(w).second, shares + Vector{{0.0, 0.0, 1.0}}));
  BOOST_TEST(near(in_arm.value_and_gradient(w).second, Vector{{2.0, 0.0, 0.0}}));
  BOOST_TEST(near(in_arm.value_and_gradient(Vector{{1.0, 2.0, 3.0}}).second, by_loop(Vector{{1.0, 2.0, 3.0}}, index)));
  // Of second derivatives too, diag(s) - s s'; where a parameter is infinite nothing looks finite.
  const Matrix second = plain.hessian(w);
  const Matrix expected = Matrix(shares.asDiagonal()) - shares * shares.transpose();
  BOOST_TEST((second - expected).cwiseAbs().maxCoeff() <= 1e-15);
  const double inf = std::numeric_limits<double>::infinity();
  for (const double g : plain.value_and_gradient(Vector{{1.0, inf, 3.0}}).second) BOOST_TEST(std::isnan(g));
  for (const double g : plain.value_and_gradient(Vector{{-inf, -inf, -inf}}).second) BOOST_TEST(std::isnan(g));
}

BOOST_AUTO_TEST_CASE(all_uses_of_a_lookup_are_scattered_at_once) {
  const Vector index = Vector::LinSpaced(3, 0.0, 2.0);
  std::ostringstream graph;
  graph << log_sum_exp(3, index).gradient();
  const std::string text = graph.str();
  const std::size_t first = text.find("scatter_rows");
  BOOST_TEST(first != std::string::npos);
  BOOST_TEST(text.find("scatter_rows", first + 1) == std::string::npos, text);
}

// One factor is not finite, and its sum is in an arm that is not taken: it does not join what is in no arm.
BOOST_AUTO_TEST_CASE(a_factor_of_an_arm_that_is_not_taken_stays_there) {
  const Vector index{{0.0, 1.0, 1.0}};
  const Function f = record(3, [&](ExprSpan w) {
    const Columns rows(index);
    const Expr sum = sum_over_rows(rows, [&](Row row) { return square(gather(w, row[0])); });
    const Expr most = max_over_rows(rows, [&](Row row) { return gather(w, row[0]); });
    return select(w[2] > 0.0, sqrt(sum * 0.0), 1.0) + square(most);
  });
  BOOST_TEST((f.value_and_gradient(Vector{{1.0, 0.5, -1.0}}).second == Vector{{2.0, 0.0, 0.0}}));
}

// Dots of looked-up rows, one of them by a computed index, and with itself; numbers whose sums are exact.
BOOST_AUTO_TEST_CASE(dots_of_rows_of_every_width_by_every_set) {
  constexpr Index groups = 11;
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index width : {7, 8, 9, 12, 15, 16, 17, 24, 31, 32})
      for (const Index m : {1, 7, 8, 9, 31, 33, 255, 256, 300}) {
        const Matrix data = Matrix::NullaryExpr(m, 3, [](Index r, Index c) { return static_cast<double>((r * (7 + 2 * c) + c) % groups); });
        const Vector w = Vector::NullaryExpr(2 * groups * width + 1, [](Index i) { return static_cast<double>(i * i % 7) - 3.0; });
        const Function f = record(w.size(), [&](ExprSpan x) {
          const ExprSpan first = x.first(groups * width), second = x.subspan(groups * width + 1, groups * width);
          return sum_over_rows(Columns(data), [&](Row row) {
            const std::vector<Expr> u = gather(first, row[0], width), v = gather(second, 0.5 * (row[1] + row[1]), width);
            return row[2] * dot(u, v) + dot(u, u) + 2.0 - row[2];
          });
        });
        double value = 0.0;
        Vector expected = Vector::Zero(w.size());
        for (Index r = 0; r < m; ++r) {
          const Index i = static_cast<Index>(data(r, 0)) * width, j = groups * width + 1 + static_cast<Index>(data(r, 1)) * width;
          const Vector u = w.segment(i, width), v = w.segment(j, width);
          value += data(r, 2) * u.dot(v) + u.dot(u) + 2.0 - data(r, 2);
          expected.segment(i, width) += data(r, 2) * v + 2.0 * u;
          expected.segment(j, width) += data(r, 2) * u;
        }
        const auto [own, gradient] = f.value_and_gradient(w);
        BOOST_TEST(own == value, set << ", width " << width << ", " << m << " rows");
        BOOST_TEST(f.value(w) == value);
        BOOST_TEST((gradient - expected).cwiseAbs().maxCoeff() == 0.0, set << ", width " << width << ", " << m << " rows");
      }
  }
}

// Computed indices: a row that finds no u is NaN for v alone, and the other way round.
BOOST_AUTO_TEST_CASE(a_bad_index_of_a_dot_spoils_its_own_row) {
  constexpr Index width = 9;
  Matrix data = Matrix::NullaryExpr(70, 2, [](Index r, Index) { return static_cast<double>(2 * (r % 4)); });
  data(32, 0) = -2.0, data(32, 1) = 8.0;
  data(69, 0) = 8.0, data(69, 1) = 1.0;
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const Vector w = some_point(10 * width);
    const auto product = [&](ExprSpan x, Row row) {
      return dot(gather(x.first(5 * width), 0.5 * row[0], width), gather(x.last(5 * width), 0.5 * row[1], width));
    };
    const Vector values = record(w.size(), [&](ExprSpan x) {
                            return map_rows(Columns(data), [&](Row row) { return product(x, row); });
                          }).values(w);
    for (Index r = 0; r < 70; ++r) BOOST_TEST(std::isnan(values[r]) == (r == 32 || r == 69), set << ", row " << r);
    const Vector gradient = record(w.size(), [&](ExprSpan x) {
                              return sum_over_rows(Columns(data), [&](Row row) { return product(x, row); });
                            }).value_and_gradient(w).second;
    for (Index i = 0; i < w.size(); ++i) {
      const Index group = i / width;  // u[4] by the last row, v[4] by row 32
      BOOST_TEST(std::isnan(gradient[i]) == (group == 4 || group == 9), set << ", entry " << i);
    }
  }
}

// Places are found for a vector of rows at a time: one that is none is told in each lane of each vector, and after the last.
BOOST_AUTO_TEST_CASE(an_index_that_is_none_is_seen_in_every_row) {
  constexpr Index m = 43, width = 16;
  const Vector w = Vector::LinSpaced(2 * 5 * width, 1.0, 2.0);
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    Matrix data(m, 2);
    const Function f = record(w.size(), [&](ExprSpan x) {
      return map_rows(Columns(data), [&](Row row) {
        return dot(gather(x.first(5 * width), 0.5 * row[0], width), gather(x.last(5 * width), row[0] * row[1], width));
      });
    });
    for (const double bad : {-1.0, 0.5, 5.0, 4294967296.0, -2147483648.0, 1e300, inf, std::nan("")})
      for (Index r = 0; r < m; ++r) {
        data.setConstant(0.5);
        data.col(0) = Vector::NullaryExpr(m, [](Index i) { return static_cast<double>(2 * (i % 5)); });
        data(r, 0) = 2.0 * bad;
        const Vector values = f.values(w);
        for (Index i = 0; i < m; ++i) BOOST_TEST(std::isnan(values[i]) == (i == r), set << ", " << bad << " in row " << r << ": row " << i);
      }
  }
}

// A dot that the user wrote may add its terms in any order, a chain of additions may not.
BOOST_AUTO_TEST_CASE(only_dots_are_reordered) {
  const Vector index{{0.0}}, w{{1e16, 1.0, -1e16, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}};
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const auto value = [&](bool chain) {
      return record(16, [&](ExprSpan x) {
               return sum_over_rows(Columns(index), [&](Row row) {
                 const std::vector<Expr> u = gather(x.first(8), row[0], 8), v = gather(x.last(8), row[0], 8);
                 if (!chain) return dot(u, v);
                 Expr total = u[0] * v[0];
                 for (std::size_t j = 1; j < 8; ++j) total = total + u[j] * v[j];
                 return total;
               });
             }).value(w);
    };
    BOOST_TEST(value(true) == 1.0, set);
    BOOST_TEST(value(false) == 2.0, set);  // eight partials
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
