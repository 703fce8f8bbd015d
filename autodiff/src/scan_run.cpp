#include "scan_run.hpp"

#include "custom_op.hpp"
#include "fused_groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rappel::detail {
namespace {

// Doubles up to which all that a scan stacks is kept; else it is computed again, a segment at a time.
constexpr std::size_t largest_kept = std::size_t{1} << 20;

Index segment_steps(const ScanCall& call, std::size_t block) {
  const Index steps = call.code->steps;
  if (call.code->checkpoints > 0) return (steps + call.code->checkpoints - 1) / call.code->checkpoints;
  if (static_cast<std::size_t>(steps) * call.kept.size() * block <= largest_kept) return steps;
  return static_cast<Index>(std::ceil(std::sqrt(static_cast<double>(steps))));
}

}  // namespace

void Frame::copy_from(std::uint32_t number, double* to) const {
  const double* from = at(number);
  if (by_row() && (number & uniform_bit) != 0)
    std::fill_n(to, padded, *from);
  else
    std::copy_n(from, padded, to);
}

void Frame::copy_from(const PlaceCopies& copies, double* to) const {
  const auto block = static_cast<std::size_t>(padded);
  for (const PlaceRun& run : copies.runs) {
    if (run.count == 1)
      copy_from(run.from, to + run.to * block);
    else
      std::copy_n(at(run.from), run.count * block, to + run.to * block);
  }
  for (std::size_t i = 0; i < copies.from.size(); ++i) to[copies.to[i]] = values[copies.from[i]];  // single values
}

ScanRun::ScanRun(const FrameCalls& calls, FrameState& state, const Frame& frame)
    : calls_(calls), state_(state), states_(state.scans), frame_(frame) {
  if (states_.size() < calls.scans.size()) states_.resize(calls.scans.size());
}

void ScanRun::run(Op op, std::uint32_t call) {
  switch (op) {
    case Op::scan:
      return scan(call);
    case Op::unstack:
      return unstack(call);
    case Op::gather:
      return gather(calls_.gathers[call]);
    case Op::scatter_rows:
      return scatter(call);
    case row_dot_call:
      return dot(calls_.row_dots[call]);
    default:
      return custom(call);
  }
}

void ScanRun::scan(std::uint32_t number) {
  const ScanCall& call = calls_.scans[number];
  const ScanCode& code = *call.code;
  ScanState& state = states_[number];
  start(call, state);
  const std::size_t carry = code.num_carry * block(), kept = call.kept.size() * block();
  double *values = state.values.reserve(0), *checkpoints = nullptr, *segment = nullptr;
  state.segment_steps = segment_steps(call, block());
  const bool all = state.segment_steps >= code.steps;
  if (kept > 0) {
    segment = state.segment.reserve(kept * static_cast<std::size_t>(state.segment_steps));
    const Index count = (code.steps + state.segment_steps - 1) / state.segment_steps;
    checkpoints = state.checkpoints.reserve(all ? 0 : carry * static_cast<std::size_t>(count));
  }
  for (Index p = 0; p < code.steps; ++p) {
    if (kept > 0 && !all && p % state.segment_steps == 0)
      std::copy_n(values, carry, checkpoints + carry * static_cast<std::size_t>(p / state.segment_steps));
    step(call, state, p, all && kept > 0 ? segment + kept * static_cast<std::size_t>(p) : nullptr);
  }
  state.at = all ? 0 : -1;
  for (std::size_t i = 0; i < code.num_carry; ++i)
    std::copy_n(values + i * block(), block(), frame_.at(call.results[i]));
}

void ScanRun::unstack(std::uint32_t number) {
  const UnstackCall& call = calls_.unstacks[number];
  for (std::size_t t = 0; t < call.results.size(); ++t)
    read(call.source, static_cast<Index>(t), frame_.at(call.results[t]));
}

