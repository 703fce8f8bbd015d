// Bodies that are compiled while the program runs have the bits of those that kernels run.

#include "autodiff/instruction_sets.hpp"
#include "autodiff/messages.hpp"
#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

using namespace rappel;
using namespace rappel::test;

namespace {

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

template <class Record>
void check_same_bits(Record record_cost, const Vector& w) {
  const auto run = [&](const char* when) {
    const Compiling compiling(when);
    const Function f = record_cost();
    return f.value_and_gradient(w);
  };
  const auto [value, gradient] = run("off");
  const auto [compiled_value, compiled_gradient] = run("always");
  BOOST_TEST(std::memcmp(&value, &compiled_value, sizeof value) == 0);
  BOOST_TEST(same_bits(gradient, compiled_gradient));
}

// A row's value of `size` operations drawn at random on earlier values, many of which wait for a late use.
Expr random_row(std::mt19937_64& random, ExprSpan w, const Row& row, int size) {
  std::vector<Expr> values;
  for (Index j = 0; j < w.size(); ++j) values.push_back(w[j]);
  for (Index j = 0; j < row.size(); ++j) values.push_back(row[j]);
  const auto any = [&] { return values[random() % values.size()]; };
  for (int i = 0; i < size; ++i) {
    const Expr x = any(), y = any(), z = any();
    switch (random() % 21) {
      case 0: values.push_back(x + y); break;
      case 1: values.push_back(x - y); break;
      case 2: values.push_back(x * y); break;
      case 3: values.push_back(x / (2.0 + square(y))); break;
      case 4: values.push_back(min(x, y)); break;
      case 5: values.push_back(max(x, 0.25)); break;
      case 6: values.push_back(select(x < y, z, -x)); break;
      case 7: values.push_back(sqrt(square(x) + 1.0)); break;
      case 8: values.push_back(abs(x) - y); break;
      case 9: values.push_back(x * y + z * x - y * z); break;
      case 10: values.push_back(select((x <= 0.5) & !(y < z), x * 0.5, y)); break;
      case 11: values.push_back(sigmoid(x)); break;
      case 12: values.push_back(fma(x, y, z) / 4.0); break;
      case 13: values.push_back(huber(x, 0.5) - y); break;
      case 14: values.push_back(exp(-square(x)) * y); break;
      case 15: values.push_back(x - rint(y)); break;
      case 16: values.push_back(softplus(x)); break;
      case 17: values.push_back(x * y + z - any() * 1.5 - x); break;  // products with 1 and -1, and literals
      case 18: {
        const Condition comes_first = x <= y;
        values.push_back(select(comes_first, z, -x) + select(comes_first, abs(y), x));
        break;
      }
      case 19: values.push_back(abs(x) * abs(x) - huber(x, 1.0)); break;
      default: values.push_back(tanh(x)); break;
    }
  }
  Expr total = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) total += values[i] / (1.0 + square(values[values.size() - 1 - i]));
  return total;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_compiler)

BOOST_AUTO_TEST_CASE(costs_over_rows_have_the_same_bits_compiled) {
  for (const Index m : {1, 31, 32, 33, 64, 255, 257, 1000, 9001}) {
    const RowProblem p = row_problem(m, 5);
    for (const RowCost& cost : row_costs()) {
      BOOST_TEST_CONTEXT(cost.name << ", " << m << " rows")
      check_same_bits([&] { return recorded(cost, p); }, p.w);
    }
  }
}

// From 21 features on there are more sums than registers are kept for.
BOOST_AUTO_TEST_CASE(sums_of_any_number_have_the_same_bits_compiled) {
  for (const Index features : {1, 2, 7, 8, 9, 10, 11, 12, 13, 20, 21, 22, 30})
    for (const Index m : {5, 40, 256, 300, 1001, 1024, 2100}) {
      const RowProblem p = row_problem(m, features);
      for (const RowCost& cost : row_costs()) {
        BOOST_TEST_CONTEXT(cost.name << ", " << features << " features, " << m << " rows")
        check_same_bits([&] { return recorded(cost, p); }, p.w);
      }
    }
}

