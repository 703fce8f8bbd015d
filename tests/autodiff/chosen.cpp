// Rows that choose one of many by min or max: the operation that shares out the adjoint of a chain, and the sums to which
// a row adds only for what it chose.

#include "evaluate.hpp"
#include "instruction_sets.hpp"

#include "program.hpp"

#include <rappel/autodiff/accuracy.hpp>
#include <rappel/autodiff/function.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace rappel::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// min(min(x1, x2), x3) .. reversed one by one, as DESIGN.md has it: at a tie each takes half.
std::vector<double> shares_one_by_one(const std::vector<double>& x, bool of_min) {
  const auto less = [&](double a, double b) { return of_min ? a < b : b < a; };
  const auto share = [&](double a, double b) { return less(a, b) ? 1.0 : a == b ? 0.5 : 0.0; };
  std::vector<double> so_far = {x[0]}, result(x.size());
  for (std::size_t i = 1; i < x.size(); ++i) {
    const double a = so_far[i - 1], b = x[i];
    so_far.push_back(std::isnan(a) || std::isnan(b) ? nan : less(a, b) ? a : b);
  }
  double adjoint = 1.0;
  for (std::size_t i = x.size(); --i > 0;) {
    result[i] = adjoint * share(x[i], so_far[i - 1]);
    adjoint *= share(so_far[i - 1], x[i]);
  }
  result[0] = adjoint;
  return result;
}

// Of small whole numbers, so that many tie; now and then one that is special.
std::vector<double> operands(std::mt19937_64& random, std::size_t count) {
  std::vector<double> x;
  for (std::size_t i = 0; i < count; ++i) {
    const auto drawn = random() % 200;
    x.push_back(drawn == 0 ? nan : drawn == 1 ? inf : drawn == 2 ? -inf : drawn == 3 ? -0.0 : static_cast<double>(random() % 6));
  }
  return x;
}

template <class T>
Expr smallest(const T& values) {
  Expr result = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) result = min(result, values[i]);
  return result;
}

// A cost over rows whose sums are exact, since all is whole numbers: any order of adding gives the same.
struct Example {
  const char* what;
  Index num_parameters, num_columns;
  Expr (*cost)(ExprSpan w, ExprSpan row);
};

constexpr Index num_members = 20;

std::vector<Expr> distances(ExprSpan w, ExprSpan row) {
  std::vector<Expr> result;
  for (Index k = 0; k < num_members; ++k) {
    Expr sum = 0.0;
    for (Index j = 0; j < 4; ++j) sum += square(row[j] - w[4 * k + j]);
    result.push_back(sum);
  }
  return result;
}

const std::vector<Example> examples = {
    {"least squared distance", 4 * num_members, 4, [](ExprSpan w, ExprSpan row) { return smallest(distances(w, row)); }},
    {"the chain as second operand", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) {
       const std::vector<Expr> d = distances(w, row);
       Expr least = d[0];
       for (std::size_t k = 1; k < d.size(); ++k) least = min(d[k], least);
       return least;
     }},
    {"largest of lines with a weight", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) {
       const auto line = [&](Index k) { return w[4 * k] * row[0] + w[4 * k + 1] * row[1] + w[4 * k + 2] * row[3] + w[4 * k + 3]; };
       Expr most = line(0);
       for (Index k = 1; k < num_members; ++k) most = max(most, line(k));
       return row[2] * most;
     }},
    {"inside of an arm", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) { return select(row[0] > 1.0, smallest(distances(w, row)), row[1] * w[3]); }},
    {"two chains over the same values", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) {
       const std::vector<Expr> d = distances(w, row);
       Expr most = d[0];
       for (std::size_t k = 1; k < d.size(); ++k) most = max(most, d[k]);
       return smallest(d) * 2.0 - most;
     }},
    {"a chain that is read on the way", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) {
       const std::vector<Expr> d = distances(w, row);
       const Expr first = smallest(std::vector<Expr>(d.begin(), d.begin() + 10));
       Expr least = first;
       for (std::size_t k = 10; k < d.size(); ++k) least = min(least, d[k]);
       return least + first * w[1];
     }},
    {"terms that a parameter of all members scales", 4 * num_members + 1, 4,
     [](ExprSpan w, ExprSpan row) {
       std::vector<Expr> d = distances(w, row);
       for (Expr& x : d) x = x * w[4 * num_members] + row[3];
       return smallest(d);
     }},
    {"a chain of parameters alone", 4 * num_members, 4,
     [](ExprSpan w, ExprSpan row) {
       return row[0] * smallest(std::vector<Expr>(w.begin(), w.end()));
     }},
};

