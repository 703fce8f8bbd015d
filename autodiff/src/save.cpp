#include "saved.hpp"

#include "branches.hpp"
#include "custom_op.hpp"
#include "scan_body.hpp"

#include <boost/crc.hpp>

#include <bit>
#include <cmath>
#include <iomanip>
#include <map>
#include <ostream>
#include <sstream>

namespace rappel {
namespace detail {

const char* saved_name(Op op) {
  static constexpr const char* names[] = {
#define RAPPEL_UNARY(name, ...) #name,
#define RAPPEL_UNARY_AUX(name, ...) #name,
#define RAPPEL_BINARY(name, ...) #name,
#define RAPPEL_TERNARY(name, ...) #name,
#define RAPPEL_DERIVATIVES(name, ...) #name,
#define RAPPEL_STRUCTURE(name, ...) #name,
#include <rappel/autodiff/ops.def>
  };
  return names[static_cast<std::size_t>(op)];
}

std::uint32_t checksum_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

namespace {

Document number(double value) {
  if (std::isfinite(value)) return value;
  std::ostringstream digits;
  digits << "0x" << std::hex << std::setw(16) << std::setfill('0') << std::bit_cast<std::uint64_t>(value);
  return digits.str();
}

// Things of which a node gives the number, each written once.
template <class Key>
class Numbered {
 public:
  template <class Make>
  int number_of(const Key& key, const Make& make) {
    const auto [found, added] = numbers_.try_emplace(key, static_cast<int>(documents_.size()));
    if (added) documents_.push_back(make());
    return found->second;
  }
  Document take() { return std::move(documents_); }

 private:
  std::map<Key, int> numbers_;
  Document documents_ = Document::array();
};

class GraphDocument {
 public:
  explicit GraphDocument(const Graph& graph) : graph_(graph) {
    Document nodes = Document::array(), at = Document::array();
    for (NodeId n = 0; n < static_cast<NodeId>(graph.size()); ++n) {
      at.push_back(place_of(n));
      if (graph.op(n) != Op::result) nodes.push_back(node(n));
    }
    result_ = {{"nodes", std::move(nodes)},       {"places", places_.take()},
               {"at", std::move(at)},             {"scans", scans_.take()},
               {"operations", operations_.take()}};
  }
  Document take() { return std::move(result_); }

 private:
  int place_of(NodeId n) {
    const LocationId id = graph_.location(n);
    if (id == 0) return -1;
    return places_.number_of(id, [&]() -> Document {
      const Location at = location_of(id);
      return std::string(at.file) + ":" + std::to_string(at.line);
    });
  }

  Document node(NodeId n) {
    const Op op = graph_.op(n);
    Document result = Document::array({saved_name(op)});
    switch (op) {
      case Op::constant:
        result.push_back(number(graph_.value(n)));
        break;
      case Op::column:
        result.push_back(graph_.row_set(n).index);
        [[fallthrough]];
      case Op::num_rows:
      case Op::sum_rows:
      case Op::max_rows:
      case Op::any_rows:
        result.push_back(graph_.payload(n));
        break;
      case Op::scan:
        result.push_back(scans_.number_of(graph_.scan_body(n).get(), [&] { return body(*graph_.scan_body(n)); }));
        break;
      case Op::custom:
        result.push_back(operations_.number_of(graph_.custom_op(n).get(), [&] { return operation(n); }));
        break;
      default:
        break;
    }
    for (const NodeId x : graph_.operands(n)) result.push_back(x);
    return result;
  }

  static Document body(const ScanBody& body) {
    return {{"graph", GraphDocument(body.graph).take()},
            {"next", body.next},
            {"outputs", body.outputs},
            {"carry", body.num_carry},
            {"inputs", body.num_inputs},
            {"steps", body.steps},
            {"backwards", body.backwards},
            {"checkpoints", body.checkpoints}};
  }

  Document operation(NodeId n) const {
    const CustomOp& op = *graph_.custom_op(n);
    if (op.forms.shape.empty()) {
      const Location at = location_of(graph_.location(n));
      throw std::invalid_argument("Function::save: " + op.name +
                                  (*at.file == '\0' ? "" : " (" + std::string(at.file) + ":" + std::to_string(at.line) + ")") +
                                  " is code, which cannot be saved; save a Function of the table's and the matrices' "
                                  "operations");
    }
    return {{"name", op.name}, {"shape", op.forms.shape}};
  }

