// Products and sums become one dot, contracted by FMA where the instruction set has it, and the written order
// of the terms stays: what rests on rounding, as compensated sums do, survives.

#include "evaluate.hpp"
#include "inputs.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>

namespace rappel::test {
namespace {

// The operations of a formula's graph after the passes, without leaves, in order.
std::vector<Op> ops_of(Index num_parameters, Index num_columns,
                       const std::function<Expr(ExprSpan, ExprSpan)>& cost) {
  const Cost c = rows_cost(num_parameters, num_columns, cost);
  const Graph graph = simplify({c.graph, {c.output}, {}}).graph;
  std::vector<Op> ops;
  for (NodeId n = 0; n < graph.size(); ++n)
    if (graph.op(n) < Op::constant || graph.op(n) > Op::column) ops.push_back(graph.op(n));
  return ops;
}

bool contracts(const detail::KernelTable& kernels) {
  return kernels.instruction_set == detail::InstructionSet::avx2 ||
         kernels.instruction_set == detail::InstructionSet::avx512;
}

// x1 y1 + x2 y2 + .., in this order.
double dot_in_order(const std::vector<double>& x, const std::vector<double>& y, bool contract) {
  double total = x[0] * y[0];
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (contract) {
      total = std::fma(x[i], y[i], total);
    } else {
      const double product = x[i] * y[i];
      total += product;
    }
  }
  return total;
}

Table random_table(std::size_t num_columns, std::size_t num_rows) {
  std::mt19937_64 random(3);
  Table table(num_columns, std::vector<double>(num_rows));
  for (auto& column : table)
    for (double& x : column)
      x = std::ldexp(std::uniform_real_distribution<double>(-1.0, 1.0)(random),
                     static_cast<int>(random() % 40));
  return table;
}

BOOST_AUTO_TEST_SUITE(fusing)

BOOST_AUTO_TEST_CASE(a_chain_of_products_becomes_one_dot) {
  const auto linear = [](ExprSpan w, ExprSpan row) { return exp(w[0] * row[0] + w[1] * row[1] + w[2]); };
  BOOST_TEST((ops_of(3, 2, linear) == std::vector{Op::dot, Op::exp, Op::sum_rows}));
  const auto reversed = [](ExprSpan w, ExprSpan row) { return exp(w[2] + w[1] * row[1] + w[0] * row[0]); };
  BOOST_TEST((ops_of(3, 2, reversed) == std::vector{Op::dot, Op::exp, Op::sum_rows}));
  const auto minus = [](ExprSpan w, ExprSpan row) { return exp(w[0] * row[0] - row[1]); };
  BOOST_TEST((ops_of(1, 2, minus) == std::vector{Op::dot, Op::exp, Op::sum_rows}));
}

BOOST_AUTO_TEST_CASE(a_sum_of_products_over_rows_becomes_one_reduction) {
  const auto products = [](ExprSpan w, ExprSpan row) { return exp(w[0] * row[1]) * row[0]; };
  BOOST_TEST((ops_of(1, 2, products) == std::vector{Op::mul, Op::exp, Op::sum_products}));
}

// A square that stands alone, or is used twice, stays one; of what is computed at length too.
BOOST_AUTO_TEST_CASE(squared_differences_of_columns_become_one_dot) {
  const auto count = [](const std::vector<Op>& ops, Op op) { return std::ranges::count(ops, op); };
  const std::vector<Op> sum = ops_of(2, 2, [](ExprSpan w, ExprSpan row) { return exp(square(row[0] - w[0]) + square(row[1] - w[1])); });
  BOOST_TEST(count(sum, Op::dot) == 1);
  BOOST_TEST(count(sum, Op::square) == 0);
  const std::vector<Op> alone = ops_of(1, 1, [](ExprSpan w, ExprSpan row) { return exp(square(row[0] - w[0])); });
  BOOST_TEST(count(alone, Op::square) == 1);
  BOOST_TEST(count(alone, Op::dot) == 0);
  const std::vector<Op> twice = ops_of(1, 1, [](ExprSpan w, ExprSpan row) {
    const Expr s = square(row[0] - w[0]);
    return exp(s) + (s + w[0] * row[0]);
  });
  BOOST_TEST(count(twice, Op::square) == 1);
  const std::vector<Op> long_ones = ops_of(2, 2, [](ExprSpan w, ExprSpan row) { return exp(square(row[0] * w[0] - w[1]) + square(exp(row[1]))); });
  BOOST_TEST(count(long_ones, Op::square) == 2);
}

BOOST_AUTO_TEST_CASE(a_product_used_twice_is_computed_once) {
  const auto shared = [](ExprSpan w, ExprSpan row) {
    const Expr p = w[0] * row[0];
    return exp(p + w[1] * row[1]) * sin(p);
  };
  const std::vector<Op> ops = ops_of(2, 2, shared);
  BOOST_TEST(std::ranges::count(ops, Op::mul) == 1);
}

BOOST_AUTO_TEST_CASE(terms_keep_the_order_in_which_they_were_written) {
  const Table table = random_table(8, 100);
  const auto written = [](ExprSpan x) { return x[0] * x[1] + x[2] * x[3] + x[4] * x[5] - x[6] * x[7]; };
  const ByRow by_row(8, written);
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> values = by_row.values(*kernels, table);
    for (std::size_t r = 0; r < 100; ++r) {
      const auto at = [&](int c) { return table[static_cast<std::size_t>(c)][r]; };
      const double expected =
          dot_in_order({at(0), at(2), at(4), -at(6)}, {at(1), at(3), at(5), at(7)}, contracts(*kernels));
      BOOST_TEST(values[r] == expected, detail::name_of(kernels->instruction_set) << ", row " << r);
    }
  }
}

