#include "custom_op.hpp"
#include "lower_body.hpp"
#include "scan_places.hpp"
#include "scan_run.hpp"
#include "uniform_code.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

class ScanLowering {
 public:
  ScanLowering(const ScanBody& body, bool by_row, std::vector<std::uint32_t> place_of) : body_(body), by_row_(by_row) {
    code_->by_row = by_row;
    code_->place_of = std::move(place_of);
  }

  std::shared_ptr<ScanCode> run() {
    Traced traced{body_.graph, body_.next, {}};
    traced.outputs.insert(traced.outputs.end(), body_.outputs.begin(), body_.outputs.end());
    traced = fuse_live(traced);
    number_values(traced.graph);
    CallBuilder calls(traced.graph, code_->calls, by_row_, [this](NodeId n) { return operand(n); });
    if (by_row_)
      for (NodeId n = 0; n < static_cast<NodeId>(traced.graph.size()); ++n) add_step(traced.graph, n, calls);
    else
      add_uniforms(traced, calls);
    const auto num_carry = static_cast<std::size_t>(body_.num_carry);
    code_->next.resize(num_carry);
    for (std::size_t i = 0; i < num_carry; ++i) code_->next[code_->place_of[i]] = operand(traced.outputs[i]);
    for (std::size_t i = num_carry; i < traced.outputs.size(); ++i) code_->outputs.push_back(operand(traced.outputs[i]));
    code_->steps = body_.steps;
    code_->backwards = body_.backwards;
    code_->checkpoints = body_.checkpoints;
    code_->num_carry = static_cast<std::uint32_t>(body_.num_carry);
    code_->num_inputs = static_cast<std::uint32_t>(body_.num_inputs);
    return code_;
  }

 private:
  std::uint32_t operand(NodeId n) const { return number_[n]; }

  void number_values(const Graph& graph) {
    number_.assign(static_cast<std::size_t>(graph.size()), no_node);
    auto next = static_cast<std::uint32_t>(graph.num_parameters());
    for (NodeId n = 0; n < number_.size(); ++n)
      if (graph.op(n) == Op::parameter) number_[n] = code_->place_of[static_cast<std::size_t>(graph.payload(n))];
    code_->first_constant = next;
    for (NodeId n = 0; n < number_.size(); ++n)
      if (graph.is_constant(n)) {
        number_[n] = next++ | (by_row_ ? uniform_bit : 0);
        code_->constants.push_back(graph.value(n));
      }
    for (NodeId n = 0; by_row_ && n < number_.size(); ++n)
      if (graph.op(n) != Op::parameter && !graph.is_constant(n)) number_[n] = next++;
    code_->num_values = next;
  }

  void add_uniforms(const Traced& traced, CallBuilder& calls) {
    const Graph& graph = traced.graph;
    UniformWork work{graph, std::vector<std::uint32_t>(number_.size(), 0), std::vector<std::uint32_t>(number_.size(), 0)};
    std::uint32_t last = 0;
    const auto keep = [&](NodeId n) {
      if (work.kept[n] == 0) work.kept[n] = ++last;
    };
    std::vector<NodeId> nodes;
    for (NodeId n = 0; n < number_.size(); ++n) {
      const Op op = graph.op(n);
      for (const NodeId x : graph.operands(n)) {
        ++work.uses[x];
        if (is_call(op) || op == Op::stack || op == Op::result) keep(x);
      }
      if (number_[n] == no_node) nodes.push_back(n);
    }
    for (const NodeId n : traced.outputs)
      if (work.kept[n] == 0) work.kept[n] = UniformWork::in_any_order;
    UniformCoder coder(work, number_, code_->num_values, code_->operands, code_->calls);
    coder.add(nodes, code_->uniform, [&](NodeId n) { return calls.add(n); });
    code_->num_values = coder.num_places();
    count_until_calls(code_->uniform);
  }

