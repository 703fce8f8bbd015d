// What `rappel fit` refuses: one line that says what, where and what to do, the exit status, and nothing
// written.

#include "models/process.hpp"

using namespace rappel::test;

namespace {

struct BadData {
  const char* name;
  std::string content;
  std::string options;  // after --data d.csv --save m.json
  std::vector<std::string> parts;
  int status = 5;
};

std::string many_levels() {
  std::string text = "level,y\n";
  for (int i = 0; i < 153; ++i)
    text += "l" + std::to_string(i % 51) + "," + std::to_string(i * i % 17) + "\n";
  return text;
}

const BadData bad_data[] = {
    {"empty", "", "--target y", {"d.csv", "empty"}},
    {"header only", "x,y\n", "--target y", {"d.csv", "row"}},
    {"ragged", "x,y\n1,2\n3\n4,5\n", "--target y", {"d.csv:3", "2", "1"}},
    {"text", "x,y\n1,2\nabc,3\n4,5\n6,7\n", "--target y", {"d.csv:3", "x", "'abc'"}},
    {"inf", "x,y\n1,2\ninf,3\n4,5\n6,7\n", "--target y", {"d.csv:3", "x", "inf"}},
    {"missing", "x,y\n1,2\n,3\n4,5\n6,7\n", "--target y", {"d.csv:3", "x", "--drop-missing"}},
    {"missing target", "x,y\n1,2\n2,NA\n4,5\n6,7\n", "--target y", {"d.csv:3", "y", "--drop-missing"}},
    {"constant",
     "x,c,y\n1,5,2\n2,5,3\n4,5,5\n6,5,9\n",
     "--target y",
     {"column c", "same value", "leave out"}},
    {"duplicated",
     "x,c,y\n1,1,2\n2,2,3\n4,4,5\n6,6,9\n",
     "--target y",
     {"column c", "repeats x", "leave out"}},
    {"collinear",
     "a,b,s,y\n1,5,6,2\n2,3,5,3\n4,4,8,5\n6,1,7,9\n2,2,4,1\n",
     "--target y",
     {"column s", "combination of a, b", "leave out"}},
    {"few rows", "a,b,y\n1,5,6\n2,3,5\n", "--target y", {"2 rows", "3"}},
    {"levels", many_levels(), "--target y --features level", {"level", "51", "50"}},
    {"text target", "x,y\n1,a\n2,b\n4,c\n", "--target y", {"y"}},
    {"not utf-8 at all", std::string("x,y\n1,\0002\n", 9), "--target y", {"d.csv:2"}},
    {"open quote", "x,y\n1,\"2\n3,4\n", "--target y", {"d.csv:2", "quote"}},
    {"two names alike", "x,x,y\n1,2,3\n", "--target y", {"d.csv:1", "x"}},
    {"unknown target", "x,price\n1,2\n2,4\n4,5\n", "--target prise", {"'prise'", "'price'"}, 2},
    {"unknown feature", "sqft,y\n1,2\n2,4\n4,5\n", "--target y --features sqtf", {"'sqtf'", "'sqft'"}, 2},
    {"twice", "x,y\n1,2\n2,4\n4,5\n", "--target y --features x,x", {"x", "twice"}, 2},
    {"target as feature", "x,y\n1,2\n2,4\n4,5\n", "--target y --features x,y", {"y", "target"}, 2},
    {"empty name", "x,y\n1,2\n2,4\n4,5\n", "--target y --features x,,y", {"--features", "empty"}, 2},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_errors)

BOOST_AUTO_TEST_CASE(bad_data_are_named_by_file_line_and_column) {
  for (const BadData& bad : bad_data) {
    BOOST_TEST_CONTEXT(bad.name) {
      const Folder here;
      here.write("d.csv", bad.content);
      check_refused(here.run("fit linear --data d.csv --save m.json --trace t.csv " + bad.options),
                    bad.status, bad.parts);
      const std::vector<std::string> untouched = {"d.csv"};
      BOOST_TEST(here.files() == untouched, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(classes_that_are_not_two_are_refused) {
  const Folder here;
  const std::string fit = "fit logistic --data penguins.csv --features body_mass_g --drop-missing --target ";
  check_refused(here.run(fit + "species"), 5, {"species", "--positive", "Adelie"});
  check_refused(here.run(fit + "species --positive Adeli"), 2, {"'Adeli'", "Adelie"});
  check_refused(here.run(fit + "bill_length_mm"), 5, {"bill_length_mm"});
}

BOOST_AUTO_TEST_CASE(only_cells_of_columns_in_use_are_looked_at) {
  const Folder here;
  here.write("d.csv", "x,bad,y\n1,inf,2\n2,oops,4\n4,7,5\n5,8,5\n6,9,1\n");
  const Ended e = here.run("fit linear --data d.csv --target y --features x");
  BOOST_TEST(e.status == 0, e.err);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_named_with_the_nearest_right_ones) {
  const Folder here;
  const std::string fit = "fit linear --data sacramento.csv --target price --features sqft ";
  check_refused(here.run("fti linear"), 2, {"'fti'", "'fit'"});
  check_refused(here.run("fit linaer --data sacramento.csv --target price"), 2, {"'linaer'", "'linear'"});
  check_refused(here.run("fit"), 2, {"linear", "logistic"});
  check_refused(here.run("fit linear --target price"), 2, {"--data is needed"});
  check_refused(here.run("fit linear --data sacramento.csv"), 2, {"--target is needed"});
  check_refused(
      here.run({"fit", "logistic", "--data", "penguins.csv", "--target", "species", "--positive", ""}), 2,
      {"--positive is empty"});
  check_refused(here.run(fit + "--lerning-rate 1"), 2, {"--lerning-rate", "--learning-rate"});
  check_refused(here.run(fit + "--feat beds"), 2, {"--feat", "--features"});
  check_refused(here.run(fit + "--method lbgfs"), 2, {"'lbgfs'", "'lbfgs'"});
  check_refused(here.run(fit + "too many words"), 2, {"word"});
  check_refused(here.run(fit + "--l2"), 2, {"l2"});
  check_refused(here.run(fit + "--l2 1 --l2 2"), 2, {"l2"});
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_say_what_they_must_be) {
  const Folder here;
  const std::string fit = "fit linear --data sacramento.csv --target price --features sqft ";
  const std::string descent = fit + "--method gradient-descent ";
  check_refused(here.run(descent + "--learning-rate 0"), 2, {"--learning-rate is '0'", "> 0"});
  check_refused(here.run(descent + "--learning-rate inf"), 2, {"--learning-rate is 'inf'"});
  check_refused(here.run(descent + "--learning-rate 0.1x"), 2, {"--learning-rate is '0.1x'"});
  check_refused(here.run(descent + "--momentum 1"), 2, {"--momentum is '1'", "below 1"});
  check_refused(here.run(fit + "--max-iterations 0"), 2, {"--max-iterations is '0'", ">= 1"});
  check_refused(here.run(fit + "--max-iterations 1.5"), 2, {"--max-iterations is '1.5'"});
  check_refused(here.run(fit + "--l2 -1"), 2, {"--l2 is '-1'", ">= 0"});
  check_refused(here.run(fit + "--threads 0"), 2, {"--threads is '0'"});
  check_refused(here.run(fit + "--separator ab"), 2, {"--separator is 'ab'"});
}

BOOST_AUTO_TEST_CASE(scales_beyond_double_precision_are_named) {
  const Folder here;
  here.write("small.csv", "y,x\n1,1e-310\n2,2e-310\n4,3e-310\n9,4e-310\n");
  here.write("large.csv", "y,x\n1,1.7e308\n2,-1.7e308\n4,1.6e308\n9,1e308\n");
  for (const std::string file : {"small.csv", "large.csv"}) {
    check_refused(here.run("fit linear --data " + file + " --target y --save m.json"), 5,
                  {file, "feature 'x'", "another unit"});
    check_refused(here.run("fit linear --data " + file + " --target x --features y"), 5,
                  {file, "target 'x'", "another unit"});
  }
  BOOST_TEST(!here.has("m.json"));
}

BOOST_AUTO_TEST_CASE(names_with_line_breaks_and_bytes_that_are_no_text_stay_on_one_line) {
  const Folder here;
  check_refused(
      here.run(std::vector<std::string>{"fit", "linear", "--data", "no\nfile.csv", "--target", "y"}), 2,
      {"no?file.csv"});
  here.write("a\nb.csv", "y,x\n1,2\n2,3,4\n");
  check_refused(here.run(std::vector<std::string>{"fit", "linear", "--data", "a\nb.csv", "--target", "y",
                                                  "--features", "x"}),
                5, {"a?b.csv"});
  here.write("latin.csv", "y,\xe9\n1,5\n2,5\n3,4\n4,1\n5,7\n");
  check_refused(here.run("fit linear --data latin.csv --target y --save m.json"), 5, {"latin.csv", "UTF-8"});
  BOOST_TEST(!here.has("m.json"));
  here.write("broken.csv", "\"a\nb\",c\n1,2\n2,3\n3,5\n4,5\n");
  const Ended e = here.run("fit linear --data broken.csv --target c");
  BOOST_TEST(e.status == 0);
  BOOST_TEST(contains(e.out, "c by a?b;"), e.out);
}

BOOST_AUTO_TEST_CASE(an_option_that_is_not_used_is_refused) {
  const Folder here;
  const std::string fit = "fit linear --data sacramento.csv --target price --features sqft ";
  check_refused(here.run(fit + "--learning-rate 0.1"), 2,
                {"--learning-rate is not used", "gradient-descent"});
  check_refused(here.run(fit + "--method lbfgs --momentum 0.1"), 2, {"--momentum is not used"});
  check_refused(here.run(fit + "--positive 3"), 2, {"--positive is not used", "logistic"});
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_is_found_before_the_fit) {
  const Folder here;
  const std::string fit = "fit linear --data sacramento.csv --target price --features sqft ";
  check_refused(here.run(fit + "--save none/m.json"), 2, {"none/m.json"});
  check_refused(here.run(fit + "--save ."), 2, {"directory"});
  check_refused(here.run(fit + "--trace none/t.csv --save m.json"), 2, {"none/t.csv"});
  check_refused(here.run(fit + "--plot-cost cost.bmp"), 2, {"--plot-cost", ".png"});
  check_refused(here.run(fit + "--save sacramento.csv"), 2, {"--save", "--data"});
  check_refused(here.run(fit + "--save ./a.json --trace a.json"), 2, {"--save", "--trace"});
  check_refused(here.run("fit linear --data none.csv --target price"), 2, {"none.csv"});
  check_refused(here.run("fit linear --data . --target price"), 2, {"directory"});
  BOOST_TEST(here.files().empty());
}

BOOST_AUTO_TEST_SUITE_END()
