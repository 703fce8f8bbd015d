// Each public function of Expr holds its bounds, value, gradient and second derivatives as recorded and
// differentiated, on each instruction set of this machine: a case for each subject of the engine in
// bench/accuracy.

#include "measure.hpp"

#include <boost/test/unit_test.hpp>

#include <iomanip>
#include <sstream>

namespace rappel::accuracy {
namespace {

std::string description(const Measurement& m, const Cell& cell) {
  std::ostringstream out;
  out << std::setprecision(17) << name_of_output(cell.worst.output, cell.worst.x.size()) << " of "
      << m.subject->name << " on " << cell.path << " is off by " << cell.worst.ulp << " ulp, stated are "
      << m.bound(cell.order) << ", at";
  for (const double x : cell.worst.x) out << ' ' << x;
  out << ": " << cell.worst.computed << ", exact " << cell.worst.exact;
  return out.str();
}

// Half of the points are where the operation is difficult; fewer for what takes milliseconds in 100 digits.
std::size_t num_points(const Subject& subject) {
  if (subject.goal.value == goal.value) return 2000;
  return subject.num_operands == 1 ? 600 : 150;
}

void check(const Subject& subject) {
  const Measurement m = measure(subject, {.points = num_points(subject), .seed = 1});
  BOOST_TEST(m.paths.size() + m.paths_not_run.size() == 4u);
  BOOST_TEST(m.without_reference == 0u);
  for (int order = 0; order <= 2; ++order)
    BOOST_TEST(m.worst(order) != nullptr, "order " << order << " not measured");
  for (const Cell& cell : m.cells) BOOST_TEST(cell.worst.ulp <= m.bound(cell.order), description(m, cell));
}

// The cases of this suite are made from the table: a new subject is tested by itself.
struct Registered {
  Registered() {
    auto* suite = BOOST_TEST_SUITE("operations");
    for (const Subject& subject : subjects())
      if (subject.record != nullptr)
        suite->add(boost::unit_test::make_test_case([&subject] { check(subject); }, subject.name, __FILE__,
                                                    __LINE__));
    boost::unit_test::framework::master_test_suite().add(suite);
  }
};
const Registered registered;

}  // namespace
}  // namespace rappel::accuracy
