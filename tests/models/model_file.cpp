// Model files: what is saved is what is loaded, and what is wrong is refused.

#include "rappel/models/model_file.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace rappel;

namespace {

// Awkward digits, an indicator column, and text that JSON must escape.
SavedModel saved_example() {
  SavedModel m;
  m.kind = ModelKind::logistic;
  m.features = {{"sq\"ft\\", {}}, {"type", {"Condo", "Multi\nFamily", "Residential"}}};
  m.target = {"sold", "no", "yes"};
  m.scaling = {{1.0 / 3.0, 0.1, 7.0}, {3.0, 0.7, 0.2}, 0.0, 1.0};
  m.parameters = {0.1, -2.0 / 3.0, 1e-17, -0.0};
  m.settings = {.l2 = 1e-3,
                .method = "gradient-descent",
                .learning_rate = 0.1,
                .momentum = 0.9,
                .max_iterations = 7,
                .seed = ~0ull};
  m.converged = true;
  m.outcome = "gradient tolerance reached";
  m.cost = 0.1 + 0.2;
  m.num_rows = 932;
  m.iterations = 12;
  return m;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != text.npos, from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& json) {
  try {
    parse_model(json, "m.json");
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

struct Change {
  const char *from, *to, *expected;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(model_file)

BOOST_AUTO_TEST_CASE(every_field_comes_back_with_its_bits) {
  const SavedModel saved = saved_example();
  const SavedModel loaded = parse_model(to_json(saved), "m.json");
  BOOST_TEST((loaded.kind == saved.kind));
  BOOST_REQUIRE_EQUAL(loaded.features.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    BOOST_TEST(loaded.features[i].column == saved.features[i].column);
    BOOST_TEST(loaded.features[i].levels == saved.features[i].levels, boost::test_tools::per_element());
  }
  BOOST_TEST(loaded.target.column == "sold");
  BOOST_TEST(loaded.target.zero == "no");
  BOOST_TEST(loaded.target.one == "yes");
  BOOST_TEST(same_bits(loaded.scaling.mean, saved.scaling.mean));
  BOOST_TEST(same_bits(loaded.scaling.sd, saved.scaling.sd));
  BOOST_TEST(same_bits(loaded.parameters, saved.parameters));
  BOOST_TEST(loaded.settings.l2 == 1e-3);
  BOOST_TEST(loaded.settings.method == "gradient-descent");
  BOOST_TEST(*loaded.settings.learning_rate == 0.1);
  BOOST_TEST(*loaded.settings.momentum == 0.9);
  BOOST_TEST(*loaded.settings.max_iterations == 7);
  BOOST_TEST(loaded.settings.seed == ~0ull);
  BOOST_TEST(loaded.converged);
  BOOST_TEST(loaded.outcome == saved.outcome);
  BOOST_TEST(loaded.cost == saved.cost);
  BOOST_TEST(loaded.num_rows == 932);
  BOOST_TEST(loaded.iterations == 12);
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_anywhere_is_refused_in_one_line) {
  const std::string whole = to_json(saved_example());
  // The last two characters are the closing brace and the end of its line, which may be missing.
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    const std::string error = error_of(whole.substr(0, length));
    BOOST_REQUIRE_MESSAGE(error.find("m.json: no model file, or one that was cut short") == 0,
                          length << ": " << error);
    BOOST_REQUIRE(error.find('\n') == error.npos);
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named) {
  const std::string good = to_json(saved_example());
  const Change changes[] = {
      {"\"rappel-model\"", "\"other\"", "m.json: no model of rappel: its format is 'other'"},
      {"\"version\": 1", "\"version\": 2", "m.json: version 2 of the format, this rappel reads version 1"},
      {"\"version\": 1", "\"version\": \"1\"", "m.json: version is no whole number"},
      {"\"logistic\"", "\"logic\"", "m.json: model is 'logic', neither linear nor logistic"},
      {"\"converged\": true", "\"converged\": 1", "m.json: converged is neither true nor false"},
      {"\"rows\": 932", "\"rows\": -1", "m.json: rows is no whole number"},
      {"\"rows\": 932", "\"rows\": 9.5", "m.json: rows is no whole number"},
      {"\"rows\": 932", "\"rows\": 9223372036854775808", "m.json: rows is too large"},
      {"\"cost\": ", "\"cost\": NaN, \"was\": ", "m.json: no model file"},
      {"\"cost\": ", "\"costs\": ", "m.json: cost is missing"},
      {"\"target_sd\": 1.0", "\"target_sd\": null", "m.json: scaling.target_sd is no number"},
      {"\"target_sd\": 1.0", "\"target_sd\": 0.0", "m.json: scaling.target_sd is not > 0"},
      {"\"target_sd\": 1.0", "\"target_sd\": 1e999", "m.json: a number is out of range"},
      {"\"no\"", "7", "m.json: target.zero is no text"},
      {"\"levels\": []", "\"levels\": {}", "m.json: features.levels is no list"},
      {"\"Condo\"", "\"Zoo\"", "m.json: features.levels is not sorted"},
      {"\"method\": \"gradient-descent\"", "\"method\": 3", "m.json: options.method is no text"},
      {"\"method\": \"gradient-descent\"", "\"method\": \"newton\"", "m.json: options.method is 'newton'"},
      {"\"l2\": 0.001", "\"l2\": []", "m.json: options.l2 is no number"},
      {"\"l2\": 0.001", "\"l2\": -0.001", "m.json: options.l2 is negative"},
      {"\"intercept\": ", "\"intercept\": 1",
       "m.json: coefficients and intercept do not agree with parameters"},
  };
  for (const Change& c : changes) {
    const std::string error = error_of(replaced(good, c.from, c.to));
    BOOST_TEST(error.find(c.expected) == 0, error);
  }
  BOOST_TEST(error_of("[]").find("m.json: the model is no object") == 0);
  BOOST_TEST(error_of(std::string(200000, '[')).find("m.json: ") ==
             0);  // deep nesting must not exhaust the stack
}

BOOST_AUTO_TEST_CASE(sizes_must_agree) {
  for (const auto change :
       {+[](SavedModel& m) { m.parameters.push_back(1.0); }, +[](SavedModel& m) { m.features.pop_back(); }}) {
    SavedModel m = saved_example();
    change(m);
    std::string json;
    try {
      json = to_json(m);
    } catch (const std::exception&) {
      continue;  // refused even earlier
    }
    BOOST_TEST(error_of(json) != "no error");
  }
}

BOOST_AUTO_TEST_CASE(a_column_that_is_there_twice_is_named) {
  SavedModel m = saved_example();
  m.features[1].column = m.features[0].column;
  BOOST_TEST(error_of(to_json(m)).find("m.json: features has '" + m.features[0].column + "' twice") == 0);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_utf8_is_refused_when_saved) {
  SavedModel m = saved_example();
  m.features[0].column =
      "gr\xf6\xdf"
      "e";
  BOOST_CHECK_EXCEPTION(to_json(m), DataError, [](const DataError& e) {
    return std::string(e.what()).find("UTF-8") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_saved_file_replaces_another_as_a_whole_and_leaves_nothing_beside_it) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("rappel_model_file_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const std::string path = (folder / "m.json").string();
  std::ofstream(path) << "old";
  {
    OutputFile abandoned(path);
    abandoned.stream() << "half";
  }
  std::ifstream in(path);
  BOOST_TEST(std::string(std::istreambuf_iterator<char>(in), {}) == "old");
  save_model(path, saved_example());
  BOOST_TEST(same_bits(load_model(path).parameters, saved_example().parameters));
  BOOST_TEST(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
  BOOST_CHECK_THROW(save_model((folder / "none" / "m.json").string(), saved_example()), FileError);
  BOOST_CHECK_THROW(save_model(folder.string(), saved_example()), FileError);
  BOOST_CHECK_THROW(load_model((folder / "none.json").string()), FileError);
  BOOST_CHECK_THROW(load_model(folder.string()), FileError);
  std::ofstream(folder / "empty.json").close();  // could be read, and is no model: bad data
  BOOST_CHECK_THROW(load_model((folder / "empty.json").string()), DataError);
  fs::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(predictions_are_the_models_formula) {
  SavedModel m = saved_example();
  const Matrix X{{2.0, 1.0, 0.0}, {0.5, 0.0, 1.0}};
  const Vector p = predict(m, X);
  for (Index r = 0; r < 2; ++r) {
    double z = m.parameters[3];
    for (std::size_t j = 0; j < 3; ++j)
      z += m.parameters[j] * (X(r, static_cast<Index>(j)) - m.scaling.mean[j]) / m.scaling.sd[j];
    // A few roundings of z, which is below 100, and 2 ulp of sigmoid.
    BOOST_TEST(std::abs(p[r] - 1.0 / (1.0 + std::exp(-z))) <= 1e-13);
  }
}

BOOST_AUTO_TEST_SUITE_END()