namespace {

// In x, or in sin(c x), whose powers are multiplied up one by one.
Function polynomial(const Columns& columns, Index num_coefficients, bool of_parameter) {
  return record(num_coefficients, [&](ExprSpan c) {
    return mean_over_rows(columns, [&](const Row& row) {
      const Expr x = of_parameter ? sin(c[0] * row[0]) : row[0];
      Expr power = 1.0, sum = 0.0;
      for (const Expr& coefficient : c) {
        sum += coefficient * power;
        power *= x;
      }
      return square(sum - row[1]);
    });
  });
}

}  // namespace

// Sums of values that are computed on the way stand in memory, up to 192 of them; powers wait there, too.
BOOST_AUTO_TEST_CASE(sums_in_memory_have_the_same_bits_compiled) {
  for (const Index n : {22, 24, 60, 130, 191, 192, 193, 260})
    for (const Index m : {1, 7, 8, 64, 300, 1001}) {
      std::srand(static_cast<unsigned>(n + m));
      const Matrix X = Matrix::Random(m, 2);
      for (const bool of_parameter : {false, true})
        BOOST_TEST_CONTEXT(n << " coefficients, " << m << " rows")
        check_same_bits([&] { return polynomial(Columns(X), n, of_parameter); }, Vector::Random(n));
    }
}

// Behind the last row of each column there may be no memory.
BOOST_AUTO_TEST_CASE(compiled_rows_read_no_row_beyond_the_last) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto guarded = [&]<class Number>(std::size_t rows, Number) {
    char* const memory = static_cast<char*>(mmap(nullptr, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    BOOST_REQUIRE(memory != MAP_FAILED);
    BOOST_REQUIRE(mprotect(memory + 4 * page, page, PROT_NONE) == 0);
    return Eigen::Map<Eigen::VectorX<Number>>(reinterpret_cast<Number*>(memory + 4 * page) - rows, static_cast<Index>(rows));
  };
  for (const std::size_t rows : {1, 8, 9, 31, 33, 232, 300}) {
    Eigen::Map<Vector> x = guarded(rows, 0.0), y = guarded(rows, 0.0);
    Eigen::Map<Eigen::VectorXf> z = guarded(rows, 0.0f);
    x.setRandom(), y.setRandom(), z.setRandom();
    for (const std::vector<ColumnView>& views : {std::vector<ColumnView>{x.data(), y.data()}, {z.data(), y.data()}, {z.data(), z.data()}}) {
      const Columns columns = Columns::from({}, views, static_cast<Index>(rows));
      check_same_bits(
          [&] {
            return record(2, [&](ExprSpan w) {
              return sum_over_rows(columns, [&](const Row& row) { return square(exp(w[0] * row[0]) + w[1] - row[1] * row[0]); });
            });
          },
          Vector{{0.5, -0.25}});
      check_same_bits([&] { return polynomial(columns, 40, false); }, Vector::LinSpaced(40, -1.0, 1.0));
    }
    const auto unmap = [&](const auto& column) {
      munmap(reinterpret_cast<char*>(const_cast<std::remove_const_t<typename std::decay_t<decltype(column)>::Scalar>*>(column.data()) + rows) - 4 * page, 5 * page);
    };
    unmap(x), unmap(y), unmap(z);
  }
}

BOOST_AUTO_TEST_CASE(random_rows_have_the_same_bits_compiled) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const RowProblem p = row_problem(301, 1 + seed % 5, seed);
    const int size = static_cast<int>(seed % 6 == 0 ? 400 : 5 + seed);
    BOOST_TEST_CONTEXT("seed " << seed)
    check_same_bits(
        [&] {
          return record(p.w.size(), [&](ExprSpan w) {
            std::mt19937_64 random(seed);
            return mean_over_rows(Columns(p.X, p.y), [&](const Row& row) { return random_row(random, w, row, size); });
          });
        },
        p.w);
  }
}

