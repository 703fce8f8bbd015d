#pragma once

// Fitted models as files: versioned JSON, checked when read.

#include "rappel/models/data_error.hpp"
#include "rappel/models/design.hpp"
#include "rappel/models/fit.hpp"
#include "rappel/models/linear_regression.hpp"
#include "rappel/models/logistic_regression.hpp"
#include "rappel/models/output_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rappel {

enum class ModelKind { linear, logistic };

std::string to_string(ModelKind kind);  // "linear"

// How a model was fitted.
struct FitSettings {
  double l2 = 0.0;
  std::string method = "lbfgs";
  std::optional<double> learning_rate = {};  // of gradient descent
  std::optional<double> momentum = {};
  std::optional<Index> max_iterations = {};  // none: the method's default
  std::uint64_t seed = 1;
};

// What a model file holds. `parameters` are those of the standardised problem, w and then b: one for each
// feature column of `features`, as `scaling`, and one more.
struct SavedModel {
  ModelKind kind = ModelKind::linear;
  std::vector<FeatureEncoding> features;
  TargetEncoding target;
  Scaling scaling;
  std::vector<double> parameters;
  FitSettings settings;
  bool converged = false;
  std::string outcome;  // why the descent stopped
  double cost = 0.0;
  Index num_rows = 0;
  Index iterations = 0;
};

// Format "rappel-model", version 1. Numbers are written so that reading gives back their bits. The file also
// shows coefficients and intercept in the user's units; reading holds them against the parameters.
// Throws DataError if a name or a level is not UTF-8.
std::string to_json(const SavedModel& model);

// Throws DataError, naming `file` and what is wrong with it: no JSON (cut short), another format or version,
// a field that is missing or of another type, numbers that are not finite, sizes that do not fit each other.
SavedModel parse_model(const std::string& json, const std::string& file);

// Written beside and renamed. Throws FileError, and as to_json.
void save_model(const std::string& path, const SavedModel& model);

// Throws FileError if the file cannot be read, else as parse_model.
SavedModel load_model(const std::string& path);

// One value a row of X, whose columns are feature_names(model.features), in the user's units; for two classes
// the probability of the one. A row with a NaN gives a NaN.
inline Vector predict(const SavedModel& model, const Eigen::Ref<const Matrix>& X, int threads = 1) {
  const Vector parameters = vector_of(model.parameters);
  const std::vector<std::string> names = feature_names(model.features);
  if (model.kind == ModelKind::logistic)
    return predict(LogisticRegression{}, model.scaling, parameters, names, X, threads);
  return predict(LinearRegression{}, model.scaling, parameters, names, X, threads);
}

}  // namespace rappel
