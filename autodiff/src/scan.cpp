#include <rappel/autodiff/scan.hpp>

#include "recording.hpp"
#include "scan_body.hpp"

namespace rappel::detail {
namespace {

void check(Index steps, ExprSpan inputs, const ScanOptions& options) {
  if (steps < 0) throw std::invalid_argument("scan: " + std::to_string(steps) + " steps");
  if (options.checkpoints < 0)
    throw std::invalid_argument("scan: checkpoints is " + std::to_string(options.checkpoints) + ", must be >= 0");
  if (steps == 0 ? inputs.size() > 0 : inputs.size() % steps != 0)
    throw std::invalid_argument("scan: " + std::to_string(inputs.size()) + " inputs do not divide into " +
                                std::to_string(steps) + " steps");
}

std::vector<Expr> parameters(Recording& recording, Index count) {
  std::vector<Expr> exprs;
  for (Index i = 0; i < count; ++i) exprs.push_back(recording.expr(recording.builder().graph().parameter()));
  return exprs;
}

std::vector<NodeId> nodes_of(Recording& recording, const std::vector<Expr>& exprs) {
  std::vector<NodeId> nodes;
  for (const Expr& e : exprs) nodes.push_back(recording.node(e));
  return nodes;
}

// Runs the user's body on symbols; gives what it captures.
std::vector<NodeId> record_body(ScanBody& body, Recording& outer,
                                const std::function<ScanStep(ExprSpan, ExprSpan)>& step) {
  Builder builder(outer.builder().options());
  Captures captures{outer, body.num_carry + body.num_inputs};
  Recording recording(builder);
  recording.captures = &captures;
  const std::vector<Expr> carry = parameters(recording, body.num_carry);
  const std::vector<Expr> inputs = parameters(recording, body.num_inputs);
  const ScanStep made = step(ExprSpan(carry), ExprSpan(inputs));
  if (static_cast<Index>(made.carry.size()) != body.num_carry)
    throw std::invalid_argument("scan: the body gives a carry of " + std::to_string(made.carry.size()) +
                                ", it was given one of " + std::to_string(body.num_carry));
  body.next = nodes_of(recording, made.carry);
  body.outputs = nodes_of(recording, made.outputs);
  body.graph = builder.take();
  return captures.nodes;
}

}  // namespace

Scan record_scan(Index steps, ExprSpan carry, ExprSpan inputs,
                 const std::function<ScanStep(ExprSpan, ExprSpan)>& step, const ScanOptions& options, Location at) {
  check(steps, inputs, options);
  Scan result{{carry.begin(), carry.end()}, {}};
  if (steps == 0) return result;
  Recording& recording = Recording::required("scan");
  Builder& builder = recording.builder();
  recording.locate(at);
  auto body = std::make_shared<ScanBody>();
  body->num_carry = carry.size();
  body->num_inputs = inputs.size() / steps;
  body->steps = steps;
  body->checkpoints = options.checkpoints;
  std::vector<NodeId> operands = nodes_of(recording, result.carry);
  for (Index i = 0; i < body->num_inputs; ++i) {
    std::vector<NodeId> entries;
    for (Index t = 0; t < steps; ++t) entries.push_back(recording.node(inputs[t * body->num_inputs + i]));
    operands.push_back(builder.node(Op::stack, entries));
  }
  for (const NodeId n : record_body(*body, recording, step)) operands.push_back(n);
  recording.locate(at);
  const auto num_carry = static_cast<NodeId>(body->num_carry), num_outputs = static_cast<NodeId>(body->outputs.size());
  const NodeId first = builder.scan(std::move(body), operands);
  for (NodeId i = 0; i < num_carry; ++i) result.carry[i] = recording.expr(first + i);
  if (num_outputs == 0) return result;
  result.outputs.resize(static_cast<std::size_t>(steps));
  for (NodeId j = 0; j < num_outputs; ++j) {
    const NodeId entries = builder.unstack(first + 2 * num_carry + j);
    for (std::size_t t = 0; t < result.outputs.size(); ++t)
      result.outputs[t].push_back(recording.expr(entries + static_cast<NodeId>(t)));
  }
  return result;
}

}  // namespace rappel::detail
