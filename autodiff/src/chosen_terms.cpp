#include "chosen_terms.hpp"

#include "scan_code.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <utility>

namespace rappel::detail {
namespace {

// Of a family. Measured on nearest of 8 to 64 centroids in 1 to 16 dimensions: from 8 on it is always worth it, 1.05 times
// with one sum each, 2 to 3 times with more. Fewer are left to the steps over all rows.
constexpr std::size_t least_members = 8;

// The node of the shares that `gate` is one of, or implies one of; else no_node.
NodeId shares_of(const Graph& graph, NodeId gate, int depth = 8) {
  const NodeId owner = graph.op(gate) == Op::result ? graph.operands(gate)[0] : gate;
  if (graph.op(owner) == Op::shares) return owner;
  if (graph.op(gate) != Op::logical_and || depth == 0) return no_node;
  const NodeId first = shares_of(graph, graph.operands(gate)[0], depth - 1);
  return first != no_node ? first : shares_of(graph, graph.operands(gate)[1], depth - 1);
}

class Finder {
 public:
  Finder(const BodySource& source, const BodyRows& rows, const std::vector<bool>& is_sum)
      : source_(source), graph_(source.traced.graph), rows_(rows), is_sum_(is_sum), size_(static_cast<NodeId>(graph_.size())) {}

  ChosenRows run() {
    collect_gated_sums();
    if (sums_of_.size() < least_members) return {};
    find_owners();
    std::map<Signature, ChosenTerms> families;
    for (auto& [gate, sums] : sums_of_) add_member(gate, std::move(sums), families);
    ChosenRows result;
    std::vector<bool> accepted(size_, false);
    for (auto& [signature, family] : families) {
      if (family.members.size() < least_members) continue;
      for (const ChosenTerms::Member& m : family.members) accepted[m.gate] = true;
      complete(signature, family);
      result.families.push_back(std::move(family));
    }
    result.inside.assign(size_, false);
    for (NodeId n = 0; n < size_; ++n) result.inside[n] = is_gate(owner_[n]) && accepted[owner_[n]];
    for (ChosenTerms& family : result.families)
      if (is_only_chosen_by(family)) {
        family.shares = owner_of(family.members[0].gate);
        result.inside[family.shares] = true;
      }
    return result;
  }

 private:
  // Operations in order, each with its operands; then the terms. An operand: its kind, and a number of that kind.
  enum Kind : std::uint64_t { constant, uniform, varying, computed };
  struct Operand {
    Kind kind;
    std::uint64_t number;  // a constant's bits, a slot, or which of the operations
    auto operator<=>(const Operand&) const = default;
  };
  struct Operation {
    Op op;
    std::vector<Operand> operands;
    auto operator<=>(const Operation&) const = default;
  };
  struct Signature {
    std::vector<Operation> operations;
    std::vector<Operand> terms;
    auto operator<=>(const Signature&) const = default;
  };

  // --- which nodes serve the terms of one gate alone ---

  static constexpr NodeId outside = no_node - 1;
  bool is_gate(NodeId owner) const { return owner < outside; }

  void collect_gated_sums() {
    bool shares = false;
    for (NodeId n = 0; n < size_; ++n) shares = shares || graph_.op(n) == Op::shares;
    if (!shares) return;
    std::vector<std::uint32_t> uses(size_, 0);
    for (const NodeId n : source_.traced.outputs) ++uses[n];
    for (NodeId n = 0; n < size_; ++n)
      if (source_.live[n])
        for (const NodeId x : graph_.operands(n)) ++uses[x];
    for (NodeId n = 0; n < size_; ++n) {
      if (!is_sum_[n] || graph_.op(n) != Op::sum_rows) continue;
      const NodeId s = graph_.operands(n)[0];
      if (graph_.op(s) != Op::select || uses[s] != 1 || !graph_.is_constant(graph_.operands(s)[2], 0.0)) continue;
      const NodeId gate = graph_.operands(s)[0];
      if (!graph_.varying(gate) || !graph_.varying(graph_.operands(s)[1]) || shares_of(graph_, gate) == no_node) continue;
      sums_of_[gate].push_back(n);
    }
  }

