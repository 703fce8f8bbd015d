#pragma once

// How columns of a table become the matrix and the target of a fit, and later the features of a prediction.
//
// What the caller named wrongly throws std::invalid_argument (the command's exit status 2): an unknown name
// (the nearest existing one is named), a feature given twice, the target among the features, a positive value
// that is not there. What the data do not allow throws DataError (exit status 5).

#include "rappel/models/data_error.hpp"
#include "rappel/models/table.hpp"

#include <rappel/core.hpp>

#include <span>
#include <string>
#include <vector>

namespace rappel {

// A column as features: itself if `levels` is empty (a number); otherwise, for a text column, one indicator
// for each level but the first, which is the base. Levels are in sort order (by bytes).
struct FeatureEncoding {
  std::string column;
  std::vector<std::string> levels;

  std::size_t num_features() const { return levels.empty() ? 1 : levels.size() - 1; }
};

// A number as it is if both values are empty. For two classes: 1 where the cell is `one`; 0 where it is
// `zero` or, if `zero` is empty, anything else.
struct TargetEncoding {
  std::string column;
  std::string zero;
  std::string one;
};

struct DesignOptions {
  std::string target;
  std::vector<std::string> features = {};  // columns; if empty, all number columns but the target
  bool drop_missing = false;               // leave out rows with a missing cell in a column in use
  bool two_classes = false;                // the target becomes 0 and 1
  std::string positive = {};               // the cell of the target that is 1, if two_classes
};

struct Design {
  std::vector<double> X;  // num_rows x num_features(), column-major
  std::vector<double> y;
  Index num_rows = 0;
  std::vector<std::string> feature_names;  // of the columns of X: "sqft", "type=Condo"
  std::vector<FeatureEncoding> features;
  TargetEncoding target;
  std::vector<std::string>
      notes;  // one line each, for the summary: rows left out, base levels, which class is 1

  Index num_features() const { return static_cast<Index>(feature_names.size()); }
  Eigen::Map<const Matrix> matrix() const { return {X.data(), num_rows, num_features()}; }
  Eigen::Map<const Vector> target_values() const { return {y.data(), num_rows}; }
};

// Throws DataError for: a missing cell (unless drop_missing); a cell that is no number in a number column; a
// text target where a number is needed; a text column of over 50 levels; a target that has not two values
// where two classes are needed (without `positive`); a feature that is constant, or a copy or a linear
// combination of those before it (all are named, and which to leave out; a penalty does not change that,
// since predictions would depend on which of them is penalised); a level named as another column; no feature
// at all; fewer rows than parameters, which are the features and the intercept. As many rows as parameters
// are enough here, though they leave no residuals to estimate standard errors from.
Design make_design(const Table& table, const DesignOptions& options);

// The names of the columns of X for these encodings.
std::vector<std::string> feature_names(std::span<const FeatureEncoding> features);

// The most levels that a text column may have as a feature.
inline constexpr std::size_t max_levels = 50;

// The features of every row of a table, as in the fit. A row in which a cell in use is missing is not
// complete: what X holds for it has no meaning, but holds a NaN.
struct EncodedRows {
  std::vector<double> X;  // num_rows x num_features, column-major
  std::vector<char> complete;
  Index num_rows = 0;
  Index num_features = 0;

  bool is_complete(Index row) const { return complete[static_cast<std::size_t>(row)] != 0; }
  Eigen::Map<const Matrix> matrix() const { return {X.data(), num_rows, num_features}; }
};

// Throws DataError for a column that the table does not have (with the nearest name that it has), a level
// that was not there in the fit (line, column, level and the known ones), a cell that is no number.
EncodedRows encode_rows(const Table& table, std::span<const FeatureEncoding> features);

}  // namespace rappel
