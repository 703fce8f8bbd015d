#pragma once

// The 50-digit form of an operation of one's own. Not part of <rappel/autodiff.hpp>: it needs Boost.Multiprecision.

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <string>
#include <vector>

namespace rappel {

// More digits than Function::accuracy works with.
using ExactNumber =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<60>, boost::multiprecision::et_off>;

// value(std::vector<ExactNumber> x) -> std::vector<ExactNumber> or, of one result, ExactNumber.
template <class Value>
auto exact_form(Value value) {
  return [value](const std::vector<std::string>& x) {
    std::vector<ExactNumber> numbers(x.begin(), x.end());
    std::vector<ExactNumber> results;
    if constexpr (std::is_convertible_v<decltype(value(numbers)), ExactNumber>)
      results = {value(numbers)};
    else
      results = value(numbers);
    std::vector<std::string> text;
    for (const ExactNumber& z : results) text.push_back(z.str(60));
    return text;
  };
}

}  // namespace rappel
