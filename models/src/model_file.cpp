#include "rappel/models/model_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <ostream>
#include <sstream>

namespace rappel {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* format_name = "rappel-model";
constexpr int format_version = 1;

std::vector<double> user_coefficients(const SavedModel& model, double& intercept) {
  std::vector<double> coefficients(model.scaling.num_features());
  intercept = to_user_units(model.scaling, model.parameters, coefficients);
  return coefficients;
}

template <class T>
Json optional_value(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Reads fields and says which one is wrong: "target.zero".
class Reader {
 public:
  Reader(const Json& json, std::string path, const std::string& file)
      : json_(json), path_(std::move(path)), file_(file) {
    if (!json.is_object()) fail("is no object");
  }

  Reader object(const char* name) const { return {field(name), inner(name), file_}; }

  std::string text(const char* name) const {
    return checked(name, field(name).is_string(), "no text").get<std::string>();
  }
  bool flag(const char* name) const {
    return checked(name, field(name).is_boolean(), "neither true nor false").get<bool>();
  }
  double number(const char* name) const { return number_of(field(name), name); }
  Index count(const char* name) const {
    const std::uint64_t value = seed(name);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()))
      fail_field(name, "is too large");
    return static_cast<Index>(value);
  }
  std::uint64_t seed(const char* name) const {
    return checked(name, field(name).is_number_unsigned(), "no whole number >= 0").get<std::uint64_t>();
  }
  std::optional<double> optional_number(const char* name) const {
    return field(name).is_null() ? std::optional<double>() : number(name);
  }
  std::optional<Index> optional_count(const char* name) const {
    return field(name).is_null() ? std::optional<Index>() : count(name);
  }
  std::vector<double> numbers(const char* name) const {
    std::vector<double> values;
    for (const Json& value : list(name)) values.push_back(number_of(value, name));
    return values;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> values;
    for (const Json& value : list(name)) {
      if (!value.is_string()) fail_field(name, "holds what is no text");
      values.push_back(value.get<std::string>());
    }
    return values;
  }
  std::vector<Reader> objects(const char* name) const {
    std::vector<Reader> readers;
    for (const Json& value : list(name)) readers.push_back({value, inner(name), file_});
    return readers;
  }

  [[noreturn]] void fail_field(const char* name, const std::string& what) const {
    throw DataError(file_ + ": " + inner(name) + " " + what + "; fit the model anew");
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(file_ + ": " + (path_.empty() ? "the model" : path_) + " " + what +
                    "; fit the model anew");
  }

 private:
  std::string inner(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  const Json& field(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) fail_field(name, "is missing");
    return *found;
  }
  const Json& checked(const char* name, bool right, const char* what) const {
    if (!right) fail_field(name, std::string("is ") + what);
    return field(name);
  }
  const Json& list(const char* name) const { return checked(name, field(name).is_array(), "no list"); }
  double number_of(const Json& value, const char* name) const {
    if (!value.is_number()) fail_field(name, "is no number");
    const double number = value.get<double>();
    if (!std::isfinite(number)) fail_field(name, "is not finite");
    return number;
  }

  const Json& json_;
  std::string path_;
  const std::string& file_;
};

Json parse_json(const std::string& text, const std::string& file) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw DataError(file + ": no model file, or one that was cut short (not JSON at byte " +
                    std::to_string(error.byte) + "); fit the model anew");
  } catch (const Json::exception&) {  // numbers beyond the range of double
    throw DataError(file + ": a number is out of range; fit the model anew");
  }
}

void check_format(const Reader& reader, const std::string& file) {
  if (const std::string format = reader.text("format"); format != format_name)
    throw DataError(file + ": no model of rappel: its format is " + in_quotes(format));
  if (const Index version = reader.count("version"); version != format_version)
    throw DataError(file + ": version " + std::to_string(version) +
                    " of the format, this rappel reads version " + std::to_string(format_version) +
                    "; fit the model anew, or use the rappel that wrote it");
}

ModelKind kind_of(const Reader& reader) {
  const std::string kind = reader.text("model");
  if (kind == "linear") return ModelKind::linear;
  if (kind == "logistic") return ModelKind::logistic;
  reader.fail_field("model", "is " + in_quotes(kind) + ", neither linear nor logistic");
}

FeatureEncoding encoding_of(const Reader& reader) {
  FeatureEncoding feature{reader.text("column"), reader.texts("levels")};
  if (feature.levels.size() == 1) reader.fail_field("levels", "has one entry");
  for (std::size_t i = 1; i < feature.levels.size(); ++i)
    if (feature.levels[i] <= feature.levels[i - 1]) reader.fail_field("levels", "is not sorted");
  return feature;
}

