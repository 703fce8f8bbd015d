#include "design_parts.hpp"

#include "cell.hpp"

#include "rappel/models/nearest_name.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <unordered_set>

namespace rappel {

namespace detail {

namespace {

template <class Print>
std::string list(std::span<const std::string> entries, std::size_t most, const Print& print) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, entries.size()); ++i) {
    text += (i == 0 ? "" : ", ") + print(entries[i]);
  }
  if (entries.size() > most) text += " and " + std::to_string(entries.size() - most) + " others";
  return text;
}

// In sort order.
std::vector<std::string> levels_of(const Table& table, Index column, Rows rows) {
  std::unordered_set<std::string_view> seen;
  for (const Index row : rows) seen.insert(trimmed(table.cell(row, column)));
  std::vector<std::string> levels(seen.begin(), seen.end());
  std::sort(levels.begin(), levels.end());
  return levels;
}

void encode_numbers(ConstSpan numbers, Rows rows, double* out) {
  for (const Index row : rows) *out++ = numbers[static_cast<std::size_t>(row)];
}

void encode_levels(const Table& table, Index column, const std::vector<std::string>& levels, Rows rows,
                   double* out) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view cell = trimmed(table.cell(rows[i], column));
    const bool missing = table.is_missing(rows[i], column);
    const auto level = std::lower_bound(levels.begin(), levels.end(), cell);
    if (!missing && (level == levels.end() || *level != cell)) {
      throw DataError(table.where(rows[i], column) + ": " + in_quotes(cell) +
                      " was not there when the model was fitted; the known values are " +
                      quoted_list_of(levels) + "; the nearest is " + in_quotes(nearest_name(cell, levels)));
    }
    for (std::size_t l = 1; l < levels.size(); ++l) {
      const double indicator = level - levels.begin() == static_cast<std::ptrdiff_t>(l) ? 1.0 : 0.0;
      out[(l - 1) * rows.size() + i] = missing ? std::numeric_limits<double>::quiet_NaN() : indicator;
    }
  }
}

}  // namespace

std::string list_of(std::span<const std::string> names, std::size_t most) {
  return list(names, most, [](const std::string& name) { return printable(name); });
}
std::string quoted_list_of(std::span<const std::string> values) {
  return list(values, 10, [](const std::string& value) { return in_quotes(value); });
}

FeatureEncoding feature_encoding(const Table& table, Index column, Rows rows) {
  FeatureEncoding encoding{table.names()[static_cast<std::size_t>(column)], {}};
  if (table.is_number(column)) return encoding;
  encoding.levels = levels_of(table, column, rows);
  const std::size_t count = encoding.levels.size();
  if (count == 1) {
    throw DataError(table.where(column) + ": is " + in_quotes(encoding.levels[0]) + " in all " +
                    std::to_string(rows.size()) + " rows; leave out this feature");
  }
  if (count > max_levels) {
    throw DataError(table.where(column) + ": text with " + std::to_string(count) + " levels, the most is " +
                    std::to_string(max_levels) + "; leave out this feature, or join levels");
  }
  return encoding;
}

void encode(const Table& table, Index column, const FeatureEncoding& encoding, Rows rows, double* out) {
  if (encoding.levels.empty()) {
    encode_numbers(table.numbers(column), rows, out);
  } else {
    encode_levels(table, column, encoding.levels, rows, out);
  }
}

}  // namespace detail

std::vector<std::string> feature_names(std::span<const FeatureEncoding> features) {
  std::vector<std::string> names;
  for (const FeatureEncoding& feature : features) {
    if (feature.levels.empty()) names.push_back(feature.column);
    for (std::size_t l = 1; l < feature.levels.size(); ++l) {
      names.push_back(feature.column + "=" + feature.levels[l]);
    }
  }
  return names;
}

EncodedRows encode_rows(const Table& table, std::span<const FeatureEncoding> features) {
  const std::size_t num_rows = static_cast<std::size_t>(table.num_rows());
  std::vector<Index> rows(num_rows);
  for (std::size_t r = 0; r < num_rows; ++r) rows[r] = static_cast<Index>(r);

  EncodedRows encoded;
  encoded.num_rows = table.num_rows();
  encoded.num_features = static_cast<Index>(feature_names(features).size());
  encoded.X.resize(num_rows * static_cast<std::size_t>(encoded.num_features));
  encoded.complete.assign(num_rows, 1);
  double* out = encoded.X.data();
  for (const FeatureEncoding& feature : features) {
    if (!table.has_column(feature.column)) {
      throw DataError(table.file() + ": the model needs the column " + in_quotes(feature.column) +
                      ", which is not there; the nearest is " +
                      in_quotes(nearest_name(feature.column, table.names())));
    }
    const Index column = table.column_index(feature.column);
    detail::encode(table, column, feature, rows, out);
    for (std::size_t r = 0; r < num_rows; ++r) {
      if (table.is_missing(rows[r], column)) encoded.complete[r] = 0;
    }
    out += feature.num_features() * num_rows;
  }
  return encoded;
}

}  // namespace rappel
