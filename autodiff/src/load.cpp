#include "saved.hpp"

#include "branches.hpp"
#include "custom_op.hpp"
#include "matrix_ops.hpp"
#include "scan_body.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <istream>
#include <iterator>
#include <map>
#include <set>

namespace rappel {
namespace detail {
namespace {

[[noreturn]] void refuse(const std::string& place, const std::string& what) {
  throw std::invalid_argument("Function::load: " + place + ": " + what);
}

// A part of a document that knows its place.
class Part {
 public:
  Part(const Document& document, std::string place) : document_(document), place_(std::move(place)) {}

  [[noreturn]] void refuse(const std::string& what) const { detail::refuse(place_.empty() ? "function" : place_, what); }

  Part operator[](const char* key) const {
    const auto found = document_.is_object() ? document_.find(key) : document_.end();
    if (!document_.is_object() || found == document_.end()) refuse("has no \"" + std::string(key) + "\"");
    return {*found, place_ + (place_.empty() ? "" : ".") + key};
  }
  Part operator[](std::size_t i) const {
    if (!document_.is_array() || i >= document_.size()) refuse("has no element " + std::to_string(i));
    return {document_[i], place_ + "[" + std::to_string(i) + "]"};
  }
  Part operator[](int i) const { return (*this)[static_cast<std::size_t>(i)]; }
  std::size_t size() const {
    if (!document_.is_array()) refuse("is no array");
    return document_.size();
  }
  bool is_null() const { return document_.is_null(); }
  bool flag() const {
    if (!document_.is_boolean()) refuse("is neither true nor false");
    return document_.get<bool>();
  }
  std::string text() const {
    if (!document_.is_string()) refuse("is no string");
    return document_.get<std::string>();
  }
  // Below `end`.
  std::int64_t whole(std::int64_t end = std::int64_t{1} << 53, std::int64_t least = 0) const {
    if (document_.is_number_integer()) {
      const auto value = document_.get<std::int64_t>();
      if (value >= least && value < end) return value;
    }
    refuse("is no whole number from " + std::to_string(least) + " to " + std::to_string(end - 1));
  }
  double number() const {
    if (document_.is_number()) return document_.get<double>();
    if (document_.is_string()) {
      const auto digits = document_.get<std::string>();
      std::uint64_t bits = 0;
      const char* end = digits.data() + digits.size();
      if (digits.size() == 18 && digits.starts_with("0x") && std::from_chars(digits.data() + 2, end, bits, 16).ptr == end)
        return std::bit_cast<double>(bits);
    }
    refuse("is no number");
  }

 private:
  const Document& document_;
  std::string place_;
};

Op op_named(const Part& name) {
  static const auto by_name = [] {
    std::map<std::string, Op> result;
    for (int op = 0; op <= static_cast<int>(Op::sum_log1p); ++op)
      result[saved_name(static_cast<Op>(op))] = static_cast<Op>(op);
    return result;
  }();
  const auto found = by_name.find(name.text());
  if (found == by_name.end()) name.refuse("\"" + name.text() + "\" is no operation of this version");
  return found->second;
}

// File names of locations live for ever.
Location location_named(const Part& place) {
  static std::mutex mutex;
  static std::set<std::string> files;
  const std::string text = place.text();
  const std::size_t colon = text.rfind(':');
  int line = 0;
  if (colon == std::string::npos ||
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), line).ptr != text.data() + text.size())
    place.refuse("is no place in a file");
  const std::lock_guard lock(mutex);
  return {files.insert(text.substr(0, colon)).first->c_str(), line};
}

constexpr int most_nested_scans = 64;

class GraphReader {
 public:
  // The tables' numbers of columns.
  GraphReader(const Part& part, const std::vector<Index>& tables, int depth) : part_(part), depth_(depth) {
    if (depth > most_nested_scans) part.refuse("scans are nested too deeply");
    for (const Index columns : tables) graph_.rows(columns);
    const Part places = part["places"], scans = part["scans"], operations = part["operations"];
    for (std::size_t i = 0; i < places.size(); ++i) places_.push_back(id_of(location_named(places[i])));
    for (std::size_t i = 0; i < scans.size(); ++i) scans_.push_back(body(scans[i]));
    for (std::size_t i = 0; i < operations.size(); ++i) operations_.push_back(operation(operations[i]));
    const Part nodes = part["nodes"];
    const auto size = static_cast<Index>(part["at"].size());
    graph_.reserve(size);
    for (std::size_t i = 0; i < nodes.size(); ++i) append(nodes[i], size);
    if (graph_.size() != size) part["at"].refuse("has " + std::to_string(size) + " entries, there are " + std::to_string(graph_.size()) + " nodes");
  }

