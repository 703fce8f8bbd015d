#include "leaf_lookups.hpp"

#include <algorithm>

namespace rappel::detail {

std::vector<Finding> number_findings(Body& body, std::vector<Finding>& of_program) {
  std::vector<Finding> own;
  const auto number = [&](PlacesCall& places) {
    const std::size_t column = places.index - body.uniforms.size();  // wraps around for what is none
    if (places.width != 1 || column >= body.columns.size()) return;
    const Finding wanted{body.rows.index, body.columns[column], places.count, static_cast<std::uint32_t>(of_program.size())};
    const auto same = [&](const Finding& f) {
      return f.table == wanted.table && f.column == wanted.column && f.count == wanted.count;
    };
    auto found = std::ranges::find_if(of_program, same);
    if (found == of_program.end()) found = of_program.insert(found, wanted);
    places.finding = found->number;
    if (std::ranges::none_of(own, same)) own.push_back(*found);
  };
  for (GatherCall& c : body.calls.gathers) number(c.places);
  for (ScatterCall& c : body.calls.scatters) number(c.places);
  return own;
}

void find_in_chunk(std::span<const Finding> findings, const LookupKernels& kernels, const Columns& table, Index first, Index end,
                   std::int32_t* first_places) {
  for (const Finding& f : findings) {
    std::int32_t& place = first_places[f.number];
    if (place != not_found_yet) continue;
    const double* index = table.column(static_cast<Index>(f.column)).doubles();  // floats are told leaf by leaf
    place = index == nullptr ? outside : kernels.find_in_a_row(index + first, end - first, static_cast<double>(f.count));
  }
}

}  // namespace rappel::detail
