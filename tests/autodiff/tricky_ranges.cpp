// Squares that overflow, subnormal numbers and infinite operands: value, gradient and Hessian, active and
// constant operands, on every path. The numbers have 50 digits behind them, rounded to 20 (of the operand as
// a double); 0 and inf stand where the exact result leaves the range.

#include "everywhere.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

BOOST_AUTO_TEST_SUITE(tricky_ranges)

// x^2 is beyond the range at 1e200 and below it at 1e-200; sqrt(1 + x^2) is not.
BOOST_AUTO_TEST_CASE(squares_beyond_the_range) {
  const auto hypot_of = [](ExprSpan x) { return hypot(x[0], x[1]); };
  const auto angle = [](ExprSpan x) { return atan2(x[0], x[1]); };
  const auto f_asinh = [](ExprSpan x) { return asinh(x[0]); };
  const auto f_acosh = [](ExprSpan x) { return acosh(x[0]); };
  const auto f_atan = [](ExprSpan x) { return atan(x[0]); };
  check_everywhere({
      {"hypot(3e200, 4e200)",
       hypot_of,
       {3e200, 4e200},
       4.9999999999999998487e+200,
       {0.6, 0.8},
       {1.2800000000000000387e-201, -9.6000000000000002906e-202, 7.2000000000000002179e-202}},
      {"hypot(1e200, 1)",
       hypot_of,
       {1e200, 1},
       9.9999999999999996973e+199,
       {1.0, 1.0000000000000000303e-200},
       {0.0, 0.0, 1.0000000000000000303e-200}},
      {"hypot(1, 1e200)",
       hypot_of,
       {1, 1e200},
       9.9999999999999996973e+199,
       {1.0000000000000000303e-200, 1.0},
       {1.0000000000000000303e-200, 0.0, 0.0}},
      {"hypot(3e-200, 4e-200)",
       hypot_of,
       {3e-200, 4e-200},
       4.9999999999999999105e-200,
       {0.6, 0.8},
       {1.2800000000000000229e+199, -9.6000000000000001718e+198, 7.2000000000000001289e+198}},
      {"hypot(1e-310, 1e-310)",
       hypot_of,
       {1e-310, 1e-310},
       1.4142135623730907283e-310,
       {0.7071067811865475244, 0.7071067811865475244},
       {inf, -inf, inf}},
      {"hypot(1e308, 1e308)",
       hypot_of,
       {1e308, 1e308},
       1.4142135623730950643e+308,
       {0.7071067811865475244, 0.7071067811865475244},
       {3.5355339059327375832e-309, -3.5355339059327375832e-309, 3.5355339059327375832e-309}},
      {"atan2(3e200, 4e200)",
       angle,
       {3e200, 4e200},
       0.6435011087932843868,
       {1.6000000000000000484e-201, -1.2000000000000000363e-201},
       {0.0, 0.0, 0.0}},
      {"atan2(1e200, 1)",
       angle,
       {1e200, 1},
       1.5707963267948966192,
       {0.0, -1.0000000000000000303e-200},
       {0.0, 0.0, 0.0}},
      {"atan2(1, 1e200)",
       angle,
       {1, 1e200},
       1.0000000000000000303e-200,
       {1.0000000000000000303e-200, 0.0},
       {0.0, 0.0, 0.0}},
      {"atan2(3e-200, 4e-200)",
       angle,
       {3e-200, 4e-200},
       0.6435011087932843868,
       {1.6000000000000000286e+199, -1.2000000000000000215e+199},
       {-inf, -inf, inf}},
      {"atan2(1e-310, 1e300)",
       angle,
       {1e-310, 1e300},
       0.0,
       {9.999999999999999475e-301, 0.0},
       {0.0, 0.0, 0.0}},
      {"asinh(1.0e+200)", f_asinh, {1.0e+200}, 461.21016577936908211, {1.0e-200}, {0.0}},
      {"asinh(-1.0e+200)", f_asinh, {-1.0e+200}, -461.21016577936908211, {1.0e-200}, {0.0}},
      {"asinh(1.0e-200)", f_asinh, {1.0e-200}, 1.0e-200, {1.0}, {-1.0e-200}},
      {"asinh(1.0e+300)", f_asinh, {1.0e+300}, 691.46867507877365051, {1.0e-300}, {0.0}},
      {"acosh(1.0e+200)", f_acosh, {1.0e+200}, 461.21016577936908211, {1.0e-200}, {0.0}},
      {"atan(1.0e+200)", f_atan, {1.0e+200}, 1.5707963267948966192, {0.0}, {0.0}},
      {"atan(1.0e+100)", f_atan, {1.0e+100}, 1.5707963267948966192, {1.0e-200}, {-2.0e-300}},
  });
}

