#include "lower_chosen.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rappel::detail {
namespace {

constexpr Index largest_leaf = 256;  // of rows that choose: lower_body.cpp

// The terms as a body over rows of slots.
Body body_of(const ChosenTerms& family, const BodySource& source) {
  const Graph& graph = family.terms.graph;
  const auto size = static_cast<std::size_t>(graph.size());
  std::vector<std::uint32_t> uniform(size, no_node);
  std::vector<bool> needed(size, false);
  for (NodeId n = 0; n < size; ++n) {
    if (family.shared[n] != no_node) uniform[n] = source.uniform[family.shared[n]];
    needed[n] = graph.varying(n) && graph.op(n) != Op::column;
  }
  const std::vector<bool> live(size, true), lookup_dots(size, false);
  const std::vector<std::uint32_t> stage(size, 0), storage(size, no_node);
  Body body = lower_body({family.terms, live, uniform, stage, lookup_dots}, {RowSet{0}, 0, needed, storage});
  body.leaf_rows = largest_leaf;  // as many as the leaf of rows that choose may have
  return body;
}

class Lowering {
 public:
  Lowering(const ChosenTerms& family, const BodySource& source, const std::function<std::uint32_t(NodeId)>& operand)
      : family_(family), source_(source), graph_(source.traced.graph), operand_(operand) {}

  ChosenSums run() {
    add_operands();
    const auto num_slots = static_cast<std::uint32_t>(family_.same.size());
    for (std::uint32_t s = 0; s < num_slots; ++s) add_slot(s);
    add_uniforms();
    chosen_.num_members = static_cast<std::uint32_t>(family_.members.size());
    chosen_.num_slots = num_slots;
    chosen_.num_terms = static_cast<std::uint32_t>(family_.members[0].sums.size());
    chosen_.terms = body_of(family_, source_);
    return std::move(chosen_);
  }

 private:
  void add_operands() {
    using By = ChosenSums::By;
    chosen_.by = family_.shares == no_node ? By::gates : By::equality;
    if (chosen_.by == By::gates) {
      for (const ChosenTerms::Member& m : family_.members) {
        chosen_.member.push_back(static_cast<std::int32_t>(chosen_.member.size()));
        chosen_.operands.push_back(operand_(m.gate));
      }
      return;
    }
    for (const NodeId x : graph_.operands(family_.shares)) chosen_.operands.push_back(operand_(x));
    chosen_.member.assign(chosen_.operands.size() - 1, -1);
    for (std::size_t m = 0; m < family_.members.size(); ++m)
      chosen_.member[family_.members[m].gate - family_.shares] = static_cast<std::int32_t>(m);
  }

  void add_slot(std::uint32_t s) {
    const ChosenTerms::Member& first = family_.members[0];
    const NodeId n = first.values[s];
    if (!graph_.varying(n))
      return family_.same[s] ? void() : own_uniforms_.push_back(s);  // one that all share is a uniform value of the body
    if (family_.shares != no_node && n == first.gate)
      chosen_.shares.push_back(s);
    else if (family_.same[s])
      chosen_.same.push_back({s, operand_(n)});
    else
      chosen_.blocks.push_back({s, by_member(s, operand_)});
  }

  // By place, so that those in a row are found.
  void add_uniforms() {
    std::map<std::vector<std::uint32_t>, std::uint32_t> slots;  // by places
    for (const std::uint32_t s : own_uniforms_) slots.emplace(by_member(s, [&](NodeId n) { return source_.uniform[n]; }), s);
    for (const auto& [places, s] : slots)
      if (!chosen_.uniforms.empty() && goes_on(chosen_.uniforms.back(), places))
        chosen_.uniforms.back().slots.push_back(s);
      else
        chosen_.uniforms.push_back({{s}, places});
  }
  static bool goes_on(const ChosenSums::Uniforms& run, const std::vector<std::uint32_t>& places) {
    const auto count = static_cast<std::uint32_t>(run.slots.size());
    return std::ranges::equal(run.places, places, {}, [&](std::uint32_t place) { return place + count; });
  }

  template <class Number>
  std::vector<std::uint32_t> by_member(std::uint32_t s, const Number& number) const {
    std::vector<std::uint32_t> result;
    for (const ChosenTerms::Member& m : family_.members) result.push_back(number(m.values[s]));
    return result;
  }

  const ChosenTerms& family_;
  const BodySource& source_;
  const Graph& graph_;
  const std::function<std::uint32_t(NodeId)>& operand_;
  std::vector<std::uint32_t> own_uniforms_;  // slots
  ChosenSums chosen_{};
};

}  // namespace

ChosenSums lower_chosen(const ChosenTerms& family, const BodySource& source, const std::function<std::uint32_t(NodeId)>& operand) {
  return Lowering(family, source, operand).run();
}

}  // namespace rappel::detail
