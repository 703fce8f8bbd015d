// Table: what is a number, what is missing, and what is said only when a column is used.

#include "tables.hpp"

#include <rappel/models/nearest_name.hpp>

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace rappel::test {
namespace {

// The cells as column x, beside three numbers that make it a number column.
Table column_of(const std::vector<std::string>& cells) {
  std::string text = "x,y\n1,0\n2,0\n3,0\n";
  for (const std::string& cell : cells) text += cell + ",0\n";
  return table_of(text);
}

std::string number_error(const Table& table, Index column) {
  return message_of<DataError>([&] { table.numbers(column); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(missing_cells_are_empty_blank_na_nan_or_null_quoted_or_not) {
  for (const std::string cell :
       {"", "  ", "NA", "NaN", "nan", "NAN", "null", "NULL", "Null", "\"NA\"", "\"\"", " NA ", "\" nan \""}) {
    BOOST_TEST_CONTEXT(cell) {
      const Table table = column_of({cell});
      BOOST_TEST(table.is_missing(3, 0));
      BOOST_TEST(std::isnan(table.numbers(0)[3]));
    }
  }
  for (const std::string cell : {"na", "Na", "N/A", "none", "-", "0", "-nan", "nan(1)", "NAs"}) {
    BOOST_TEST(!column_of({cell}).is_missing(3, 0), cell);
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_whole_cells_with_blanks_and_sign_allowed) {
  const std::vector<std::pair<std::string, double>> rows = {
      {"1", 1.0},       {" +1.5 ", 1.5},        {"-.5", -0.5},   {"5.", 5.0},  {"\"7\"", 7.0},
      {"1e3", 1000.0},  {"1E-3", 0.001},        {"-0", -0.0},    {"0.1", 0.1}, {"007", 7.0},
      {"+0.1e+1", 1.0}, {"4.9e-324", 4.9e-324}, {"1e308", 1e308}};
  for (const auto& [cell, value] : rows) {
    BOOST_TEST_CONTEXT(cell) {
      const double read = column_of({cell}).numbers(0)[3];
      BOOST_TEST(std::bit_cast<std::uint64_t>(read) == std::bit_cast<std::uint64_t>(value));
    }
  }
  for (const std::string cell :
       {"1 2", "1.2.3", "--1", "+-1", "+ 1", "0x10", "1e", "1d3", "1,5", "one", "12px", "+", ".", "1_000"}) {
    const std::string quoted = cell.find(',') == std::string::npos ? cell : "\"" + cell + "\"";
    BOOST_TEST(contains(number_error(column_of({quoted}), 0), "'" + cell + "' is not a number"));
  }
}

// strtod of the C library, too, rounds correctly.
BOOST_AUTO_TEST_CASE(numbers_are_exactly_rounded) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2000; ++round) {
    const double value = std::bit_cast<double>(random());
    if (!std::isnormal(value)) continue;
    char digits[40];
    const int count = 1 + static_cast<int>(random() % 25);
    std::snprintf(digits, sizeof digits, "%.*e", count, value);
    const double expected = std::strtod(digits, nullptr);
    if (!std::isnormal(expected)) continue;
    BOOST_TEST(column_of({digits}).numbers(0)[3] == expected, digits);
  }
}

BOOST_AUTO_TEST_CASE(a_number_column_has_numbers_in_more_than_half_of_its_known_cells) {
  const Table table = table_of("a,b,c,d,e,f\n1,1,x,NA,,NA\n2,2,y,NA,5,1\nz,NA,3,NA,NA,inf\nNA,z,NA,,,x\n");
  const std::vector<bool> expected = {true, true, false, false, true, true};
  for (Index c = 0; c < table.num_columns(); ++c) {
    BOOST_TEST(table.is_number(c) == expected[static_cast<std::size_t>(c)],
               table.names()[static_cast<std::size_t>(c)]);
  }
  BOOST_TEST(!table_of("a\n1\nx\n").is_number(0));  // one half is not more than half
}

BOOST_AUTO_TEST_CASE(text_in_a_number_column_is_an_error_only_when_the_column_is_used) {
  const Table table = table_of("beds,price\n1,10\nNA,20\nabc,30\n2,40\n3,50\nd,60\n");
  BOOST_TEST(table.numbers(1)[5] == 60.0);
  BOOST_TEST(number_error(table, 0) ==
             "t.csv:4: column beds: 'abc' is not a number; correct the cell, or leave it empty if the value "
             "is not known");
  BOOST_TEST(message_of<DataError>([&] { table.columns(); }) == number_error(table, 0));
  const std::vector<std::string> price = {"price"};
  BOOST_TEST(table.columns(price).num_rows() == 6);
}

BOOST_AUTO_TEST_CASE(infinities_and_numbers_that_no_double_holds_are_errors_when_used) {
  for (const std::string cell : {"inf", "-Inf", "+INFINITY"}) {
    const Table table = column_of({cell});
    BOOST_TEST(table.is_number(0));
    BOOST_TEST(contains(number_error(table, 0), "t.csv:5: column x: '" + cell + "' is not finite"));
  }
  for (const std::string cell : {"1e309", "-1e999", "1e-400"}) {
    BOOST_TEST(contains(number_error(column_of({cell}), 0), "'" + cell + "' is beyond the range"));
  }
}

BOOST_AUTO_TEST_CASE(a_message_is_one_short_line_whatever_the_cell_holds) {
  const std::string long_cell = "\"a\nb\t" + std::string(100, 'x') + "\"";
  BOOST_TEST(
      contains(number_error(column_of({long_cell}), 0), "'a?b?" + std::string(36, 'x') + "..' is not"));
  // A character of UTF-8 is not cut in two.
  BOOST_TEST(in_quotes(std::string(39, 'x') + "\xC3\xA9 and more") == "'" + std::string(39, 'x') + "..'");
}

BOOST_AUTO_TEST_CASE(columns_are_the_number_columns_by_name_and_outlive_the_table) {
  Columns columns;
  {
    const Table table = table_of("a,t,b\n1,x,2\nNA,y,4\n5,z,6\n");
    columns = table.columns();
  }
  BOOST_TEST((columns.names() == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(columns.num_rows() == 3);
  BOOST_TEST(columns.column(1)[2] == 6.0);
  BOOST_TEST(std::isnan(columns.column(0)[1]));
}

BOOST_AUTO_TEST_CASE(an_unknown_name_comes_with_the_nearest_existing_one) {
  const Table table = table_of("sqft,beds,price\n1,2,3\n");
  BOOST_TEST(table.column_index("beds") == 1);
  BOOST_TEST(table.has_column("price"));
  BOOST_TEST(!table.has_column("Price"));
  BOOST_TEST(message_of<std::invalid_argument>([&] { table.column_index("sqrft"); }) ==
             "t.csv has no column 'sqrft'; the nearest is 'sqft'");
  const Table other = table_of("sqft;beds\n1;2\n");
  BOOST_TEST(contains(message_of<std::invalid_argument>([&] { other.column_index("beds"); }), "separator"));
}

BOOST_AUTO_TEST_CASE(the_nearest_name_takes_the_fewest_edits) {
  const std::vector<std::string> names = {"sqft", "beds", "baths", "price", "latitude", "longitude"};
  const std::vector<std::pair<std::string, std::string>> rows = {{"bed", "beds"},
                                                                 {"bath", "baths"},
                                                                 {"PRICE", "price"},
                                                                 {"pirce", "price"},
                                                                 {"longtitude", "longitude"},
                                                                 {"latitud", "latitude"},
                                                                 {"sqtf", "sqft"},
                                                                 {"", "sqft"}};
  for (const auto& [typed, nearest] : rows) BOOST_TEST(nearest_name(typed, names) == nearest, typed);
  // Neighbours exchanged are one edit, where two replacements would be two.
  BOOST_TEST(nearest_name("ab", std::vector<std::string>{"xyb", "ba"}) == "ba");
  // And so is a replacement.
  BOOST_TEST(nearest_name("abc", std::vector<std::string>{"abcde", "abd"}) == "abd");
  BOOST_TEST(nearest_name("x", {}) == "");
}

BOOST_AUTO_TEST_CASE(rows_and_columns_that_do_not_exist_are_named) {
  const Table table = table_of("a,b\n1,2\n");
  BOOST_CHECK_THROW(table.cell(1, 0), std::invalid_argument);
  BOOST_CHECK_THROW(table.cell(-1, 0), std::invalid_argument);
  BOOST_CHECK_THROW(table.line(1), std::invalid_argument);
  BOOST_CHECK_THROW(table.numbers(2), std::invalid_argument);
  BOOST_CHECK_THROW(table.is_number(-1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_shipped_files_are_read) {
  const Table houses = read_csv(std::string(RAPPEL_DATA_DIR) + "/sacramento.csv");
  BOOST_TEST(houses.num_rows() == 932);
  BOOST_TEST((houses.columns().names() ==
              std::vector<std::string>{"beds", "baths", "sqft", "price", "latitude", "longitude"}));
  const Table penguins = read_csv(std::string(RAPPEL_DATA_DIR) + "/penguins.csv");
  BOOST_TEST(penguins.num_rows() == 344);
  BOOST_TEST(penguins.cell(0, 0) == "Adelie");
  BOOST_TEST(penguins.is_missing(3, penguins.column_index("sex")));
  BOOST_TEST(penguins.numbers(penguins.column_index("bill_length_mm"))[0] == 39.1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
