#include "row_outputs.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

// A scan or a lookup may read what was an output.
std::vector<std::vector<std::uint32_t>*> operands_of_calls(FrameCalls& calls) {
  std::vector<std::vector<std::uint32_t>*> all;
  const auto add_source = [&](StackedSource& s) { all.push_back(&s.values); };
  for (ScanCall& c : calls.scans) {
    all.insert(all.end(), {&c.carry, &c.captures});
    std::ranges::for_each(c.inputs, add_source);
  }
  for (UnstackCall& c : calls.unstacks) add_source(c.source);
  for (CustomCall& c : calls.customs) all.push_back(&c.operands);
  for (ScatterCall& c : calls.scatters) all.push_back(&c.operands);
  return all;
}

std::vector<std::vector<std::uint32_t>*> results_of_calls(FrameCalls& calls) {
  std::vector<std::vector<std::uint32_t>*> all;
  for (ScanCall& c : calls.scans) all.push_back(&c.results);
  for (UnstackCall& c : calls.unstacks) all.push_back(&c.results);
  for (CustomCall& c : calls.customs) all.push_back(&c.results);
  for (GatherCall& c : calls.gathers) all.push_back(&c.results);
  return all;
}

}  // namespace

void settle_row_outputs(Body& body) {
  const std::uint32_t first = body.first_block() + body.num_blocks;
  const auto count = static_cast<std::uint32_t>(body.row_outputs.size());
  const auto settle = [&](std::uint32_t& x) {
    if (x <= first_row_output && x > first_row_output - count) x = first + (first_row_output - x);
  };
  std::ranges::for_each(body.operands, settle);
  for (BodyStep& s : body.steps)
    if (s.num_results > 0) settle(s.result);
  for (auto* results : results_of_calls(body.calls)) std::ranges::for_each(*results, settle);
  for (auto* operands : operands_of_calls(body.calls)) std::ranges::for_each(*operands, settle);
  for (GatherCall& c : body.calls.gathers) settle(c.places.index);
  for (ScatterCall& c : body.calls.scatters) settle(c.places.index), settle(c.row.places.index);
  for (RowDotCall& c : body.calls.row_dots) settle(c.a.places.index), settle(c.b.places.index), settle(c.result);
}

}  // namespace rappel::detail