  // A node that can be computed for some rows alone.
  bool is_elementwise(NodeId n) const {
    const Op op = graph_.op(n);
    return graph_.varying(n) && op != Op::column && op != Op::result && op != Op::stack && !has_several_results(op) && !is_call(op) &&
           !is_reduction(op) && !graph_.is_stacked(n);
  }

  void find_owners() {
    owner_.assign(size_, no_node);
    for (const NodeId n : source_.traced.outputs) owner_[n] = outside;
    const auto join = [&](NodeId x, NodeId owner) {
      if (owner_[x] == no_node) owner_[x] = owner;
      if (owner_[x] != owner) owner_[x] = outside;
    };
    std::vector<bool> is_gated_select(size_, false);
    for (const auto& [gate, sums] : sums_of_)
      for (const NodeId n : sums) owner_[graph_.operands(n)[0]] = gate, is_gated_select[graph_.operands(n)[0]] = true;
    for (NodeId n = size_; n-- > 0;) {
      if (!source_.live[n]) continue;
      if (is_sum_[n] && graph_.op(n) == Op::sum_rows && is_gated_select[graph_.operands(n)[0]]) continue;
      if (!is_elementwise(n) || source_.stage[n] != rows_.stage) owner_[n] = outside;
      const auto x = graph_.operands(n);
      if (is_gated_select[n]) {
        join(x[0], outside);
        join(x[1], owner_[n]);
      } else {
        for (const NodeId k : x) join(k, owner_[n]);
      }
    }
  }

  // What all rows need, but is computed again from columns and uniform values sooner than read.
  bool is_cheap(NodeId n) const {
    switch (graph_.op(n)) {
      case Op::add:
      case Op::sub:
      case Op::mul:
      case Op::neg:
      case Op::square:
        return std::ranges::all_of(graph_.operands(n), [&](NodeId x) { return !graph_.varying(x) || graph_.op(x) == Op::column; });
      default:
        return false;
    }
  }

  // --- what a member computes ---

  void add_member(NodeId gate, std::vector<NodeId> sums, std::map<Signature, ChosenTerms>& families) {
    Signature signature;
    ChosenTerms::Member member{gate, std::move(sums), {}};
    known_.clear();
    for (const NodeId n : member.sums)
      signature.terms.push_back(operand_of(graph_.operands(graph_.operands(n)[0])[1], gate, signature, member));
    families[std::move(signature)].members.push_back(std::move(member));
  }

  bool is_computed(NodeId n, NodeId gate) const { return owner_[n] == gate || is_cheap(n); }

  // Operands come before what reads them, each as soon as it is asked for; without recursion, since terms may be long.
  Operand operand_of(NodeId n, NodeId gate, Signature& signature, ChosenTerms::Member& member) {
    std::vector<NodeId> open = {n};
    while (!open.empty()) {
      const NodeId k = open.back();
      if (known_.count(k) != 0) {
        open.pop_back();
        continue;
      }
      if (graph_.is_constant(k)) {
        known_[k] = {constant, std::bit_cast<std::uint64_t>(graph_.value(k))};
      } else if (graph_.varying(k) && is_computed(k, gate)) {
        const auto x = graph_.operands(k);
        const auto missing = std::ranges::find_if(x, [&](NodeId m) { return known_.count(m) == 0; });
        if (missing != x.end()) {
          open.push_back(*missing);
          continue;
        }
        known_[k] = {computed, signature.operations.size()};
        signature.operations.push_back(operation(k));
      } else {
        known_[k] = {graph_.varying(k) ? varying : uniform, member.values.size()};
        member.values.push_back(k);
      }
    }
    return known_.at(n);
  }

  // Which factor of a product stands first is a matter of the order of the nodes.
  Operation operation(NodeId n) const {
    Operation result{graph_.op(n), {}};
    for (const NodeId x : graph_.operands(n)) result.operands.push_back(known_.at(x));
    if (result.op == Op::mul && result.operands[1].kind < result.operands[0].kind)
      std::swap(result.operands[0], result.operands[1]);
    return result;
  }

