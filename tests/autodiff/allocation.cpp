// A call allocates nothing once the thread's workspace has grown.

#include "autodiff/instruction_sets.hpp"
#include "autodiff/row_costs.hpp"
#include "support/count_allocations.hpp"

#include <boost/test/unit_test.hpp>

using namespace rappel;
using namespace rappel::test;

namespace {

long allocations_of_ten_calls(const Function& f, const Vector& x) {
  Vector gradient(x.size());
  f.value_and_gradient(x, gradient);
  f.value(x);
  const long before = num_allocations();
  for (int i = 0; i < 10; ++i) {
    f.value_and_gradient(x, gradient);
    f.value(x);
  }
  return num_allocations() - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(the_count_counts) {
  const long before = num_allocations();
  const Vector x = Vector::Ones(1000);
  BOOST_TEST(x.sum() == 1000.0);
  // Eigen calls malloc where it is aligned enough: a std::vector is counted for certain.
  const std::vector<double> y(1000, 1.0);
  BOOST_TEST(y.back() == 1.0);
  BOOST_TEST(num_allocations() > before);
}

BOOST_AUTO_TEST_CASE(a_small_function_allocates_nothing_a_call) {
  const Function f =
      record(2, [](ExprSpan x) { return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0]); });
  BOOST_TEST(allocations_of_ten_calls(f, Vector{{-1.2, 1.0}}) == 0);
}

BOOST_AUTO_TEST_CASE(a_cost_over_rows_allocates_nothing_a_call) {
  const RowProblem p = row_problem(1003, 4);
  BOOST_TEST(allocations_of_ten_calls(recorded(row_costs()[0], p), p.w) == 0);
}

BOOST_AUTO_TEST_CASE(a_cost_over_floats_allocates_nothing_a_call_compiled_or_not) {
  const RowProblem p = row_problem(1003, 4);
  const Eigen::MatrixXf X = p.X.cast<float>();
  for (const char* compiler : {"off", "always"}) {
    const Compiling compiling(compiler);
    for (const Columns& columns : {Columns(X, p.y), Columns(p.X, Eigen::VectorXf(p.y.cast<float>()))}) {
      const Function f = record(5, [&](ExprSpan w) {
        return mean_over_rows(columns, [&](const Row& row) { return softplus(dot(w.first(4), row.first(4)) + w[4] - row[4]); });
      });
      BOOST_TEST(allocations_of_ten_calls(f, p.w) == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_by_row_allocate_nothing_a_call_where_the_result_is_given) {
  const RowProblem p = row_problem(1003, 4);
  const Function f = record(5, [&](ExprSpan w) {
    return map_rows(Columns(p.X),
                    [&](const Row& row) { return sigmoid(dot(w.first(4), row.first(4)) + w[4]); });
  });
  Vector values(1003);
  f.values(span_of(p.w), span_of(values));
  const long before = num_allocations();
  for (int i = 0; i < 10; ++i) f.values(span_of(p.w), span_of(values));
  BOOST_TEST(num_allocations() - before == 0);
}

BOOST_AUTO_TEST_CASE(functions_that_take_turns_allocate_nothing_once_each_has_run) {
  const RowProblem large = row_problem(9000, 6), small = row_problem(10, 2);
  const Function f = recorded(row_costs()[0], large), g = recorded(row_costs()[5], small);
  Vector gf(large.w.size()), gg(small.w.size());
  const auto both = [&] {
    f.value_and_gradient(large.w, gf);
    g.value_and_gradient(small.w, gg);
  };
  both();
  both();
  const long before = num_allocations();
  for (int i = 0; i < 10; ++i) both();
  BOOST_TEST(num_allocations() - before == 0);
}

BOOST_AUTO_TEST_SUITE_END()
