// `rappel accuracy` and `rappel check`: named costs, their points, verdicts and exit statuses.

#include "models/process.hpp"

using namespace rappel::test;

namespace {

std::vector<std::string> cost_names(const Folder& here) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(here.run("accuracy --list").out))
    names.push_back(line.substr(0, line.find(' ')));
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_check)

BOOST_AUTO_TEST_CASE(every_cost_is_ok_at_its_own_point_but_the_one_that_overflows) {
  const Folder here;
  const auto names = cost_names(here);
  BOOST_TEST(names.size() >= 10u);
  BOOST_TEST(here.run("check --list").out == here.run("accuracy --list").out);
  for (const std::string& name : names) {
    const int expected = name == "log-exp" ? 3 : 0;
    for (const char* command : {"accuracy ", "check "}) {
      const Ended e = here.run(command + name);
      BOOST_TEST(e.status == expected, command << name << "\n" << e.out << e.err);
      BOOST_TEST(e.err == "");
      BOOST_TEST(e.out.starts_with(name + ": "), e.out);
      BOOST_TEST(contains(e.out, expected == 0 ? "\nok: " : "\noff: "), e.out);
    }
  }
}

BOOST_AUTO_TEST_CASE(accuracy_prints_each_output_and_names_what_loses_digits) {
  const Folder here;
  const Ended e = here.run("accuracy rosenbrock --at 0.5,-2");
  BOOST_TEST(e.status == 0, e.err);
  const auto lines = lines_of(e.out);
  BOOST_REQUIRE_EQUAL(lines.size(), 7u);
  BOOST_TEST(lines[1] == "at 0.5, -2");
  BOOST_TEST(contains(lines[3], "506.5"));  // 0.25 + 100 * 2.25^2, exact in doubles
  BOOST_TEST(contains(lines[4], "gradient[0]"));
  BOOST_TEST(contains(lines[4], "449"));  // -2 * 0.5 + 400 * 0.5 * 2.25
  BOOST_TEST(contains(here.run("accuracy naive-softplus").out, "by the rounding of + (n3)"));
  const Ended overflow = here.run("accuracy log-exp");
  BOOST_TEST(overflow.status == 3);
  BOOST_TEST(contains(overflow.out, "exp (n1) is beyond the largest double"), overflow.out);
  BOOST_TEST(here.run("accuracy log-exp --at 700").status == 0);
}

BOOST_AUTO_TEST_CASE(check_prints_the_worst_entry_and_names_kinks) {
  const Folder here;
  const Ended e = here.run("check rosenbrock --at 0.5,-2");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(contains(e.out, "2 coordinates"), e.out);
  BOOST_TEST(contains(e.out, "worst: gradient["), e.out);
  BOOST_TEST(contains(e.out, "tolerance"), e.out);
  const Ended infinite = here.run("check log-exp");
  BOOST_TEST(infinite.status == 3);
  BOOST_TEST(contains(infinite.out, "off: the cost is inf at x"), infinite.out);
  BOOST_TEST(here.run("check logistic --rows 31 --seed 7").status == 0);
}

BOOST_AUTO_TEST_CASE(csv_has_a_line_for_each_number) {
  const Folder here;
  const auto accuracy = lines_of(here.run("accuracy logistic --rows 1000 --csv").out);
  BOOST_REQUIRE_EQUAL(accuracy.size(), 1u + 1u + 5u);
  BOOST_TEST(accuracy[0] == "output,computed,exact,ulp,condition,verdict,operation");
  BOOST_TEST(accuracy[1].starts_with("value,0."), accuracy[1]);
  BOOST_TEST(accuracy[6].starts_with("gradient[4],"), accuracy[6]);
  const auto check = lines_of(here.run("check mixture --csv").out);
  BOOST_REQUIRE_EQUAL(check.size(), 1u + 2u);
  BOOST_TEST(check[0] == "output,gradient,differences,tolerance,verdict");
  BOOST_TEST(check[2].starts_with("gradient[1],"), check[2]);
  BOOST_TEST(check[2].ends_with(",agrees"), check[2]);
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_in_one_line) {
  const Folder here;
  for (const std::string command : {"accuracy", "check"}) {
    check_refused(here.run(command), 2, {"which cost?", "rappel " + command + " --list"});
    check_refused(here.run(command + " rosenbrok"), 2, {"'rosenbrok'", "'rosenbrock'"});
    check_refused(here.run(command + " logstic"), 2, {"'logstic'", "'logistic'"});
    check_refused(here.run(command + " rosenbrock --at 1"), 2, {"--at has 1 number, rosenbrock takes 2"});
    check_refused(here.run(command + " rosenbrock --at 1,2,3"), 2, {"3 numbers"});
    for (const std::string at : {"1,x", "1,,2", "1,2,", "nan,1", "1;2"})
      check_refused(here.run(command + " rosenbrock --at " + at), 2, {"--at is '" + at + "'"});
    check_refused(here.run({command, "rosenbrock", "--at", ""}), 2, {"--at is ''"});
    check_refused(here.run(command + " rosenbrock --rows 10"), 2, {"--rows is not used by rosenbrock"});
    check_refused(here.run(command + " logistic --rows 0"), 2, {"--rows is '0'"});
    check_refused(here.run(command + " rosenbrock --att 1,2"), 2, {"--att", "--at"});
    check_refused(here.run(command + " rosenbrock more"), 2, {"word"});
  }
  check_refused(here.run("accuracy rosenbrock --seed 1"), 2, {"--seed"});
  check_refused(here.run("acuracy rosenbrock"), 2, {"'acuracy'", "'accuracy'"});
}

BOOST_AUTO_TEST_SUITE_END()