// x + (a b + c d) is not (x + a b) + c d.
BOOST_AUTO_TEST_CASE(parentheses_stay) {
  const Table table = random_table(5, 100);
  const ByRow right(5, [](ExprSpan x) { return x[0] + (x[1] * x[2] + x[3] * x[4]); });
  const ByRow difference(5, [](ExprSpan x) { return x[0] - (x[1] * x[2] + x[3] * x[4]); });
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> sums = right.values(*kernels, table),
                              differences = difference.values(*kernels, table);
    for (std::size_t r = 0; r < 100; ++r) {
      const auto at = [&](int c) { return table[static_cast<std::size_t>(c)][r]; };
      const double inner = dot_in_order({at(1), at(3)}, {at(2), at(4)}, contracts(*kernels));
      BOOST_TEST(sums[r] == at(0) + inner, detail::name_of(kernels->instruction_set) << ", row " << r);
      BOOST_TEST(differences[r] == at(0) - inner, detail::name_of(kernels->instruction_set) << ", row " << r);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_plus_b_minus_a_survives) {
  const ByRow by_row(2, [](ExprSpan x) { return x[0] + (x[1] - x[0]); });
  const ByRow scaled(2, [](ExprSpan x) { return (2.0 * x[0] + x[1]) - 2.0 * x[0]; });
  const Table table = {{1e16, 1.0, 3.0}, {1.0, 1e-17, 0.1}};
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    BOOST_TEST(by_row.values(*kernels, table)[0] == 1e16 + (1.0 - 1e16));
    BOOST_TEST(by_row.values(*kernels, table)[1] == 1.0 + (1e-17 - 1.0));
    BOOST_TEST(scaled.values(*kernels, table)[1] == 0.0);
  }
}

// Knuth's two-sum: exact for any two numbers, if no term is moved.
BOOST_AUTO_TEST_CASE(the_error_of_a_sum_is_computed_exactly) {
  const auto error = [](const Expr& a, const Expr& b) {
    const Expr s = a + b, bb = s - a;
    return (a - (s - bb)) + (b - bb);
  };
  const Table table = random_table(2, 200);
  const ByRow by_row(2, [&](ExprSpan x) { return error(x[0], x[1]); });
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> values = by_row.values(*kernels, table);
    int inexact = 0;
    for (std::size_t r = 0; r < 200; ++r) {
      const double a = table[0][r], b = table[1][r];
      const Real exact = Real(a) + Real(b) - Real(a + b);
      BOOST_TEST(Real(values[r]).v == exact.v);
      inexact += values[r] != 0.0;
    }
    BOOST_TEST(inexact > 100);
  }
}

// Kahan's compensated sum of 1 and 1,000 times 2^-54, half of an ulp of it below: plainly 1 remains.
BOOST_AUTO_TEST_CASE(a_compensated_sum_survives) {
  const Cost cost = scalar_cost(2, [](ExprSpan x) {
    Expr total = x[0], compensation = 0.0;
    for (int i = 0; i < 1000; ++i) {
      const Expr y = x[1] - compensation, t = total + y;
      compensation = (t - total) - y;
      total = t;
    }
    return total;
  });
  for (const detail::KernelTable* kernels : detail::available_kernels())
    BOOST_TEST(run({cost.graph, {cost.output}, {}}, {{1.0, 0x1p-54}}, *kernels)[0] == 1.0 + 1000 * 0x1p-54);
}

// Ogita, Rump and Oishi: sums and dots of n terms are within n ulp of the sum of their absolute values.
BOOST_AUTO_TEST_CASE(sum_and_dot_of_many_operands_equal_their_definition) {
  const Table table = random_table(12, 100);
  const ByRow total(12, [](ExprSpan x) { return sum(x); });
  const ByRow product(12, [](ExprSpan x) { return dot(x.first(6), x.last(6)); });
  for (const detail::KernelTable* kernels : detail::available_kernels()) {
    const std::vector<double> totals = total.values(*kernels, table),
                              products = product.values(*kernels, table);
    for (std::size_t r = 0; r < 100; ++r) {
      Real sum_exact, sum_size, dot_exact, dot_size;
      for (std::size_t c = 0; c < 12; ++c) {
        sum_exact = sum_exact + Real(table[c][r]);
        sum_size = sum_size + math_abs(Real(table[c][r]));
      }
      for (std::size_t c = 0; c < 6; ++c) {
        const Real p = Real(table[c][r]) * Real(table[c + 6][r]);
        dot_exact = dot_exact + p;
        dot_size = dot_size + math_abs(p);
      }
      BOOST_TEST((math_abs(Real(totals[r]) - sum_exact) <= Real(12 * 0x1p-53) * sum_size));
      BOOST_TEST((math_abs(Real(products[r]) - dot_exact) <= Real(6 * 0x1p-53) * dot_size));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