// Rows that do not exist get what the last one gets.
void ScanRun::custom(std::uint32_t number) {
  const CustomCall& call = calls_.customs[number];
  std::vector<double>& uniform = state_.operands;
  uniform.resize(std::max(uniform.size(), call.operands.size() * block()));
  if (!frame_.by_row()) return custom_uniform(call);
  std::vector<const double*> x;
  std::vector<double*> z;
  for (std::size_t i = 0; i < call.operands.size(); ++i) {
    const bool varies = (call.operands[i] & uniform_bit) == 0;
    if (!varies) frame_.copy_from(call.operands[i], uniform.data() + i * block());
    x.push_back(varies ? frame_.at(call.operands[i]) : uniform.data() + i * block());
  }
  for (const std::uint32_t result : call.results) z.push_back(frame_.at(result));
  call.op->evaluate_rows(x, z, frame_.rows);
  for (double* results : z) std::fill(results + frame_.rows, results + frame_.padded, results[frame_.rows - 1]);
}

void ScanRun::custom_uniform(const CustomCall& call) {
  double* x = state_.operands.data() + call.op->forms.first_read;
  for (const CustomCall::Run& run : call.runs) {
    std::copy_n(frame_.at(run.first), run.count, x);
    x += run.count;
  }
  const ConstSpan operands{state_.operands.data(), call.operands.size()};
  if (call.results_in_a_row) return call.op->evaluate(operands, {frame_.at(call.results[0]), call.results.size()});
  state_.results.resize(std::max(state_.results.size(), call.results.size()));
  call.op->evaluate(operands, {state_.results.data(), call.results.size()});
  for (std::size_t j = 0; j < call.results.size(); ++j) *frame_.at(call.results[j]) = state_.results[j];
}

const FrameState::Places& ScanRun::places(const PlacesCall& call) {
  if (state_.places.size() <= call.number) state_.places.resize(call.number + 1);
  FrameState::Places& places = state_.places[call.number];
  if (!call.is_first) return places;
  if (places.by_row.size() < block()) places.by_row.resize(block());
  places.kind = calls_.lookups->find_places(frame_.at(call.index), frame_.rows, frame_.padded,
                                            static_cast<std::int32_t>(call.width),
                                            static_cast<double>(call.count / call.width), places.by_row.data());
  return places;
}

ScanRun::FoundPlaces ScanRun::find(const PlacesCall& call) {
  if (call.finding != no_finding)
    if (const std::int32_t first = frame_.lookups->first_places[call.finding]; first != outside)
      return {PlacesKind::in_a_row, static_cast<std::int32_t>(first + frame_.lookups->row), nullptr};
  const FrameState::Places& found = places(call);
  return {found.kind, found.by_row[0], found.by_row.data()};
}

void ScanRun::gather(const GatherCall& call) {
  const FoundPlaces found = find(call.places);
  const bool of_parameters = call.values[0] + call.places.count <= frame_.parameters.size();
  const double* from = (of_parameters ? frame_.parameters.data() : frame_.uniforms) + call.values[0];
  if (call.view != no_node) {
    const LeafLookups& lookups = *frame_.lookups;
    double*& view = lookups.views[call.view];
    if (found.kind == PlacesKind::in_a_row && call.values.size() == 1 && frame_.padded == frame_.rows) {
      view = const_cast<double*>(from + found.first);  // nothing writes to it
      return;
    }
    view = lookups.view_blocks + call.view * lookups.view_stride;
  }
  if (call.values.size() > 1 || found.kind == PlacesKind::some_outside) return gather_some(call, from, found);
  if (found.kind == PlacesKind::in_a_row) {
    double* z = frame_.at(call.results[0]);
    std::copy_n(from + found.first, frame_.rows, z);
    std::fill(z + frame_.rows, z + frame_.padded, z[frame_.rows - 1]);
    return;
  }
  std::vector<double*>& z = state_.gather_pointers;
  z.clear();
  for (const std::uint32_t result : call.results) z.push_back(frame_.at(result));
  calls_.lookups->gather(from, found.places, frame_.padded, z.size(), z.data());
}