// Code reads floats where they stand; what kernels read, too, is widened first.
BOOST_AUTO_TEST_CASE(columns_of_floats_have_the_bits_of_doubles_compiled) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const Index features = seed % 7 == 0 ? 120 : 1 + seed % 5;  // so many are the dot of a kernel
    RowProblem p = row_problem(seed % 2 == 0 ? 1031 : 301, features, seed);
    const Eigen::MatrixXf X = p.X.cast<float>();
    const Eigen::VectorXf y = p.y.cast<float>();
    p.X = X.cast<double>();
    const auto over = [&](const Columns& columns) {
      return record(p.w.size(), [&](ExprSpan w) {
        std::mt19937_64 random(seed);
        return mean_over_rows(columns, [&](const Row& row) {
          return square(dot(w.first(features), row.first(features)) - row[features]) + random_row(random, w, row, static_cast<int>(5 + seed));
        });
      });
    };
    const auto [value, gradient] = [&] {
      const Compiling off("off");
      return over(Columns(p.X, p.y)).value_and_gradient(p.w);
    }();
    const Compiling always("always");
    const Function doubles = over(Columns(p.X, p.y));
    std::mt19937_64 random(seed);
    for (int i = 0; i < 12; ++i) {  // more than codes are kept for
      std::vector<ColumnView> views;
      for (Index j = 0; j < features; ++j)
        views.push_back(i > 0 && random() % 2 == 0 ? ColumnView(p.X.col(j).data()) : ColumnView(X.col(j).data()));
      views.push_back(random() % 2 == 0 ? ColumnView(p.y.data()) : ColumnView(y.data()));
      const Function f = i % 3 == 0 ? over(Columns::from({}, views, p.X.rows())) : doubles.with_columns(Columns::from({}, views, p.X.rows()));
      const auto [own_value, own_gradient] = f.value_and_gradient(p.w);
      BOOST_TEST_CONTEXT("seed " << seed << ", mixture " << i) {
        BOOST_TEST(std::memcmp(&value, &own_value, sizeof value) == 0);
        BOOST_TEST(same_bits(gradient, own_gradient));
      }
    }
  }
}

// What is compared stands in registers no more by then, and others took its places in memory.
BOOST_AUTO_TEST_CASE(choices_long_after_their_comparison_have_the_same_bits_compiled) {
  for (const int between : {2, 10, 40, 80}) {
    const RowProblem p = row_problem(301, 3);
    BOOST_TEST_CONTEXT(between << " values between")
    check_same_bits(
        [&] {
          return record(p.w.size(), [&](ExprSpan w) {
            return mean_over_rows(Columns(p.X, p.y), [&](const Row& row) {
              const Condition chosen = exp(row[0]) < exp(row[1] * w[0]);
              const Expr size = abs(row[0] - row[1]);
              std::vector<Expr> values = {size * size};
              for (int i = 0; i < between; ++i) values.push_back(exp(-square(values.back() * 0.5 + row[i % 3])));
              Expr total = select(chosen, values.back(), row[2]) + abs(row[0] - row[1]) * w[1];
              for (std::size_t i = 0; i < values.size(); ++i) total += values[i] * values[values.size() - 1 - i];
              return total;
            });
          });
        },
        p.w);
  }
}

namespace {

std::vector<Expr> scores(ExprSpan w, const Row& row, Index num_classes) {
  std::vector<Expr> z;
  for (Index c = 0; c < num_classes; ++c) z.push_back(w[c] * row[c % row.size()] + w[(c + 1) % num_classes] * row[(c + 2) % row.size()]);
  return z;
}

// NaN of any sign.
bool same_numbers(const Vector& a, const Vector& b) {
  bool same = a.size() == b.size();
  for (Index i = 0; same && i < a.size(); ++i) same = a[i] == b[i] ? std::signbit(a[i]) == std::signbit(b[i]) : a[i] != a[i] && b[i] != b[i];
  return same;
}

}  // namespace

