// Sums of coefficients times powers that were multiplied up one by one: x^(8 i + j) as x^(8 i) * x^j.

#include "split_powers.hpp"

#include "builder.hpp"
#include "derivatives.hpp"
#include "evaluate.hpp"
#include "inputs.hpp"
#include "instruction_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

std::vector<Expr> powers_of(const Expr& x, Index count) {  // x, x^2, .., x^count
  std::vector<Expr> p = {x};
  while (static_cast<Index>(p.size()) < count) p.push_back(p.back() * x);
  return p;
}

Expr polynomial(ExprSpan c, const Expr& x) {
  Expr p = 1.0, sum = 0.0;
  for (const Expr& coefficient : c) {
    sum += coefficient * p;
    p *= x;
  }
  return sum;
}

Function squares(const Matrix& data, Index count, int threads = 1) {
  return record(
      count,
      [&](ExprSpan c) { return sum_over_rows(Columns(data), [&](Row row) { return square(polynomial(c, row[0]) - row[1]); }); },
      {.threads = threads});
}

Matrix random_data(Index rows, double largest = 1.0) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> number(-largest, largest);
  Matrix data(rows, 2);
  for (double& x : data.reshaped()) x = number(random);
  return data;
}

Vector random_coefficients(Index count) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> number(-1.0, 1.0);
  Vector c(count);
  for (double& x : c) x = number(random);
  return c;
}

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

// With the sums of the absolute values of all terms, of which each is rounded by at most `count` powers, `count`
// additions and, over rows, as many as there are.
struct Expected {
  long double value = 0.0L, value_size = 0.0L;
  std::vector<long double> gradient, gradient_size;
};

Expected squares_by_hand(const Matrix& data, const Vector& c) {
  const auto n = static_cast<std::size_t>(c.size());
  Expected e{0.0L, 0.0L, std::vector<long double>(n), std::vector<long double>(n)};
  for (Index r = 0; r < data.rows(); ++r) {
    long double residual = -static_cast<long double>(data(r, 1)), size = std::abs(residual), p = 1.0L;
    for (const double coefficient : c) {
      residual += static_cast<long double>(coefficient) * p;
      size += std::abs(static_cast<long double>(coefficient) * p);
      p *= static_cast<long double>(data(r, 0));
    }
    e.value += residual * residual;
    e.value_size += size * size;
    p = 1.0L;
    for (std::size_t k = 0; k < n; ++k) {
      e.gradient[k] += 2.0L * residual * p;
      e.gradient_size[k] += 2.0L * size * std::abs(p);
      p *= static_cast<long double>(data(r, 0));
    }
  }
  return e;
}

// Products that rows compute for value and gradient, once powers are split.
std::ptrdiff_t products_by_row(Index num_parameters, Index num_columns, const std::function<Expr(ExprSpan, ExprSpan)>& cost) {
  const Cost c = rows_cost(num_parameters, num_columns, cost);
  std::vector<NodeId> none;
  const Traced split = remove_dead(detail::with_split_powers(detail::fuse_live(detail::with_gradient({c.graph, {c.output}, {}}, {})), none));
  std::ptrdiff_t count = 0;
  for (NodeId n = 0; n < split.graph.size(); ++n) count += split.graph.op(n) == Op::mul && split.graph.varying(n);
  return count;
}

// A cost of a row: of coefficients, the value by row whose powers it multiplies up, and the other column.
struct Variant {
  const char* what;
  std::function<Expr(ExprSpan c, const Expr& x, const Expr& y)> cost;
};