// Of values that stand anywhere, or for rows some of which have no index: they get NaN.
void ScanRun::gather_some(const GatherCall& call, const double* from, const FoundPlaces& found) {
  const bool in_a_row = call.values.size() == 1;
  for (std::size_t j = 0; j < call.results.size(); ++j) {
    double* z = frame_.at(call.results[j]);
    for (std::ptrdiff_t r = 0; r < frame_.padded; ++r) {
      const std::int32_t place =
          found.places != nullptr ? found.places[r] : found.first + static_cast<std::int32_t>(std::min(r, frame_.rows - 1));
      const std::size_t at = static_cast<std::size_t>(place) + j;
      z[r] = place == outside ? std::numeric_limits<double>::quiet_NaN()
             : in_a_row       ? from[at]
                              : frame_.uniforms[call.values[at]];
    }
  }
}

// Sums of a scatter, all of them begun.
double* ScanRun::begun_sums(std::uint32_t number) const {
  double* sums = frame_.lookups->sums[number];
  const std::size_t count = calls_.scatters[number].places.count;
  std::size_t& begun = frame_.lookups->begun[number];
  std::fill(sums + begun, sums + count, 0.0);
  begun = count;
  return sums;
}

PlacedRows ScanRun::placed(const RowsInPlace& rows, const FoundPlaces& found) const {
  return {frame_.parameters.data() + rows.first, found.places};
}

// Rows are wider than one value, so that places are found for each. Where one is outside, row by row.
void ScanRun::dot(const RowDotCall& call) {
  const FoundPlaces a = find(call.a.places), b = find(call.b.places);
  PlacedRows x = placed(call.a, a), y = placed(call.b, b);
  double* z = frame_.at(call.result);
  if (a.kind == PlacesKind::some_outside || b.kind == PlacesKind::some_outside) {
    for (std::ptrdiff_t r = 0; r < frame_.rows; ++r, ++x.places, ++y.places) {
      z[r] = std::numeric_limits<double>::quiet_NaN();
      if (*x.places != outside && *y.places != outside) calls_.lookups->dot(x, y, 1, call.a.places.width, z + r);
    }
  } else {
    calls_.lookups->dot(x, y, frame_.rows, call.a.places.width, z);
  }
  std::fill(z + frame_.rows, z + frame_.padded, z[frame_.rows - 1]);
}

void ScanRun::scatter_rows(const ScatterCall& call, const FoundPlaces& found, double* sums) {
  const FoundPlaces row = find(call.row.places);
  PlacedRows x = placed(call.row, row);
  const double* factor = frame_.at(call.operands[0]);
  const std::ptrdiff_t step = (call.operands[0] & uniform_bit) != 0 ? 0 : 1;
  const std::size_t width = call.places.width;
  if (found.kind != PlacesKind::some_outside && row.kind != PlacesKind::some_outside)
    return calls_.lookups->scatter_multiples(factor, step, x, found.places, frame_.rows, width, sums);
  for (std::ptrdiff_t r = 0; r < frame_.rows; ++r) {
    if (found.places[r] == outside) continue;
    double* const to = sums + found.places[r];
    for (std::size_t j = 0; j < width; ++j)  // NaN where nothing was looked up
      to[j] += x.places[r] == outside ? std::numeric_limits<double>::quiet_NaN() : x.from[static_cast<std::size_t>(x.places[r]) + j] * factor[r * step];
  }
}

// Each sum is taken in the order of the rows.
void ScanRun::scatter(std::uint32_t number) {
  const ScatterCall& call = calls_.scatters[number];
  const FoundPlaces found = find(call.places);
  if (call.of_rows) return scatter_rows(call, found, begun_sums(number));
  const std::size_t width = call.operands.size();
  double* repeated = state_.repeated.reserve(width * block());  // operands that are uniform, as blocks
  std::vector<const double*>& x = state_.pointers;
  x.clear();
  for (const std::uint32_t operand : call.operands) {
    const bool varies = (operand & uniform_bit) == 0;
    if (!varies) frame_.copy_from(operand, repeated);
    x.push_back(varies ? frame_.at(operand) : repeated);
    if (!varies) repeated += block();
  }
  std::size_t& begun = frame_.lookups->begun[number];
  if (found.kind == PlacesKind::in_a_row && begun == static_cast<std::size_t>(found.first)) {
    double* const sums = frame_.lookups->sums[number] + found.first;
    if (x[0] != sums || !call.never_minus_zero) calls_.lookups->begin(x[0], frame_.rows, sums);
    begun += static_cast<std::size_t>(frame_.rows);
    return;
  }
  double* sums = begun_sums(number);
  if (found.kind == PlacesKind::some_outside)
    scatter_some(x, found.places, sums);
  else if (found.kind == PlacesKind::in_a_row)
    calls_.lookups->add(x[0], frame_.rows, sums + found.first);
  else
    calls_.lookups->scatter(x.data(), found.places, frame_.rows, width, sums);
}

