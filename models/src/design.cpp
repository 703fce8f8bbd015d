#include "rappel/models/design.hpp"

#include "collinearity.hpp"
#include "design_parts.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace rappel {

namespace {

using detail::list_of;
using detail::Rows;

// Columns of the table that a fit uses.
struct Selection {
  Index target = 0;
  std::vector<Index> features;

  std::vector<Index> all() const {
    std::vector<Index> columns = features;
    columns.push_back(target);
    std::sort(columns.begin(), columns.end());
    return columns;
  }
};

std::vector<Index> named_features(const Table& table, const std::vector<std::string>& names, Index target) {
  std::vector<Index> columns;
  for (const std::string& name : names) {
    const Index column = table.column_index(name);
    if (column == target) {
      throw std::invalid_argument("the target " + in_quotes(name) +
                                  " is among the features; leave it out there");
    }
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      throw std::invalid_argument("the feature " + in_quotes(name) + " is given twice; leave one out");
    }
    columns.push_back(column);
  }
  return columns;
}

// All number columns but the target, and a note that says so.
std::vector<Index> default_features(const Table& table, Index target, Design& design) {
  std::vector<Index> columns;
  std::vector<std::string> in;
  std::vector<std::string> out;
  for (Index c = 0; c < table.num_columns(); ++c) {
    if (c == target) continue;
    const bool number = table.is_number(c);
    if (number) columns.push_back(c);
    (number ? in : out).push_back(table.names()[static_cast<std::size_t>(c)]);
  }
  const std::string& target_name = table.names()[static_cast<std::size_t>(target)];
  if (columns.empty()) {
    throw DataError(table.file() + ": no column but the target " + in_quotes(target_name) +
                    " holds numbers; name the columns of text that are to be features");
  }
  design.notes.push_back("features: " + list_of(in, in.size()) + " (all number columns but the target" +
                         (out.empty() ? "" : "; left out: " + list_of(out)) + ")");
  return columns;
}

Selection select(const Table& table, const DesignOptions& options, Design& design) {
  Selection selection;
  selection.target = table.column_index(options.target);
  selection.features = options.features.empty() ? default_features(table, selection.target, design)
                                                : named_features(table, options.features, selection.target);
  return selection;
}

// Before cells are called missing: a column of nothing else is better left out.
void check_not_all_missing(const Table& table, const std::vector<Index>& columns) {
  for (const Index column : columns) {
    bool any = false;
    for (Index row = 0; row < table.num_rows() && !any; ++row) any = !table.is_missing(row, column);
    if (!any) throw DataError(table.where(column) + ": all cells are missing; leave out this column");
  }
}

struct Missing {
  Index row;
  Index column;
};

std::vector<Index> complete_rows(const Table& table, const std::vector<Index>& columns,
                                 std::optional<Missing>& first_missing) {
  std::vector<Index> rows;
  for (Index row = 0; row < table.num_rows(); ++row) {
    const auto missing = std::find_if(columns.begin(), columns.end(),
                                      [&](Index column) { return table.is_missing(row, column); });
    if (missing == columns.end()) rows.push_back(row);
    if (missing != columns.end() && !first_missing) first_missing = Missing{row, *missing};
  }
  return rows;
}

// The rows of the fit. Throws DataError if a cell is missing and rows are not to be left out.
std::vector<Index> rows_in_use(const Table& table, const std::vector<Index>& columns, bool drop_missing,
                               Design& design) {
  check_not_all_missing(table, columns);
  std::optional<Missing> first_missing;
  const std::vector<Index> rows = complete_rows(table, columns, first_missing);
  if (!first_missing) return rows;
  const std::string left_out = std::to_string(table.num_rows() - static_cast<Index>(rows.size())) + " of " +
                               std::to_string(table.num_rows()) + " rows";
  if (!drop_missing) {
    throw DataError(table.where(first_missing->row, first_missing->column) + ": the cell is missing (" +
                    left_out + " miss one); fill it in, or leave out such rows with --drop-missing");
  }
  design.notes.push_back(left_out + " left out: missing cells");
  return rows;
}

void check_enough_rows(const Table& table, std::size_t rows, std::size_t features) {
  if (rows > features) return;
  throw DataError(table.file() + ": " + std::to_string(rows) +
                  " rows without missing cells are fewer than the " + std::to_string(features + 1) +
                  " parameters (" + std::to_string(features) +
                  " features and the intercept); leave out features, or add rows");
}

// Names the encoding that feature j belongs to.
const std::string& column_of(const std::vector<FeatureEncoding>& features, std::size_t j) {
  std::size_t f = 0;
  while (j >= features[f].num_features()) j -= features[f++].num_features();
  return features[f].column;
}

void check_independent(const Table& table, const Design& design) {
  const std::optional<Dependence> found =
      find_dependence(design.X, design.y.size(), design.feature_names.size());
  if (!found) return;
  const std::string& column = column_of(design.features, found->column);
  const std::string advice = "; leave out the feature " + printable(column);
  const std::string where = table.where(table.column_index(column)) + ": ";
  if (found->on.empty()) {
    throw DataError(where + "has the same value in all " + std::to_string(design.num_rows) + " rows" +
                    advice);
  }
  std::vector<std::string> others;
  for (const std::size_t k : found->on) others.push_back(design.feature_names[k]);
  throw DataError(where + "the feature " + printable(design.feature_names[found->column]) +
                  (others.size() == 1 ? " repeats " : " is a linear combination of ") + list_of(others) +
                  (others.size() == 1 ? " (but for scale and offset)" : "") + advice);
}

// A level of a text column may be called as a number column is: a and its level b, and a column a=b.
void check_names(const Table& table, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw DataError(table.file() + ": " + in_quotes(*twice) +
                    " is both a column and a level of another; rename the column, or leave one of them out");
}

void encode_features(const Table& table, const std::vector<Index>& columns, Rows rows, Design& design) {
  for (const Index column : columns) {
    design.features.push_back(detail::feature_encoding(table, column, rows));
    const FeatureEncoding& feature = design.features.back();
    if (feature.levels.empty()) continue;
    design.notes.push_back(printable(feature.column) + ": the base level is " + in_quotes(feature.levels[0]));
  }
  design.feature_names = feature_names(design.features);
  check_names(table, design.feature_names);
  check_enough_rows(table, rows.size(), design.feature_names.size());

  design.X.resize(rows.size() * design.feature_names.size());
  double* out = design.X.data();
  for (std::size_t f = 0; f < columns.size(); ++f) {
    detail::encode(table, columns[f], design.features[f], rows, out);
    out += design.features[f].num_features() * rows.size();
  }
}

}  // namespace

Design make_design(const Table& table, const DesignOptions& options) {
  if (!options.positive.empty() && !options.two_classes) {
    throw std::invalid_argument("positive " + in_quotes(options.positive) +
                                ": only a model of two classes has a positive value");
  }
  Design design;
  const Selection selection = select(table, options, design);
  const std::vector<Index> rows = rows_in_use(table, selection.all(), options.drop_missing, design);
  design.num_rows = static_cast<Index>(rows.size());
  if (rows.empty()) {
    throw DataError(table.file() + ": every row has a missing cell; leave out the columns that miss most");
  }
  detail::encode_target(table, selection.target, rows, options, design);
  encode_features(table, selection.features, rows, design);
  check_independent(table, design);
  return design;
}

}  // namespace rappel
