// What the measurements are held against: references agree between 34 and 100 digits, and with values known
// otherwise.

#include "known_values.hpp"
#include "measure.hpp"

#include <boost/test/unit_test.hpp>

namespace rappel::accuracy {
namespace {

const Subject& subject(const std::string& name) {
  for (const Subject& s : subjects())
    if (s.name == name) return s;
  throw std::invalid_argument("no subject " + name);
}

BOOST_AUTO_TEST_SUITE(references)

BOOST_AUTO_TEST_CASE(values_and_derivatives_equal_those_of_another_program) {
  for (const Known& known : known_values) {
    const Jet<Exact> jet = reference_at<Exact>(subject(known.name), known.x);
    BOOST_REQUIRE(jet.size() == known.jet.size());
    for (std::size_t i = 0; i < jet.size(); ++i) {
      const Exact expected(known.jet[i]);
      // They are written with 32 digits.
      BOOST_TEST((abs(Exact(jet[i] - expected)) <= abs(expected) * Exact(1e-30)),
                 known.name << " at " << known.x[0] << ": " << name_of_output(i, known.x.size()) << " is "
                            << jet[i].str(32) << ", not " << known.jet[i]);
    }
  }
}

// A term that lost its digits, a step on the wrong scale or a kink inside of a difference shows as a
// disagreement.
BOOST_AUTO_TEST_CASE(filter_and_exact_agree_where_both_keep_their_digits) {
  for (const Subject& s : subjects()) {
    if (s.goal.value > goal.value) continue;  // these take milliseconds a point
    std::size_t compared = 0, apart = 0;
    const Points points = points_of(s, 60, 5);
    for (std::size_t r = 0; r < points.size(); ++r) {
      if (points.conventions[r] != nullptr || points.regions[r] == Region::edges ||
          points.regions[r] == Region::zeros)
        continue;  // at zeros of a derivative the filter is expected to lose its digits
      std::vector<double> x;
      for (const auto& column : points.columns) x.push_back(column[r]);
      const Jet<Filter> filter = reference_at<Filter>(s, x);
      const Jet<Exact> exact = reference_at<Exact>(s, x);
      for (std::size_t o = 0; o < exact.size(); ++o) {
        if (abs(exact[o]) < ldexp(Exact(1), -1080)) continue;  // 0 as a double
        ++compared;
        if (abs(Exact(Exact(filter[o]) - exact[o])) > abs(exact[o]) * Exact(1e-17)) ++apart;
      }
    }
    BOOST_TEST(compared > 0u, s.name);
    // Second derivatives of functions of several operands cancel here and there.
    BOOST_TEST(apart <= compared / 10, s.name << ": " << apart << " of " << compared << " apart");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::accuracy
