// The bits of a result do not depend on the number of threads, and one Function serves many.

#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstring>
#include <thread>

using namespace rappel;
using namespace rappel::test;

namespace {

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

Function probabilities(const RowProblem& p, int threads) {
  const Index n = p.X.cols();
  return record(n + 1,
                [&](ExprSpan w) {
                  return map_rows(Columns(p.X), [&](const Row& row) {
                    return sigmoid(dot(w.first(n), row.first(n)) + w[n]);
                  });
                },
                {.threads = threads});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(sums_have_the_same_bits_for_1_2_3_and_8_threads) {
  for (const Index m : {1, 100, 4096, 4097, 8192, 12289, 100001, 300000}) {
    const RowProblem p = row_problem(m, 3);
    const auto [value, gradient] = recorded(row_costs()[0], p).value_and_gradient(p.w);
    for (const int threads : {2, 3, 8}) {
      const Function f = recorded(row_costs()[0], p, false, {.threads = threads});
      const auto [v, g] = f.value_and_gradient(p.w);
      BOOST_TEST(v == value);
      BOOST_TEST(same_bits(g, gradient));
      BOOST_TEST(f.value(p.w) == value);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_by_row_have_the_same_bits_for_1_2_3_and_8_threads) {
  for (const Index m : {1, 100, 4097, 12289, 100001}) {
    const RowProblem p = row_problem(m, 3);
    const Vector values = probabilities(p, 1).values(p.w);
    for (const int threads : {2, 3, 8}) BOOST_TEST(same_bits(probabilities(p, threads).values(p.w), values));
  }
}

BOOST_AUTO_TEST_CASE(one_function_is_called_by_many_threads) {
  const RowProblem p = row_problem(5000, 4);
  const Function f = recorded(row_costs()[0], p, false, {.threads = 2});
  const Function g =
      record(2, [](ExprSpan x) { return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0]); });
  const auto expected = recorded(row_costs()[0], p).value_and_gradient(p.w);
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> callers;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    callers.emplace_back([&, t] {  // f is lowered by whoever comes first
      for (int i = 0; i < 20; ++i) {
        const auto [value, gradient] = f.value_and_gradient(p.w);
        if (value != expected.first || !same_bits(gradient, expected.second)) ++wrong[t];
        const double x = static_cast<double>(t) + i;
        if (g.value(Vector{{x, x * x}}) != (1.0 - x) * (1.0 - x)) ++wrong[t];
      }
    });
  for (std::thread& t : callers) t.join();
  for (const int w : wrong) BOOST_TEST(w == 0);
}

BOOST_AUTO_TEST_CASE(recordings_run_at_once_on_several_threads_and_nest_on_one) {
  std::vector<double> slopes(6, 0.0);
  std::atomic<std::size_t> recording{0};
  std::vector<std::thread> recorders;
  for (std::size_t t = 0; t < slopes.size(); ++t)
    recorders.emplace_back([&, t] {
      const double k = static_cast<double>(t);
      const auto cost = [&](ExprSpan x) {
        ++recording;  // all of them are in their costs before one goes on
        while (recording < slopes.size()) std::this_thread::yield();
        const Function inner = record(1, [](ExprSpan y) { return square(y[0]); });
        return x[0] * inner.value(Vector{{k}});
      };
      try {
        slopes[t] = record(1, cost).value_and_gradient(Vector{{1.0}}).second[0];
      } catch (const std::invalid_argument&) {
        slopes[t] = -1.0;
      }
    });
  for (std::thread& t : recorders) t.join();
  for (std::size_t t = 0; t < slopes.size(); ++t) BOOST_TEST(slopes[t] == static_cast<double>(t * t));
}

BOOST_AUTO_TEST_CASE(row_costs_are_recorded_at_once_on_several_threads) {
  const RowProblem p = row_problem(9000, 3);
  const auto expected = recorded(row_costs()[1], p).value_and_gradient(p.w);
  std::vector<int> wrong(6, 0);
  std::vector<std::thread> recorders;
  for (std::size_t t = 0; t < wrong.size(); ++t)
    recorders.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const Function f = recorded(row_costs()[1], p, false, {.threads = 1 + static_cast<int>(t) % 3});
        const auto [value, gradient] = f.value_and_gradient(p.w);
        if (value != expected.first || !same_bits(gradient, expected.second)) ++wrong[t];
      }
    });
  for (std::thread& t : recorders) t.join();
  for (const int w : wrong) BOOST_TEST(w == 0);
}

BOOST_AUTO_TEST_CASE(a_workspace_serves_functions_large_and_small_in_turn) {
  const RowProblem large = row_problem(5000, 20), small = row_problem(3, 1);
  const Function f = recorded(row_costs()[0], large, false, {.threads = 3}),
                 g = recorded(row_costs()[1], small);
  const Function h = record(1, [](ExprSpan x) { return 3.0 * x[0] + 0.25; });
  const auto first = f.value_and_gradient(large.w), second = g.value_and_gradient(small.w);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(h.value(Vector{{1.0}}) == 3.25);
    BOOST_TEST(same_bits(f.value_and_gradient(large.w).second, first.second));
    BOOST_TEST(h.value_and_gradient(Vector{{2.0}}).first == 6.25);
    BOOST_TEST(same_bits(g.value_and_gradient(small.w).second, second.second));
  }
}

BOOST_AUTO_TEST_SUITE_END()
