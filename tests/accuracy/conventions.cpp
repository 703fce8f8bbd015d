// What bench/accuracy/conventions.cpp states at kinks, poles and ends holds for active and for constant operands, for
// parameters and for columns on each instruction set of this machine, and where all is folded.

#include "measure.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

namespace rappel::accuracy {
namespace {

const Subject& subject_named(const std::string& name) {
  for (const Subject& subject : subjects())
    if (subject.name == name) return subject;
  throw std::logic_error("no subject " + name);
}

// Stated numbers are exact up to the last rounding of a constant such as pi.
bool is(double computed, double stated) {
  if (std::isnan(stated)) return std::isnan(computed);
  return computed == stated || std::fabs(computed - stated) <= std::fabs(std::nextafter(stated, 0.0) - stated);
}

std::string described(const Convention& c, std::size_t output, const std::string& path, double computed) {
  std::string at;
  for (const double x : c.x) at += (at.empty() ? "" : ", ") + std::to_string(x);
  return name_of_output(output, c.x.size()) + " of " + c.name + "(" + at + ") on " + path + " is " +
         std::to_string(computed) + ", stated is " + std::to_string(*c.jet[output]);
}

// outputs: the places in the jet of what `recorded` gives.
void check(const Convention& c, const Recorded& recorded, const std::vector<double>& x,
           const std::vector<std::size_t>& outputs) {
  std::vector<std::vector<double>> columns;
  for (const double v : x) columns.emplace_back(3, v);
  const auto compare = [&](const std::string& path, std::size_t i, double computed) {
    const auto& stated = c.jet[outputs[i]];
    if (stated) BOOST_TEST(is(computed, *stated), described(c, outputs[i], path, computed));
  };
  const std::vector<double> of_parameters = recorded.values(x);
  for (std::size_t i = 0; i < outputs.size(); ++i) compare("a trace", i, of_parameters[i]);
  for (const Path& path : paths()) {
    if (path.kernels == nullptr) continue;
    const auto by_row = recorded.values(*path.kernels, columns);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      for (const double computed : by_row[i]) compare(path.name, i, computed);
  }
}

std::size_t place_of_second(std::size_t operands, std::size_t i) {  // of d2f / dx_i^2 in the jet
  std::size_t place = operands + 1;
  for (std::size_t k = 0; k < i; ++k) place += operands - k;
  return place;
}

BOOST_AUTO_TEST_SUITE(stated_conventions)

BOOST_AUTO_TEST_CASE(hold_where_all_operands_are_active) {
  for (const Convention& c : conventions()) {
    const Subject& subject = subject_named(c.name);
    std::vector<std::size_t> outputs;
    for (std::size_t i = 0; i < c.jet.size(); ++i) outputs.push_back(i);
    check(c, Recorded(subject.num_operands, subject.record), c.x, outputs);
  }
}

BOOST_AUTO_TEST_CASE(hold_where_one_operand_is_active) {
  for (const Convention& c : conventions()) {
    const Subject& subject = subject_named(c.name);
    const std::size_t n = c.x.size();
    for (std::size_t i = 0; n > 1 && i < n; ++i) {
      const Recorded recorded(1, [&](ExprSpan x) {
        std::vector<Expr> operands(c.x.begin(), c.x.end());
        operands[i] = x[0];
        return subject.record(operands);
      });
      check(c, recorded, {c.x[i]}, {0, i + 1, place_of_second(n, i)});
    }
  }
}

BOOST_AUTO_TEST_CASE(hold_where_all_is_folded) {
  for (const Convention& c : conventions()) {
    const Expr value = subject_named(c.name).record(std::vector<Expr>(c.x.begin(), c.x.end()));
    BOOST_REQUIRE(value.is_constant());
    if (c.jet[0]) BOOST_TEST(is(value.constant(), *c.jet[0]), described(c, 0, "folding", value.constant()));
  }
}

// The sign of a zero is kept where it means something.
BOOST_AUTO_TEST_CASE(hold_for_signs_of_zeros) {
  for (const Convention& c : conventions())
    if (c.name == "copysign" && c.jet[0])
      BOOST_TEST(std::signbit(Recorded(2, subject_named("copysign").record).values(c.x)[0]) == std::signbit(*c.jet[0]));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::accuracy
