#include "commands.hpp"
#include "process.hpp"

#include <charconv>
#include <cmath>
#include <iostream>
#include <optional>

namespace rappel::cli {

namespace {

// A cell in quotes where it needs them (RFC 4180), so that a reader of the output finds what was in the
// input.
void write_cell(std::ostream& out, std::string_view cell, char separator) {
  const bool blank_ends = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
  if (!blank_ends && cell.find_first_of("\"\r\n") == cell.npos && cell.find(separator) == cell.npos) {
    out << cell;
    return;
  }
  out << '"';
  for (const char c : cell) out << (c == '"' ? "\"\"" : std::string_view(&c, 1));
  out << '"';
}

// Shortest digits that read back as the same number; NA for a NaN.
std::string digits_of(double value) {
  if (std::isnan(value)) return "NA";
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

// The class that a probability of the one speaks for. Where the target's values are 0 and 1, or only the one
// has a name, the other is 0 or "not .. ".
std::string class_of(const TargetEncoding& target, double probability) {
  if (std::isnan(probability)) return "NA";
  const bool one = probability > 0.5;
  if (target.one.empty()) return one ? "1" : "0";
  if (one) return target.one;
  return target.zero.empty() ? "not " + target.one : target.zero;
}

class Writer {
 public:
  Writer(std::ostream& out, const Table& table, const SavedModel& model, const CsvOptions& csv)
      : out_(out), table_(table), model_(model), csv_(csv) {}

  void write(const EncodedRows& rows, const Vector& values) {
    if (csv_.header) write_header();
    for (Index r = 0; r < table_.num_rows(); ++r) {
      for (Index c = 0; c < table_.num_columns(); ++c) {
        write_cell(out_, table_.cell(r, c), csv_.separator);
        out_ << csv_.separator;
      }
      const double value = rows.is_complete(r) ? values[r] : std::nan("");
      if (model_.kind == ModelKind::linear) {
        out_ << digits_of(value) << '\n';
      } else {
        write_cell(out_, class_of(model_.target, value), csv_.separator);
        out_ << csv_.separator << digits_of(value) << '\n';
      }
    }
  }

 private:
  void write_header() {
    for (const std::string& name : table_.names()) {
      write_cell(out_, name, csv_.separator);
      out_ << csv_.separator;
    }
    out_ << "prediction";
    if (model_.kind == ModelKind::logistic) out_ << csv_.separator << "probability";
    out_ << '\n';
  }

  std::ostream& out_;
  const Table& table_;
  const SavedModel& model_;
  const CsvOptions& csv_;
};

void check_names(const Table& table, const PredictArguments& arguments, ModelKind kind) {
  for (const char* name : {"prediction", "probability"}) {
    const bool written = kind == ModelKind::logistic || std::string_view(name) == "prediction";
    if (written && arguments.csv.header && table.has_column(name))
      throw DataError(printable(arguments.data) + ":1: there is a column " + name +
                      " already, which the output would have twice; rename or remove it");
  }
}

}  // namespace

int run_predict(const PredictArguments& arguments) {
  std::optional<OutputFile> file;
  if (!arguments.out.empty()) {
    file.emplace(arguments.out);
    remove_when_interrupted(file->temporary());
  }
  const SavedModel model = load_model(arguments.model);
  const Table table = read_csv(arguments.data, arguments.csv);
  check_names(table, arguments, model.kind);
  const EncodedRows rows = encode_rows(table, model.features);
  const Vector values = predict(model, rows.matrix(), arguments.threads);
  if (!model.converged)
    std::cerr << "rappel: warning: the model in " << printable(arguments.model) << " did not converge ("
              << printable(model.outcome) << ")\n";
  Writer(file ? file->stream() : std::cout, table, model, arguments.csv).write(rows, values);
  if (file) file->keep();
  return 0;
}

}  // namespace rappel::cli
