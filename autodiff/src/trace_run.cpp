#include "trace_run.hpp"

#include "bound_body.hpp"
#include "load_uniforms.hpp"

#include <utility>

namespace rappel::detail {
namespace {

class TraceRun final : public Executor {
 public:
  TraceRun(Program program, const KernelTable& kernels) : program_(std::move(program)), number_(next_program_number()) {
    bind_calls(program_.calls, kernels, [&](const BodyStep& s) -> BodyInstruction {
      return {kernel_for(s, kernels), s.first, s.count, s.result, s.num_results};
    });
    find_runs(program_.calls);
    count_until_calls(instructions());
    for (const std::uint32_t place : program_.outputs) {
      if (output_runs_.empty() || output_runs_.back().first + output_runs_.back().count != place)
        output_runs_.push_back({place, 0});
      ++output_runs_.back().count;
    }
  }

  void run(const Call& call, int, Workspace& workspace, const OutputSpans& outputs, double*) const override {
    const InUse in_use(workspace);
    double* uniforms = load_uniforms(program_, number_, call, workspace);
    run_uniform_calls(program_.stages.front().uniforms, program_.operands, uniforms, program_.calls, workspace.uniform_scans);
    write_outputs(uniforms, outputs);
  }

 private:
  std::vector<UniformInstruction>& instructions() { return program_.stages.front().uniforms; }

  // As many as there is room for. (Spans are read a member at a time: where one has just been written, reading it as a
  // whole would wait until it stands in the cache.)
  void write_outputs(const double* uniforms, const OutputSpans& outputs) const {
    double* to = outputs.first.data();
    std::size_t room = outputs.first.size();
    bool in_rest = false;
    for (const UniformRun& run : output_runs_)
      for (std::size_t done = 0; done < run.count;) {
        if (room == 0) {
          if (std::exchange(in_rest, true)) return;
          to = outputs.rest.data();
          room = outputs.rest.size();
          continue;
        }
        const std::size_t count = std::min(run.count - done, room);
        copy_values(uniforms + run.first + done, count, to);
        to += count, room -= count, done += count;
      }
  }

  Program program_;
  std::uint64_t number_;
  std::vector<UniformRun> output_runs_;
};

}  // namespace

bool is_trace(const Program& program) {
  return program.stages.size() == 1 && program.stages[0].bodies.empty() && program.stages[0].storing_bodies.empty();
}

std::unique_ptr<Executor> make_trace_run(Program program, const KernelTable& kernels) {
  return std::make_unique<TraceRun>(std::move(program), kernels);
}

}  // namespace rappel::detail
