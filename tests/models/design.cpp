// Design: which rows, which columns, which numbers a fit gets; what it refuses; the same encodings for a
// prediction.

#include "tables.hpp"

#include <rappel/models/design.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace rappel::test {
namespace {

using Names = std::vector<std::string>;

// What is wrong with the data, and with the call.
std::string data_error(const Table& table, const DesignOptions& options) {
  return message_of<DataError>([&] { make_design(table, options); });
}
std::string call_error(const Table& table, const DesignOptions& options) {
  return message_of<std::invalid_argument>([&] { make_design(table, options); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(design)

BOOST_AUTO_TEST_CASE(by_default_all_number_columns_but_the_target_are_features) {
  const Table table = table_of("a,t,y,b,e\n1,u,7,2,\n2,v,8,2,NA\n3,w,9,5,\n");
  const Design design = make_design(table, {.target = "y"});
  BOOST_TEST((design.feature_names == Names{"a", "b"}));
  BOOST_TEST((design.notes == Names{"features: a, b (all number columns but the target; left out: t, e)"}));
  BOOST_TEST((design.X == std::vector<double>{1, 2, 3, 2, 2, 5}));
  BOOST_TEST((design.y == std::vector<double>{7, 8, 9}));
  BOOST_TEST(design.num_rows == 3);
  BOOST_TEST(design.matrix()(2, 1) == 5.0);
  BOOST_TEST(design.target_values()[1] == 8.0);
  BOOST_TEST((design.target.column == "y" && design.target.zero.empty() && design.target.one.empty()));
}

BOOST_AUTO_TEST_CASE(features_come_in_the_order_they_are_named) {
  const Design design =
      make_design(table_of("a,b,y\n1,4,0\n2,3,1\n4,9,0\n"), {.target = "y", .features = {"b", "a"}});
  BOOST_TEST((design.feature_names == Names{"b", "a"}));
  BOOST_TEST((design.X == std::vector<double>{4, 3, 9, 1, 2, 4}));
  BOOST_TEST(design.notes.empty());
}

BOOST_AUTO_TEST_CASE(a_text_feature_becomes_indicators_without_its_first_level) {
  const Table table = table_of("k,y\nb,1\n a,2\nc,3\n\"a \",4\nb,5\n");
  const Design design = make_design(table, {.target = "y", .features = {"k"}});
  BOOST_TEST((design.feature_names == Names{"k=b", "k=c"}));
  BOOST_TEST((design.X == std::vector<double>{1, 0, 0, 0, 1, 0, 0, 1, 0, 0}));
  BOOST_TEST((design.features[0].levels == Names{"a", "b", "c"}));
  BOOST_TEST((design.notes == Names{"k: the base level is 'a'"}));
}

BOOST_AUTO_TEST_CASE(a_text_feature_has_at_most_fifty_levels) {
  const auto levels = [](int count) {
    std::string text = "k,y\n";
    for (int r = 0; r < 2 * count; ++r)
      text += "level" + std::to_string(r % count) + "," + std::to_string(r * r) + "\n";
    return table_of(text);
  };
  BOOST_TEST(make_design(levels(50), {.target = "y", .features = {"k"}}).num_features() == 49);
  BOOST_TEST(contains(data_error(levels(51), {.target = "y", .features = {"k"}}),
                      "t.csv: column k: text with 51 levels"));
}

BOOST_AUTO_TEST_CASE(only_cells_in_use_are_looked_at) {
  const Table table = table_of("a,bad,gap,y\n1,1,1,1\n2,oops,,2\n4,2,3,5\n5,3,3,7\n");
  BOOST_TEST(make_design(table, {.target = "y", .features = {"a"}}).num_rows == 4);
  BOOST_TEST(
      contains(data_error(table, {.target = "y", .features = {"a", "bad"}}), "t.csv:3: column bad: 'oops'"));
  BOOST_TEST(
      contains(data_error(table, {.target = "bad", .features = {"a"}}), "t.csv:3: column bad: 'oops'"));
}

BOOST_AUTO_TEST_CASE(rows_with_a_missing_cell_are_an_error_or_left_out_and_counted) {
  const Table table =
      table_of("a,k,unused,y\n1,u,1,1\n2,NA,1,2\n3,v,,3\nNA,w,1,4\n5,u,1,6\n6,v,1,NA\n7,v,1,8\n");
  DesignOptions options{.target = "y", .features = {"a", "k"}};
  BOOST_TEST(
      data_error(table, options) ==
      "t.csv:3: column k: the cell is missing (3 of 7 rows miss one); fill it in, or leave out such rows "
      "with --drop-missing");
  options.drop_missing = true;
  const Design design = make_design(table, options);
  BOOST_TEST((design.y == std::vector<double>{1, 3, 6, 8}));
  BOOST_TEST((design.X == std::vector<double>{1, 3, 5, 7, 0, 1, 0, 1}));
  BOOST_TEST((design.features[1].levels == Names{"u", "v"}));  // w went with its row
  BOOST_TEST(design.notes[0] == "3 of 7 rows left out: missing cells");
}

BOOST_AUTO_TEST_CASE(columns_and_rows_of_missing_cells_are_refused) {
  const Table table = table_of("a,b,c,y\n1,,NA,1\n2,,3,NA\n,,4,3\n");
  for (const bool drop : {false, true}) {
    BOOST_TEST(data_error(table, {.target = "y", .features = {"a", "b"}, .drop_missing = drop}) ==
               "t.csv: column b: all cells are missing; leave out this column");
  }
  BOOST_TEST(contains(data_error(table, {.target = "y", .features = {"a", "c"}, .drop_missing = true}),
                      "every row has a missing cell"));
}

BOOST_AUTO_TEST_CASE(names_that_the_call_has_wrong_are_the_callers_mistake) {
  const Table table = table_of("sqft,beds,price\n1,2,3\n2,2,5\n3,5,9\n");
  BOOST_TEST(contains(call_error(table, {.target = "prize"}), "no column 'prize'; the nearest is 'price'"));
  BOOST_TEST(contains(call_error(table, {.target = "price", .features = {"bads"}}), "the nearest is 'beds'"));
  BOOST_TEST(contains(call_error(table, {.target = "price", .features = {"beds", "sqft", "beds"}}),
                      "feature 'beds' is given twice"));
  BOOST_TEST(contains(call_error(table, {.target = "price", .features = {"beds", "price"}}),
                      "target 'price' is among the features"));
  BOOST_TEST(
      contains(call_error(table, {.target = "price", .positive = "3"}), "only a model of two classes"));
}

BOOST_AUTO_TEST_CASE(a_file_without_a_number_column_says_so) {
  BOOST_TEST(contains(data_error(table_of("k,y\nu,1\nv,2\nu,3\n"), {.target = "y"}),
                      "no column but the target 'y'"));
}

BOOST_AUTO_TEST_CASE(a_level_named_as_a_column_is_refused) {
  const Table table = table_of("a,a=c,y\nb,1,1\nc,2,2\nb,3,4\nc,7,5\nb,5,7\nd,2,8\n");
  BOOST_TEST(contains(data_error(table, {.target = "y", .features = {"a", "a=c"}}),
                      "t.csv: 'a=c' is both a column and a level of another"));
  BOOST_TEST(make_design(table, {.target = "y", .features = {"a"}}).num_features() == 2);
}

BOOST_AUTO_TEST_CASE(rows_must_not_be_fewer_than_parameters) {
  const std::string two_rows = "a,b,y\n1,5,1\n2,3,2\n";
  BOOST_TEST(make_design(table_of(two_rows + "3,4,1\n"), {.target = "y"}).num_rows == 3);
  BOOST_TEST(contains(data_error(table_of(two_rows), {.target = "y"}),
                      "t.csv: 2 rows without missing cells are fewer than the 3 parameters"));
}

// ---- Targets of two classes

BOOST_AUTO_TEST_CASE(a_target_of_two_texts_needs_no_positive_value) {
  const Table table = table_of("a,sex\n1,male\n2,female\n3,male\n");
  const Design design = make_design(table, {.target = "sex", .features = {"a"}, .two_classes = true});
  BOOST_TEST((design.y == std::vector<double>{1, 0, 1}));
  BOOST_TEST((design.target.zero == "female" && design.target.one == "male"));
  BOOST_TEST((design.notes == Names{"sex: 1 is 'male', 0 is 'female'"}));

  const Design turned =
      make_design(table, {.target = "sex", .features = {"a"}, .two_classes = true, .positive = "female"});
  BOOST_TEST((turned.y == std::vector<double>{0, 1, 0}));
  BOOST_TEST((turned.target.zero == "male" && turned.target.one == "female"));
}

BOOST_AUTO_TEST_CASE(a_positive_value_stands_against_all_others) {
  const Table table = table_of("a,k\n1,u\n2,v\n3,w\n4,v\n");
  const Design design =
      make_design(table, {.target = "k", .features = {"a"}, .two_classes = true, .positive = "v"});
  BOOST_TEST((design.y == std::vector<double>{0, 1, 0, 1}));
  BOOST_TEST((design.target.zero.empty() && design.target.one == "v"));
  BOOST_TEST((design.notes == Names{"k: 1 is 'v', 0 is any other value"}));

  const DesignOptions no_positive{.target = "k", .features = {"a"}, .two_classes = true};
  BOOST_TEST(contains(data_error(table, no_positive), "column k: has 3 values, 'u', 'v', 'w'"));
  BOOST_TEST(contains(data_error(table, no_positive), "--positive"));
  const std::string absent =
      call_error(table, {.target = "k", .features = {"a"}, .two_classes = true, .positive = "V"});
  BOOST_TEST(contains(absent, "no cell is 'V'; it has 3 values, 'u', 'v', 'w'; the nearest is 'v'"));
}

BOOST_AUTO_TEST_CASE(a_target_of_two_numbers_is_two_classes) {
  const DesignOptions options{.target = "y", .features = {"a"}, .two_classes = true};
  const Design as_it_is = make_design(table_of("a,y\n1,1\n2,0\n3,1.0\n"), options);
  BOOST_TEST((as_it_is.y == std::vector<double>{1, 0, 1}));
  BOOST_TEST(as_it_is.notes.empty());

  const Design design =
      make_design(table_of("a,y\n1,10\n2,9\n3,1e1\n"), options);  // 10 > 9, though '10' < '9'
  BOOST_TEST((design.y == std::vector<double>{1, 0, 1}));
  BOOST_TEST((design.notes == Names{"y: 1 is '10', 0 is '9'"}));

  DesignOptions positive = options;
  positive.positive = "2.0";
  BOOST_TEST((make_design(table_of("a,y\n1,1\n2,2\n3,3\n"), positive).y == std::vector<double>{0, 1, 0}));
  BOOST_TEST(contains(data_error(table_of("a,y\n1,1\n2,2\n3,3\n"), options), "has 3 values, '1', '2', '3'"));
  BOOST_TEST(contains(data_error(table_of("a,y\n1,4\n2,4\n3,4\n"), options), "is '4' in all 3 rows"));
}

BOOST_AUTO_TEST_CASE(classes_are_those_of_the_rows_that_stay) {
  const Table table = table_of("a,k\n1,u\n2,v\nNA,w\n4,v\n");
  const Design design =
      make_design(table, {.target = "k", .features = {"a"}, .drop_missing = true, .two_classes = true});
  BOOST_TEST((design.target.zero == "u" && design.target.one == "v"));
}

BOOST_AUTO_TEST_CASE(a_text_target_does_not_suit_a_model_of_numbers) {
  BOOST_TEST(contains(data_error(table_of("a,k\n1,u\n2,v\n3,u\n"), {.target = "k"}),
                      "t.csv:2: column k: the target must be a number, and the column holds text, 'u'"));
}

// ---- Predictions

BOOST_AUTO_TEST_CASE(encoded_rows_are_the_features_of_the_fit) {
  const Table table = table_of("k,a,y\nb,1,1\na,2,2\nc,4,3\nb,5,7\n");
  const Design design = make_design(table, {.target = "y", .features = {"a", "k"}});
  const EncodedRows rows = encode_rows(table, design.features);
  BOOST_TEST((rows.X == design.X));
  BOOST_TEST(rows.num_features == 3);

  // Other order, no target, fewer levels, cells missing.
  const EncodedRows other = encode_rows(table_of("a,z,k\n7,,c\n,,a\n9,,NA\n"), design.features);
  BOOST_TEST(other.num_rows == 3);
  BOOST_TEST((other.is_complete(0) && !other.is_complete(1) && !other.is_complete(2)));
  BOOST_TEST((other.matrix().row(0) == Eigen::RowVector3d(7, 0, 1)));
  BOOST_TEST(std::isnan(other.matrix()(1, 0)));
  BOOST_TEST(std::isnan(other.matrix()(2, 2)));
}

BOOST_AUTO_TEST_CASE(levels_are_text_even_if_all_of_them_are_numbers_in_another_file) {
  const std::vector<FeatureEncoding> features = {{"k", {"1", "2", "x"}}};
  const EncodedRows rows = encode_rows(table_of("k\n2\n1\n2\n"), features);
  BOOST_TEST((rows.X == std::vector<double>{1, 0, 1, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(what_a_prediction_cannot_encode_is_named) {
  const std::vector<FeatureEncoding> features = {{"k", {"Condo", "House"}}, {"sqft", {}}};
  const auto error = [&](const std::string& text) {
    return message_of<DataError>([&] { encode_rows(table_of(text), features); });
  };
  BOOST_TEST(
      error("k,sqft\nCondo,1\nhouse,2\n") ==
      "t.csv:3: column k: 'house' was not there when the model was fitted; the known values are 'Condo', "
      "'House'; the nearest is 'House'");
  BOOST_TEST(contains(error("k,sqf\nCondo,1\n"),
                      "needs the column 'sqft', which is not there; the nearest is 'sqf'"));
  BOOST_TEST(contains(error("k,sqft\nCondo,1\nHouse,big\nHouse,3\n"),
                      "t.csv:3: column sqft: 'big' is not a number"));
}

BOOST_AUTO_TEST_CASE(the_shipped_files_make_designs) {
  const Table houses = read_csv(std::string(RAPPEL_DATA_DIR) + "/sacramento.csv");
  const Design by_type = make_design(houses, {.target = "price", .features = {"sqft", "type"}});
  BOOST_TEST((by_type.feature_names == Names{"sqft", "type=Multi_Family", "type=Residential"}));
  BOOST_TEST(by_type.num_rows == 932);
  BOOST_TEST(contains(data_error(houses, {.target = "price", .features = {"zip"}}), "text with 68 levels"));

  const Table penguins = read_csv(std::string(RAPPEL_DATA_DIR) + "/penguins.csv");
  DesignOptions options{.target = "species", .two_classes = true, .positive = "Adelie"};
  BOOST_TEST(contains(data_error(penguins, options),
                      "penguins.csv:5: column bill_length_mm: the cell is missing (2 of 344"));
  options.drop_missing = true;
  const Design adelie = make_design(penguins, options);
  BOOST_TEST(adelie.notes[1] == "2 of 344 rows left out: missing cells");
  BOOST_TEST(adelie.target_values().sum() == 151.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace rappel::test
