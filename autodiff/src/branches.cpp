#include "branches.hpp"

#include <algorithm>

namespace rappel::detail {
namespace {

constexpr std::size_t none = ~std::size_t{0};

// The first guard that turns at x, or none.
std::size_t first_turned(const Function::Impl& f, ConstSpan x) {
  const std::vector<Guard>& guards = f.recorded->traced().guards;
  if (guards.empty()) return none;
  const std::vector<double> arguments = f.bound_arguments("at");
  Workspace& workspace = Workspace::of_this_thread();
  std::vector<double>& conditions = workspace.outputs;
  conditions.resize(guards.size());
  f.recorded->guards().run({x, arguments, f.tables}, f.recorded->options().threads, workspace, conditions, nullptr);
  for (std::size_t i = 0; i < guards.size(); ++i)
    if ((conditions[i] != 0.0) != guards[i].taken) return i;
  return none;
}

const std::vector<Guard>& guards_of(const Trace& trace) { return trace.recorded->traced().guards; }

[[noreturn]] void refuse(const Trace& trace, const Guard& guard) {
  const Graph& graph = trace.recorded->traced().graph;
  const Location at = location_of(graph.location(guard.condition));
  throw guard_violation("the branch " +
                        (*at.file == '\0' ? "at node " + std::to_string(guard.condition)
                                          : "at " + std::string(at.file) + ":" + std::to_string(at.line)) +
                        " goes another way here than in any recording that was saved, and the cost's code was not: "
                        "record it anew, or save it after a call at such a point");
}

bool same_branches(const Trace& a, const Trace& b) {
  return std::ranges::equal(guards_of(a), guards_of(b), {}, &Guard::taken, &Guard::taken);
}

}  // namespace

std::vector<std::optional<double>> Changes::arguments_for(
    const std::vector<std::optional<double>>& presets) const {
  if (!arguments) return presets;
  if (arguments->size() != presets.size())
    throw std::invalid_argument("Function::with: the vector of arguments has " +
                                std::to_string(arguments->size()) + " entries, the function takes " +
                                std::to_string(presets.size()));
  return {arguments->begin(), arguments->end()};
}

Branches::Latest Branches::latest() const {
  const std::lock_guard lock(traces_);
  return {latest_, version_};
}

void Branches::used(const Shared& trace) {
  const std::lock_guard lock(traces_);
  latest_ = trace;
  ++statistics_.calls;
}

Branches::Shared Branches::sibling(const Trace& trace, std::size_t turned) const {
  const std::vector<Guard>& guards = guards_of(trace);
  const auto first = guards.begin(), last = first + static_cast<std::ptrdiff_t>(turned);
  const std::lock_guard lock(traces_);
  for (const Shared& other : kept_) {
    const std::vector<Guard>& own = guards_of(*other);
    if (own.size() > turned && own[turned].taken != guards[turned].taken &&
        std::equal(first, last, own.begin(), [](const Guard& a, const Guard& b) { return a.taken == b.taken; }))
      return other;
  }
  return nullptr;
}

Branches::Shared Branches::record(const PointOfCall& point, std::uint64_t version) {
  const std::lock_guard alone(recording_);
  Shared first;
  {
    const std::lock_guard lock(traces_);
    if (version_ != version) return nullptr;
    first = latest_;
  }
  auto trace = std::make_shared<const Trace>(record_once(cost_, num_parameters_, outputs_, options_, &point));
  const auto count = [](const Trace& t) { return t.recorded->traced().outputs.size(); };
  if (first && count(*trace) != count(*first))
    throw std::invalid_argument("record: the cost returned " + std::to_string(count(*trace)) +
                                " values at this point and " + std::to_string(count(*first)) + " before");
  const std::lock_guard lock(traces_);
  ++statistics_.recordings;
  const auto same = std::ranges::find_if(kept_, [&](const Shared& t) { return same_branches(*t, *trace); });
  if (same != kept_.end()) {  // a guard on the edge, rounded otherwise by its replay
    latest_ = *same;
  } else {
    if (static_cast<Index>(kept_.size()) >= options_.max_recordings) kept_.erase(kept_.begin());
    kept_.push_back(trace);
    latest_ = trace;
    ++version_;
  }
  ++statistics_.calls;
  return latest_;
}

void Branches::keep(Trace trace) {
  const std::lock_guard lock(traces_);
  kept_.push_back(std::make_shared<const Trace>(std::move(trace)));
  latest_ = kept_.back();
  ++version_;
}

std::vector<Branches::Shared> Branches::kept() const {
  const std::lock_guard lock(traces_);
  return kept_;
}

BranchStatistics Branches::statistics() const {
  const std::lock_guard lock(traces_);
  BranchStatistics result = statistics_;
  result.kept = static_cast<Index>(kept_.size());
  return result;
}

Branching::Impl Branching::changed(Changes changes) const {
  auto impl = std::make_shared<Function::Impl>();
  impl->branching = std::make_shared<Branching>(branches_, std::move(changes));
  return impl;
}

// Guards are judged by one program, whatever is computed afterwards: value, gradient and Hessian at one point
// take the same branches. The ones before a guard that turned hold for its sibling too, so that each step
// settles one more; where rounding says otherwise the point is recorded anew, and that is used as it is.
Branching::Impl Branching::at(ConstSpan x) const {
  const Guard* violated = nullptr;
  Branches::Shared in;  // where it stands
  for (;;) {
    const Branches::Latest latest = branches_->latest();
    Branches::Shared trace = latest.trace;
    for (std::size_t settled = 0; trace;) {
      Impl impl = resolved(trace);
      const std::size_t turned = first_turned(*impl, x);
      if (turned == none) {
        branches_->used(trace);
        return impl;
      }
      violated = &guards_of(*trace)[turned], in = trace;
      if (turned < settled) break;
      settled = turned + 1;
      trace = branches_->sibling(*trace, turned);
    }
    if (!branches_->has_cost()) refuse(*in, *violated);
    if (const Branches::Shared recorded = branches_->record({x, changes_}, latest.version))
      return resolved(recorded);
  }
}

Branching::Impl Branching::latest(const char* what) const {
  const Branches::Shared trace = branches_->latest().trace;
  if (!trace)
    throw std::invalid_argument(std::string("Function::") + what +
                                ": the cost branches on values and has not been recorded yet; call it, or record "
                                "it with {.at = x}");
  return resolved(trace);
}

Branching::Impl Branching::resolved(const Branches::Shared& trace) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = resolved_.find(trace); found != resolved_.end()) return found->second;
  auto impl = std::make_shared<Function::Impl>();
  impl->recorded = trace->recorded;
  impl->tables = changes_.columns.empty() ? trace->tables
                                          : replaced_columns(*trace->recorded, trace->tables, changes_.columns);
  impl->arguments = changes_.arguments_for(trace->arguments);
  if (changes_.gradient) impl->recorded = impl->recorded->gradient();
  if (static_cast<Index>(resolved_.size()) >= trace->recorded->options().max_recordings) resolved_.clear();
  return resolved_[trace] = std::move(impl);
}

}  // namespace rappel::detail
