#include "everywhere.hpp"

#include <rappel/autodiff/function.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace rappel::test {
namespace {

// Which operands are parameters; the others are constants.
using Active = std::vector<bool>;

enum class Constants { written, from_data };

// Value, gradient and the upper triangle of the Hessian.
std::vector<NodeId> second_order(Cost& cost) {
  std::vector<NodeId> nodes = {cost.output};
  const std::vector<NodeId> gradient = cost.gradient();
  nodes.insert(nodes.end(), gradient.begin(), gradient.end());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::vector<NodeId> row = cost.gradient(gradient[i]);
    nodes.insert(nodes.end(), row.begin() + static_cast<std::ptrdiff_t>(i), row.end());
  }
  return nodes;
}

std::vector<double> expected_of(const Point& point, const Active& active) {
  std::vector<double> expected = {point.value};
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i]) expected.push_back(point.gradient[i]);
  if (point.hessian.empty()) return expected;
  for (std::size_t i = 0, k = 0; i < active.size(); ++i)
    for (std::size_t j = i; j < active.size(); ++j, ++k)
      if (active[i] && active[j]) expected.push_back(point.hessian[k]);
  return expected;
}

std::vector<double> parameters_of(const Point& point, const Active& active) {
  std::vector<double> parameters;
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i]) parameters.push_back(point.x[i]);
  return parameters;
}

void check(const Point& point, const Active& active, const std::string& where,
           const std::vector<double>& computed) {
  const std::vector<double> expected = expected_of(point, active);
  const std::size_t n = parameters_of(point, active).size();
  for (std::size_t i = 0; i < std::min(expected.size(), computed.size()); ++i) {
    const double ulp = i == 0 ? point.value_ulp : i <= n ? point.partial_ulp : point.second_ulp;
    std::ostringstream text;
    text << std::setprecision(17) << point.what << where << ", active";
    for (const bool a : active) text << (a ? " yes" : " no");
    text << (i == 0   ? ": value "
             : i <= n ? ": gradient "
                      : ": hessian ")
         << i << " is " << computed[i] << ", not " << expected[i];
    BOOST_TEST(within(computed[i], expected[i], ulp), text.str());
  }
}

void check_scalar(const Point& point, const Active& active) {
  const std::vector<double> parameters = parameters_of(point, active);
  const auto written = [&](ExprSpan w) {
    std::vector<Expr> x;
    Index next = 0;
    for (std::size_t i = 0; i < active.size(); ++i) x.push_back(active[i] ? w[next++] : Expr(point.x[i]));
    return point.cost(x);
  };
  Cost cost = scalar_cost(static_cast<Index>(parameters.size()), written);
  const std::vector<NodeId> nodes = second_order(cost);
  check(point, active, " as written", evaluate<double>(cost.graph, nodes, {parameters}));
  check(point, active, " simplified", run({cost.graph, nodes, {}}, {parameters}, *detail::scalar_kernels()));
  const Vector at = Eigen::Map<const Vector>(parameters.data(), static_cast<Index>(parameters.size()));
  const auto [value, gradient] = value_and_gradient(written, at);
  std::vector<double> once = {value};
  once.insert(once.end(), gradient.begin(), gradient.end());
  check(point, active, " used once", once);
}

// A parameter times a column of ones: it keeps the sign of zero, infinities and NaN, and varies by row. The
// table has the operands in its further columns.
void check_rows(const Point& point, const Active& active, Constants constants) {
  const std::vector<double> parameters = parameters_of(point, active);
  std::vector<std::vector<double>> columns = {{1.0}};
  for (const double x : point.x) columns.push_back({x});
  Cost cost = rows_cost(static_cast<Index>(parameters.size()), static_cast<Index>(columns.size()),
                        [&](ExprSpan w, ExprSpan row) {
                          std::vector<Expr> x;
                          Index next = 0;
                          for (std::size_t i = 0; i < active.size(); ++i)
                            x.push_back(active[i]                           ? w[next++] * row[0]
                                        : constants == Constants::from_data ? row[static_cast<Index>(i) + 1]
                                                                            : Expr(point.x[i]));
                          return point.cost(x);
                        });
  const std::vector<NodeId> nodes = second_order(cost);
  for (const detail::KernelTable* kernels : detail::available_kernels())
    check(point, active, std::string(" by row on ") + detail::name_of(kernels->instruction_set),
          run({cost.graph, nodes, {}}, {parameters, columns}, *kernels));
}

void check_folded(const Point& point) {
  const std::vector<Expr> x(point.x.begin(), point.x.end());
  const Expr folded = point.cost(x);
  BOOST_REQUIRE(folded.is_constant());
  BOOST_TEST(within(folded.constant(), point.value, point.value_ulp),
             point.what << " folded: " << folded.constant() << ", not " << point.value);
}

}  // namespace

bool within(double computed, double expected, double ulp) {
  if (std::isnan(expected)) return std::isnan(computed);
  if (std::isinf(expected) || expected == 0.0 || ulp == 0.0) return computed == expected;
  const double size = std::abs(expected);
  const double spacing = std::isinf(std::nextafter(size, INFINITY)) ? size - std::nextafter(size, 0.0)
                                                                    : std::nextafter(size, INFINITY) - size;
  return std::abs(computed - expected) <= (ulp + 0.5) * spacing;
}

void check_everywhere(const std::vector<Point>& points) {
  for (const Point& point : points) {
    const std::size_t n = point.x.size();
    check_folded(point);
    std::vector<Active> all = {Active(n, true)};
    for (std::size_t i = 0; n > 1 && i < n; ++i) {
      all.emplace_back(n, true);
      all.back()[i] = false;
    }
    for (const Active& active : all) {
      check_scalar(point, active);
      check_rows(point, active, Constants::written);
      if (active != all[0]) check_rows(point, active, Constants::from_data);
    }
  }
}

}  // namespace rappel::test
