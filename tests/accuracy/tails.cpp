// Far tails, ends of domains, subnormal numbers and squares that overflow: value and derivatives hold the bounds, as a
// trace and by row on each instruction set of this machine.

#include "measure.hpp"

#include <boost/test/unit_test.hpp>

#include <iomanip>
#include <sstream>

namespace rappel::accuracy {
namespace {

struct Difficult {
  std::string name;
  std::vector<std::vector<double>> points;
};

const Subject& subject_named(const std::string& name) {
  for (const Subject& subject : subjects())
    if (subject.name == name) return subject;
  throw std::logic_error("no subject " + name);
}

void check(const Difficult& difficult) {
  const Subject& subject = subject_named(difficult.name);
  const Recorded recorded(subject.num_operands, subject.record);
  const double bounds[] = {subject.bounds.value, subject.bounds.partial, subject.bounds.second};
  for (const std::vector<double>& x : difficult.points) {
    const Jet<Exact> exact = reference_at<Exact>(subject, x);
    std::vector<std::vector<double>> columns;
    for (const double v : x) columns.push_back({v});
    const auto compare = [&](const std::string& path, std::size_t output, double computed) {
      const double ulp = ulp_error<Exact>(computed, exact[output]);
      std::ostringstream text;
      text << std::setprecision(17) << name_of_output(output, x.size()) << " of " << subject.name << " on " << path
           << " at " << x[0] << " is " << computed << ", off by " << ulp << " ulp of " << exact[output].str(20);
      BOOST_TEST(ulp <= bounds[order_of(output, x.size())], text.str());
    };
    const std::vector<double> of_parameters = recorded.values(x);
    for (std::size_t i = 0; i < exact.size(); ++i) compare("a trace", i, of_parameters[i]);
    for (const Path& path : paths())
      if (path.kernels != nullptr) {
        const auto by_row = recorded.values(*path.kernels, columns);
        for (std::size_t i = 0; i < exact.size(); ++i) compare(path.name, i, by_row[i][0]);
      }
  }
}

// Each number and its negative.
std::vector<std::vector<double>> both_signs(const std::vector<double>& numbers) {
  std::vector<std::vector<double>> points;
  for (const double x : numbers) points.push_back({x}), points.push_back({-x});
  return points;
}

BOOST_AUTO_TEST_SUITE(tails)

BOOST_AUTO_TEST_CASE(of_sigmoids) {
  for (const char* name : {"tanh", "sigmoid", "softplus", "log_sigmoid", "silu", "gelu", "log_cosh"})
    check({name, both_signs({10.0, 18.0, 20.0, 37.0, 40.0, 355.0, 372.0, 710.0, 745.0, 800.0})});
}

BOOST_AUTO_TEST_CASE(of_the_error_function_and_the_normal_distribution) {
  std::vector<std::vector<double>> points;
  for (double x = 0.5; x <= 27.5; x += 0.5) points.push_back({x}), points.push_back({-x});
  for (const char* name : {"erf", "erfc", "log_erfc", "normal_cdf", "normal_log_cdf", "gaussian"}) check({name, points});
}

BOOST_AUTO_TEST_CASE(of_log1mexp_at_both_ends) {
  check({"log1mexp",
         {{-5e-324}, {-1e-300}, {-1e-17}, {-0.6931471805599453}, {-0.7}, {-36.7}, {-40.0}, {-708.4}, {-745.0}, {-750.0}}});
}

BOOST_AUTO_TEST_CASE(beside_the_poles_of_lgamma) {
  for (const char* name : {"lgamma", "digamma", "tgamma"})
    check({name, {{1e-300}, {-1e-300}, {-0.9999999999999999}, {-1.0000000000000002}, {-1.9999999999999998}, {-2.0000000000000004}, {-30.000000000000004}}});
}

// psi(y) - psi(x + y) about psi's zero: the rounding of x + y, even in long double, would be 4 ulp.
BOOST_AUTO_TEST_CASE(where_digammas_cancel) {
  check({"log_beta", {{7.7644732749664795e-05, 1.4605736337606521}, {1.4605736337606521, 7.7644732749664795e-05}}});
}

BOOST_AUTO_TEST_CASE(of_subnormal_numbers) {
  for (const char* name : {"square", "cube", "exp", "expm1", "sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh",
                           "cbrt", "erf", "sinc", "softplus", "sigmoid", "silu", "gelu", "log_cosh", "log1p"})
    check({name, both_signs({5e-324, 1e-310, 2.2250738585072014e-308})});
  for (const char* name : {"sqrt", "log", "log2", "log10", "lgamma"}) check({name, {{5e-324}, {1e-310}, {2.2250738585072014e-308}}});
  for (const char* name : {"hypot", "atan2"})
    check({name, {{5e-324, 5e-324}, {5e-324, 1.0}, {1e-310, -3e-310}, {2e-308, 1e-308}}});
}

BOOST_AUTO_TEST_CASE(where_squares_overflow) {
  for (const char* name : {"hypot", "atan2"})
    check({name, {{1e200, 1e200}, {-1e200, 1e200}, {1e200, 1.0}, {1.0, -1e200}, {1e308, 1e308}, {1e-200, 1e-200}, {1e-200, 1e200}}});
  for (const char* name : {"asinh", "atan", "acosh"}) check({name, {{1e154}, {1e200}, {1e308}}});
  check({"norm", {{1e200, -1e200, 1.0}, {1e-200, 1e-200, 1e-210}, {3.2e-273, -2.7e-286, -9.6e-110}}});
}

// The double that is closest to a multiple of pi / 2.
BOOST_AUTO_TEST_CASE(where_the_reduction_is_hardest) {
  for (const char* name : {"sin", "cos", "tan", "sinc"}) check({name, both_signs({5.3193726483265414e255, 1e22, 1e300})});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::accuracy