// Beyond 32 classes they are no part of compiled rows, but the sum of their logarithms is.
BOOST_AUTO_TEST_CASE(softmax_and_logsumexp_have_the_same_bits_compiled) {
  for (const Index classes : {1, 2, 3, 5, 8, 20, 32, 33, 40})
    for (const Index m : {1, 7, 64, 300, 1001, 1033}) {
      const RowProblem p = row_problem(m, 5);
      BOOST_TEST_CONTEXT(classes << " classes, " << m << " rows") {
        const Vector at = 8.0 * Vector::Random(classes);
        check_same_bits(
            [&] {
              return record(classes, [&](ExprSpan w) {
                return mean_over_rows(Columns(p.X), [&](const Row& row) {
                  const std::vector<Expr> z = scores(w, row, classes);
                  return logsumexp(z) - row[1] * z[0];
                });
              });
            },
            at);
        check_same_bits(
            [&] {
              return record(classes, [&](ExprSpan w) {
                return mean_over_rows(Columns(p.X), [&](const Row& row) {
                  const std::vector<Expr> shares = softmax(scores(w, row, classes));
                  Expr total = 0.0;
                  for (std::size_t c = 0; c < shares.size(); ++c) total += square(shares[c] - row[static_cast<Index>(c) % 5]);
                  return total;
                });
              });
            },
            at);
      }
    }
}

BOOST_AUTO_TEST_CASE(softmax_of_what_is_not_finite_is_the_same_compiled) {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double numbers[] = {0.0, -0.0, 1.0, -40.0, 1e300, -1e300, inf, -inf, nan, 1.0};
  std::mt19937_64 random(3);
  for (const Index classes : {1, 2, 3, 5}) {
    Matrix X(800, classes);
    for (double& x : X.reshaped()) x = numbers[random() % std::size(numbers)];
    X.row(0).setConstant(-inf), X.row(1).setConstant(inf), X.row(2).setConstant(nan), X.row(3).setConstant(-0.0);
    const auto values = [&](const char* when) {
      const Compiling compiling(when);
      return record(1, [&](ExprSpan w) {
               return map_rows(Columns(X), [&](const Row& row) {
                 std::vector<Expr> z;
                 for (Index c = 0; c < classes; ++c) z.push_back(w[0] * row[c]);
                 std::vector<Expr> shares = softmax(z);
                 shares.push_back(logsumexp(z));
                 return shares;
               });
             })
          .values(Vector{{1.0}});
    };
    const Vector kernels = values("off");
    BOOST_TEST(same_numbers(kernels, values("always")));
    const auto of_row = [&](Index r, Index k) { return kernels[k * X.rows() + r]; };
    for (Index r = 0; r < X.rows(); ++r) {
      const bool any_nan = X.row(r).array().isNaN().any(), none = (X.row(r).array() == -inf).all();
      for (Index k = 0; k <= classes; ++k) {
        if (any_nan)
          BOOST_TEST(std::isnan(of_row(r, k)), "row " << r << ", result " << k);
        else if (none)
          BOOST_TEST(of_row(r, k) == (k < classes ? 0.0 : -inf), "row " << r << ", result " << k);
      }
    }
  }
}

// x between -delta and delta, in compiled rows as in kernels; of a NaN NaN, and of a negative delta what the formula has.
BOOST_AUTO_TEST_CASE(slopes_of_huber_are_the_same_compiled) {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double delta : {1.0, 0.25, 0.0, -0.0, -1.0, inf, nan})
    for (const double x : {0.0, -0.0, 0.1, -0.1, 0.25, -0.25, 1.0, -1.0, 1.5, -2.0, 1e300, -1e300, inf, -inf, nan})
      BOOST_TEST_CONTEXT("delta " << delta << ", x " << x) {
        const Matrix X = Matrix::Constant(1, 1, x);
        const auto slope = [&](const char* when) {
          const Compiling compiling(when);
          return record(1, [&](ExprSpan w) {
                   return sum_over_rows(Columns(X), [&](const Row& row) { return huber(row[0] - w[0], delta); });
                 })
              .value_and_gradient(Vector{{0.0}})
              .second;
        };
        const Vector kernels = slope("off");
        BOOST_TEST(same_numbers(kernels, slope("always")));
        const double expected = delta < 0.0 ? (x > 0.0 ? delta : x < 0.0 ? -delta : delta * x) : std::clamp(x, -delta, delta);
        BOOST_TEST((std::isnan(x) || std::isnan(delta) ? std::isnan(kernels[0]) : kernels[0] == -expected));
      }
}

