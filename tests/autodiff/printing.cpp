// How a Function prints.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>

using namespace rappel;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

std::string printed(const Function& f) {
  std::ostringstream out;
  out << f;
  return out.str();
}

Function small() {
  return record(2, [](ExprSpan x) {
    const Expr product = sin(x[0]) * x[1];
    return product + exp(x[1]);
  });
}

// Columns whose names need quoting, a constant of 17 digits, a node of many operands.
Function by_row() {
  static const std::vector<double> a = {1.0}, b = {2.0};
  const Columns data = Columns::from({"price \"net\"", "back\\slash"}, {a.data(), b.data()}, 1);
  return record(1, [&](ExprSpan w) {
    return mean_over_rows(data, [&](const Row& row) {
      return logsumexp({w[0] * row[0], row[1], 0.1 + 0.2, w[0]});
    });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(printing)

BOOST_AUTO_TEST_CASE(a_function_prints_one_line_a_node) {
  BOOST_TEST(printed(small()) ==
             "function of 2 parameters, 6 nodes\n"
             "n0 = x[0]\nn1 = x[1]\nn2 = sin(n0)\nn3 = n1 * n2\nn4 = exp(n1)\nn5 = n3 + n4\nvalue = n5\n");
}

BOOST_AUTO_TEST_CASE(to_dot_names_every_node_that_it_joins) {
  const std::string dot = small().to_dot();
  BOOST_TEST(dot.substr(0, 7) == "digraph");
  BOOST_TEST(std::count(dot.begin(), dot.end(), '{') == std::count(dot.begin(), dot.end(), '}'));
  for (int n = 0; n <= 5; ++n) BOOST_TEST(holds(dot, "n" + std::to_string(n) + " ["), dot);
  BOOST_TEST(holds(dot, "n0 -> n2"), dot);
  BOOST_TEST(small().to_dot() == dot);
}

BOOST_AUTO_TEST_CASE(every_node_of_a_row_cost_has_its_line_and_says_whether_it_varies) {
  const Function f = by_row();
  const std::string text = printed(f);
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == f.graph().size() + 2);  // a heading, and the value
  BOOST_TEST(holds(text, R"(= row["price \"net\""]  by row)"), text);
  BOOST_TEST(holds(text, R"(= row["back\\slash"]  by row)"), text);
  BOOST_TEST(holds(text, "= 0.30000000000000004\n"), text);  // reads back as the same number
  BOOST_TEST(holds(text, "= rows of table 0\n"), text);
  BOOST_TEST(holds(text, "value = n" + std::to_string(f.graph().size() - 1) + "\n"), text);
  BOOST_TEST(printed(by_row()) == text);
}

BOOST_AUTO_TEST_CASE(to_dot_has_an_edge_for_every_operand_and_quotes_names) {
  const Function f = by_row();
  const std::string dot = f.to_dot();
  std::ptrdiff_t edges = 0;
  for (NodeId n = 0; n < static_cast<NodeId>(f.graph().size()); ++n) {
    const auto operands = f.graph().operands(n);
    edges += static_cast<std::ptrdiff_t>(operands.size());
    for (const NodeId x : operands)
      BOOST_TEST(holds(dot, "  n" + std::to_string(x) + " -> n" + std::to_string(n) + ";\n"), dot);
    BOOST_TEST(holds(dot, "  n" + std::to_string(n) + " [label="), dot);
  }
  std::ptrdiff_t arrows = 0;
  for (std::size_t at = dot.find("->"); at != dot.npos; at = dot.find("->", at + 2)) ++arrows;
  BOOST_TEST(arrows == edges);
  BOOST_TEST(holds(dot, R"(label="row[\"back\\\\slash\"]")"), dot);
  // Outside of escapes, quotes open and close on one line.
  std::istringstream lines(dot);
  for (std::string line; std::getline(lines, line);) {
    int quotes = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\')
        ++i;
      else if (line[i] == '"')
        ++quotes;
    }
    BOOST_TEST(quotes % 2 == 0, line);
  }
}

BOOST_AUTO_TEST_CASE(values_by_row_print_as_values) {
  const Matrix X = Matrix::Ones(2, 1);
  const Function f = record(
      1, [&](ExprSpan w) { return map_rows(Columns(X), [&](const Row& row) { return w[0] + row[0]; }); });
  BOOST_TEST(printed(f) ==
             "function of 1 parameter, 3 nodes\nn0 = x[0]\nn1 = row[0]  by row\nn2 = n0 + n1  by row\n"
             "values = n2\n");
}

BOOST_AUTO_TEST_SUITE_END()