  void add_step(const Graph& graph, NodeId n, CallBuilder& calls) {
    const Op op = graph.op(n);
    if (op == Op::parameter || op == Op::constant || op == Op::result || op == Op::stack) return;
    const auto x = graph.operands(n);
    BodyStep step{op, StepKind::plain, 0, static_cast<std::uint32_t>(code_->operands.size()),
                  static_cast<std::uint32_t>(x.size()), number_[n], num_results(graph, n)};
    if (is_call(op)) {
      step.first = calls.add(n);
    } else {
      for (std::size_t k = 0; k < x.size(); ++k) {
        if (k < 3 && !graph.is_constant(x[k])) step.varying |= 1u << k;
        code_->operands.push_back(number_[x[k]]);
      }
      for (NodeId m = n; m < n + step.num_results; ++m) code_->operands.push_back(number_[m]);
    }
    code_->body.push_back(step);
  }

  const ScanBody& body_;
  bool by_row_;
  std::vector<std::uint32_t> number_;
  std::shared_ptr<ScanCode> code_ = std::make_shared<ScanCode>();
};

// Over single values once more where that puts in a row what groups gather otherwise.
std::shared_ptr<ScanCode> lower_scan(const ScanBody& body, bool by_row) {
  const auto num_parameters = static_cast<std::size_t>(body.graph.num_parameters());
  auto code = ScanLowering(body, by_row, places_as_recorded(num_parameters)).run();
  constexpr int most_trials = 2;
  for (int trial = 0; trial < most_trials && !by_row && code->calls.scans.empty(); ++trial) {
    const std::size_t gathered = num_gathered(code->calls);
    if (gathered == 0) break;
    auto other = ScanLowering(body, by_row, places_as_groups_read(*code)).run();
    if (num_gathered(other->calls) >= gathered) break;
    code = std::move(other);
  }
  return code;
}

NodeId owner_of(const Graph& graph, NodeId n) { return graph.op(n) == Op::result ? graph.operands(n)[0] : n; }

}  // namespace

std::uint32_t CallBuilder::add_scan(NodeId n) {
  const ScanBody& body = *graph_.scan_body(n);
  const auto x = graph_.operands(n);
  const auto C = static_cast<std::size_t>(body.num_carry), I = static_cast<std::size_t>(body.num_inputs);
  ScanCall call;
  call.code = lower_scan(body, by_row_);
  std::vector<NodeId> operand(x.size());  // by place
  for (std::size_t i = 0; i < x.size(); ++i) operand[call.code->place_of[i]] = x[i];
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i >= C && i < C + I)
      call.inputs.push_back(source(operand[i]));
    else
      (i < C ? call.carry : call.captures).push_back(number_(operand[i]));
  }
  call.results.resize(C);
  for (std::size_t i = 0; i < C; ++i) call.results[call.code->place_of[i]] = number_(n + static_cast<NodeId>(i));
  calls_.scans.push_back(std::move(call));
  return scans_[n] = static_cast<std::uint32_t>(calls_.scans.size() - 1);
}

std::uint32_t CallBuilder::add(NodeId n) {
  switch (graph_.op(n)) {
    case Op::scan:
      return add_scan(n);
    case Op::unstack:
      return add_unstack(n);
    case Op::gather:
      return add_gather(n);
    case Op::scatter_rows:
      return add_scatter(n);
    default:
      return add_custom(n);
  }
}

std::uint32_t CallBuilder::add_gather(NodeId n) {
  const auto x = graph_.operands(n);
  GatherCall call{places(x[1], static_cast<std::size_t>(graph_.payload(n)), x.size() - 2), no_node, {}, {}};
  bool in_a_row = true;
  for (const NodeId u : x.subspan(2)) {
    in_a_row = in_a_row && (call.values.empty() || uniform_(u) == call.values.back() + 1);
    call.values.push_back(uniform_(u));
  }
  if (in_a_row) call.values.resize(1);
  for (NodeId i = 0; i < static_cast<NodeId>(graph_.payload(n)); ++i) call.results.push_back(number_(n + i));
  calls_.gathers.push_back(std::move(call));
  return static_cast<std::uint32_t>(calls_.gathers.size() - 1);
}