  Graph take() { return std::move(graph_); }

 private:
  std::shared_ptr<const ScanBody> body(const Part& part) const {
    auto result = std::make_shared<ScanBody>();
    result->graph = GraphReader(part["graph"], {}, depth_ + 1).take();
    const auto nodes = static_cast<std::int64_t>(result->graph.size());
    const auto uniform = [&](const Part& list, std::vector<NodeId>& to) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        to.push_back(static_cast<NodeId>(list[i].whole(nodes)));
        if (result->graph.is_stacked(to.back())) list[i].refuse("is stacked");
      }
    };
    uniform(part["next"], result->next);
    uniform(part["outputs"], result->outputs);
    const Index parameters = result->graph.num_parameters();
    result->num_carry = part["carry"].whole(parameters + 1);
    result->num_inputs = part["inputs"].whole(parameters - result->num_carry + 1);
    if (static_cast<Index>(result->next.size()) != result->num_carry)
      part["next"].refuse("does not fit the carry of " + std::to_string(result->num_carry));
    if (result->next.size() + result->outputs.size() == 0) part.refuse("the scan has no result");
    if (result->graph.num_arguments() != 0) part.refuse("the body of a scan has arguments");
    result->steps = part["steps"].whole();
    result->backwards = part["backwards"].flag();
    result->checkpoints = part["checkpoints"].whole();
    return result;
  }

  static std::shared_ptr<const CustomOp> operation(const Part& part) {
    const Part shape = part["shape"];
    std::vector<Index> sizes;
    for (std::size_t i = 0; i < shape.size(); ++i) sizes.push_back(shape[i].whole(1 << 15));
    auto op = library_op(part["name"].text(), sizes);
    if (!op) part.refuse("\"" + part["name"].text() + "\" of this shape is no operation of this version");
    return op;
  }

  void append(const Part& node, Index size) {
    const Op op = op_named(node[0]);
    const auto first = static_cast<NodeId>(graph_.size());
    if (first >= size) part_["at"].refuse("has fewer entries than there are nodes");
    const std::int64_t place = part_["at"][static_cast<std::size_t>(first)].whole(static_cast<std::int64_t>(places_.size()), -1);
    graph_.set_location(place < 0 ? 0 : places_[static_cast<std::size_t>(place)]);
    try {
      if (append(op, node, size) != first) node.refuse("repeats a constant");
    } catch (const std::invalid_argument& e) {
      const std::string what = e.what();
      if (what.starts_with("Function::load: ")) throw;
      node.refuse(what);
    }
    const bool reads_stacked = op == Op::scan || op == Op::unstack;
    for (const NodeId x : graph_.operands(first))
      if (!reads_stacked && op != Op::result && graph_.is_stacked(x)) node.refuse("reads a stacked value");
  }

  NodeId append(Op op, const Part& node, Index size) {
    const auto row_set = [&](std::size_t i) {
      return RowSet{static_cast<std::uint16_t>(node[i].whole(graph_.num_row_sets()))};
    };
    std::size_t known = 1;
    if (op == Op::column) known = 3;
    else if (op == Op::constant || op == Op::num_rows || op == Op::scan || op == Op::custom ||
             (op >= Op::sum_rows && op <= Op::any_rows)) known = 2;
    std::vector<NodeId> x;
    for (std::size_t i = known; i < node.size(); ++i) x.push_back(static_cast<NodeId>(node[i].whole(graph_.size())));
    const auto operands = [&](std::size_t least) { if (x.size() < least) node.refuse("lacks operands"); };
    // Numbers of results are read off constants.
    const auto count = [&](std::size_t i) {
      operands(i + 1);
      const bool is_count = graph_.is_constant(x[i]) && graph_.value(x[i]) >= 1.0 &&
                            graph_.value(x[i]) <= static_cast<double>(size) && graph_.value(x[i]) == static_cast<double>(static_cast<Index>(graph_.value(x[i])));
      if (!is_count) node.refuse("node " + std::to_string(x[i]) + " is no number of results");
    };
    switch (op) {
      case Op::constant:
        return graph_.constant(node[1].number());
      case Op::parameter:
        return graph_.parameter();
      case Op::argument:
        return graph_.argument();
      case Op::column:
        return graph_.column(row_set(1), node[2].whole());
      case Op::num_rows:
        return graph_.num_rows(row_set(1));
      case Op::scan:
        return graph_.scan(scans_[static_cast<std::size_t>(node[1].whole(static_cast<std::int64_t>(scans_.size())))], x);
      case Op::custom:
        return graph_.custom(
            operations_[static_cast<std::size_t>(node[1].whole(static_cast<std::int64_t>(operations_.size())))], x);
      case Op::unstack:
        operands(1);
        if (graph_.is_stacked(x[0]) && graph_.num_steps(x[0]) > size) node.refuse("has more results than there are nodes");
        return graph_.unstack(x[0]);
      case Op::gather:
        operands(3);
        count(0);
        return graph_.gather(x);
      case Op::scatter_rows:
        operands(4);
        count(0);
        count(1);
        return graph_.scatter_rows(x);
      case Op::sum_rows:
      case Op::max_rows:
      case Op::any_rows:
        operands(1);
        return graph_.reduce_rows(op == Op::sum_rows   ? Reduce::sum
                                  : op == Op::max_rows ? Reduce::max
                                                       : Reduce::any,
                                  row_set(1), x[0]);
      case Op::result:
        node.refuse("a result has no entry of its own");
      default:
        return graph_.node(op, x);
    }
  }

  Part part_;
  int depth_;
  Graph graph_;
  std::vector<LocationId> places_;
  std::vector<std::shared_ptr<const ScanBody>> scans_;
  std::vector<std::shared_ptr<const CustomOp>> operations_;
};

