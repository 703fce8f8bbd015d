// The environment variable RAPPEL_INSTRUCTION_SET, and how far the results of two sets may lie apart.

#include "autodiff/row_costs.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace rappel;
using namespace rappel::test;

namespace {

// A Function is bound to kernels when it is first called: one is made for each set, in this process.
std::pair<double, Vector> result_with(const char* set, const RowCost& cost, const RowProblem& p) {
  setenv("RAPPEL_INSTRUCTION_SET", set, 1);
  const auto result = recorded(cost, p).value_and_gradient(p.w);
  unsetenv("RAPPEL_INSTRUCTION_SET");
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(instruction_sets)

BOOST_AUTO_TEST_CASE(all_sets_of_this_processor_agree_within_the_bounds_of_their_operations) {
  int sets = 0;
  for (const RowCost& cost : row_costs()) {
    const RowProblem p = row_problem(300, 5);
    const auto [value, gradient] = result_with("scalar", cost, p);
    for (const char* set : {"baseline", "avx2", "avx512"}) {
      try {
        const auto [v, g] = result_with(set, cost, p);
        ++sets;
        // Terms of size up to exp(5)/4; each operation within 2 ulp, some 20 of them, and fused or not.
        BOOST_TEST(std::abs(v - value) < 1e-13, set << ", " << cost.name);
        BOOST_TEST((g - gradient).cwiseAbs().maxCoeff() < 1e-13, set << ", " << cost.name);
      } catch (const std::invalid_argument&) {  // this processor has it not
        unsetenv("RAPPEL_INSTRUCTION_SET");
      }
    }
  }
  BOOST_TEST_MESSAGE(sets << " comparisons");
}

BOOST_AUTO_TEST_CASE(an_unknown_set_is_refused_with_those_there_are) {
  const Function f = record(1, [](ExprSpan x) { return x[0]; });
  setenv("RAPPEL_INSTRUCTION_SET", "avx3", 1);
  BOOST_CHECK_EXCEPTION(f.value(Vector{{1.0}}), std::invalid_argument, [](const std::exception& e) {
    const std::string what = e.what();
    return what.find("avx3") != what.npos && what.find("scalar") != what.npos;
  });
  unsetenv("RAPPEL_INSTRUCTION_SET");
  BOOST_TEST(f.value(Vector{{1.0}}) == 1.0);  // and nothing is broken
}

BOOST_AUTO_TEST_SUITE_END()
