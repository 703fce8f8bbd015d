#include "scan_body.hpp"

#include "copy_nodes.hpp"
#include "derivatives.hpp"
#include "sweep.hpp"

#include <array>

namespace rappel::detail {
namespace {

// The body of a scan without a carry: outputs[0] of an input for each of `num_stacked`, and `num_captures`.
template <class Make>  // (Builder&, parameters) -> NodeId
NodeId map_stacked(Builder& builder, std::span<const NodeId> operands, std::size_t num_stacked, const Make& make) {
  auto body = std::make_shared<ScanBody>();
  Builder own(builder.options());
  std::vector<NodeId> parameters;
  for (std::size_t i = 0; i < operands.size(); ++i) parameters.push_back(own.graph().parameter());
  body->outputs = {make(own, parameters)};
  body->graph = own.take();
  body->num_inputs = static_cast<Index>(num_stacked);
  body->steps = builder.graph().num_steps(operands[0]);
  return builder.scan(std::move(body), operands);
}

// Which carries depend on operands that are active.
std::vector<bool> active_carries(const ScanBody& body, const std::vector<bool>& active_operand) {
  std::vector<bool> active(active_operand.begin(), active_operand.begin() + body.num_carry);
  const Graph& graph = body.graph;
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<bool> reached(static_cast<std::size_t>(graph.size()), false);
    for (NodeId n = 0; n < reached.size(); ++n) {
      const auto place = static_cast<std::size_t>(graph.payload(n));
      if (graph.op(n) == Op::parameter) reached[n] = place < active.size() ? active[place] : active_operand[place];
      for (const NodeId x : graph.operands(n))
        if (reached[x]) reached[n] = true;
    }
    for (std::size_t i = 0; i < active.size(); ++i)
      if (!active[i] && reached[body.next[i]]) active[i] = changed = true;
  }
  return active;
}

}  // namespace

NodeId add_stacked(Builder& builder, NodeId a, NodeId b) {
  return map_stacked(builder, std::array{a, b}, 2, [](Builder& own, const std::vector<NodeId>& x) {
    return own.node(Op::add, {x[0], x[1]});
  });
}

NodeId scale_stacked(Builder& builder, NodeId a, NodeId factor) {
  return map_stacked(builder, std::array{a, factor}, 1, [](Builder& own, const std::vector<NodeId>& x) {
    return own.node(Op::mul, {x[0], x[1]});
  });
}

NodeId select_stacked(Builder& builder, NodeId condition, NodeId a) {
  return map_stacked(builder, std::array{a, condition}, 1, [](Builder& own, const std::vector<NodeId>& x) {
    return own.node(Op::select, {x[1], x[0], own.constant(0.0)});
  });
}

NodeId sum_rows_stacked(Builder& builder, RowSet rows, NodeId a) {
  const NodeId first = builder.unstack(a);
  std::vector<NodeId> sums;
  for (NodeId t = 0; t < static_cast<NodeId>(builder.graph().num_steps(a)); ++t)
    sums.push_back(builder.reduce_rows(Reduce::sum, rows, first + t));
  return builder.node(Op::stack, sums);
}

ReverseScan reverse_scan(Builder& builder, NodeId scan, std::span<const NodeId> adjoints,
                         const std::vector<bool>& active) {
  const std::shared_ptr<const ScanBody> body = builder.graph().scan_body(scan);
  const std::vector<NodeId> operands(builder.graph().operands(scan).begin(), builder.graph().operands(scan).end());
  const auto C = static_cast<std::size_t>(body->num_carry), I = static_cast<std::size_t>(body->num_inputs);
  std::vector<bool> active_operand;
  for (const NodeId x : operands) active_operand.push_back(active[x]);
  const std::vector<bool> active_carry = active_carries(*body, active_operand);

  // Parameters: adjoints of active carries, and the adjoints of captures so far; the forward carries, the inputs,
  // the adjoints of what is stacked; the captures. So the given operands, too.
  auto reverse = std::make_shared<ScanBody>();
  Builder own(builder.options());
  std::vector<NodeId> given, outputs, own_adjoints, wrt, so_far;
  const auto parameter = [&](NodeId from) {
    given.push_back(from);
    return own.graph().parameter();
  };
  for (std::size_t i = 0; i < C; ++i)
    if (active_carry[i]) {
      outputs.push_back(body->next[i]);
      own_adjoints.push_back(parameter(adjoints[i] == no_node ? builder.constant(0.0) : adjoints[i]));
    }
  for (std::size_t k = C + I; k < operands.size(); ++k)
    if (active_operand[k]) so_far.push_back(parameter(builder.constant(0.0)));
  reverse->num_carry = static_cast<Index>(given.size());
  std::vector<NodeId> parameters;
  for (std::size_t i = 0; i < C; ++i) parameters.push_back(parameter(scan + static_cast<NodeId>(C + i)));
  for (std::size_t i = 0; i < I; ++i) parameters.push_back(parameter(operands[C + i]));
  const std::vector<NodeId> own_parameters = parameters_of(body->graph);
  for (std::size_t j = 0; j < C + body->outputs.size(); ++j)
    if (adjoints[C + j] != no_node) {
      outputs.push_back(j < C ? own_parameters[j] : body->outputs[j - C]);
      own_adjoints.push_back(parameter(adjoints[C + j]));
    }
  reverse->num_inputs = static_cast<Index>(given.size()) - reverse->num_carry;
  for (std::size_t k = C + I; k < operands.size(); ++k) parameters.push_back(parameter(operands[k]));

  NodeCopy copy(body->graph);
  for (std::size_t i = 0; i < parameters.size(); ++i) copy.map(own_parameters[i], parameters[i]);
  for (NodeId n = 0; n < static_cast<NodeId>(body->graph.size()); ++n)
    if (!copy.mapped(n)) copy.map(n, copy.to(own, n));
  for (NodeId& n : outputs) n = copy[n];
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (i < C ? active_carry[i] : active_operand[i]) wrt.push_back(parameters[i]);
  const std::vector<NodeId> made = reverse_sweep(own, outputs, own_adjoints, wrt);

  ReverseScan result{std::vector<NodeId>(operands.size(), no_node)};
  std::size_t next = 0, sum = 0, num_outputs = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!(i < C ? active_carry[i] : active_operand[i])) continue;
    const NodeId adjoint = made[next++];
    if (i >= C && i < C + I) {
      reverse->outputs.push_back(adjoint);
      result.operands[i] = static_cast<NodeId>(2 * static_cast<std::size_t>(reverse->num_carry) + num_outputs++);
    } else {
      result.operands[i] = static_cast<NodeId>(reverse->next.size());
      reverse->next.push_back(i < C ? adjoint : own.node(Op::add, {so_far[sum++], adjoint}));
    }
  }
  // Carries come first, then captures: the order of the parameters.
  reverse->graph = own.take();
  reverse->steps = body->steps;
  reverse->backwards = !body->backwards;
  reverse->checkpoints = body->checkpoints;
  const NodeId first = builder.scan(std::move(reverse), given);
  for (NodeId& n : result.operands)
    if (n != no_node) n += first;
  return result;
}