  // --- a family ---

  void complete(const Signature& signature, ChosenTerms& family) {
    Graph& graph = family.terms.graph;
    const ChosenTerms::Member& first = family.members[0];
    const std::size_t num_slots = first.values.size();
    for (std::size_t s = 0; s < num_slots; ++s)
      family.same.push_back(std::ranges::all_of(family.members, [&](const auto& m) { return m.values[s] == first.values[s]; }));
    const RowSet rows = graph.rows(static_cast<Index>(num_slots));
    std::vector<NodeId> slots, made;
    const auto stands_for = [&](NodeId own, NodeId n) {
      family.shared.resize(static_cast<std::size_t>(graph.size()), no_node);
      family.shared[own] = n;
      return own;
    };
    for (std::size_t s = 0; s < num_slots; ++s) {
      const NodeId n = first.values[s];
      slots.push_back(family.same[s] && !graph_.varying(n) ? stands_for(graph.argument(), n) : graph.column(rows, static_cast<Index>(s)));
    }
    const auto node_of = [&](const Operand& x) {
      if (x.kind == computed) return made[x.number];
      if (x.kind != constant) return slots[x.number];
      return stands_for(graph.constant(std::bit_cast<double>(x.number)), constant_node(x.number));
    };
    for (const Operation& o : signature.operations) {
      std::vector<NodeId> x;
      for (const Operand& k : o.operands) x.push_back(node_of(k));
      made.push_back(graph.node(o.op, x));
    }
    for (const Operand& t : signature.terms) family.terms.outputs.push_back(node_of(t));
    family.shared.resize(static_cast<std::size_t>(graph.size()), no_node);
  }

  NodeId owner_of(NodeId n) const { return graph_.op(n) == Op::result ? graph_.operands(n)[0] : n; }

  // Whether the shares of a min or max serve as gates and in terms of the family alone, each its own member.
  bool is_only_chosen_by(const ChosenTerms& family) const {
    const NodeId shares = owner_of(family.members[0].gate);
    if (graph_.op(shares) != Op::shares || source_.stage[shares] != rows_.stage) return false;
    std::vector<bool> is_own(size_, false);
    for (const ChosenTerms::Member& m : family.members) {
      if (owner_of(m.gate) != shares) return false;
      is_own[m.gate] = true;
      for (std::size_t s = 0; s < m.values.size(); ++s)
        if ((m.values[s] == m.gate) != (family.members[0].values[s] == family.members[0].gate)) return false;
    }
    for (NodeId n = 0; n < size_; ++n) {
      if (!source_.live[n] || graph_.op(n) == Op::result) continue;
      for (const NodeId x : graph_.operands(n))
        if (owner_of(x) == shares && !(is_own[x] && owner_[n] == x)) return false;
    }
    return std::ranges::none_of(source_.traced.outputs, [&](NodeId n) { return owner_of(n) == shares; });
  }

  NodeId constant_node(std::uint64_t bits) {
    if (constants_.empty())
      for (NodeId n = 0; n < size_; ++n)
        if (source_.live[n] && graph_.is_constant(n)) constants_.emplace(std::bit_cast<std::uint64_t>(graph_.value(n)), n);
    return constants_.at(bits);
  }

  const BodySource& source_;
  const Graph& graph_;
  const BodyRows& rows_;
  const std::vector<bool>& is_sum_;
  NodeId size_;
  std::map<NodeId, std::vector<NodeId>> sums_of_;  // by gate
  std::vector<NodeId> owner_;  // by node: the gate whose terms alone read it, or outside; no_node: nothing does
  std::unordered_map<NodeId, Operand> known_;  // of the member at hand
  std::unordered_map<std::uint64_t, NodeId> constants_;
};

}  // namespace

ChosenRows find_chosen_terms(const BodySource& source, const BodyRows& rows, const std::vector<bool>& is_sum) {
  return Finder(source, rows, is_sum).run();
}

}  // namespace rappel::detail
