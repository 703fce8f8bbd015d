// Features that are constant, or depend on those before them: found whatever the units, and no others.

#include "tables.hpp"

#include <rappel/models/design.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace rappel::test {
namespace {

std::string data_error(const Table& table, const DesignOptions& options) {
  return message_of<DataError>([&] { make_design(table, options); });
}

// A table of `rows` rows; a column is a name and the cell of a row as a number, printed as R does (15 digits)
// or exactly (17).
struct Column {
  std::string name;
  std::function<double(int)> value;
};
Table table_from(const std::vector<Column>& columns, int rows, int digits) {
  std::string text;
  for (const Column& column : columns) text += (text.empty() ? "" : ",") + column.name;
  for (int r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      char number[40];
      std::snprintf(number, sizeof number, "%.*g", digits, columns[c].value(r));
      text += (c == 0 ? "\n" : ",") + std::string(number);
    }
  }
  return table_of(text);
}

// The same number for the same row and seed; between 0 and 1, of about 8 digits.
double noise(int row, unsigned seed) {
  std::mt19937 random(seed * 1000003u + static_cast<unsigned>(row));
  random.discard(3);
  return (random() >> 5) / 134217728.0;
}
double decimal(int row, unsigned seed) { return std::round(1000.0 * noise(row, seed)) / 1000.0; }

const Column target = {"y", [](int r) { return noise(r, 99); }};

}  // namespace

BOOST_AUTO_TEST_SUITE(collinearity)

BOOST_AUTO_TEST_CASE(a_constant_feature_is_named) {
  BOOST_TEST(data_error(table_of("a,b,y\n1,4,1\n2,4.0,2\n5,4,3\n"), {.target = "y"}) ==
             "t.csv: column b: has the same value in all 3 rows; leave out the feature b");
  BOOST_TEST(contains(data_error(table_of("k,y\nu,1\nu,2\nu,3\n"), {.target = "y", .features = {"k"}}),
                      "column k: is 'u' in all 3 rows"));
  // Constant only among the rows that stay.
  const Table table = table_of("a,b,y\n1,4,1\n2,4,2\n5,4,3\n7,5,NA\n");
  BOOST_TEST(
      contains(data_error(table, {.target = "y", .drop_missing = true}), "column b: has the same value"));
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_feature_is_named_with_the_feature_that_it_repeats) {
  const std::vector<Column> columns = {{"a", [](int r) { return decimal(r, 1); }},
                                       {"b", [](int r) { return decimal(r, 2); }},
                                       {"copy", [](int r) { return decimal(r, 1); }},
                                       target};
  BOOST_TEST(data_error(table_from(columns, 100, 15), {.target = "y"}) ==
             "t.csv: column copy: the feature copy repeats a (but for scale and offset); leave out the "
             "feature copy");
}