Inputs<double> whole_numbers(const Example& example, Index rows) {
  std::mt19937_64 random(static_cast<std::uint64_t>(rows));
  Inputs<double> inputs;
  for (Index i = 0; i < example.num_parameters; ++i) inputs.parameters.push_back(static_cast<double>(random() % 5));
  for (Index j = 0; j < example.num_columns; ++j) {
    inputs.columns.emplace_back();
    for (Index r = 0; r < rows; ++r) inputs.columns.back().push_back(static_cast<double>(random() % 5));
  }
  return inputs;
}

BOOST_AUTO_TEST_SUITE(chosen)

BOOST_AUTO_TEST_CASE(shares_are_those_of_the_chain_reversed_one_by_one) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 400; ++run) {
    const std::vector<double> x = operands(random, 2 + random() % 30);
    for (const bool of_min : {true, false}) {
      const std::vector<double> expected = shares_one_by_one(x, of_min);
      std::vector<double> with_extreme = x;
      with_extreme.push_back(x[0]);
      for (const double y : x) with_extreme.back() = results_of(of_min ? Op::min : Op::max, std::vector{with_extreme.back(), y}, 1)[0];
      BOOST_TEST(results_of(Op::shares, with_extreme, x.size()) == expected, boost::test_tools::per_element());
      const std::vector<Real> digits = results_of(Op::shares, std::vector<Real>(with_extreme.begin(), with_extreme.end()), x.size());
      for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(static_cast<double>(digits[i].v) == expected[i]);
    }
  }
}

// Against the graph read node by node, and with the same bits however it runs.
BOOST_AUTO_TEST_CASE(gradients_are_those_of_the_graph_on_every_path) {
  for (const Example& e : examples)
    for (const Index rows : {1, 31, 97, 256, 300, 1100}) {
      const Inputs<double> inputs = whole_numbers(e, rows);
      Cost cost = rows_cost(e.num_parameters, e.num_columns, e.cost);
      std::vector<NodeId> nodes = {cost.output};
      for (const NodeId g : cost.gradient()) nodes.push_back(g);
      const std::vector<double> expected = evaluate<double>(cost.graph, nodes, inputs);
      for (const detail::KernelTable* kernels : detail::available_kernels())
        for (const char* when : {"off", "always"}) {
          const Compiling compiling(when);
          const std::vector<double> results = run({cost.graph, nodes, {}}, inputs, *kernels);
          for (std::size_t i = 0; i < nodes.size(); ++i)
            BOOST_TEST(results[i] == expected[i], e.what << ", " << rows << " rows, " << detail::name_of(kernels->instruction_set)
                                                         << ", compiled: " << when << ": result " << i << " is " << results[i]
                                                         << ", not " << expected[i]);
        }
    }
}

// How many of the sums are added by the rows that chose them alone, and whether all values are compared on the way.
BOOST_AUTO_TEST_CASE(long_choices_are_added_by_the_rows_that_made_them) {
  struct Expected {
    std::size_t example, num_sums;
    bool compares;
  };
  const std::vector<Expected> all = {{0, 4 * num_members, true}, {1, 4 * num_members, true}, {2, 4 * num_members, true},
                                     {3, 4 * num_members - 4, false}, {4, 0, false}, {7, 0, false}};
  for (const Expected& expected : all) {
    const Example& e = examples[expected.example];
    Cost cost = rows_cost(e.num_parameters, e.num_columns, e.cost);
    std::vector<NodeId> nodes = {cost.output};
    for (const NodeId g : cost.gradient()) nodes.push_back(g);
    const detail::Program program = detail::lower(simplify({cost.graph, nodes, {}}));
    std::size_t num_sums = 0;
    bool compares = false;
    for (const detail::Stage& stage : program.stages)
      for (const detail::Body& body : stage.bodies)
        for (const detail::ChosenSums& c : body.chosen) {
          num_sums += std::size_t{c.num_members} * c.num_terms;
          compares = c.by == detail::ChosenSums::By::equality;
        }
    BOOST_TEST(num_sums == expected.num_sums, e.what << ": " << num_sums << " sums");
    BOOST_TEST(compares == expected.compares, e.what);
  }
}