std::uint32_t CallBuilder::add_scatter(NodeId n) {
  const auto x = graph_.operands(n);
  ScatterCall call{.places = places(x[2], x.size() - 3, static_cast<std::size_t>(graph_.payload(n))), .first = uniform_(n), .operands = {}};
  for (const NodeId k : x.subspan(3)) call.operands.push_back(number_(k));
  calls_.scatters.push_back(std::move(call));
  return static_cast<std::uint32_t>(calls_.scatters.size() - 1);
}

RowsInPlace CallBuilder::rows_in_place(NodeId gather) {
  const auto x = graph_.operands(gather);
  return {places(x[1], static_cast<std::size_t>(graph_.payload(gather)), x.size() - 2), uniform_(x[2])};
}

std::uint32_t CallBuilder::add_dot(NodeId n, NodeId a, NodeId b) {
  const RowsInPlace first = rows_in_place(a);
  calls_.row_dots.push_back({first, rows_in_place(b), number_(n)});
  return static_cast<std::uint32_t>(calls_.row_dots.size() - 1);
}

std::uint32_t CallBuilder::add_scatter(NodeId n, NodeId row, NodeId factor) {
  const auto x = graph_.operands(n);
  ScatterCall call{.places = places(x[2], x.size() - 3, static_cast<std::size_t>(graph_.payload(n))),
                   .first = uniform_(n),
                   .of_rows = true,
                   .operands = {number_(factor)}};
  call.row = rows_in_place(row);
  calls_.scatters.push_back(std::move(call));
  return static_cast<std::uint32_t>(calls_.scatters.size() - 1);
}

PlacesCall CallBuilder::places(NodeId index, std::size_t width, std::size_t count) {
  const Places places{index, width, count};
  const auto found = std::ranges::find(places_, places);
  const bool is_first = found == places_.end();
  const auto number = static_cast<std::uint32_t>(found - places_.begin());
  if (is_first) places_.push_back(places);
  return {number_(index), static_cast<std::uint32_t>(width), count, number, is_first};
}

std::uint32_t CallBuilder::add_custom(NodeId n) {
  CustomCall call{graph_.custom_op(n), {}, {}};
  for (const NodeId x : graph_.operands(n)) call.operands.push_back(number_(x));
  for (NodeId i = 0; i < static_cast<NodeId>(call.op->num_results); ++i) call.results.push_back(number_(n + i));
  for (std::size_t i = static_cast<std::size_t>(call.op->forms.first_read); i < call.operands.size(); ++i) {
    if (!call.runs.empty() && call.runs.back().first + call.runs.back().count == call.operands[i])
      ++call.runs.back().count;
    else
      call.runs.push_back({call.operands[i], 1});
  }
  call.results_in_a_row = std::ranges::adjacent_find(call.results, [](std::uint32_t a, std::uint32_t b) {
                            return b != a + 1;
                          }) == call.results.end();
  calls_.customs.push_back(std::move(call));
  return static_cast<std::uint32_t>(calls_.customs.size() - 1);
}

std::uint32_t CallBuilder::add_unstack(NodeId n) {
  UnstackCall call{source(graph_.operands(n)[0]), {}};
  for (NodeId t = 0; t < static_cast<NodeId>(graph_.payload(n)); ++t) call.results.push_back(number_(n + t));
  calls_.unstacks.push_back(std::move(call));
  return static_cast<std::uint32_t>(calls_.unstacks.size() - 1);
}

StackedSource CallBuilder::source(NodeId stacked) {
  StackedSource result;
  if (graph_.op(stacked) == Op::stack) {
    for (const NodeId x : graph_.operands(stacked)) result.values.push_back(number_(x));
    return result;
  }
  const NodeId owner = owner_of(graph_, stacked);
  result.scan = scans_.at(owner);
  result.place = static_cast<std::uint32_t>(stacked - owner - graph_.scan_body(owner)->num_carry);
  std::vector<std::uint32_t>& kept = calls_.scans[result.scan].kept;
  if (std::ranges::find(kept, result.place) == kept.end()) kept.push_back(result.place);
  return result;
}