namespace {

class Unrolling {
 public:
  Unrolling(const Traced& traced, PassOptions options) : traced_(traced), builder_(options) {}

  Traced run() {
    copy_row_sets(traced_.graph, builder_.graph());
    const std::vector<NodeId> map = copy(traced_.graph, {});
    return renumbered(traced_, map, builder_.take());
  }

 private:
  using Entries = std::unordered_map<NodeId, std::vector<NodeId>>;  // of stacked nodes

  // All nodes of `from`; its parameters become `given`, or parameters where none are.
  std::vector<NodeId> copy(const Graph& from, std::span<const NodeId> given) {
    std::vector<NodeId> map(static_cast<std::size_t>(from.size()), no_node), operands;
    Entries entries;
    for (NodeId n = 0; n < map.size(); ++n) {
      const auto x = from.operands(n);
      switch (from.op(n)) {
        case Op::parameter:
          map[n] = given.empty() ? builder_.graph().parameter() : given[static_cast<std::size_t>(from.payload(n))];
          break;
        case Op::stack:
          for (const NodeId k : x) entries[n].push_back(map[k]);
          break;
        case Op::scan:
          copy_scan(from, n, map, entries);
          break;
        case Op::unstack: {
          const std::vector<NodeId>& all = entries[x[0]];
          for (std::size_t t = 0; t < all.size(); ++t) map[n + t] = all[t];
          break;
        }
        case Op::result:
          if (from.op(x[0]) == Op::scan || from.op(x[0]) == Op::unstack) break;
          [[fallthrough]];
        default:
          map[n] = copy_node(from, n, map, operands, builder_);
      }
    }
    return map;
  }

  void copy_scan(const Graph& from, NodeId n, std::vector<NodeId>& map, Entries& entries) {
    const ScanBody& body = *from.scan_body(n);
    const auto x = from.operands(n);
    const auto C = static_cast<std::size_t>(body.num_carry), I = static_cast<std::size_t>(body.num_inputs);
    const auto T = static_cast<std::size_t>(body.steps);
    std::vector<NodeId> given(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      if (i < C || i >= C + I) given[i] = map[x[i]];
    const auto stacked = [&](std::size_t place) -> std::vector<NodeId>& {
      std::vector<NodeId>& all = entries[n + static_cast<NodeId>(C + place)];
      all.resize(T, no_node);
      return all;
    };
    for (std::size_t p = 0; p < T; ++p) {
      const std::size_t t = body.backwards ? T - 1 - p : p;
      for (std::size_t i = 0; i < I; ++i) given[C + i] = entries[x[C + i]][t];
      const std::vector<NodeId> step = copy(body.graph, given);
      for (std::size_t i = 0; i < C; ++i) stacked(i)[t] = given[i];
      for (std::size_t j = 0; j < body.outputs.size(); ++j) stacked(C + j)[t] = step[body.outputs[j]];
      for (std::size_t i = 0; i < C; ++i) given[i] = step[body.next[i]];
    }
    for (std::size_t i = 0; i < C; ++i) map[n + i] = given[i];
  }

  const Traced& traced_;
  Builder builder_;
};

}  // namespace

Traced unrolled(const Traced& traced, PassOptions options) { return Unrolling(traced, options).run(); }

}  // namespace rappel::detail
