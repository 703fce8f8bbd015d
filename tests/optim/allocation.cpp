// No allocation inside the iteration loop. Compiled code allocates by operator new alone (it makes no Eigen
// object), which is counted here; the Vectors of the adaptor must stay where they are.

#include "lambda_objective.hpp"
#include "support/count_allocations.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <new>

namespace rappel::test {
namespace {

// Allocations from the start of the first evaluation to the end of the last.
template <class F>
long allocations_while_running(const F& cost, const Method& method) {
  long first = -1, last = -1;
  const auto counted = objective(cost.dimension(), [&](const Vector& x, Vector& g) {
    const double value = cost.value_and_gradient(x, g);
    last = num_allocations();
    if (first < 0) first = last;
    return value;
  });
  const Result r = minimize(counted, Vector::Constant(cost.dimension(), -1.2), method);
  BOOST_TEST(r.iterations > 10);
  return last - first;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(is_counted_at_all) {
  const long before = num_allocations();
  ::operator delete(::operator new(24));  // clang leaves out the pair of a vector that nobody needs
  BOOST_TEST(num_allocations() == before + 1);
}

BOOST_AUTO_TEST_CASE(does_not_happen_between_evaluations) {
  BOOST_TEST(allocations_while_running(rosenbrock(), lbfgs()) == 0);
  BOOST_TEST(allocations_while_running(rosenbrock(), gradient_descent({.learning_rate = 1e-3})) == 0);
  BOOST_TEST(allocations_while_running(rosenbrock(),
                                       gradient_descent({.learning_rate = 1e-3, .momentum = 0.9})) == 0);
  BOOST_TEST(allocations_while_running(rosenbrock(),
                                       gradient_descent({.learning_rate = 1.0, .backtracking = true})) == 0);
}

BOOST_AUTO_TEST_CASE(is_spared_by_handing_the_objective_the_same_vectors_each_time) {
  const double *x_data = nullptr, *g_data = nullptr;
  const auto watched = objective(2, [&](const Vector& x, Vector& g) {
    if (x_data != nullptr) BOOST_TEST((x.data() == x_data && g.data() == g_data));
    x_data = x.data();
    g_data = g.data();
    return rosenbrock().value_and_gradient(x, g);
  });
  minimize(watched, Vector{{-1.2, 1.0}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
