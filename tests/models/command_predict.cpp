// `rappel predict`: the data's own columns, and what the model says of each row.

#include "models/process.hpp"
#include "models/r_reference.hpp"

#include "rappel/models/model_file.hpp"
#include "rappel/models/read_csv.hpp"

#include <cmath>

using namespace rappel;
using namespace rappel::test;

BOOST_AUTO_TEST_SUITE(command_predict)

BOOST_AUTO_TEST_CASE(a_linear_prediction_is_intercept_plus_coefficients_times_features) {
  const Folder here;
  BOOST_REQUIRE(
      here.run("fit linear --data sacramento.csv --target price --features sqft,beds,baths --save m.json")
          .status == 0);
  const Ended e = here.run("predict --model m.json --data sacramento.csv");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(e.err == "");
  const auto lines = lines_of(e.out), given = lines_of(here.read("sacramento.csv"));
  BOOST_REQUIRE_EQUAL(lines.size(), given.size());
  BOOST_TEST(lines[0] == "city,zip,beds,baths,sqft,type,price,latitude,longitude,prediction");
  const Table table = parse_csv(e.out, "out.csv");
  const auto column = [&](const char* name) { return table.numbers(table.column_index(name)); };
  const auto r = RLinear().coefficients;
  for (std::size_t i = 0; i < 932; ++i) {
    const double expected = r[3].estimate + r[0].estimate * column("sqft")[i] +
                            r[1].estimate * column("beds")[i] + r[2].estimate * column("baths")[i];
    // Predictions are below 1e6 and have the 13 digits that R's output and the descent leave.
    BOOST_TEST(std::abs(column("prediction")[i] - expected) < 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(one_line_a_row_with_NA_where_a_cell_is_missing) {
  const Folder here;
  BOOST_REQUIRE(here.run("fit logistic --data penguins.csv --target species --positive Adelie --drop-missing "
                         "--save m.json "
                         "--features bill_length_mm,bill_depth_mm")
                    .status == 0);
  const Ended e = here.run("predict --model m.json --data penguins.csv --out p.csv");
  BOOST_TEST(e.status == 0, e.err);
  BOOST_TEST(e.out == "");
  const auto lines = lines_of(here.read("p.csv"));
  BOOST_REQUIRE_EQUAL(lines.size(), 345u);
  BOOST_TEST(
      lines[0] ==
      "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,prediction,probability");
  BOOST_TEST(lines[4] == "Adelie,Torgersen,NA,NA,NA,NA,NA,NA,NA");
  std::size_t adelie = 0;
  for (const std::string& line : lines) {
    if (contains(line, ",Adelie,"))
      ++adelie;
    else
      BOOST_TEST((contains(line, ",not Adelie,") || contains(line, ",NA,NA") || contains(line, "species")),
                 line);
  }
  BOOST_TEST(adelie > 140u);
}

BOOST_AUTO_TEST_CASE(classes_have_the_names_of_the_target) {
  const Folder here;
  here.write("d.csv", "x,sold\n1,no\n2,yes\n3,no\n4,yes\n5,yes\n1.5,no\n");
  BOOST_REQUIRE(here.run("fit logistic --data d.csv --target sold --save m.json").status == 0);
  here.write("n.csv", "x\n-10\n20\n");
  const auto lines = lines_of(here.run("predict --model m.json --data n.csv").out);
  BOOST_REQUIRE_EQUAL(lines.size(), 3u);
  BOOST_TEST(lines[0] == "x,prediction,probability");
  BOOST_TEST(lines[1].substr(0, 7) == "-10,no,");
  BOOST_TEST(lines[2].substr(0, 7) == "20,yes,");
}

BOOST_AUTO_TEST_CASE(cells_that_need_quotes_keep_them) {
  const Folder here;
  here.write("d.csv", "name,x,y\n\"a, \"\"b\"\"\",1,2\n\"two\nlines\",2,3\nplain,3,5\n");
  BOOST_REQUIRE(here.run("fit linear --data d.csv --target y --features x --save m.json").status == 0);
  const Table table = parse_csv(here.run("predict --model m.json --data d.csv").out, "out.csv");
  BOOST_REQUIRE_EQUAL(table.num_rows(), 3);
  BOOST_TEST(table.cell(0, 0) == "a, \"b\"");
  BOOST_TEST(table.cell(1, 0) == "two\nlines");
}

BOOST_AUTO_TEST_CASE(other_separators_and_no_header) {
  const Folder here;
  here.write("d.csv", "1;2\n2;4\n3;6.5\n");
  BOOST_REQUIRE(
      here.run("fit linear --data d.csv --separator ; --no-header --target c2 --save m.json").status == 0);
  const Ended e = here.run("predict --model m.json --data d.csv --separator ; --no-header");
  BOOST_REQUIRE_EQUAL(lines_of(e.out).size(), 3u);
  BOOST_TEST(e.out.substr(0, 4) == "1;2;");
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads) {
  const Folder here;
  std::string rows = "x,y\n";
  for (int i = 0; i < 20000; ++i) rows += std::to_string(i % 97) + "," + std::to_string((i * 7) % 89) + "\n";
  here.write("d.csv", rows);
  BOOST_REQUIRE(here.run("fit linear --data d.csv --target y --save m.json").status == 0);
  const std::string one = here.run("predict --model m.json --data d.csv").out;
  for (const char* threads : {"2", "3", "8"})
    BOOST_TEST(
        (here.run(std::string("predict --model m.json --data d.csv --threads ") + threads).out == one));
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused_and_nothing_is_written) {
  const Folder here;
  BOOST_REQUIRE(
      here.run("fit linear --data sacramento.csv --target price --features sqft,type --save m.json").status ==
      0);
  const std::string predict = "predict --model m.json --out p.csv --data ";
  here.write("level.csv", "sqft,type\n1000,Condo\n900,Castle\n");
  check_refused(here.run(predict + "level.csv"), 5, {"level.csv:3", "type", "'Castle'", "Condo"});
  here.write("column.csv", "sqf,type\n1000,Condo\n");
  check_refused(here.run(predict + "column.csv"), 5, {"column.csv", "'sqft'", "'sqf'"});
  here.write("text.csv", "sqft,type\n1000,Condo\n900,Condo\nmany,Condo\n");
  check_refused(here.run(predict + "text.csv"), 5, {"text.csv:4", "sqft", "'many'"});
  here.write("again.csv", "sqft,type,prediction\n1000,Condo,1\n");
  check_refused(here.run(predict + "again.csv"), 5, {"again.csv:1", "prediction"});
  check_refused(here.run(predict + "none.csv"), 2, {"none.csv"});
  check_refused(here.run("predict --model none.json --data sacramento.csv"), 2, {"none.json"});
  check_refused(here.run("predict --model sacramento.csv --data sacramento.csv"), 5,
                {"sacramento.csv", "no model file"});
  const std::string model = here.read("m.json");
  here.write("short.json", model.substr(0, model.size() / 2));
  check_refused(here.run("predict --model short.json --data sacramento.csv"), 5, {"short.json", "cut short"});
  check_refused(here.run("predict --model m.json --data sacramento.csv --out none/p.csv"), 2, {"none/p.csv"});
  check_refused(here.run("predict --model m.json --data sacramento.csv --out sacramento.csv"), 2,
                {"--out", "--data"});
  check_refused(here.run("predict --model m.json"), 2, {"--data is needed"});
  check_refused(here.run("predict --data sacramento.csv"), 2, {"--model is needed"});
  BOOST_TEST(!here.has("p.csv"));
  for (const std::string& file : here.files()) BOOST_TEST(!contains(file, "partial"), file);
}

BOOST_AUTO_TEST_CASE(a_closed_standard_output_is_an_error_and_no_other_file_takes_its_place) {
  const Folder here;
  const std::string fit = "fit linear --data sacramento.csv --target price --features sqft --save m.json";
  BOOST_REQUIRE(here.run(fit).status == 0);
  const std::string before = here.read("m.json");
  const Ended e = here.run_to("", fit);
  BOOST_TEST(e.status == 1);
  BOOST_TEST(contains(e.err, "cannot write to standard output"), e.err);
  BOOST_TEST(here.read("m.json") == before);
}

BOOST_AUTO_TEST_CASE(an_output_may_be_a_pipe_without_a_name) {
  const Folder here;
  BOOST_REQUIRE(
      here.run("fit linear --data sacramento.csv --target price --features sqft --save m.json").status == 0);
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  const std::string end = "/dev/fd/" + std::to_string(ends[1]);
  here.write("d.csv", "sqft\n1000\n");
  const Ended e = here.run("predict --model m.json --data d.csv --out " + end);
  BOOST_TEST(e.status == 0, e.err);
  char text[64];
  BOOST_TEST(read(ends[0], text, 16) == 16);
  BOOST_TEST(std::string(text, 16) == "sqft,prediction\n");
  close(ends[0]), close(ends[1]);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error) {
  BOOST_REQUIRE(fs::exists("/dev/full"));
  const Folder here;
  BOOST_REQUIRE(
      here.run("fit linear --data sacramento.csv --target price --features sqft --save m.json").status == 0);
  const Ended e = here.run_to("/dev/full", "predict --model m.json --data sacramento.csv");
  BOOST_TEST(e.status == 1);
  BOOST_TEST(contains(e.err, "cannot write to standard output"), e.err);
  const Ended f = here.run("predict --model m.json --data sacramento.csv --out /dev/full");
  BOOST_TEST(f.status == 2);
  BOOST_TEST(contains(f.err, "/dev/full"), f.err);
}

BOOST_AUTO_TEST_SUITE_END()