std::vector<Variant> variants() {
  return {
      {"descending", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x, 30);
         Expr sum = y;
         for (Index k = 30; k-- > 0;) sum -= c[k] * p[static_cast<std::size_t>(k)];
         return square(sum);
       }},
      {"read by others", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x, 30);
         Expr sum = 0.0;
         for (Index k = 0; k < 30; ++k) sum += c[k] * p[static_cast<std::size_t>(k)];
         return square(sum - max(p[20], y)) + sin(p[17]) * c[3];
       }},
      {"two sums", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x, 40);
         Expr sum = 1.0, other = y;
         for (Index k = 0; k < 40; ++k) sum += c[k] * p[static_cast<std::size_t>(k)];
         for (Index k = 3; k < 33; ++k) other += p[static_cast<std::size_t>(k)] * (c[40 - k] * c[k]);
         return sum * exp(-square(other));
       }},
      {"linear", [](ExprSpan c, const Expr& x, const Expr&) { return polynomial(c, x); }},
      {"squares first", [](ExprSpan c, const Expr& x, const Expr& y) {
         Expr p = square(x), sum = c[0] + c[1] * x;
         for (Index k = 2; k < 28; ++k) {
           sum += c[k] * p;
           p = p * x;
         }
         return abs(sum - y);
       }},
      {"of a square, every second", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x * x, 40);
         Expr sum = y * c[0];
         for (Index k = 1; k < 40; k += 2) sum += c[k] * p[static_cast<std::size_t>(k)];
         return square(sum);
       }},
      {"literals and rows as factors", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x + 0.25, 40);
         Expr sum = c[0];
         for (std::size_t k = 0; k < 20; ++k) sum += (1.0 / static_cast<double>(k + 1)) * p[k];
         sum += y * p[21] + p[22] + c[1] * p[23] * y;
         for (Index k = 24; k < 40; ++k) sum += p[static_cast<std::size_t>(k)] * c[k];
         return log(1.5 + square(sum));
       }},
      {"begun with a value by row", [](ExprSpan c, const Expr& x, const Expr& y) {
         Expr p = y, sum = 0.0;
         for (Index k = 0; k < 30; ++k) {
           sum += c[k] * p;
           p *= x;
         }
         return square(sum);
       }},
      {"a power alone in its group", [](ExprSpan c, const Expr& x, const Expr& y) {
         const std::vector<Expr> p = powers_of(x, 41);
         Expr sum = y;
         for (Index k = 0; k < 16; ++k) sum += c[k] * p[static_cast<std::size_t>(k)];
         sum += c[39] * p[40] + c[38] * p[31];  // x^41 and x^32
         return square(sum);
       }},
  };
}