Outputs outputs_named(const Part& name) {
  if (name.text() == "value") return Outputs::value;
  if (name.text() == "values") return Outputs::values;
  if (name.text() == "rows") return Outputs::rows;
  name.refuse("\"" + name.text() + "\" is none of value, values, rows");
}

Trace trace_of(const Part& part, Outputs outputs, const RecordOptions& options) {
  Trace trace;
  std::vector<Index> widths;
  std::vector<bool> needs_rows;
  const Part tables = part["tables"];
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const Part names = tables[t]["names"];
    widths.push_back(tables[t]["columns"].whole(1 << 30));
    std::vector<std::string> own;
    for (std::size_t i = 0; i < names.size(); ++i) own.push_back(names[i].text());
    if (!own.empty() && static_cast<Index>(own.size()) != widths.back()) names.refuse("is not one name for each column");
    needs_rows.push_back(tables[t]["mean"].flag());
    trace.tables.push_back(Columns::unbound(std::move(own), widths.back()));
  }
  Traced traced{GraphReader(part["graph"], widths, 0).take(), {}, {}};
  const Graph& graph = traced.graph;
  const Part results = part["results"], guards = part["guards"], arguments = part["arguments"];
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto n = static_cast<NodeId>(results[i].whole(graph.size()));
    if (graph.is_stacked(n) || (outputs != Outputs::rows && graph.varying(n))) results[i].refuse("varies");
    traced.outputs.push_back(n);
  }
  if ((outputs == Outputs::value && traced.outputs.size() != 1) ||
      (outputs == Outputs::rows && (traced.outputs.empty() || tables.size() != 1)))
    results.refuse("does not fit \"outputs\"");
  for (std::size_t i = 0; i < guards.size(); ++i) {
    const auto n = static_cast<NodeId>(guards[i][0].whole(graph.size()));
    if (graph.is_stacked(n) || graph.varying(n)) guards[i].refuse("varies");
    traced.guards.push_back({n, guards[i][1].flag()});
  }
  for (std::size_t i = 0; i < arguments.size(); ++i)
    trace.arguments.push_back(arguments[i].is_null() ? std::optional<double>() : arguments[i].number());
  if (static_cast<Index>(arguments.size()) != graph.num_arguments())
    arguments.refuse("has " + std::to_string(arguments.size()) + " entries, the graph " + std::to_string(graph.num_arguments()));
  const bool symmetric = part["symmetric"].flag();
  if (symmetric && static_cast<Index>(traced.outputs.size()) != graph.num_parameters())
    part["symmetric"].refuse("the Jacobian is not square");
  trace.recorded = std::make_shared<Recorded>(std::move(traced), outputs, std::move(needs_rows), options, symmetric);
  return trace;
}