// Rows of NaN choose none; where all are infinite all tie. An operand that was not chosen may have any slope.
BOOST_AUTO_TEST_CASE(special_rows_follow_the_conventions) {
  const auto cost_of = [](ExprSpan w, ExprSpan row) {
    std::vector<Expr> x;
    for (Index k = 0; k < num_members; ++k) x.push_back(sqrt(w[2 * k] * row[0]) + w[2 * k + 1] * row[1]);
    return smallest(x);
  };
  Cost cost = rows_cost(2 * num_members, 2, cost_of);
  std::vector<NodeId> nodes = {cost.output};
  for (const NodeId g : cost.gradient()) nodes.push_back(g);
  const std::vector<double> special = {0.0, 1.0, -1.0, inf, -inf, nan, 4.0};
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    Inputs<double> inputs;
    for (Index i = 0; i < 2 * num_members; ++i)
      inputs.parameters.push_back(random() % 20 == 0 ? special[random() % special.size()] : static_cast<double>(random() % 4 * (random() % 4)));
    inputs.columns.resize(2);
    for (int r = 0; r < 40; ++r)
      for (auto& column : inputs.columns) column.push_back(random() % 30 == 0 ? special[random() % special.size()] : 1.0);
    if (trial % 2 == 0)  // else next to all is NaN
      for (auto& column : inputs.columns) column.assign(3, column[0]);
    const std::vector<double> expected = evaluate<double>(cost.graph, nodes, inputs);
    for (const detail::KernelTable* kernels : detail::available_kernels()) {
      const std::vector<double> results = run({cost.graph, nodes, {}}, inputs, *kernels);
      for (std::size_t i = 0; i < nodes.size(); ++i)
        BOOST_TEST((same(results[i], expected[i]) || std::abs(results[i] - expected[i]) <= 1e-13 * std::abs(expected[i])),
                   "trial " << trial << ", " << detail::name_of(kernels->instruction_set) << ": result " << i << " is " << results[i] << ", not "
                            << expected[i]);
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_have_the_same_bits_for_any_threads_and_instruction_set) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  const Index rows = 20'011;
  Matrix X(rows, 4);
  for (Index i = 0; i < X.size(); ++i) X.data()[i] = normal(random);
  Vector w(4 * num_members);
  for (double& x : w) x = normal(random);
  const auto run = [&](const detail::KernelTable& kernels, const char* when, int threads) {
    const Compiling compiling(when);
    setenv("RAPPEL_INSTRUCTION_SET", detail::name_of(kernels.instruction_set), 1);
    const Function f = record(w.size(), [&](ExprSpan c) {
      return sum_over_rows(Columns(X), [&](Row row) {
        std::vector<Expr> values;
        for (Index j = 0; j < 4; ++j) values.push_back(row[j]);
        return smallest(distances(c, values));
      });
    }, {.threads = threads});
    Vector g(w.size());
    f.value_and_gradient(w, g);
    unsetenv("RAPPEL_INSTRUCTION_SET");
    return g;
  };
  std::vector<const detail::KernelTable*> tables = detail::available_kernels();
  for (const detail::KernelTable* kernels : tables) {
    const Vector expected = run(*kernels, "off", 1);
    for (const int threads : {1, 2, 3, 8})
      for (const char* when : {"off", "always"}) {
        const Vector g = run(*kernels, when, threads);
        BOOST_TEST(std::memcmp(g.data(), expected.data(), sizeof(double) * static_cast<std::size_t>(g.size())) == 0);
      }
  }
}

BOOST_AUTO_TEST_CASE(second_derivatives_go_through_what_was_chosen) {
  const auto cost_of = [](ExprSpan w) {
    std::vector<Expr> x;
    for (Index k = 0; k < w.size(); ++k) x.push_back(square(w[k]) * w[k] + static_cast<double>(k));
    return smallest(x);
  };
  const Function f = record(10, cost_of);
  Vector at(10);
  for (Index k = 0; k < 10; ++k) at[k] = k == 6 ? -3.0 : 2.0;
  const Matrix H = f.hessian(at);
  for (Index i = 0; i < 10; ++i)
    for (Index j = 0; j < 10; ++j) BOOST_TEST(H(i, j) == (i == 6 && j == 6 ? -18.0 : 0.0));
}

// 3 (1/3) rounds to 1, what else is compared is exact: which is chosen is a matter of rounding.
BOOST_AUTO_TEST_CASE(a_choice_that_rounding_decides_is_named) {
  const auto cost_of = [](double other) {
    return record(1, [=](ExprSpan w) {
      std::vector<Expr> x = {3.0 * w[0]};
      for (int k = 0; k < 10; ++k) x.push_back(other + static_cast<double>(k));
      return smallest(x);
    });
  };
  const Vector at{{1.0 / 3.0}};
  const Accuracy tie = cost_of(1.0).accuracy(at), clear = cost_of(2.0).accuracy(at);
  BOOST_TEST((tie.outputs[1].verdict == AccuracyVerdict::not_checked));
  BOOST_TEST((clear.outputs[1].verdict != AccuracyVerdict::not_checked));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace rappel::test