  const Graph& graph_;
  Numbered<LocationId> places_;
  Numbered<const ScanBody*> scans_;
  Numbered<const CustomOp*> operations_;
  Document result_;
};

Document recording(const Recorded& recorded, const std::vector<Columns>& tables) {
  Document columns = Document::array(), guards = Document::array();
  for (std::size_t t = 0; t < tables.size(); ++t)
    columns.push_back({{"names", tables[t].names()},
                       {"columns", tables[t].num_columns()},
                       {"mean", static_cast<bool>(recorded.needs_rows(t))}});
  for (const Guard& g : recorded.traced().guards) guards.push_back(Document::array({g.condition, g.taken}));
  return {{"tables", std::move(columns)},
          {"graph", GraphDocument(recorded.traced().graph).take()},
          {"results", recorded.traced().outputs},
          {"guards", std::move(guards)},
          {"symmetric", recorded.symmetric()}};
}

const char* name_of(Outputs outputs) {
  return outputs == Outputs::value ? "value" : outputs == Outputs::values ? "values" : "rows";
}

Document arguments(const std::vector<std::optional<double>>& values) {
  Document result = Document::array();
  for (const std::optional<double>& a : values) result.push_back(a ? number(*a) : Document());
  return result;
}

// Elements of a long array or object on lines of their own.
void print(std::ostream& out, const Document& document, std::size_t indent) {
  constexpr std::size_t width = 110;
  const bool nested = document.is_structured() && !document.empty();
  if (const bool flat = !nested || (document.size() < width && document.dump().size() + indent <= width); flat) {
    out << document.dump();
    return;
  }
  const std::string margin(indent + 1, ' ');
  const char* separator = "";
  out << (document.is_object() ? "{" : "[");
  for (const auto& [key, value] : document.items()) {
    out << separator << "\n" << margin;
    if (document.is_object()) out << Document(key).dump() << ": ";
    print(out, value, indent + 1);
    separator = ",";
  }
  out << "\n" << std::string(indent, ' ') << (document.is_object() ? "}" : "]");
}

void write_integer(std::ostream& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.put(static_cast<char>(value >> 8 * i & 0xff));
}

}  // namespace

Document document_of(const Function::Impl& f) {
  Document recordings = Document::array();
  Document result{{"outputs", name_of(f.branching ? f.branching->recorded_outputs() : f.recorded->outputs_kind())}};
  if (!f.branching) {
    recordings.push_back(recording(*f.recorded, f.tables));
    recordings.back()["arguments"] = arguments(f.arguments);
    result["gradient"] = false;
    result["branches"] = false;
    result["exact_zeros"] = f.recorded->options().exact_zeros;
  } else {
    f.branching->latest("save");
    const Changes& changes = f.branching->changes();
    for (const Branches::Shared& trace : f.branching->kept()) {
      recordings.push_back(recording(*trace->recorded, trace->tables));
      recordings.back()["arguments"] = arguments(changes.arguments_for(trace->arguments));
      result["exact_zeros"] = trace->recorded->options().exact_zeros;
    }
    result["gradient"] = changes.gradient;
    result["branches"] = true;
  }
  result["recordings"] = std::move(recordings);
  return result;
}

void write_document(std::ostream& out, const Document& document, Format format) {
  if (format == Format::json) {
    print(out,
          {{"format", document_name},
           {"version", document_version},
           {"checksum", checksum_of(document.dump())},
           {"function", document}},
          0);
    out << "\n";
  } else {
    const std::vector<std::uint8_t> bytes = Document::to_cbor(document);
    const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    out << binary_magic;
    write_integer(out, document_version, 4);
    write_integer(out, checksum_of(view), 4);
    write_integer(out, bytes.size(), 8);
    out << view;
  }
  out.flush();
  if (!out) throw std::runtime_error("Function::save: the stream failed; not everything was written");
}

}  // namespace detail

void Function::save(std::ostream& out, Format format) const {
  detail::write_document(out, detail::document_of(*impl_), format);
}

}  // namespace rappel
