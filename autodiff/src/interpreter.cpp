#include "interpreter.hpp"

#include "body_run.hpp"
#include "crew.hpp"
#include "load_uniforms.hpp"
#include "trace_run.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace rappel::detail {
namespace {

// Chunks are what threads take: their size depends on the number of rows alone, so that the bits of a result
// do not depend on the number of threads. There are at most 64 of them: memory does not grow with the rows.
constexpr Index max_chunks = 64, min_chunk_rows = 4096, largest_leaf = 1024;

Index chunk_rows_for(Index rows) {
  const Index share = (rows + max_chunks - 1) / max_chunks;
  return std::max(min_chunk_rows, (share + largest_leaf - 1) / largest_leaf * largest_leaf);
}

struct BoundStage {
  std::vector<UniformInstruction> uniforms;
  std::vector<BoundBody> bodies, storing_bodies;
};

// The exception of the first chunk that threw one.
class FirstException {
 public:
  void keep(std::size_t chunk) {
    const std::lock_guard lock(mutex_);
    if (exception_ && chunk >= chunk_) return;
    exception_ = std::current_exception();
    chunk_ = chunk;
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr exception_;
  std::size_t chunk_ = 0;
};

class Interpreter final : public Executor {
 public:
  Interpreter(Program program, const KernelTable& kernels, Index workspace_limit)
      : program_(std::move(program)), lookups_(lookups_for(kernels.instruction_set)), number_(next_program_number()), workspace_limit_(workspace_limit) {
    bind_calls(program_.calls, kernels, [&](const BodyStep& s) -> BodyInstruction {
      return {kernel_for(s, kernels), s.first, s.count, s.result, s.num_results};
    });
    find_runs(program_.calls);
    find_output_runs();
    for (Stage& stage : std::exchange(program_.stages, {})) {
      count_until_calls(stage.uniforms);
      stages_.push_back({std::move(stage.uniforms), {}, {}});
      for (Body& b : stage.bodies) stages_.back().bodies.push_back(bind_body(std::move(b), kernels));
      for (Body& b : stage.storing_bodies) stages_.back().storing_bodies.push_back(bind_body(std::move(b), kernels));
    }
  }

  void run(const Call& call, int threads, Workspace& workspace, const OutputSpans& outputs,
           double* row_output) const override {
    const InUse in_use(workspace);
    double* uniforms = load_uniforms(program_, number_, call, workspace);
    const bool stores = reserve_stored(call.tables, workspace);
    workspace.first_places.assign(findings_.size() * static_cast<std::size_t>(max_chunks), not_found_yet);
    for (const BoundStage& stage : stages_) {
      run_uniform_calls(stage.uniforms, program_.operands, uniforms, program_.calls, workspace.uniform_scans);
      for (const BoundBody& b : stores ? stage.storing_bodies : stage.bodies)
        run_body(b, call, threads, uniforms, workspace, outputs, row_output);
    }
    write_outputs(uniforms, call, outputs);
  }

 private:
  BoundBody bind_body(Body body, const KernelTable& kernels) {
    std::vector<Finding> findings = number_findings(body, findings_);
    BoundBody bound = bind(std::move(body), kernels);
    bound.findings = std::move(findings);
    return bound;
  }

  // As many as there is room for. Where they stand one after the other, as gradients of what was looked up do, they are
  // copied at once.
  void write_outputs(const double* uniforms, const Call& call, const OutputSpans& outputs) const {
    MutableSpan to = outputs.first, others = outputs.rest;
    std::uint32_t output = 0;
    for (const PlacesInARow& run : output_runs_) {
      double* const there = run.width > 0 ? place_in_outputs(output, run.count, run.width, call, outputs) : nullptr;
      output += run.count;
      const bool scales = run.factor != no_node;
      if (scales && there != nullptr) lookups_->multiply(there, uniforms[run.factor], static_cast<std::ptrdiff_t>(run.count));
      for (std::size_t done = 0; done < run.count;) {
        if (to.empty()) to = std::exchange(others, MutableSpan());
        if (to.empty()) return;
        const std::size_t count = std::min(run.count - done, to.size());
        if (there == nullptr) std::copy_n(uniforms + run.first + done, count, to.begin());
        if (there == nullptr && scales) lookups_->multiply(to.data(), uniforms[run.factor], static_cast<std::ptrdiff_t>(count));
        to = to.subspan(count);
        done += count;
      }
    }
  }

