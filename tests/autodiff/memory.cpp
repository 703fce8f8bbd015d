// Memory besides the data does not grow with the rows.

#include "support/child.hpp"
#include "support/skip.hpp"

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

// A sanitizer keeps a record of the memory beside it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RAPPEL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RAPPEL_SANITIZED 1
#endif
#endif
#ifndef RAPPEL_SANITIZED
#define RAPPEL_SANITIZED 0
#endif

using namespace rappel;

namespace {

constexpr double limit = 64e6;  // bytes, the promise of DESIGN.md section 1, decision 4

// A softmax over the rows: three bodies, of which the later need what the earlier computed.
Expr entropy(const Columns& data, ExprSpan w) {
  const auto z = [&](const Row& row) { return w[0] * row[0] + square(w[1] * row[0]); };
  const Expr largest = max_over_rows(data, z);
  const Expr total = sum_over_rows(data, [&](const Row& row) { return exp(z(row) - largest); });
  return sum_over_rows(data, [&](const Row& row) {
    const Expr p = exp(z(row) - largest) / total;
    return -p * log(p);
  });
}

Expr logistic(const Columns& data, ExprSpan w) {
  return mean_over_rows(data, [&](const Row& row) { return softplus(w[0] * row[0] + w[1]) - 0.5 * row[0]; });
}

// Bytes at the peak of value and gradient over so many rows, less the data, in a process of its own.
double peak_less_data(Expr (*cost)(const Columns&, ExprSpan), Index rows, int threads) {
  return test::peak_bytes_of([=] {
           const Vector x = Vector::LinSpaced(rows, -1.0, 1.0);
           const Columns data(x);
           const Function f = record(2, [&](ExprSpan w) { return cost(data, w); }, {.threads = threads});
           Vector gradient(2);
           f.value_and_gradient(Vector{{0.5, 0.25}}, gradient);
         }) - 8.0 * static_cast<double>(rows);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(besides_the_data_it_stays_under_64_MB_whatever_the_rows) {
  if (RAPPEL_SANITIZED) test::skip("a sanitizer takes memory of its own");
  for (const auto cost : {&logistic, &entropy})
    for (const int threads : {1, 2})
      for (const Index rows : {1'000, 100'000, 20'000'000}) {
        const double bytes = peak_less_data(cost, rows, threads);
        BOOST_TEST(bytes < limit, "rows " << rows << ", threads " << threads << ": " << bytes << " bytes");
      }
}

BOOST_AUTO_TEST_CASE(a_child_reports_what_it_took) {
  if (RAPPEL_SANITIZED) test::skip("a sanitizer takes memory of its own");
  const double bytes = test::peak_bytes_of([] {
    const std::vector<double> x(10'000'000, 1.0);
    if (x[x.size() / 2] != 1.0) std::abort();
  });
  BOOST_TEST(bytes > 79e6);
  BOOST_TEST(bytes < 100e6);
}

BOOST_AUTO_TEST_SUITE_END()