namespace {

void add_to(std::vector<PlaceRun>& runs, std::uint32_t from, std::uint32_t to) {
  if (!runs.empty()) {
    PlaceRun& last = runs.back();
    const bool uniform = ((from | last.from) & uniform_bit) != 0;  // spread over rows by itself
    if (!uniform && last.from + last.count == from && last.to + last.count == to) {
      ++last.count;
      return;
    }
  }
  runs.push_back({from, to, 1});
}

std::uint32_t place_among(const std::vector<std::uint32_t>& kept, std::uint32_t place) {
  return static_cast<std::uint32_t>(std::ranges::find(kept, place) - kept.begin());
}

void find_input_runs(ScanCall& call, const std::vector<ScanCall>& scans) {
  const ScanCode& code = *call.code;
  std::vector<PlaceRun> runs;
  for (std::uint32_t i = 0; i < call.inputs.size(); ++i) {
    const StackedSource& source = call.inputs[i];
    const std::uint32_t to = code.num_carry + i;
    if (!source.values.empty()) {
      call.listed_inputs.push_back(to);
      continue;
    }
    if (call.stacked_inputs.empty() || call.stacked_inputs.back().scan != source.scan) runs.clear();
    const std::size_t before = runs.size();
    add_to(runs, place_among(scans[source.scan].kept, source.place), to);
    if (runs.size() == before)
      call.stacked_inputs.back().run = runs.back();
    else
      call.stacked_inputs.push_back({source.scan, runs.back()});
  }
  for (Index t = 0; t < code.steps; ++t)
    for (const std::uint32_t to : call.listed_inputs)
      call.listed_values.push_back(call.inputs[to - code.num_carry].values[static_cast<std::size_t>(t)]);
  call.inputs.clear();
}

// Few runs for what they copy; of single values, what stands in short ones goes one by one.
PlaceCopies copies(const std::vector<PlaceRun>& runs, bool by_row) {
  constexpr std::uint32_t worth_a_call = 8;
  PlaceCopies result;
  for (const PlaceRun& run : runs) {
    if (by_row || run.count >= worth_a_call) {
      result.runs.push_back(run);
      continue;
    }
    for (std::uint32_t k = 0; k < run.count; ++k) {
      result.from.push_back(run.from + k);
      result.to.push_back(run.to + k);
    }
  }
  return result;
}

void find_copies(ScanCall& call) {
  const ScanCode& code = *call.code;
  std::vector<PlaceRun> carries, outputs, next;
  for (std::uint32_t i = 0; i < call.kept.size(); ++i) {
    if (call.kept[i] < code.num_carry)
      add_to(carries, code.place_of[call.kept[i]], i);
    else
      add_to(outputs, code.outputs[call.kept[i] - code.num_carry], i);
  }
  for (std::uint32_t i = 0; i < code.num_carry; ++i) add_to(next, code.next[i], i);
  call.kept_carries = copies(carries, code.by_row);
  call.kept_outputs = copies(outputs, code.by_row);
  call.next = copies(next, code.by_row);
}

}  // namespace

void find_runs(FrameCalls& calls) {
  for (ScanCall& call : calls.scans) {
    find_input_runs(call, calls.scans);
    find_copies(call);
    find_runs(call.code->calls);
  }
}

std::vector<NodeId> values_read(const Graph& graph, NodeId n) {
  std::vector<NodeId> values, open{n};
  std::unordered_map<NodeId, bool> seen;
  while (!open.empty()) {
    const NodeId at = open.back();
    open.pop_back();
    if (!seen.try_emplace(at, true).second) continue;
    for (const NodeId x : graph.operands(at)) {
      if (graph.is_stacked(x))
        open.push_back(owner_of(graph, x));
      else
        values.push_back(x);
    }
  }
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace rappel::detail