// Nothing is flushed to 0.
BOOST_AUTO_TEST_CASE(subnormal_numbers_and_results) {
  const auto f_root = [](ExprSpan x) { return sqrt(x[0]); };
  const auto f_cube_root = [](ExprSpan x) { return cbrt(x[0]); };
  const auto f_logarithm = [](ExprSpan x) { return log(x[0]); };
  const auto f_exponential = [](ExprSpan x) { return exp(x[0]); };
  const auto f_sine = [](ExprSpan x) { return sin(x[0]); };
  const auto f_inverse = [](ExprSpan x) { return 1.0 / x[0]; };
  check_everywhere({
      {"sqrt(4.9406564584124654e-324)",
       f_root,
       {4.9406564584124654e-324},
       2.2227587494850774834e-162,
       {2.2494568972715981914e+161},
       {-inf}},
      {"sqrt(8.6916947597937554e-311)",
       f_root,
       {8.6916947597937554e-311},
       9.3229259140002584291e-156,
       {5.3631231719770388398e+154},
       {-inf}},
      {"cbrt(4.9406564584124654e-324)",
       f_cube_root,
       {4.9406564584124654e-324},
       1.703183936003260288e-108,
       {1.1490942214795806872e+215},
       {-inf}},
      {"log(4.9406564584124654e-324)",
       f_logarithm,
       {4.9406564584124654e-324},
       -744.44007192138126231,
       {inf},
       {-inf}},
      {"log(1.1125369292536007e-308)",
       f_logarithm,
       {1.1125369292536007e-308},
       -709.08956571282405153,
       {8.9884656743115795386e+307},
       {-inf}},
      {"log(8.9884656743115795e+307)",
       f_logarithm,
       {8.9884656743115795e+307},
       709.08956571282405153,
       {1.1125369292536006915e-308},
       {0.0}},
      {"exp(-745.0)",
       f_exponential,
       {-745.0},
       2.8223507304719370764e-324,
       {2.8223507304719370764e-324},
       {2.8223507304719370764e-324}},
      {"exp(-744.0)",
       f_exponential,
       {-744.0},
       7.6719447041799790739e-324,
       {7.6719447041799790739e-324},
       {7.6719447041799790739e-324}},
      {"exp(-710.0)",
       f_exponential,
       {-710.0},
       4.4762862256751299561e-309,
       {4.4762862256751299561e-309},
       {4.4762862256751299561e-309}},
      {"exp(709.0)",
       f_exponential,
       {709.0},
       8.2184074615549721892e+307,
       {8.2184074615549721892e+307},
       {8.2184074615549721892e+307}},
      {"sin(4.9406564584124654e-324)",
       f_sine,
       {4.9406564584124654e-324},
       4.9406564584124654418e-324,
       {1.0},
       {-4.9406564584124654418e-324}},
      {"1/x(2.2250738585072014e-308)",
       f_inverse,
       {2.2250738585072014e-308},
       4.4942328371557897693e+307,
       {-inf},
       {inf}},
      {"1/x(8.9884656743115795e+307)",
       f_inverse,
       {8.9884656743115795e+307},
       1.1125369292536006915e-308,
       {0.0},
       {0.0}},
  });
}

// Weights 1/2 and 1/3; the Hessian is diag(p) - p p'. Infinite operands share equally, and then nothing
// moves: 0.
BOOST_AUTO_TEST_CASE(logsumexp_with_ties_and_infinities) {
  const auto cost = [](ExprSpan x) { return logsumexp(x); };
  constexpr double third = 1.0 / 3.0;
  check_everywhere({
      {"two alike", cost, {0.0, 0.0}, 0.69314718055994530942, {0.5, 0.5}, {0.25, -0.25, 0.25}},
      {"two alike at 1000", cost, {1000.0, 1000.0}, 1000.6931471805599453, {0.5, 0.5}, {0.25, -0.25, 0.25}},
      {"three alike",
       cost,
       {-800.0, -800.0, -800.0},
       -798.90138771133189031,
       {third, third, third},
       {2 * third / 3, -third / 3, -third / 3, 2 * third / 3, -third / 3, 2 * third / 3}},
      {"far apart", cost, {800.0, 0.0}, 800.0, {1.0, 0.0}, {0.0, 0.0, 0.0}},
      {"one is -inf", cost, {-inf, 1.0}, 1.0, {0.0, 1.0}, {0.0, 0.0, 0.0}},
      {"all are -inf", cost, {-inf, -inf}, -inf, {0.0, 0.0}, {0.0, 0.0, 0.0}},
      {"one is inf", cost, {inf, 1.0}, inf, {1.0, 0.0}, {0.0, 0.0, 0.0}},
      {"both are inf", cost, {inf, inf}, inf, {0.5, 0.5}, {}},
      {"both infinities", cost, {inf, -inf}, inf, {1.0, 0.0}, {0.0, 0.0, 0.0}},
      {"a NaN", cost, {nan, 1.0}, nan, {nan, nan}, {nan, nan, nan}},
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