  // Where so many outputs stand one after the other, for sums that are taken there: null where they do not, and where
  // what rows read may stand there too. Nor where rows of several values would begin amid a line of the cache.
  static double* place_in_outputs(std::uint32_t output, std::size_t count, std::size_t width, const Call& call,
                                  const OutputSpans& outputs) {
    const bool in_first = output < outputs.first.size();
    const MutableSpan& span = in_first ? outputs.first : outputs.rest;
    const std::size_t first = in_first ? output : output - outputs.first.size();
    if (first > span.size() || count > span.size() - first) return nullptr;
    double* const place = span.data() + first;
    if (width > 1 && reinterpret_cast<std::uintptr_t>(place) % 64 != 0) return nullptr;
    const auto overlaps = [&](const void* data, std::size_t bytes) {
      const auto begin = reinterpret_cast<std::uintptr_t>(data), own = reinterpret_cast<std::uintptr_t>(place);
      return begin < own + count * sizeof(double) && own < begin + bytes;
    };
    if (overlaps(call.parameters.data(), call.parameters.size() * sizeof(double))) return nullptr;
    for (const Columns& table : call.tables)
      for (Index c = 0; c < table.num_columns(); ++c) {
        const ColumnView column = table.column(c);
        const auto rows = static_cast<std::size_t>(table.num_rows());
        if (column.doubles() != nullptr && overlaps(column.doubles(), rows * sizeof(double))) return nullptr;
        if (column.floats() != nullptr && overlaps(column.floats(), rows * sizeof(float))) return nullptr;
      }
    return place;
  }

  // Whether rows keep what later rows need: there is such a thing, and it fits the workspace limit.
  bool reserve_stored(std::span<const Columns> tables, Workspace& workspace) const {
    std::size_t size = 0;
    for (std::size_t t = 0; t < program_.num_stored.size(); ++t)
      size += program_.num_stored[t] * stored_length(tables[t].num_rows());
    if (size == 0 || size * sizeof(double) > static_cast<std::size_t>(workspace_limit_)) return false;
    workspace.stored.reserve(size);
    return true;
  }

  // Where the stored columns of a table begin.
  double* stored_columns(std::size_t table, std::span<const Columns> tables, Workspace& workspace) const {
    double* begin = workspace.stored.reserve(0);
    for (std::size_t t = 0; t < table; ++t)
      begin += program_.num_stored[t] * stored_length(tables[t].num_rows());
    return begin;
  }

