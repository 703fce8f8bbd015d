#pragma once

// Functions as documents: what save writes and load reads.
//
// {"outputs": "value", "arguments": [null], "gradient": false, "recordings": [{
//   "tables": [{"names": ["x", "y"], "mean": true}],
//   "graph": {"nodes": [["parameter"], ["constant", 2.0], ["mul", 0, 1], ..],     operands are nodes
//             "places": ["cost.cpp:12"], "at": [-1, 0, 0, ..],                     of nodes
//             "scans": [{"graph": .., "next": [..], "outputs": [..], "carry": 1, "inputs": 0, "steps": 10, ..}],
//             "operations": [{"name": "cholesky", "shape": [4, 4, 4]}]},
//   "results": [2], "guards": [[1, true]], "symmetric": false}], "exact_zeros": false}
//
// A node with several results takes so many numbers and has one entry. What JSON has no number for is its bits in
// hexadecimal digits. Data are not saved: names of columns are.

#include "function_impl.hpp"

#include <nlohmann/json.hpp>

#include <iosfwd>
#include <string>

namespace rappel::detail {

using Document = nlohmann::json;

inline constexpr int document_version = 1;
inline constexpr char document_name[] = "rappel function";
inline constexpr std::string_view binary_magic = "rappelf\n";  // then version, length, checksum, and CBOR

// The enumerator's name, which does not change as the printed one may.
const char* saved_name(Op op);

std::uint32_t checksum_of(std::string_view bytes);

Document document_of(const Function::Impl& f);  // throws std::invalid_argument for operations that cannot be saved
// Throws std::invalid_argument with the place in the document.
std::shared_ptr<const Function::Impl> from_document(const Document& document, const RecordOptions& options);

void write_document(std::ostream& out, const Document& document, Format format);
Document read_document(std::istream& in);  // throws std::invalid_argument with the place in the file

}  // namespace rappel::detail
