// The bits of a result do not depend on the number of threads, and one Function serves many.

#include "autodiff/row_costs.hpp"
#include "support/skip.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
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

// Every kind of reduction, alone and one upon the other.
struct Reduction {
  const char* name;
  std::function<Expr(const Columns&, ExprSpan)> record;
};
const std::vector<Reduction>& reductions() {
  static const auto z = [](const Row& row, ExprSpan w) { return sin(w[0] * row[0]) + w[1] * row[1] * w[2]; };
  static const std::vector<Reduction> all = {
      {"sum", [](const Columns& t, ExprSpan w) { return sum_over_rows(t, [&](Row r) { return exp(z(r, w)); }); }},
      {"mean of squares", [](const Columns& t, ExprSpan w) { return mean_over_rows(t, [&](Row r) { return square(z(r, w)); }); }},
      {"max", [](const Columns& t, ExprSpan w) { return max_over_rows(t, [&](Row r) { return z(r, w); }); }},
      {"max with ties", [](const Columns& t, ExprSpan w) { return max_over_rows(t, [&](Row r) { return w[0] * min(r[0], 0.5); }); }},
      {"min", [](const Columns& t, ExprSpan w) { return min_over_rows(t, [&](Row r) { return z(r, w); }); }},
      {"any", [](const Columns& t, ExprSpan w) {
         const Condition c = any_over_rows(t, [&](Row r) { return z(r, w) > 0.25; });
         return select(c, sum_over_rows(t, [&](Row r) { return square(z(r, w)); }), 0.0);
       }},
      {"softmax over rows", [](const Columns& t, ExprSpan w) {
         const Expr largest = max_over_rows(t, [&](Row r) { return z(r, w); });
         const Expr total = sum_over_rows(t, [&](Row r) { return exp(z(r, w) - largest); });
         return sum_over_rows(t, [&](Row r) {
           const Expr p = exp(z(r, w) - largest) / total;
           return -p * log(p);
         });
       }},
      {"lookups", [](const Columns& t, ExprSpan w) {
         return sum_over_rows(t, [&](Row r) { return square(gather(w, r[2]) - r[0] * gather(w, r[3])); });
       }},
      {"lookups of what is computed", [](const Columns& t, ExprSpan w) {
         const std::vector<Expr> table = softmax(w);
         return log(sum_over_rows(t, [&](Row r) { return gather(table, r[2]) * exp(r[1]); }));
       }},
      {"a loop in each row", [](const Columns& t, ExprSpan w) {
         return mean_over_rows(t, [&](Row r) { return iterate(3, r[0], [&](const Expr& x) { return sin(w[0] * x + w[1]); }); });
       }},
      {"norms and dots", [](const Columns& t, ExprSpan w) {
         return mean_over_rows(t, [&](Row r) { return norm({w[0] * r[0], w[1], r[1]}) + logsumexp({w[2], r[0], r[1] * w[0]}); });
       }},
  };
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(every_reduction_has_the_same_bits_for_1_2_3_and_8_threads) {
  const Vector w{{0.7, -0.4, 0.9}}, direction{{1.0, -2.0, 0.5}};
  for (const Index m : {1, 4097, 50001}) {
    const RowProblem p = row_problem(m, 2);
    const Matrix indices = Matrix::NullaryExpr(m, 2, [](Index r, Index j) { return static_cast<double>((7 * r + j) % 3); });
    const Columns table(p.X, indices);
    for (const Reduction& reduction : reductions()) {
      const auto results = [&](int threads) {
        const Function f =
            record(3, [&](ExprSpan x) { return reduction.record(table, x); }, {.threads = threads});
        const auto [value, gradient] = f.value_and_gradient(w);
        Vector all(1 + 3 + 3);
        all << value, gradient, f.hessian_vector(w, direction);
        return all;
      };
      const Vector expected = results(1);
      for (const int threads : {2, 3, 8})
        BOOST_TEST(same_bits(results(threads), expected), reduction.name << ", " << m << " rows, " << threads << " threads");
    }
  }
}

BOOST_AUTO_TEST_CASE(normal_equations_have_the_same_bits_for_1_2_3_and_8_threads) {
  const RowProblem p = row_problem(20001, 3);
  const auto results = [&](int threads) { return probabilities(p, threads).gauss_newton(p.w); };
  const Function::GaussNewton expected = results(1);
  for (const int threads : {2, 3, 8}) {
    const Function::GaussNewton g = results(threads);
    BOOST_TEST(g.value == expected.value);
    BOOST_TEST(same_bits(g.gradient, expected.gradient));
    BOOST_TEST(same_bits(g.hessian.reshaped(), expected.hessian.reshaped()));
  }
}

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

// A fork has one thread, whatever its parent keeps.
BOOST_AUTO_TEST_CASE(a_forked_process_has_threads_of_its_own) {
#if defined(__SANITIZE_THREAD__)
  return skip("the thread sanitizer does not go on after a fork");
#else
  const RowProblem p = row_problem(20001, 3);
  const Function f = recorded(row_costs()[0], p, false, {.threads = 2});
  const double value = f.value(p.w);
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) _exit(f.value(p.w) == value ? 0 : 1);
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    BOOST_TEST(f.value(p.w) == value);
  }
#endif
}

BOOST_AUTO_TEST_SUITE_END()