BOOST_AUTO_TEST_CASE(a_linear_combination_is_named_with_the_features_it_is_made_of) {
  const auto a = [](int r) { return decimal(r, 1); };
  const auto b = [](int r) { return decimal(r, 2); };
  const auto c = [](int r) { return decimal(r, 3); };
  const std::vector<Column> combinations = {{"s", [=](int r) { return a(r) + c(r); }},
                                            {"s", [=](int r) { return 7.0 - 2.5 * a(r) + c(r) / 3.0; }},
                                            {"s", [=](int r) { return 1e9 * (a(r) - 1e-3 * c(r)) + 1e9; }},
                                            {"s", [=](int r) { return 1e-9 * (a(r) + c(r)); }},
                                            {"s", [=](int r) { return 1e6 + a(r) + c(r); }}};
  for (const Column& s : combinations) {
    for (const int digits : {15, 17}) {
      for (const int rows : {5, 1000}) {
        const Table table = table_from({{"a", a}, {"b", b}, {"c", c}, s, target}, rows, digits);
        BOOST_TEST(contains(data_error(table, {.target = "y"}),
                            "the feature s is a linear combination of a, c; leave out the feature s"));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(large_offsets_and_scales_are_not_collinear) {
  const std::vector<Column> columns = {{"a", [](int r) { return 1e9 + noise(r, 1); }},
                                       {"b", [](int r) { return 1e9 + noise(r, 2); }},
                                       {"c", [](int r) { return 1e9 * noise(r, 3); }},
                                       {"d", [](int r) { return 1e-9 * noise(r, 4); }},
                                       {"year", [](int r) { return 2000.0 + r; }},
                                       {"year2", [](int r) { return (2000.0 + r) * (2000.0 + r); }},
                                       {"id", [](int r) { return 1e15 + (r % 3); }},
                                       target};
  BOOST_TEST(make_design(table_from(columns, 50, 17), {.target = "y"}).num_features() == 7);
}

BOOST_AUTO_TEST_CASE(a_difference_of_a_millionth_is_not_collinear) {
  for (const double offset : {0.0, 1.0, 1e4}) {
    const std::vector<Column> columns = {
        {"a", [=](int r) { return offset + noise(r, 1); }},
        {"b", [=](int r) { return offset + noise(r, 1) + 1e-6 * noise(r, 2); }},
        {"c", [=](int r) { return noise(r, 3); }},
        target};
    BOOST_TEST(make_design(table_from(columns, 200, 17), {.target = "y"}).num_features() == 3);
  }
}

// b = a + s / 1e6, so that s = 1e6 (b - a): the coefficients, a million, multiply the roundings of a and b.
BOOST_AUTO_TEST_CASE(a_combination_of_almost_equal_features_is_found) {
  const auto a = [](int r) { return noise(r, 1); };
  const auto s = [](int r) { return noise(r, 2); };
  const std::vector<Column> columns = {
      {"a", a}, {"b", [=](int r) { return a(r) + 1e-6 * s(r); }}, {"s", s}, target};
  for (const int digits : {15, 17}) {
    BOOST_TEST(contains(data_error(table_from(columns, 200, digits), {.target = "y"}),
                        "the feature s is a linear combination of a, b"));
  }
}

// The fifteenth digit of s is worth 1e-9 of its spread.
BOOST_AUTO_TEST_CASE(a_sum_that_was_rounded_to_fifteen_digits_is_found) {
  const auto a = [](int r) { return noise(r, 1); };
  const auto b = [](int r) { return noise(r, 2); };
  const std::vector<Column> columns = {
      {"a", a}, {"b", b}, {"s", [=](int r) { return 1e6 + a(r) / 3.0 + b(r); }}, target};
  BOOST_TEST(contains(data_error(table_from(columns, 200, 15), {.target = "y"}), "combination of a, b"));
}

// The mean of `id` is no double: rounding it moves every value by up to 0.06.
BOOST_AUTO_TEST_CASE(a_large_offset_does_not_hide_a_copy) {
  const std::vector<Column> columns = {
      {"a", [](int r) { return r * 7 % 13; }}, {"id", [](int r) { return 1e15 + r * 7 % 13; }}, target};
  BOOST_TEST(contains(data_error(table_from(columns, 900, 17), {.target = "y"}), "the feature id repeats a"));
}

BOOST_AUTO_TEST_CASE(indicators_that_repeat_other_features_are_found) {
  const Table same = table_of("k,l,y\nu,p,1\nv,q,2\nw,r,3\nu,p,4\nv,q,6\nw,r,5\n");
  BOOST_TEST(
      contains(data_error(same, {.target = "y", .features = {"k", "l"}}),
               "column l: the feature l=q repeats k=v (but for scale and offset); leave out the feature l"));
  const Table sum = table_of("k,n,y\nu,5,1\nv,7,2\nw,8,3\nu,5,4\nv,7,6\nw,8,5\n");
  BOOST_TEST(contains(data_error(sum, {.target = "y", .features = {"k", "n"}}),
                      "the feature n is a linear combination of k=v, k=w; leave out the feature n"));
}

BOOST_AUTO_TEST_CASE(many_rows_do_not_blur_what_is_collinear) {
  const auto a = [](int r) { return decimal(r, 1); };
  const auto b = [](int r) { return 100.0 + decimal(r, 2); };
  const auto near = [=](int r) { return a(r) + b(r) + 1e-6 * noise(r, 3); };
  const std::vector<Column> independent = {{"a", a}, {"b", b}, {"near", near}, target};
  BOOST_TEST(make_design(table_from(independent, 100000, 17), {.target = "y"}).num_features() == 3);
  const std::vector<Column> dependent = {
      {"a", a}, {"b", b}, {"s", [=](int r) { return a(r) + b(r); }}, target};
  BOOST_TEST(contains(data_error(table_from(dependent, 100000, 15), {.target = "y"}), "combination of a, b"));
}

// Columns of few values, whose roundings have one sign and would add up with the rows.
BOOST_AUTO_TEST_CASE(many_rows_of_zeros_and_ones_do_not_blur_what_is_collinear) {
  std::string text = "a,b,s,y\n";
  std::mt19937 random(1);
  for (int r = 0; r < 1000000; ++r) {
    const int a = random() % 10 < 3;
    const int b = random() % 10 < 3;
    text += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(5 - 2 * b - 3 * a) + "," +
            std::to_string(r % 17) + "\n";
  }
  BOOST_TEST(
      contains(data_error(table_of(text), {.target = "y"}), "the feature s is a linear combination of a, b"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
