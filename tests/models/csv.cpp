// The parser: what a file of separated values may look like, and what is said of one that is broken.

#include "tables.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

namespace rappel::test {
namespace {

using Cells = std::vector<std::vector<std::string>>;

Cells cells_of(const Table& table) {
  Cells cells(static_cast<std::size_t>(table.num_rows()));
  for (Index r = 0; r < table.num_rows(); ++r) {
    for (Index c = 0; c < table.num_columns(); ++c) {
      cells[static_cast<std::size_t>(r)].emplace_back(table.cell(r, c));
    }
  }
  return cells;
}

std::string error_of(const std::string& text, const CsvOptions& options = {}) {
  return message_of<DataError>([&] { table_of(text, options); });
}

// A file that is removed again.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(
            (std::filesystem::temp_directory_path() / ("rappel_csv_" + std::to_string(getpid()))).string()) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(a_table_does_not_depend_on_line_ends_byte_order_mark_or_the_last_newline) {
  const Cells expected = {{"1", "x"}, {"", "y"}};
  for (const std::string text : {"a,b\n1,x\n,y\n", "a,b\n1,x\n,y", "a,b\r\n1,x\r\n,y\r\n", "a,b\r1,x\r,y\r",
                                 "\xEF\xBB\xBF"
                                 "a,b\n1,x\n,y\n\n\r\n"}) {
    const Table table = table_of(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST((cells_of(table) == expected));
      BOOST_TEST(table.names()[0] == "a");
      BOOST_TEST(table.line(0) == 2);
      BOOST_TEST(table.line(1) == 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(quotes_hold_separators_line_ends_and_quotes) {
  const Table table = table_of("a,b\n\"x,\"\"y\"\"\r\nz\",\"\"\n 1 , \"2\" \nab\"c,\"\"\"\"\n");
  const Cells expected = {{"x,\"y\"\r\nz", ""}, {" 1 ", "2"}, {"ab\"c", "\""}};
  BOOST_TEST((cells_of(table) == expected));
  BOOST_TEST(table.line(0) == 2);
  BOOST_TEST(table.line(1) == 4);  // the quoted cell took two lines
}

BOOST_AUTO_TEST_CASE(a_separator_is_any_character_and_blanks_next_to_it_are_kept) {
  const Cells expected = {{"1,5", "", "2"}};
  BOOST_TEST((cells_of(table_of("a;b;c\n1,5;;2\n", {.separator = ';'})) == expected));
  BOOST_TEST((cells_of(table_of("a\tb\tc\n1,5\t\t2\n", {.separator = '\t'})) == expected));
  BOOST_TEST((cells_of(table_of("a b c\n1,5  2\n", {.separator = ' '})) == expected));
  for (const char separator : {'"', '\n', '\r', '\0'}) {
    BOOST_CHECK_THROW(table_of("a\n1\n", {.separator = separator}), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(without_a_header_columns_are_numbered_and_the_first_line_is_data) {
  const Table table = table_of("\"a\"\"b\",2\n3,4\n", {.header = false});
  BOOST_TEST((table.names() == std::vector<std::string>{"c1", "c2"}));
  BOOST_TEST((cells_of(table) == Cells{{"a\"b", "2"}, {"3", "4"}}));
  BOOST_TEST(table.line(0) == 1);
}

BOOST_AUTO_TEST_CASE(blanks_around_names_do_not_count) {
  BOOST_TEST((table_of(" a , \"b c\" \n1,2\n").names() == std::vector<std::string>{"a", "b c"}));
}

BOOST_AUTO_TEST_CASE(a_blank_line_is_a_missing_cell_in_one_column_and_an_error_in_several) {
  BOOST_TEST((cells_of(table_of("a\n1\n\n2\n\n")) == Cells{{"1"}, {""}, {"2"}}));
  BOOST_TEST(error_of("a,b\n1,2\n\n3,4\n") == "t.csv:3: the line is blank; remove it");
}

BOOST_AUTO_TEST_CASE(a_broken_file_is_named_with_line_and_column) {
  BOOST_TEST(error_of("") == "t.csv: the file is empty");
  BOOST_TEST(error_of("\n\r\n\n") == "t.csv: the file is empty");
  BOOST_TEST(error_of("\xEF\xBB\xBF") == "t.csv: the file is empty");
  BOOST_TEST(error_of("a,b\n") == "t.csv: there is a header, but no row below it");
  BOOST_TEST(contains(error_of("a,b\n1,2\n3\n"), "t.csv:3: 1 cell, where the first line has 2"));
  BOOST_TEST(contains(error_of("a,b\n\"1\n\",2\n3,4,5\n"), "t.csv:4: 3 cells, where the first line has 2"));
  BOOST_TEST(contains(error_of("a,b\n1,2,\n"), "t.csv:2: 3 cells"));
  BOOST_TEST(contains(error_of("a,b,a\n1,2,3\n"), "t.csv:1: columns 1 and 3 are both named 'a'"));
  BOOST_TEST(contains(error_of("a, ,c\n1,2,3\n"), "t.csv:1: column 2 has no name"));
  BOOST_TEST(contains(error_of("a,b\n1,2\n3,\"4\n5,6\n"), "t.csv:3: column 2: the quote that opens here"));
  BOOST_TEST(
      contains(error_of("a,b\n\"1\"x,2\n"), "t.csv:2: column 1: text follows the closing quote of '1'"));
  BOOST_TEST(contains(error_of(std::string("a,b\n1,2\n\0,4\n", 13)), "t.csv:3: a zero byte"));
  BOOST_TEST(contains(error_of("\xFF\xFE" + std::string("a\0\n\0", 4)), "UTF-16"));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_whole_and_one_that_cannot_be_read_is_named) {
  std::string text = "a,b\n";
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + ",x\n";  // longer than a piece of reading
  const TemporaryFile file(text);
  const Table table = read_csv(file.path());
  BOOST_TEST(table.num_rows() == 50000);
  BOOST_TEST(table.cell(49999, 0) == "49999");
  BOOST_TEST(table.file() == file.path());

  const auto unreadable = [](const std::string& path) {
    return message_of<FileError>([&] { read_csv(path); });
  };
  BOOST_TEST(contains(unreadable(file.path() + ".none"), file.path() + ".none: No such file"));
  BOOST_TEST(contains(unreadable("/"), "cannot read /: "));
}

// Any cells, written with every cell in quotes or only where they must be, come back as they were.
BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  std::mt19937 random(7);
  const std::string alphabet = "ab1. ,;\"\n\r\t'\xC3\xA9";
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  for (int round = 0; round < 2000; ++round) {
    Cells cells(1 + below(4), std::vector<std::string>(1 + below(4)));
    std::string text;
    for (std::size_t c = 0; c < cells[0].size(); ++c) text += (c == 0 ? "n" : ",n") + std::to_string(c);
    for (std::vector<std::string>& row : cells) {
      row.resize(cells[0].size());
      text += "\n";
      for (std::size_t c = 0; c < row.size(); ++c) {
        for (std::size_t n = below(5); n > 0; --n) row[c] += alphabet[below(alphabet.size())];
        if (c > 0) text += ",";
        const bool must = row[c].empty() || row[c].find_first_of(",\"\n\r") != std::string::npos;
        if (!must && below(2) == 0) {
          text += row[c];
          continue;
        }
        text += "\"";
        for (const char symbol : row[c]) text += symbol == '"' ? std::string("\"\"") : std::string(1, symbol);
        text += "\"";
      }
    }
    if (below(2) == 0) text += "\r\n";
    BOOST_TEST_CONTEXT(text) { BOOST_TEST((cells_of(table_of(text)) == cells)); }
  }
}

// Under the sanitizers a read out of bounds shows, too.
BOOST_AUTO_TEST_CASE(random_bytes_are_a_table_or_a_data_error) {
  std::mt19937 random(11);
  const std::string frequent = "\"\"\",,,\n\n\r1a. \xEF\xBB\xBF";
  int tables = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) {
      c = random() % 20 == 0 ? static_cast<char>(random() % 256) : frequent[random() % frequent.size()];
    }
    try {
      const Table table = table_of(text, {.separator = ',', .header = random() % 2 == 0});
      ++tables;
      for (Index c = 0; c < table.num_columns(); ++c) {
        for (Index r = 0; r < table.num_rows(); ++r) {
          const std::string_view cell = table.cell(r, c);
          BOOST_REQUIRE(cell.size() <= text.size());
          BOOST_REQUIRE(table.line(r) <= static_cast<Index>(text.size()));
          if (table.is_missing(r, c)) BOOST_REQUIRE(!table.is_number(c) || table.num_rows() > 1);
        }
        try {
          BOOST_REQUIRE(static_cast<Index>(table.numbers(c).size()) == table.num_rows());
        } catch (const DataError&) {
        }
      }
    } catch (const DataError&) {
    }
  }
  BOOST_TEST(tables > 1000);  // else this tests the errors alone
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