  void run_body(const BoundBody& bound, const Call& call, int threads, double* uniforms, Workspace& workspace,
                const OutputSpans& outputs, double* row_output) const {
    const std::span<const Columns> tables = call.tables;
    const std::size_t t = bound.body.rows.index;
    const Columns& table = tables[t];
    double* stored = bound.body.stored.empty() ? nullptr : stored_columns(t, tables, workspace);
    const Body& body = bound.body;
    const std::size_t count = body.reductions.size();
    const Index rows = table.num_rows(), chunk = chunk_rows_for(rows);
    const auto num_chunks = static_cast<std::size_t>((rows + chunk - 1) / chunk);
    workspace.chunk_sums.resize(std::max<std::size_t>(num_chunks, 1) * count);
    double* sums = workspace.chunk_sums.data();
    const auto num_leaves = static_cast<std::size_t>((rows + body.leaf_rows - 1) / body.leaf_rows);
    const LeafSteps& steps = bound.steps(num_leaves, &table);
    std::atomic<std::size_t> next_chunk{0};
    FirstException thrown;
    const auto& scatters = bound.body.calls.scatters;
    workspace.scatter_sums.clear();
    for (const ScatterCall& s : scatters) {
      double* const in_outputs = place_in_outputs(s.output, s.places.count, s.places.width, call, outputs);
      workspace.scatter_sums.push_back(in_outputs != nullptr ? in_outputs : uniforms + s.first);
    }
    workspace.begun_sums.assign(scatters.size(), 0);
    const SharedLookups shared{workspace.first_places.data(), findings_.size(), workspace.scatter_sums.data(),
                               workspace.begun_sums.data()};
    const auto work = [&](Workspace& own) {
      BodyRun run(bound, steps, table, uniforms, call.parameters, stored, own, row_output, shared, num_leaves);
      for (std::size_t c; (c = next_chunk++) < num_chunks;) {
        const Index first = static_cast<Index>(c) * chunk;
        try {
          run.run_chunk(c, first, std::min(rows, first + chunk), sums + c * count);
        } catch (...) {  // of an operation of the user's
          thrown.keep(c);
          next_chunk = num_chunks;
        }
      }
    };
    // What rows scatter is added in their order: one thread does it all.
    const auto helpers = scatters.empty() ? std::min(static_cast<std::size_t>(threads), num_chunks) : 1;
    if (helpers > 1) {
      const std::thread::id caller = std::this_thread::get_id();
      work_together(helpers - 1, [&] {
        if (std::this_thread::get_id() == caller) return work(workspace);
        Workspace& own = Workspace::of_this_thread();
        const InUse in_use(own);
        work(own);
      });
    } else {
      work(workspace);
    }
    thrown.rethrow();
    for (std::size_t s = 0; s < scatters.size(); ++s)
      std::fill(shared.sums[s] + shared.begun[s], shared.sums[s] + scatters[s].places.count, 0.0);
    for (std::size_t i = 0; i < count; ++i)
      uniforms[body.targets[i]] = num_chunks == 1 ? sums[i] : fold_chunks(body.reductions[i], sums + i, count, num_chunks);
  }

  // Pairwise by number.
  static double fold_chunks(Reduce reduce, double* sums, std::size_t stride, std::size_t num_chunks) {
    if (num_chunks == 0) return start_of(reduce);
    for (std::size_t step = 1; step < num_chunks; step *= 2)
      for (std::size_t i = 0; i + step < num_chunks; i += 2 * step)
        sums[i * stride] = combine(reduce, sums[i * stride], sums[(i + step) * stride]);
    return sums[0];
  }

  void find_output_runs() {
    std::uint32_t output = 0;
    const auto add = [&](std::uint32_t end, std::size_t width, std::uint32_t factor) {
      for (bool goes_on = false; output < end; ++output, goes_on = true) {
        const std::uint32_t place = program_.outputs[output];
        if (goes_on && output_runs_.back().first + output_runs_.back().count == place)
          ++output_runs_.back().count;
        else
          output_runs_.push_back({place, 1, width, factor});
      }
    };
    for (const Program::ScatteredOutputs& run : program_.scattered_outputs) {
      add(run.first, 0, no_node);
      add(run.first + run.count, run.width, run.factor);
    }
    add(static_cast<std::uint32_t>(program_.outputs.size()), 0, no_node);
  }

  struct PlacesInARow {
    std::uint32_t first, count;
    std::size_t width;     // of sums of one scatter, which are outputs alone; else 0
    std::uint32_t factor;  // see ScatteredOutputs
  };

  Program program_;  // but for its stages
  const LookupKernels* lookups_;
  std::vector<PlacesInARow> output_runs_;
  std::vector<BoundStage> stages_;
  std::vector<Finding> findings_;
  std::uint64_t number_;
  Index workspace_limit_;
};

}  // namespace

Workspace& Workspace::of_this_thread() {
  static thread_local Workspace workspace;
  if (!workspace.in_use) return workspace;
  static thread_local std::deque<Workspace> others;
  for (Workspace& other : others)
    if (!other.in_use) return other;
  return others.emplace_back();
}

std::unique_ptr<Executor> make_interpreter(Program program, const KernelTable& kernels,
                                           Index workspace_limit) {
  if (is_trace(program)) return make_trace_run(std::move(program), kernels);
  return std::make_unique<Interpreter>(std::move(program), kernels, workspace_limit);
}

}  // namespace rappel::detail