Function cost_of(const Variant& v, const Matrix& data, bool of_parameter) {
  return record(42, [&](ExprSpan c) {
    return sum_over_rows(Columns(data), [&](Row row) { return v.cost(c.first(41), of_parameter ? row[0] * c[41] : row[0] * 1.0, row[1]); });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(split_powers)

BOOST_AUTO_TEST_CASE(value_and_gradient_are_those_of_the_sum_on_every_set) {
  for (const std::string& set : sets_here())
    for (const char* when : {"off", "always"}) {
      const Forced forced(set);
      const Compiling compiling(when);
      for (const Index count : {15, 16, 17, 18, 23, 24, 25, 26, 40, 128, 200})
        for (const auto& [rows, largest] : {std::pair<Index, double>{1, 1.0}, {9, 1.0}, {257, 1.0}, {300, 3.0}}) {
          const Matrix data = random_data(rows, largest);
          const Vector c = random_coefficients(count);
          const Expected e = squares_by_hand(data, c);
          const Function f = squares(data, count);
          const auto [value, gradient] = f.value_and_gradient(c);
          const long double each = std::ldexp(1.0L, -53), rounded = each * static_cast<long double>(4 * count + rows);
          BOOST_TEST(std::abs(static_cast<long double>(value) - e.value) <= rounded * e.value_size, set << ", " << count << " coefficients");
          for (Index k = 0; k < count; ++k) {
            const auto i = static_cast<std::size_t>(k);
            BOOST_TEST(std::abs(static_cast<long double>(gradient[k]) - e.gradient[i]) <= rounded * e.gradient_size[i],
                       set << ", " << count << " coefficients, " << k << ": " << gradient[k]);
          }
          BOOST_TEST(f.value(c) == value);  // bit for bit
        }
    }
}

// Of x^127 with a factor of 1 alone: as many roundings as there are groups, a few for the powers within and for the sum.
BOOST_AUTO_TEST_CASE(powers_are_rounded_less_often_than_by_recurrence) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> number(0.5, 1.5);
  Vector c = Vector::Zero(128);
  c[127] = 1.0;
  for (int i = 0; i < 100; ++i) {
    Matrix data(1, 2);
    data << number(random), 0.0;
    const long double expected = std::pow(static_cast<long double>(data(0, 0)), 127);
    const Function f = record(128, [&](ExprSpan k) { return sum_over_rows(Columns(data), [&](Row row) { return polynomial(k, row[0]) - row[1]; }); });
    const auto [value, gradient] = f.value_and_gradient(c);
    const long double bound = std::ldexp(expected, -53) * 24.0L;
    BOOST_TEST(std::abs(static_cast<long double>(value) - expected) <= bound);
    BOOST_TEST(std::abs(static_cast<long double>(gradient[127]) - expected) <= bound);
  }
}

BOOST_AUTO_TEST_CASE(bits_are_those_of_any_number_of_threads_and_of_compiled_rows) {
  const Matrix data = random_data(20'003);
  const Vector c = random_coefficients(128);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const auto [value, gradient] = squares(data, 128).value_and_gradient(c);
    for (const int threads : {2, 3, 8}) {
      const auto [other, others] = squares(data, 128, threads).value_and_gradient(c);
      BOOST_TEST(other == value);
      BOOST_TEST(same_bits(others, gradient));
    }
    for (const char* when : {"off", "always"}) {
      const Compiling compiling(when);
      const auto [other, others] = squares(data, 128).value_and_gradient(c);
      BOOST_TEST(other == value);
      BOOST_TEST(same_bits(others, gradient));
    }
  }
}

// As the recurrence has it.
BOOST_AUTO_TEST_CASE(rows_beyond_the_range_stay_what_they_are) {
  const Index count = 40;
  Vector c = random_coefficients(count).cwiseAbs();
  const auto value_at = [&](double x) {
    Matrix data(3, 2);
    data << 0.5, 0.0, x, 0.0, 0.25, 0.0;
    const Function f = record(count, [&](ExprSpan k) { return sum_over_rows(Columns(data), [&](Row row) { return polynomial(k, row[0]); }); });
    return f.value_and_gradient(c);
  };
  const double rest = value_at(0.0).first - c[0];
  BOOST_TEST(value_at(0.0).second[0] == 3.0);
  BOOST_TEST(value_at(0.0).second[39] == std::pow(0.5, 39) + std::pow(0.25, 39));
  BOOST_TEST(value_at(-0.0).first == value_at(0.0).first);
  BOOST_TEST(value_at(1e-300).first == rest + c[0], boost::test_tools::tolerance(1e-15));
  for (const double x : {inf, 1e200, 1e60}) {
    BOOST_TEST(value_at(x).first == inf);
    BOOST_TEST(value_at(x).second[39] == inf);
    BOOST_TEST(std::isfinite(value_at(x).second[0]));
  }
  BOOST_TEST(std::isfinite(value_at(1e60).second[5]));
  BOOST_TEST(value_at(1e60).second[6] == inf);
  BOOST_TEST(std::isnan(value_at(std::nan("")).first));
  BOOST_TEST(std::isnan(value_at(std::nan("")).second[16]));
  BOOST_TEST(std::isfinite(value_at(std::nan("")).second[0]));
  c[20] = 0.0;  // times infinity
  BOOST_TEST(std::isnan(value_at(inf).first));
}

// The same cost of x times a parameter that is 1 keeps the powers as they are.
BOOST_AUTO_TEST_CASE(costs_that_read_powers_in_other_ways_keep_their_derivatives) {
  const Matrix data = random_data(300, 1.1);
  Vector c = random_coefficients(42);
  c[41] = 1.0;
  const Vector direction = random_coefficients(42).head(42);
  for (const Variant& v : variants()) {
    const Function split = cost_of(v, data, false), whole = cost_of(v, data, true);
    const auto [value, gradient] = split.value_and_gradient(c);
    const auto [expected, gradients] = whole.value_and_gradient(c);
    BOOST_TEST(std::abs(value - expected) <= 1e-13 * std::max(1.0, std::abs(expected)) * 300.0, v.what);
    BOOST_TEST(std::abs(split.value(c) - value) <= 1e-15 * 300.0 * std::max(1.0, std::abs(value)), v.what);
    const double size = std::max(1.0, gradients.cwiseAbs().maxCoeff());
    BOOST_TEST((gradient - gradients).head(41).cwiseAbs().maxCoeff() <= 1e-12 * size, v.what);
    BOOST_TEST((split.gradient().values(c) - gradients).head(41).cwiseAbs().maxCoeff() <= 1e-12 * size, v.what);
    Vector along = direction;
    along[41] = 0.0;
    const Vector product = split.hessian_vector(c, along), products = whole.hessian_vector(c, along);
    BOOST_TEST((product - products).head(41).cwiseAbs().maxCoeff() <= 1e-11 * std::max(1.0, products.cwiseAbs().maxCoeff()), v.what);
    std::stringstream file;
    split.save(file);
    const auto [again, agains] = Function::load(file).with_columns(Columns(data)).value_and_gradient(c);
    BOOST_TEST(again == value, v.what);
    BOOST_TEST(same_bits(agains, gradient), v.what);
  }
}

BOOST_AUTO_TEST_CASE(powers_by_row_come_out_as_they_were_multiplied) {
  const Matrix data = random_data(50, 1.2);
  const Vector c = random_coefficients(40);
  const Function f = record(40, [&](ExprSpan k) {
    return map_rows(Columns(data), [&](Row row) {
      const std::vector<Expr> p = powers_of(row[0], 40);
      Expr sum = 0.0;
      for (Index i = 0; i < 40; ++i) sum += k[i] * p[static_cast<std::size_t>(i)];
      return std::vector<Expr>{sum, p[19], p[7]};
    });
  });
  const Vector values = f.values(c);
  for (Index r = 0; r < 50; ++r) {
    double p = data(r, 0);
    for (int k = 1; k < 20; ++k) p *= data(r, 0);
    BOOST_TEST(values[50 + r] == p);
  }
}

BOOST_AUTO_TEST_CASE(values_at_many_points_are_those_at_each) {
  const Function f = record(1, [](ExprSpan x) {
    Expr p = 1.0, sum = 0.0;
    for (int k = 0; k < 30; ++k) sum += p / (1.0 + k), p *= x[0];
    return sum;
  });
  Matrix points(20, 1);
  for (Index i = 0; i < 20; ++i) points(i, 0) = 0.07 * static_cast<double>(i) - 0.6;
  const Vector values = f.values(points);
  for (Index i = 0; i < 20; ++i) BOOST_TEST(values[i] == f.value(Vector{{points(i, 0)}}));
}

BOOST_AUTO_TEST_CASE(rows_multiply_eight_powers_and_each_eighth) {
  const auto squared = [](ExprSpan c, ExprSpan row) { return square(polynomial(c, row[0]) - row[1]); };
  // x^2 .. x^7, x^4 and x^8 again, the low parts of x^16 .. x^120, the residual times x^8 .. x^120, and twice the residual
  BOOST_TEST(products_by_row(128, 2, squared) <= 6 + 2 + 14 + 15 + 1);
  BOOST_TEST(products_by_row(16, 2, squared) >= 14);  // too few powers
  // Of what depends on a parameter, and those that are read one by one: all are computed.
  BOOST_TEST(products_by_row(128, 2, [](ExprSpan c, ExprSpan row) { return square(polynomial(c.first(127), row[0] * c[127])); }) >= 126);
  BOOST_TEST(products_by_row(128, 2, [&](ExprSpan c, ExprSpan row) {
    Expr sum = squared(c, row);
    for (const Expr& p : powers_of(row[0], 127)) sum += sin(p) * c[0];
    return sum;
  }) >= 126);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