// A row whose index is none has values that are NaN: it adds nothing.
void ScanRun::scatter_some(std::span<const double* const> x, const std::int32_t* place, double* sums) const {
  for (std::size_t j = 0; j < x.size(); ++j)
    for (std::ptrdiff_t r = 0; r < frame_.rows; ++r)
      if (place[r] != outside) sums[static_cast<std::size_t>(place[r]) + j] += x[j][r];
}

// Captures, constants and the first carry.
void ScanRun::start(const ScanCall& call, ScanState& state) {
  const ScanCode& code = *call.code;
  double* values = state.values.reserve(code.num_values * block());
  state.carry.reserve(code.num_carry * block());
  if (frame_.by_row()) {
    state.pointers.resize(code.num_values);
    for (std::size_t i = 0; i < code.num_values; ++i) state.pointers[i] = values + i * block();
    for (std::size_t i = 0; i < code.constants.size(); ++i)
      *state.pointers[code.first_constant + i] = code.constants[i];
  } else {
    std::copy(code.constants.begin(), code.constants.end(), values + code.first_constant);
  }
  for (std::size_t i = 0; i < call.carry.size(); ++i) frame_.copy_from(call.carry[i], values + i * block());
  const std::size_t first = code.num_carry + code.num_inputs;
  for (std::size_t i = 0; i < call.captures.size(); ++i)
    frame_.copy_from(call.captures[i], values + (first + i) * block());
}

// One step, the place-th that is taken. What is stacked of it goes to `keep`, unless that is null.
void ScanRun::step(const ScanCall& call, ScanState& state, Index place, double* keep) {
  const ScanCode& code = *call.code;
  double* values = state.values.reserve(0);
  const Index t = code.backwards ? code.steps - 1 - place : place;
  read_inputs(call, t, values);
  const Frame own{values, frame_.by_row() ? state.pointers.data() : nullptr, frame_.rows, frame_.padded};
  if (keep != nullptr) own.copy_from(call.kept_carries, keep);
  run_body(code, state);
  if (keep != nullptr) own.copy_from(call.kept_outputs, keep);
  double* carry = state.carry.reserve(0);
  own.copy_from(call.next, carry);
  std::copy_n(carry, code.num_carry * block(), values);
}

void ScanRun::read_inputs(const ScanCall& call, Index step, double* values) {
  for (const auto& [scan, run] : call.stacked_inputs)
    std::copy_n(kept_of(scan, step) + run.from * block(), run.count * block(), values + run.to * block());
  const std::size_t count = call.listed_inputs.size();
  const std::uint32_t* from = call.listed_values.data() + static_cast<std::size_t>(step) * count;
  for (std::size_t i = 0; i < count; ++i) {
    if (frame_.by_row())
      frame_.copy_from(from[i], values + call.listed_inputs[i] * block());
    else
      values[call.listed_inputs[i]] = frame_.values[from[i]];
  }
}

void ScanRun::run_body(const ScanCode& code, ScanState& state) {
  double* values = state.values.reserve(0);
  if (!frame_.by_row()) {
    run_uniform_calls(code.uniform, code.operands, values, code.calls, state.nested);
    return;
  }
  const Leaf leaf{state.pointers.data(), code.operands.data(), nullptr, frame_.rows, frame_.padded};
  for (std::size_t i = 0; i < code.instructions.size(); ++i) {
    if (is_call(code.body[i].op))
      ScanRun(code.calls, state.nested, Frame{nullptr, state.pointers.data(), frame_.rows, frame_.padded})
          .run(code.body[i].op, code.body[i].first);
    else
      code.instructions[i].kernel(leaf, code.instructions[i]);
  }
}