// A bound of 0 does not lose the sign of the zero that is its factor.
BOOST_AUTO_TEST_CASE(signs_of_zero_bounds_are_the_same_compiled) {
  const Matrix X = Matrix::Constant(40, 1, 5.0);
  for (const double bound : {0.0, -0.0})
    for (const double factor : {0.0, -0.0}) {
      const auto values = [&](const char* when) {
        const Compiling compiling(when);
        return record(
                   1,
                   [&](ExprSpan w) {
                     return map_rows(Columns(X), [&](const Row& row) {
                       const Expr x = w[0] * row[0];
                       return 1.0 / select(abs(x) <= bound, x, factor * sign(x));
                     });
                   },
                   {.exact_zeros = true})
            .values(Vector{{1.0}});
      };
      BOOST_TEST(same_bits(values("off"), values("always")), "bound " << bound << ", factor " << factor);
    }
}

// What the difference from the largest rounds off is large there.
BOOST_AUTO_TEST_CASE(a_share_far_below_the_largest_is_0) {
  Matrix X(5, 2);
  X << -1e17, -1.0, -1e300, 1e285, -0x1p53, 1.0, -1e308, 1e308, -746.5, 0.25;
  for (const char* when : {"off", "always"}) {
    const Compiling compiling(when);
    const Function f = record(1, [&](ExprSpan w) {
      return map_rows(Columns(X), [&](const Row& row) { return softmax(std::vector<Expr>{w[0] * row[0], w[0] * row[1]}); });
    });
    const Vector shares = f.values(Vector{{1.0}});
    for (Index r = 0; r < X.rows(); ++r) {
      BOOST_TEST(shares[r] == 0.0, when << ", row " << r);
      BOOST_TEST(shares[X.rows() + r] == 1.0, when << ", row " << r);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_by_row_and_later_stages_have_the_same_bits_compiled) {
  const RowProblem p = row_problem(777, 4);
  const auto values = [&](const char* when) {
    const Compiling compiling(when);
    return record(p.w.size(), [&](ExprSpan w) {
      return map_rows(Columns(p.X), [&](const Row& row) {
        const Expr z = dot(w.first(4), row.first(4)) + w[4];
        return std::vector<Expr>{z, z, row[1], z * z - row[0], sqrt(abs(z)) + row[2]};
      });
    }).values(p.w);
  };
  BOOST_TEST(same_bits(values("off"), values("always")));
  check_same_bits(
      [&] {
        return record(p.w.size(), [&](ExprSpan w) {
          const auto z = [&](const Row& row) { return dot(w.first(4), row.first(4)) * row[4] + w[4]; };
          const Columns columns(p.X, p.y);
          const Expr mean = mean_over_rows(columns, z);
          const Expr deviation = sqrt(mean_over_rows(columns, [&](const Row& row) { return square(z(row) - mean); }));
          return sum_over_rows(columns, [&](const Row& row) { return abs((z(row) - mean) / deviation) * z(row); });
        });
      },
      p.w);
}

BOOST_AUTO_TEST_CASE(a_word_that_the_compiler_does_not_know_is_refused_by_name) {
  const Compiling compiling("sometimes");
  const RowProblem p = row_problem(10, 2);
  const Function f = recorded(row_costs()[0], p);
  check_refused([&] { f.value(p.w); }, {"RAPPEL_ROW_COMPILER is sometimes", "off or always"});
}

BOOST_AUTO_TEST_SUITE_END()
