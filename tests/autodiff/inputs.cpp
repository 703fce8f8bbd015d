#include "inputs.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace rappel::test {
namespace {

using Limits = std::numeric_limits<double>;
using Random = std::mt19937_64;

double uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

double log_uniform(Random& random, int lowest, int highest) {
  const double exponent = lowest + (highest - lowest) * uniform(random);
  const double whole = std::floor(exponent);
  const double size = std::ldexp(1.0 + uniform(random), static_cast<int>(whole));
  return random() & 1 ? size : -size;
}

double of_any_size(Random& random, int i) {
  return i % 2 ? log_uniform(random, -1074, 1024) : log_uniform(random, -60, 12);
}

void add_both_signs_and_neighbours(std::vector<double>& inputs, double x) {
  for (const double y : {x, std::nextafter(x, 0.0), std::nextafter(x, Limits::infinity())}) {
    inputs.push_back(y);
    inputs.push_back(-y);
  }
}

}  // namespace

std::vector<double> special_values() {
  std::vector<double> values = {Limits::quiet_NaN()};
  for (const double x : {0.0, 1.0, 0.5, 2.0, Limits::infinity(), Limits::max(), Limits::min(),
                         Limits::denorm_min(), Limits::min() - Limits::denorm_min(), Limits::epsilon()}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

std::vector<double> unary_inputs(int count) {
  std::vector<double> inputs = special_values();
  // Where exp, its square and its square root leave the normal range and the range, where tanh becomes 1 and
  // 1 + exp(-x) does, where 1 + a changes its formula.
  for (const double x : {0.25,   0.5,     0.6931471805599453,
                         1.0,    8.7,     17.3,
                         18.7,   19.1,    22.0,
                         36.04,  36.74,   37.0,
                         300.0,  353.7,   354.2,
                         354.9,  355.0,   372.2,
                         372.6,  708.396, 708.4,
                         709.09, 709.78,  710.1,
                         710.5,  744.4,   745.13,
                         745.2,  1e3,     1e5,
                         1e60,   1e-60,   0x1p52,
                         0x1p53, 0x1p54})
    add_both_signs_and_neighbours(inputs, x);
  for (int i = 2; i <= 12; ++i) add_both_signs_and_neighbours(inputs, i);
  for (int i = 1; i <= 30; ++i) add_both_signs_and_neighbours(inputs, i * 1.5707963267948966);
  for (int i = 0; i < 40; ++i) inputs.push_back((i % 2 ? -1 : 1) * (353.0 + 0.5 * i / 10.0));
  Random random(2024);
  for (int i = 0; i < count; ++i) inputs.push_back(of_any_size(random, i));
  for (int i = 0; i < count; ++i) inputs.push_back((uniform(random) - 0.5) * (i % 3 ? 4.0 : 1600.0));
  return inputs;
}

Pairs binary_inputs(int count) {
  Pairs pairs;
  const auto add = [&](double x, double y) {
    pairs.x.push_back(x);
    pairs.y.push_back(y);
  };
  for (const double x : special_values())
    for (const double y : special_values()) add(x, y);
  Random random(2025);
  for (int i = 0; i < count; ++i) {
    const double x = of_any_size(random, i);
    add(x, of_any_size(random, i / 2));
    add(x, i % 2 ? x : std::nextafter(x, 0.0));
  }
  return pairs;
}

}  // namespace rappel::test
