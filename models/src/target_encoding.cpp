#include "design_parts.hpp"

#include "cell.hpp"

#include "rappel/models/nearest_name.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace rappel::detail {

namespace {

// A value of a target column: its number in a number column, its text in another.
class TargetColumn {
 public:
  TargetColumn(const Table& table, Index column) : table_(table), column_(column) {
    if (table.is_number(column)) numbers_ = table.numbers(column);
  }

  std::string_view text(Index row) const { return trimmed(table_.cell(row, column_)); }

  bool equal(Index a, Index b) const { return is_number() ? number(a) == number(b) : text(a) == text(b); }
  bool less(Index a, Index b) const { return is_number() ? number(a) < number(b) : text(a) < text(b); }

  bool equals(Index row, std::string_view value) const {
    if (!is_number()) return text(row) == trimmed(value);
    const CellValue wanted = read_cell(value);
    return wanted.kind == CellKind::number && number(row) == wanted.number;
  }

  // A row for each value that occurs, in order of the values.
  std::vector<Index> rows_of_values(Rows rows) const {
    const auto before = [this](Index a, Index b) { return less(a, b); };
    std::set<Index, decltype(before)> shown(before);
    for (const Index row : rows) shown.insert(row);
    return {shown.begin(), shown.end()};
  }

 private:
  bool is_number() const { return !numbers_.empty(); }
  double number(Index row) const { return numbers_[static_cast<std::size_t>(row)]; }

  const Table& table_;
  Index column_;
  ConstSpan numbers_;
};

std::string values_in_words(const std::vector<std::string>& values) {
  return std::to_string(values.size()) + " values, " + quoted_list_of(values);
}

// The row that shows the value which is 1.
Index row_of_one(const TargetColumn& target, Rows rows, const std::vector<Index>& shown,
                 const std::vector<std::string>& values, const std::string& positive,
                 const std::string& where) {
  if (positive.empty()) {
    if (shown.size() == 2) return shown[1];
    throw DataError(where + ": has " + values_in_words(values) +
                    ", where two classes are needed; name the one that is 1 with --positive VALUE");
  }
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](Index row) { return target.equals(row, positive); });
  if (found != rows.end()) return *found;
  throw std::invalid_argument(where + ": no cell is " + in_quotes(positive) + "; it has " +
                              values_in_words(values) + "; the nearest is " +
                              in_quotes(nearest_name(positive, values)));
}

void encode_two_classes(const TargetColumn& target, Rows rows, const std::string& where,
                        const std::string& positive, Design& design) {
  const std::vector<Index> shown = target.rows_of_values(rows);
  std::vector<std::string> values;
  for (const Index row : shown) values.emplace_back(target.text(row));
  if (shown.size() == 1) {
    throw DataError(where + ": is " + in_quotes(values[0]) + " in all " + std::to_string(rows.size()) +
                    " rows, where two classes are needed");
  }
  const Index one = row_of_one(target, rows, shown, values, positive, where);
  design.target.one = std::string(target.text(one));
  for (std::size_t i = 0; i < rows.size(); ++i) design.y[i] = target.equal(rows[i], one) ? 1.0 : 0.0;
  std::string zero = "any other value";
  if (shown.size() == 2) {
    const std::size_t other = target.equal(shown[0], one) ? 1 : 0;
    design.target.zero = values[other];
    if (target.equals(shown[other], "0") && target.equals(one, "1")) return;  // as it is: nothing to say
    zero = in_quotes(values[other]);
  }
  design.notes.push_back(printable(design.target.column) + ": 1 is " + in_quotes(design.target.one) +
                         ", 0 is " + zero);
}

}  // namespace

void encode_target(const Table& table, Index column, Rows rows, const DesignOptions& options,
                   Design& design) {
  design.target.column = options.target;
  design.y.resize(rows.size());
  if (options.two_classes) {
    encode_two_classes(TargetColumn(table, column), rows, table.where(column), options.positive, design);
    return;
  }
  if (!table.is_number(column)) {
    throw DataError(
        table.where(rows[0], column) + ": the target must be a number, and the column holds text, " +
        in_quotes(trimmed(table.cell(rows[0], column))) + "; choose another target, or a model of classes");
  }
  encode(table, column, {options.target, {}}, rows, design.y.data());
}

}  // namespace rappel::detail
