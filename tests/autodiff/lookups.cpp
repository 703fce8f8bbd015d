// How lookups by row run: rows that look up one after the other, in place; sums taken where the gradient stands; one scatter
// for all uses of a lookup. Against plain loops.

#include "instruction_sets.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
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

BOOST_AUTO_TEST_CASE(a_sum_of_negative_zeros_is_zero) {
  const Vector index{{0.0, 1.0, 2.0}};
  const Function f = record(3, [&](ExprSpan w) {
    return sum_over_rows(Columns(index), [&](Row row) { return -0.0 * row[0] * gather(w, row[0]); });
  });
  for (const double g : f.value_and_gradient(Vector{{1.0, 2.0, 3.0}}).second) BOOST_TEST(!std::signbit(g));
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