void ScanRun::read(const StackedSource& source, Index step, double* to) {
  if (!source.values.empty()) return frame_.copy_from(source.values[static_cast<std::size_t>(step)], to);
  const std::vector<std::uint32_t>& kept = calls_.scans[source.scan].kept;
  const auto place = static_cast<std::size_t>(std::ranges::find(kept, source.place) - kept.begin());
  std::copy_n(kept_of(source.scan, step) + place * block(), block(), to);
}

// What a scan keeps of a step.
const double* ScanRun::kept_of(std::uint32_t scan, Index step) {
  const ScanCall& call = calls_.scans[scan];
  ScanState& state = states_[scan];
  const Index place = call.code->backwards ? call.code->steps - 1 - step : step;
  const Index segment = place / state.segment_steps;
  if (state.at != segment) compute_segment(call, state, segment);
  const auto row = static_cast<std::size_t>(place - segment * state.segment_steps);
  return state.segment.reserve(0) + row * call.kept.size() * block();
}

// Its captures still stand where start() put them.
void ScanRun::compute_segment(const ScanCall& call, ScanState& state, Index segment) {
  const ScanCode& code = *call.code;
  const std::size_t carry = code.num_carry * block(), kept = call.kept.size() * block();
  std::copy_n(state.checkpoints.reserve(0) + carry * static_cast<std::size_t>(segment), carry,
              state.values.reserve(0));
  state.at = segment;
  const Index first = segment * state.segment_steps, end = std::min(code.steps, first + state.segment_steps);
  for (Index p = first; p < end; ++p)
    step(call, state, p, state.segment.reserve(0) + kept * static_cast<std::size_t>(p - first));
}

void run_uniform_calls(const std::vector<UniformInstruction>& instructions, const std::vector<std::uint32_t>& operands,
                       double* values, const FrameCalls& calls, FrameState& state) {
  const UniformInstruction *next = instructions.data(), *end = next + instructions.size();
  if (calls.scans.empty() && calls.unstacks.empty() && calls.customs.empty() && calls.groups.empty())
    return run_uniform(next, end, operands.data(), values);
  const GroupLists lists{calls.group_operands.data(), calls.group_places.data()};
  while (next != end) {
    if (next->until_call > 0) {
      const UniformInstruction* call = next + next->until_call;
      run_uniform(next, call, operands.data(), values);
      next = call;
    } else if (next->op == group_call) {
      const UniformGroup& group = calls.groups[next->first];
      group.kernel(group, lists, values);
      ++next;
    } else if (next->op == fused_call) {
      next += calls.fused[next->first]->run(values) ? next->count + 1 : 1;
    } else {
      ScanRun(calls, state, Frame{values}).run(next->op, next->first);
      ++next;
    }
  }
}

void count_until_calls(std::vector<UniformInstruction>& instructions) {
  std::uint32_t until = 0;
  for (auto i = instructions.rbegin(); i != instructions.rend(); ++i)
    i->until_call = is_call(i->op) || i->op == group_call || i->op == fused_call ? until = 0 : ++until;
}

void bind_calls(FrameCalls& calls, const KernelTable& kernels,
                const std::function<BodyInstruction(const BodyStep&)>& bind) {
  for (UniformGroup& group : calls.groups) group.kernel = kernels.find_group(group.op);
  for (const std::shared_ptr<FusedGroups>& fused : calls.fused) fused->bind(kernels);
  for (ScanCall& call : calls.scans) {
    for (const BodyStep& s : call.code->body)
      call.code->instructions.push_back(is_call(s.op) ? BodyInstruction{} : bind(s));
    bind_calls(call.code->calls, kernels, bind);
  }
}

}  // namespace rappel::detail