class Bytes {
 public:
  explicit Bytes(const std::string& bytes) : bytes_(bytes) {}
  std::uint64_t integer(int count) {
    if (bytes_.size() - place_ < static_cast<std::size_t>(count)) ends();
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes_[place_++])} << 8 * i;
    return value;
  }
  void skip(std::size_t count) { place_ += count; }
  std::string_view rest() const { return std::string_view(bytes_).substr(place_); }
  std::size_t place() const { return place_; }
  [[noreturn]] void ends() const { refuse("byte " + std::to_string(bytes_.size()), "the file ends too early"); }

 private:
  const std::string& bytes_;
  std::size_t place_ = 0;
};

void check_version(const std::string& place, std::uint64_t version) {
  if (version != document_version)
    refuse(place, "version " + std::to_string(version) + " of the format, this rappel reads version " +
                      std::to_string(document_version));
}

Document read_binary(const std::string& file) {
  Bytes bytes(file);
  bytes.skip(binary_magic.size());
  check_version("byte " + std::to_string(binary_magic.size()), bytes.integer(4));
  const std::uint64_t checksum = bytes.integer(4), length = bytes.integer(8);
  const std::size_t begin = bytes.place();
  if (bytes.rest().size() < length) bytes.ends();
  if (bytes.rest().size() > length) refuse("byte " + std::to_string(begin + length), "something follows the function");
  if (checksum_of(bytes.rest()) != checksum)
    refuse("bytes " + std::to_string(begin) + " to " + std::to_string(file.size()), "they are not what was written: the checksum differs");
  return Document::from_cbor(bytes.rest());
}

Document read_json(const std::string& file) {
  Document whole = Document::parse(file);
  const Part part(whole, "");
  if (part["format"].text() != document_name) part["format"].refuse("\"" + part["format"].text() + "\" is not \"" + document_name + "\"");
  check_version("version", static_cast<std::uint64_t>(part["version"].whole()));
  const auto checksum = part["checksum"].whole();
  part["function"];
  Document function = std::move(whole["function"]);
  if (checksum_of(function.dump()) != checksum)
    refuse("function", "it is not what was written: the checksum differs");
  return function;
}

}  // namespace

Document read_document(std::istream& in) {
  const std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) refuse("byte " + std::to_string(file.size()), "the stream failed");
  try {
    if (file.starts_with(binary_magic)) return read_binary(file);
    const std::size_t begin = file.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos || file[begin] != '{') refuse("byte 0", "no function that rappel saved begins like this");
    return read_json(file);
  } catch (const Document::exception& e) {
    const std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line 3, column 7: .."
    const std::size_t end = what.find("] ");
    refuse("the file", end == std::string::npos ? what : what.substr(end + 2));
  }
}

std::shared_ptr<const Function::Impl> from_document(const Document& document, const RecordOptions& given) {
  const Part part(document, "");
  RecordOptions options = given;
  options.exact_zeros = part["exact_zeros"].flag();
  options.at = {};
  const Outputs outputs = outputs_named(part["outputs"]);
  const Part recordings = part["recordings"];
  const bool branches = part["branches"].flag(), gradient = part["gradient"].flag();
  std::vector<Trace> traces;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    traces.push_back(trace_of(recordings[i], outputs, options));
    const auto& first = traces[0].recorded->traced();
    const auto& own = traces.back().recorded->traced();
    if (own.graph.num_parameters() != first.graph.num_parameters() || own.outputs.size() != first.outputs.size())
      recordings[i].refuse("does not fit the first recording");
  }
  if (traces.empty() || (!branches && traces.size() != 1)) recordings.refuse("has " + std::to_string(traces.size()) + " elements");
  auto impl = std::make_shared<Function::Impl>();
  if (!branches) {
    impl->recorded = std::move(traces[0].recorded);
    impl->tables = std::move(traces[0].tables);
    impl->arguments = std::move(traces[0].arguments);
    return impl;
  }
  if (gradient && outputs != Outputs::value) part["gradient"].refuse("there are several values");
  options.max_recordings = std::max(options.max_recordings, static_cast<Index>(traces.size()));
  auto shared = std::make_shared<Branches>(RecordedCost(), traces[0].recorded->traced().graph.num_parameters(), outputs, options);
  for (Trace& trace : traces) shared->keep(std::move(trace));
  Changes changes;
  changes.gradient = gradient;
  impl->branching = std::make_shared<Branching>(std::move(shared), std::move(changes));
  return impl;
}

}  // namespace detail

Function Function::load(std::istream& in, const RecordOptions& options) {
  return Function(detail::from_document(detail::read_document(in), options));
}

}  // namespace rappel
