// The environment variable RAPPEL_INSTRUCTION_SET, and every set of this processor against 50 digits.

#include "autodiff/instruction_sets.hpp"
#include "autodiff/messages.hpp"
#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>

using namespace rappel;
using namespace rappel::test;

namespace {

Function identity() {
  return record(1, [](ExprSpan x) { return x[0]; });
}

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

double distance(double x, const Digits50& truth) {
  return std::abs(static_cast<double>(Digits50(x) - truth));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(instruction_sets)

BOOST_AUTO_TEST_CASE(there_are_scalar_kernels_everywhere_and_a_baseline_on_x86) {
  const std::vector<std::string> sets = sets_here();
  BOOST_REQUIRE(!sets.empty());
  BOOST_TEST(sets[0] == "scalar");
#if defined(__x86_64__)
  BOOST_REQUIRE(sets.size() >= 2);
  BOOST_TEST(sets[1] == "baseline");
#endif
}

BOOST_AUTO_TEST_CASE(every_set_is_within_the_bounds_of_its_operations) {
  for (const RowCost& cost : row_costs())
    for (const Index m : {1, 33, 300}) {
      const RowProblem p = row_problem(m, 5);
      const Dual truth = exact(cost, p);
      for (const std::string& set : sets_here()) {
        const Forced forced(set);
        const auto [value, gradient] = recorded(cost, p).value_and_gradient(p.w);
        // Losses and slopes of size up to exp(|w|), some 20 operations of at most 2 ulp.
        const double bound = std::exp(p.w.cwiseAbs().sum()) * 40.0 * 0x1p-53;
        BOOST_TEST(distance(value, truth.value) <= bound, set << ", " << cost.name);
        for (std::size_t j = 0; j < truth.gradient.size(); ++j)
          BOOST_TEST(distance(gradient[static_cast<Index>(j)], truth.gradient[j]) <= bound,
                     set << ", " << cost.name);
      }
    }
}

BOOST_AUTO_TEST_CASE(every_set_adds_integers_exactly_for_every_size_of_the_last_leaf) {
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    for (const Index m : {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 4097}) {
      const Matrix X = Vector::LinSpaced(m, 1.0, static_cast<double>(m)).array().round().matrix();
      const Function f = record(2, [&](ExprSpan w) {
        return sum_over_rows(Columns(X), [&](const Row& row) { return square(row[0] + w[0]) + w[1]; });
      });
      const auto [value, g] = f.value_and_gradient(Vector{{1.0, 2.0}});
      const double k = static_cast<double>(m);
      BOOST_TEST(value == (k + 1.0) * (k + 2.0) * (2.0 * k + 3.0) / 6.0 - 1.0 + 2.0 * k, set << ", " << m);
      BOOST_TEST(g[0] == k * (k + 1.0) + 2.0 * k, set << ", " << m);
      BOOST_TEST(g[1] == k, set << ", " << m);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_set_has_the_same_bits_for_any_number_of_threads) {
  const RowProblem p = row_problem(20001, 3);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const auto [value, gradient] = recorded(row_costs()[0], p).value_and_gradient(p.w);
    for (const int threads : {2, 3, 8}) {
      const auto [v, g] = recorded(row_costs()[0], p, false, {.threads = threads}).value_and_gradient(p.w);
      BOOST_TEST(v == value, set);
      BOOST_TEST(same_bits(g, gradient), set);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_set_writes_every_value_by_row) {
  const RowProblem p = row_problem(300, 2);
  for (const std::string& set : sets_here()) {
    const Forced forced(set);
    const Vector values = record(3, [&](ExprSpan w) {
                            return map_rows(Columns(p.X), [&](const Row& row) {
                              return tanh(w[0] * row[0] + w[1] * row[1] + w[2]);
                            });
                          }).values(p.w);
    for (Index r = 0; r < 300; ++r) {
      const Digits50 z = Digits50(p.w[0]) * p.X(r, 0) + Digits50(p.w[1]) * p.X(r, 1) + p.w[2];
      // The argument, of size 3, is off by three roundings; tanh by one of its own.
      BOOST_TEST(distance(values[r], tanh(z)) <= 8.0 * 0x1p-53, set);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_function_stays_with_the_kernels_of_its_first_call) {
  const Function f = identity();
  f.value(Vector{{1.0}});
  const Forced forced("no such set");
  BOOST_TEST(f.value(Vector{{2.0}}) == 2.0);
}

BOOST_AUTO_TEST_CASE(an_empty_variable_is_none) {
  const Forced forced("");
  BOOST_TEST(identity().value(Vector{{2.0}}) == 2.0);
}

BOOST_AUTO_TEST_CASE(an_unknown_set_is_refused_with_those_there_are) {
  const Function f = identity();
  for (const char* wrong : {"avx3", "AVX2", "avx", " scalar"}) {
    const Forced forced(wrong);
    check_refused([&] { f.value(Vector{{1.0}}); }, {"RAPPEL_INSTRUCTION_SET", wrong, "can run", "scalar"});
    check_refused([&] { f.value_and_gradient(Vector{{1.0}}); }, {wrong});
  }
  BOOST_TEST(f.value(Vector{{1.0}}) == 1.0);  // and nothing is broken
}

BOOST_AUTO_TEST_SUITE_END()
