// What is printed, and what a caller's mistakes are told.

#include "lambda_objective.hpp"

#include <rappel/optim.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace rappel::test {
namespace {

template <class F>
std::string complaint(F f) {
  try {
    f();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "no complaint";
}

// DESIGN.md section 3, as written there.
struct Disc {
  Index dimension() const { return 2; }
  double value_and_gradient(const Vector& x, Vector& g) const {
    g = x;
    return x.squaredNorm() / 2;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(outcome)

BOOST_AUTO_TEST_CASE(any_class_with_value_and_gradient_is_minimised) {
  static_assert(Objective<Disc>);
  const Result r = minimize(Disc{}, Vector{{3.0, 4.0}});
  BOOST_TEST(r.converged());
  BOOST_TEST(r.value <= 1e-15);
  const Result s = minimize(Disc{}, Vector::Ones(2), gradient_descent({.learning_rate = 0.1}),
                            {.gradient_tolerance = 1e-6});
  BOOST_TEST(s.converged());
}

BOOST_AUTO_TEST_CASE(a_result_prints_as_one_line) {
  Result r;
  r.reason = StopReason::gradient_tolerance;
  r.value = 0.125;
  r.gradient_norm = 3e-9;
  r.iterations = 12;
  r.evaluations = 14;
  r.seconds = 0.25;
  std::ostringstream out;
  out << r;
  BOOST_TEST(
      out.str() ==
      "gradient tolerance reached: value 0.125, gradient norm 3e-09, 12 iterations, 14 evaluations, 0.25 s");
}

BOOST_AUTO_TEST_CASE(advice_suits_the_reason_and_what_the_user_can_turn) {
  Outcome o;
  o.step_control = StepControl::learning_rate;
  o.reason = StopReason::iteration_limit;
  BOOST_TEST(advice(o) == "the cost never rose: raise the learning rate, or the iteration limit");
  o.cost_rose = true;
  BOOST_TEST(advice(o) == "the cost rose on the way: lower the learning rate, or raise the iteration limit");
  o.step_control = StepControl::line_search;
  BOOST_TEST(advice(o).find("learning rate") == std::string::npos);
  o.reason = StopReason::gradient_tolerance;
  BOOST_TEST(advice(o).empty());
}

BOOST_AUTO_TEST_CASE(a_start_of_the_wrong_size_is_refused_with_both_sizes) {
  BOOST_TEST(complaint([] { minimize(Disc{}, Vector::Zero(3)); }) ==
             "minimize: start has 3 entries, objective takes 2");
  BOOST_TEST(complaint([] { minimize(Disc{}, Vector::Zero(1)); }) ==
             "minimize: start has 1 entry, objective takes 2");
}

BOOST_AUTO_TEST_CASE(a_gradient_of_the_wrong_size_is_refused) {
  const auto wrong = objective(2, [](const Vector&, Vector& g) { return g = Vector::Zero(3), 1.0; });
  BOOST_TEST(complaint([&] { minimize(wrong, Vector::Zero(2)); }) ==
             "minimize: the objective gave a gradient of 3 entries, its dimension is 2");
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused_by_name) {
  const auto descent = [](const GradientDescentOptions& o) {
    return complaint([&] { gradient_descent(o); });
  };
  BOOST_TEST(descent({.learning_rate = 0.0}) ==
             "gradient_descent: learning_rate is 0, must be > 0 and finite");
  BOOST_TEST(descent({.learning_rate = -0.5}) ==
             "gradient_descent: learning_rate is -0.5, must be > 0 and finite");
  BOOST_TEST(descent({.learning_rate = NAN}) ==
             "gradient_descent: learning_rate is nan, must be > 0 and finite");
  BOOST_TEST(descent({.momentum = 1.0}) == "gradient_descent: momentum is 1, must be >= 0 and < 1");
  BOOST_TEST(complaint([] { lbfgs({.memory = 0}); }) == "lbfgs: memory is 0, must be >= 1");
  BOOST_TEST(complaint([] { lbfgs({.line_search = {.curvature = 1.0}}); }) ==
             "strong_wolfe: curvature is 1, must be > decrease and < 1");
  BOOST_TEST(complaint([] { backtracking({.shrink = 1.0}); }) ==
             "backtracking: shrink is 1, must be > 0 and < 1");
}

BOOST_AUTO_TEST_CASE(stopping_options_out_of_range_are_refused_by_name) {
  const auto stop = [](const StoppingOptions& o) {
    return complaint([&] { minimize(Disc{}, Vector::Ones(2), lbfgs(), o); });
  };
  BOOST_TEST(stop({.gradient_tolerance = -1.0}) == "minimize: gradient_tolerance is -1, must be >= 0");
  BOOST_TEST(stop({.gradient_tolerance = NAN}) == "minimize: gradient_tolerance is nan, must be >= 0");
  BOOST_TEST(stop({.max_iterations = -1}) == "minimize: max_iterations is -1, must be >= 0");
  BOOST_TEST(stop({.rules = {StoppingRule{}}}) == "minimize: a stopping rule is empty");
}

BOOST_AUTO_TEST_CASE(empty_parts_are_refused_by_name) {
  BOOST_TEST(complaint([] { minimize(Disc{}, Vector::Ones(2), Method{}); }) == "minimize: method is empty");
  BOOST_TEST(complaint([] { line_search_method({}, fixed_step()); }) ==
             "line_search_method: direction is empty");
  BOOST_TEST(complaint([] { line_search_method(steepest_descent(), {}); }) ==
             "line_search_method: search is empty");
}

BOOST_AUTO_TEST_CASE(a_schedule_that_gives_no_step_is_refused_with_its_iteration) {
  const Schedule runs_out = [](Index k) { return 0.1 * (2.0 - static_cast<double>(k)); };
  BOOST_TEST(complaint([&] {
               minimize(Disc{}, Vector::Ones(2), gradient_descent({.schedule = runs_out}));
             }) == "schedule: the step of iteration 2 is 0, must be > 0 and finite");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
