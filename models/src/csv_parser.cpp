#include "rappel/models/read_csv.hpp"

#include "cell.hpp"
#include "table_data.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

namespace rappel {

namespace {

// Cuts a text into rows of cells. Writes into the text: a quoted cell that holds "" is shortened in place.
class CellReader {
 public:
  CellReader(std::string& text, const std::string& file, char separator)
      : at_(text.data()), end_(text.data() + text.size()), file_(file), separator_(separator) {
    ends_cell_[byte(separator)] = ends_cell_[byte('\n')] = ends_cell_[byte('\r')] = true;
    skip_byte_order_mark();
    // Blank lines at the end. In an open quote they do not matter: that is an error in any case.
    while (end_ > at_ && (end_[-1] == '\n' || end_[-1] == '\r')) --end_;
  }

  bool at_end() const { return at_ == end_; }
  Index line() const { return line_; }

  // Appends the cells of the next row.
  void read_row(std::vector<std::string_view>& cells) {
    Index column = 1;
    do {
      cells.push_back(read_cell_text(column++));
    } while (!end_of_row());
  }

 private:
  static std::size_t byte(char c) { return static_cast<unsigned char>(c); }

  void skip_byte_order_mark() {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, 3) == "\xEF\xBB\xBF") at_ += 3;
  }

  std::string_view read_cell_text(Index column) {
    char* const first = at_;
    skip_blanks();
    if (at_ != end_ && *at_ == '"') return read_quoted(column);
    while (at_ != end_ && !ends_cell_[byte(*at_)]) ++at_;
    return {first, static_cast<std::size_t>(at_ - first)};
  }

  std::string_view read_quoted(Index column) {
    const Index opened = line_;
    char* const first = ++at_;
    char* last = first;
    while (at_ != end_) {
      if (*at_ == '"') {
        ++at_;
        if (at_ == end_ || *at_ != '"')
          return after_quote({first, static_cast<std::size_t>(last - first)}, column);
      } else if (*at_ == '\n' || (*at_ == '\r' && (at_ + 1 == end_ || at_[1] != '\n'))) {
        ++line_;
      }
      *last++ = *at_++;
    }
    throw DataError(
        file_ + ":" + std::to_string(opened) + ": column " + std::to_string(column) +
        ": the quote that opens here is never closed; close it, or write \"\" for a quote in quotes");
  }

  std::string_view after_quote(std::string_view cell, Index column) {
    skip_blanks();
    if (at_ == end_ || ends_cell_[byte(*at_)]) return cell;
    throw DataError(file_ + ":" + std::to_string(line_) + ": column " + std::to_string(column) +
                    ": text follows the closing quote of " + in_quotes(cell) +
                    "; write \"\" for a quote in quotes");
  }

  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_) && *at_ != separator_) ++at_;
  }

  // Steps over what ended the cell; a separator promises one more.
  bool end_of_row() {
    if (at_ == end_) return true;
    if (*at_ == separator_) {
      ++at_;
      return false;
    }
    if (*at_ == '\r' && at_ + 1 != end_ && at_[1] == '\n') ++at_;
    ++at_;
    ++line_;
    return true;
  }

  char* at_;
  char* end_;
  const std::string& file_;
  char separator_;
  Index line_ = 1;
  std::array<bool, 256> ends_cell_{};
};

void check_separator(char separator) {
  if (separator == '"' || separator == '\n' || separator == '\r' || separator == '\0') {
    throw std::invalid_argument("read_csv: a separator cannot be a quote, the end of a line or a zero byte");
  }
}

void check_is_text(const std::string& text, const std::string& file) {
  const std::string_view mark = std::string_view(text).substr(0, 2);
  if (mark == "\xFF\xFE" || mark == "\xFE\xFF") {
    throw DataError(file + ": the text is UTF-16; save it as UTF-8");
  }
  const std::size_t zero = text.find('\0');
  if (zero == std::string::npos) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
  throw DataError(file + ":" + std::to_string(line) + ": a zero byte; this is not a file of text");
}

std::vector<std::string> names_of_header(const std::vector<std::string_view>& cells,
                                         const std::string& file) {
  std::vector<std::string> names;
  std::map<std::string_view, std::size_t> position;
  for (const std::string_view cell : cells) {
    const std::string_view name = trimmed(cell);
    const std::string number = std::to_string(names.size() + 1);
    if (name.empty()) {
      throw DataError(file + ":1: column " + number + " has no name; name it in the first line");
    }
    const auto [first, is_new] = position.emplace(name, names.size() + 1);
    if (!is_new) {
      throw DataError(file + ":1: columns " + std::to_string(first->second) + " and " + number +
                      " are both named " + in_quotes(name) + "; rename one");
    }
    names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> numbered_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back("c" + std::to_string(i));
  return names;
}

void check_row_length(std::size_t first_cell, const detail::TableData& data, Index line, char separator) {
  const std::size_t cells = data.cells.size() - first_cell;
  const std::size_t expected = data.names.size();
  if (cells == expected) return;
  const std::string where = data.file + ":" + std::to_string(line) + ": ";
  if (cells == 1 && trimmed(data.cells.back()).empty())
    throw DataError(where + "the line is blank; remove it");
  const std::string advice = cells > expected
                                 ? std::string("; put a cell that holds '") + separator + "' in quotes"
                                 : "; leave a cell empty, not out, if its value is not known";
  throw DataError(where + std::to_string(cells) + (cells == 1 ? " cell" : " cells") +
                  ", where the first line has " + std::to_string(expected) + advice);
}

// The row that `cells` now ends with.
void add_row(detail::TableData& data, Index line) {
  const std::size_t first_cell = data.cells.size() - data.columns.size();
  const Index row = static_cast<Index>(data.lines.size());
  for (std::size_t c = 0; c < data.columns.size(); ++c) {
    detail::ColumnData& column = data.columns[c];
    const CellValue value = read_cell(data.cells[first_cell + c]);
    column.values.push_back(value.number);
    column.num_missing += value.kind == CellKind::missing;
    column.num_numbers += value.kind != CellKind::missing && value.kind != CellKind::text;
    const bool fine = value.kind == CellKind::missing || value.kind == CellKind::number;
    if (!fine && column.first_bad < 0) column.first_bad = row;
  }
  data.lines.push_back(line);
}

}  // namespace

Table parse_csv(std::string text, const std::string& file, const CsvOptions& options) {
  check_separator(options.separator);
  check_is_text(text, file);
  const auto data = std::make_shared<detail::TableData>();
  data->file = file;
  data->text = std::move(text);

  CellReader reader(data->text, data->file, options.separator);
  if (reader.at_end()) throw DataError(file + ": the file is empty");
  reader.read_row(data->cells);
  const std::size_t num_columns = data->cells.size();
  data->names = options.header ? names_of_header(data->cells, file) : numbered_names(num_columns);
  data->columns.resize(num_columns);
  if (options.header) {
    data->cells.clear();
  } else {
    add_row(*data, 1);
  }
  while (!reader.at_end()) {
    const Index line = reader.line();
    const std::size_t first_cell = data->cells.size();
    reader.read_row(data->cells);
    check_row_length(first_cell, *data, line, options.separator);
    add_row(*data, line);
  }
  if (data->lines.empty()) throw DataError(file + ": there is a header, but no row below it");
  return Table(data);
}

}  // namespace rappel
