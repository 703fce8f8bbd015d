#pragma once

// Statistics against R's.

#include "r_reference.hpp"

#include "rappel/models/statistics.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <ios>
#include <vector>

namespace rappel::test {

// Equal to R to 6 digits, which is what the project promises: half a unit of the sixth, relative.
constexpr double six_digits = 5e-7;

// |actual - expected| <= tolerance * |expected|
inline void check_relative(const char* what, double actual, double expected, double tolerance) {
  BOOST_TEST(std::abs(actual - expected) <= tolerance * std::abs(expected),
             what << " is " << actual << ", expected " << expected << ", relative error "
                  << (actual - expected) / expected);
}

inline void check_equals_r(const std::vector<CoefficientStatistics>& actual,
                           const std::vector<RCoefficient>& expected) {
  BOOST_TEST_REQUIRE(actual.size() == expected.size());
  for (std::size_t j = 0; j < actual.size(); ++j) {
    BOOST_TEST_CONTEXT("coefficient " << j) {
      check_relative("estimate", actual[j].estimate, expected[j].estimate, six_digits);
      check_relative("standard error", actual[j].standard_error, expected[j].standard_error, six_digits);
      check_relative("ratio", actual[j].ratio, expected[j].ratio, six_digits);
      // An error of 1e-7 in t of 25 moves log p by 6e-5: p is compared where it is not tiny.
      if (expected[j].p_value > 1e-12) {
        check_relative("p value", actual[j].p_value, expected[j].p_value, 1e-5);
      }
      check_relative("lower end", actual[j].lower, expected[j].lower, six_digits);
      check_relative("upper end", actual[j].upper, expected[j].upper, six_digits);
    }
  }
}

}  // namespace rappel::test