void check_columns(const Reader& reader, const std::vector<FeatureEncoding>& features) {
  for (std::size_t i = 0; i < features.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (features[k].column == features[i].column)
        reader.fail_field("features", "has " + in_quotes(features[i].column) + " twice");
}

Scaling scaling_of(const Reader& reader, std::size_t num_features) {
  Scaling scaling{reader.numbers("mean"), reader.numbers("sd"), reader.number("target_mean"),
                  reader.number("target_sd")};
  const auto check = [&](const char* name, std::size_t size) {
    if (size != num_features)
      reader.fail_field(
          name, "has " + std::to_string(size) + " entries for " + std::to_string(num_features) + " features");
  };
  check("mean", scaling.mean.size());
  check("sd", scaling.sd.size());
  for (const double sd : scaling.sd)
    if (!(sd > 0.0)) reader.fail_field("sd", "has an entry that is not > 0");
  if (!(scaling.target_sd > 0.0)) reader.fail_field("target_sd", "is not > 0");
  return scaling;
}

FitSettings settings_of(const Reader& reader) {
  FitSettings settings;
  settings.l2 = reader.number("l2");
  if (settings.l2 < 0.0) reader.fail_field("l2", "is negative");
  settings.method = reader.text("method");
  if (settings.method != "lbfgs" && settings.method != "gradient-descent")
    reader.fail_field("method", "is " + in_quotes(settings.method) + ", neither lbfgs nor gradient-descent");
  settings.learning_rate = reader.optional_number("learning_rate");
  settings.momentum = reader.optional_number("momentum");
  settings.max_iterations = reader.optional_count("max_iterations");
  settings.seed = reader.seed("seed");
  return settings;
}

// Someone who edits the coefficients that a file shows must not be given the predictions of others.
void check_coefficients(const Reader& reader, const SavedModel& model) {
  double intercept = 0.0;
  const std::vector<double> coefficients = user_coefficients(model, intercept);
  const auto agree = [](double a, double b) {
    return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
  };
  const std::vector<double> shown = reader.numbers("coefficients");
  bool all = shown.size() == coefficients.size() && agree(reader.number("intercept"), intercept);
  for (std::size_t j = 0; all && j < shown.size(); ++j) all = agree(shown[j], coefficients[j]);
  if (!all) reader.fail_field("coefficients", "and intercept do not agree with parameters");
}

}  // namespace

std::string to_string(ModelKind kind) { return kind == ModelKind::linear ? "linear" : "logistic"; }

std::string to_json(const SavedModel& model) {
  Json features = Json::array();
  for (const FeatureEncoding& f : model.features)
    features.push_back({{"column", f.column}, {"levels", f.levels}});
  double intercept = 0.0;
  const std::vector<double> coefficients = user_coefficients(model, intercept);
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!finite(intercept) || !std::all_of(coefficients.begin(), coefficients.end(), finite))
    throw DataError("the coefficients are not finite, and such a model would be of no use");
  const FitSettings& s = model.settings;
  const Json json = {
      {"format", format_name},
      {"version", format_version},
      {"model", to_string(model.kind)},
      {"features", features},
      {"target", {{"column", model.target.column}, {"zero", model.target.zero}, {"one", model.target.one}}},
      {"feature_names", feature_names(model.features)},
      {"coefficients", coefficients},
      {"intercept", intercept},
      {"parameters", model.parameters},
      {"scaling",
       {{"mean", model.scaling.mean},
        {"sd", model.scaling.sd},
        {"target_mean", model.scaling.target_mean},
        {"target_sd", model.scaling.target_sd}}},
      {"options",
       {{"l2", s.l2},
        {"method", s.method},
        {"learning_rate", optional_value(s.learning_rate)},
        {"momentum", optional_value(s.momentum)},
        {"max_iterations", optional_value(s.max_iterations)},
        {"seed", s.seed}}},
      {"converged", model.converged},
      {"outcome", model.outcome},
      {"cost", model.cost},
      {"rows", model.num_rows},
      {"iterations", model.iterations}};
  try {
    return json.dump(2) + "\n";
  } catch (const Json::type_error&) {
    throw DataError("a column name or a level in use is not UTF-8, as JSON must be; convert the data first");
  }
}

SavedModel parse_model(const std::string& text, const std::string& file) {
  const Json json = parse_json(text, file);
  const Reader reader(json, "", file);
  check_format(reader, file);
  SavedModel model;
  model.kind = kind_of(reader);
  for (const Reader& feature : reader.objects("features")) model.features.push_back(encoding_of(feature));
  check_columns(reader, model.features);
  const Reader target = reader.object("target");
  model.target = {target.text("column"), target.text("zero"), target.text("one")};
  std::size_t num_features = 0;
  for (const FeatureEncoding& f : model.features) num_features += f.num_features();
  if (num_features == 0) reader.fail_field("features", "is empty");
  model.scaling = scaling_of(reader.object("scaling"), num_features);
  model.parameters = reader.numbers("parameters");
  if (model.parameters.size() != num_features + 1)
    reader.fail_field("parameters", "has " + std::to_string(model.parameters.size()) + " entries for " +
                                        std::to_string(num_features) + " features and the intercept");
  model.settings = settings_of(reader.object("options"));
  model.converged = reader.flag("converged");
  model.outcome = reader.text("outcome");
  model.cost = reader.number("cost");
  model.num_rows = reader.count("rows");
  model.iterations = reader.count("iterations");
  check_coefficients(reader, model);
  return model;
}

void save_model(const std::string& path, const SavedModel& model) {
  OutputFile file(path);
  file.stream() << to_json(model);
  file.keep();
}

SavedModel load_model(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (!in.is_open() || in.bad() || !text)
    throw FileError("cannot read " + printable(path) + ": " + std::strerror(errno));
  return parse_model(text.str(), printable(path));
}

}  // namespace rappel
