// Columns of float: the bits of the same numbers as doubles, wherever a table is read.

#include "autodiff/messages.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

using namespace rappel;
using namespace rappel::test;

namespace {

using FloatMatrix = Eigen::MatrixXf;
using FloatVector = Eigen::VectorXf;

// As long as it lives; a Function asks when it is first called.
class Setting {
 public:
  Setting(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Setting() { unsetenv(name_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
};

bool same_bits(const Vector& a, const Vector& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

// Four features (of which one counts from 0 to 4), a target of 0 or 1; with them the same numbers as doubles.
struct Data {
  FloatMatrix X;
  FloatVector y;
  Matrix wide_X;
  Vector wide_y;
};

Data some_data(Index rows) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  Data d{FloatMatrix(rows, 4), FloatVector(rows), {}, {}};
  for (float& x : d.X.reshaped()) x = uniform(random);
  for (Index r = 0; r < rows; ++r) {
    d.X(r, 3) = static_cast<float>(random() % 5);
    d.y[r] = uniform(random) < 0.0f ? 0.0f : 1.0f;
  }
  if (rows > 1) d.X(1, 0) = 1e-42f;  // subnormal as a float
  d.wide_X = d.X.cast<double>();
  d.wide_y = d.y.cast<double>();
  return d;
}

const Vector point{{0.7, -0.4, 1.1, 0.2, -0.9}};

using Cost = std::function<Expr(const Columns&, ExprSpan)>;
struct NamedCost {
  const char* name;
  Cost cost;
};

Expr loss(ExprSpan w, const Row& row) {
  const Expr z = dot(w.first(3), row.first(3)) + gather(w, row[3]);
  return softplus(z) - row[4] * z;
}

const std::vector<NamedCost> costs = {
    {"logistic", [](const Columns& t, ExprSpan w) {
       return mean_over_rows(t, [&](const Row& row) {
         const Expr z = dot(w.first(4), row.first(4)) + w[4];
         return softplus(z) - row[4] * z;
       });
     }},
    {"lookups", [](const Columns& t, ExprSpan w) {
       return sum_over_rows(t, [&](const Row& row) { return loss(w, row); });
     }},
    {"softmax over rows", [](const Columns& t, ExprSpan w) {
       const auto z = [&](const Row& row) { return w[0] * row[0] + square(w[1] * row[1]) - w[2] * row[2]; };
       const Expr largest = max_over_rows(t, z);
       const Expr total = sum_over_rows(t, [&](const Row& row) { return exp(z(row) - largest); });
       return sum_over_rows(t, [&](const Row& row) {
         const Expr p = exp(z(row) - largest) / total;
         return -p * row[4] * log(p) + w[3] * w[4];
       });
     }},
    {"a scan in each row", [](const Columns& t, ExprSpan w) {
       return sum_over_rows(t, [&](const Row& row) {
         return iterate(6, row[0], [&](const Expr& s) { return tanh(w[0] * s + row[1] * w[1]); });
       });
     }},
};

void check_same(const Function& a, const Function& b, const std::string& what) {
  const auto [value, gradient] = a.value_and_gradient(point);
  const auto [wide_value, wide_gradient] = b.value_and_gradient(point);
  BOOST_TEST(std::memcmp(&value, &wide_value, sizeof value) == 0, what << ": " << value << " and " << wide_value);
  BOOST_TEST(same_bits(gradient, wide_gradient), what);
}

Function over(const Cost& cost, const Columns& columns, RecordOptions options = {}) {
  return record(5, [&](ExprSpan w) { return cost(columns, w); }, options);
}

std::string shown(const auto& report) {
  std::ostringstream text;
  text << report;
  return text.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(float_columns)

BOOST_AUTO_TEST_CASE(have_the_bits_of_doubles_for_any_number_of_rows_instruction_set_and_threads) {
  for (const char* set : {"scalar", "baseline", "avx2", "avx512"}) {
    const Setting forced("RAPPEL_INSTRUCTION_SET", set);
    try {
      record(1, [](ExprSpan x) { return x[0]; }).value(Vector{{1.0}});
    } catch (const std::invalid_argument&) {
      continue;  // this processor has it not
    }
    for (const char* compiler : {"off", "always"}) {
      const Setting compiling("RAPPEL_ROW_COMPILER", compiler);
      for (const Index rows : {1, 31, 32, 33, 255, 256, 257, 10001}) {
        const Data d = some_data(rows);
        for (const auto& [name, cost] : costs)
          for (const int threads : {1, 3})
            check_same(over(cost, Columns(d.X, d.y), {.threads = threads}), over(cost, Columns(d.wide_X, d.wide_y)),
                       std::string(name) + ", " + set + ", " + std::to_string(rows) + " rows");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_the_numbers_of_the_floats) {
  const FloatVector x{{0.1f, 1e-42f, -3.5e37f}};
  const Function f = record(1, [&](ExprSpan w) { return map_rows(Columns(x), [&](const Row& row) { return w[0] * row[0]; }); });
  const Vector values = f.values(Vector{{1.0}});
  for (Index r = 0; r < 3; ++r) BOOST_TEST(values[r] == static_cast<double>(x[r]));
}

BOOST_AUTO_TEST_CASE(may_be_borrowed_with_any_outer_stride_owned_copied_and_mixed_with_doubles) {
  const Data d = some_data(300);
  FloatMatrix big(303, 6);
  big.setConstant(9.0f);
  big.block(2, 1, 300, 4) = d.X;
  const Eigen::Ref<const FloatMatrix> middle = big.block(2, 1, 300, 4);
  const Eigen::Map<const FloatMatrix, 0, Eigen::OuterStride<>> map(&big(2, 1), 300, 4, Eigen::OuterStride<>(303));
  FloatMatrix moved = d.X;
  Matrix wide_moved = d.wide_X;
  const std::vector<const float*> floats = {&d.X(0, 0), &d.X(0, 1)};
  const auto pointers = Columns::from({"a", "b", "c", "d", "y"}, {floats[0], d.wide_X.col(1).data(), d.X.col(2).data(),
                                                                  d.X.col(3).data(), d.wide_y.data()}, 300);
  for (const auto& [name, cost] : costs) {
    const Function expected = over(cost, Columns(d.wide_X, d.wide_y));
    for (const Columns& columns :
         {Columns(middle, d.y), Columns(map, d.wide_y), Columns(FloatMatrix(moved), d.y), Columns(d.wide_X, d.y),
          Columns(Matrix(wide_moved), d.y), Columns::copy(d.X, d.wide_y), Columns::copy(big.block(2, 1, 300, 4), 1.0f * d.y), pointers})
      check_same(over(cost, columns), expected, name);
  }
  BOOST_TEST(Columns(middle).column(1).floats() == &big(2, 2));
  BOOST_TEST(Columns(middle).column(1).doubles() == nullptr);
  BOOST_TEST(Columns::from({}, floats, 300).column(1)[7] == d.wide_X(7, 1));
  check_refused([&] { Columns(d.X, some_data(2).wide_y); }, {"2 rows", "300"});
}

BOOST_AUTO_TEST_CASE(replace_doubles_and_are_replaced) {
  const Data d = some_data(257), e = some_data(4100);
  for (const auto& [name, cost] : costs) {
    const Function f = over(cost, Columns(d.X, d.y)), g = over(cost, Columns(d.wide_X, d.wide_y));
    check_same(f.with_columns(Columns(e.wide_X, e.wide_y)), g.with_columns(Columns(e.X, e.y)), name);
    check_same(g.with_columns(Columns(d.X, d.wide_y)), f, name);
    check_same(f.with_columns(Columns(e.X, e.y)).with_columns(Columns(d.X, d.y)), g, name);
  }
  const Function sum = record(0, [&](ExprSpan) {
    return sum_over_rows(Columns::from({"a", "unused"}, {d.wide_y.data(), d.wide_y.data()}, 257),
                         [](const Row& row) { return row["a"]; });
  });
  BOOST_TEST(sum.with_columns(Columns::from({"a"}, {d.y.data()}, 257)).value(Vector(0)) == d.wide_y.sum());
}

// Their code is made when it is first needed, by whichever thread comes first.
BOOST_AUTO_TEST_CASE(serve_several_threads_at_once_in_any_mixture) {
  const Setting compiling("RAPPEL_ROW_COMPILER", "always");
  const Data d = some_data(300);
  const Cost& cost = costs[0].cost;
  const auto [value, gradient] = over(cost, Columns(d.wide_X, d.wide_y)).value_and_gradient(point);
  const Function shared = over(cost, Columns(d.wide_X, d.wide_y));
  std::vector<int> differences(4, 0);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t, value = value, gradient = gradient] {
      for (unsigned i = 0; i < 24; ++i) {
        const unsigned mixture = (i + 7 * t) % 16;  // more than codes are kept for
        std::vector<ColumnView> views;
        for (Index j = 0; j < 4; ++j)
          views.push_back(mixture >> j & 1 ? ColumnView(&d.X(0, j)) : ColumnView(&d.wide_X(0, j)));
        views.push_back(d.y.data());
        const auto own = shared.with_columns(Columns::from({}, views, 300)).value_and_gradient(point);
        differences[t] += own.first != value || !same_bits(own.second, gradient);
      }
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(differences == std::vector<int>(4, 0), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_one_table_where_they_are_the_same_and_another_where_they_are_not) {
  const Data d = some_data(10);
  const auto tables = [&](const Columns& first, const Columns& second) {
    const Function f = record(5, [&](ExprSpan w) { return costs[0].cost(first, w) + costs[1].cost(second, w); });
    return f.graph().num_row_sets();
  };
  BOOST_TEST(tables(Columns(d.X, d.y), Columns(d.X, d.y)) == 1);
  BOOST_TEST(tables(Columns(d.X, d.y), Columns(d.X, d.wide_y)) == 2);
  BOOST_TEST((over(costs[0].cost, Columns(d.X, d.y)) == over(costs[0].cost, Columns(d.X, d.y))));
  BOOST_TEST(!(over(costs[0].cost, Columns(d.X, d.y)) == over(costs[0].cost, Columns(d.wide_X, d.wide_y))));
}

BOOST_AUTO_TEST_CASE(give_values_derivatives_and_parameters_by_row) {
  for (const Index rows : {33, 512}) {
    const Data d = some_data(rows);
    const auto by_row = [](const Columns& t) {
      return record(5, [&](ExprSpan w) {
        return map_rows(t, [&](const Row& row) { return std::vector<Expr>{loss(w, row), gather(w, row[3]) * row[0]}; });
      });
    };
    const Function f = by_row(Columns(d.X, d.y)), g = by_row(Columns(d.wide_X, d.wide_y));
    BOOST_TEST(same_bits(f.values(point), g.values(point)));
    BOOST_TEST((f.gauss_newton(point).hessian == g.gauss_newton(point).hessian));
    const auto a = f.row_jacobian(point), b = g.row_jacobian(point);
    BOOST_TEST((a.values == b.values));
    BOOST_TEST((a.parameters == b.parameters));
  }
}

BOOST_AUTO_TEST_CASE(have_second_derivatives) {
  const Data d = some_data(99);
  for (const auto& [name, cost] : costs)
    BOOST_TEST((over(cost, Columns(d.X, d.y)).hessian(point) == over(cost, Columns(d.wide_X, d.wide_y)).hessian(point)), name);
}

BOOST_AUTO_TEST_CASE(are_checked_where_they_are_an_index) {
  Data d = some_data(40);
  const Function f = over(costs[1].cost, Columns(d.wide_X, d.wide_y));
  d.X(17, 3) = 2.5f;
  check_refused([&] { f.with_columns(Columns(d.X, d.y)); }, {"column 3", "2.5", "row 17"});
  check_refused([&] { over(costs[1].cost, Columns(d.X, d.wide_y)); }, {"column 3", "2.5", "row 17"});
}

BOOST_AUTO_TEST_CASE(have_the_accuracy_and_the_diagnosis_of_doubles) {
  Data d = some_data(70);
  for (const auto& [name, cost] : costs) {
    const Function f = over(cost, Columns(d.X, d.y)), g = over(cost, Columns(d.wide_X, d.wide_y));
    const Accuracy a = f.accuracy(point), b = g.accuracy(point);
    BOOST_TEST(shown(a) == shown(b));
    BOOST_TEST(a.outputs[0].exact == b.outputs[0].exact);
    BOOST_TEST(shown(f.diagnose(point)) == shown(g.diagnose(point)));
  }
  d.X(41, 1) = -2.5f;
  const Diagnosis found = record(1, [&](ExprSpan w) {
    return sum_over_rows(Columns(d.X), [&](const Row& row) { return w[0] * log(row[1] + 1.5); });
  }).diagnose(Vector{{1.0}});
  BOOST_TEST(found.row == 41);
  BOOST_TEST(found.operation == "log");
  BOOST_REQUIRE(found.operands.size() == 1u);
  BOOST_TEST(found.operands[0] == -1.0);
}

BOOST_AUTO_TEST_CASE(serve_a_cost_that_branches_and_one_that_was_saved) {
  const Data d = some_data(50);
  const auto branching = [](const Columns& t) {
    return record(5, [&t](ExprSpan w) -> Expr {
      const Expr s = costs[0].cost(t, w);
      return s > 0.5 ? square(s) : exp(s);
    });
  };
  const Columns narrow(d.X, d.y), wide(d.wide_X, d.wide_y);
  check_same(branching(narrow), branching(wide), "branching");
  check_same(branching(wide).with_columns(narrow), branching(wide), "branching, replaced");
  std::stringstream file;
  const Function f = over(costs[1].cost, narrow);
  f.save(file);
  check_same(Function::load(file).with_columns(narrow), f, "saved");
  BOOST_TEST(shown(f) == shown(over(costs[1].cost, wide)));
}

BOOST_AUTO_TEST_SUITE_END()
