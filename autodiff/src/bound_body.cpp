#include "bound_body.hpp"

#include "lookup_kernels.hpp"
#include "row_code.hpp"
#include "scan_run.hpp"

namespace rappel::detail {

const BoundBody::Code* BoundBody::with_floats(std::size_t num_leaves, const Columns& table) const {
  const auto is_of_floats = [&](std::size_t c) { return table.column(body.columns[c]).floats() != nullptr; };
  const auto any_column = [&](const auto& is_such) {
    for (std::size_t c = 0; c < body.columns.size(); ++c)
      if (is_such(c)) return true;
    return false;
  };
  if (!any_column(is_of_floats)) return nullptr;
  std::call_once(compiled_->asked, [&] { compiled_->may_be_floats = for_code_alone(body, *kernels_); });
  const std::vector<bool>& may_be = compiled_->may_be_floats;
  const auto is_read_so = [&](std::size_t c) { return c < may_be.size() && may_be[c] && is_of_floats(c); };
  if (!any_column(is_read_so)) return nullptr;
  for (std::atomic<const Code*>& place : compiled_->with_floats) {
    const Code* code = place.load(std::memory_order_acquire);
    if (code == nullptr) {
      const std::lock_guard lock(compiled_->mutex);
      code = place.load(std::memory_order_relaxed);
      if (code == nullptr) {
        std::vector<bool> floats;
        for (std::size_t c = 0; c < body.columns.size(); ++c) floats.push_back(is_read_so(c));
        code = &compiled_->owned.emplace_back(compile(num_leaves, floats));
        place.store(code, std::memory_order_release);
      }
    }
    if (!any_column([&](std::size_t c) { return code->steps.floats[c] != is_read_so(c); })) return code;
  }
  return nullptr;
}

BoundBody::Code BoundBody::compile(std::size_t num_leaves, const std::vector<bool>& floats) const {
  const std::size_t bytes = num_leaves * static_cast<std::size_t>(body.leaf_rows) * body.columns.size() * sizeof(double);
  std::unique_ptr<RowMachineCode> code = compile_rows(body, *kernels_, in_cache ? 0 : bytes, floats);
  if (code == nullptr) return {nullptr, {{}, {}, false, floats}};
  std::vector<LeafStep> steps;
  const auto at = [&](std::size_t step) { return steps_.steps.begin() + static_cast<std::ptrdiff_t>(step); };
  std::size_t next = 0;
  for (const RowMachineCode::Run& run : code->runs) {
    steps.insert(steps.end(), at(next), at(run.first));
    steps.push_back({{run.kernel, 0, 0, 0, 0}, Op::sum, no_node});
    next = run.last;
  }
  steps.insert(steps.end(), at(next), steps_.steps.end());
  LeafSteps made{std::move(steps), left_to_fold(code->runs), code->reads_only_rows, floats};
  return {std::move(code), std::move(made)};
}

std::vector<SumRange> BoundBody::left_to_fold(const std::vector<RowMachineCode::Run>& compiled) const {
  std::vector<bool> in_code(body.steps.size(), false);
  for (const RowMachineCode::Run& run : compiled)
    for (std::size_t i = run.first; i < run.last; ++i) in_code[i] = true;
  std::vector<SumRange> ranges;
  std::size_t next = 0;  // of the sums that are to be folded so far
  const auto add_until = [&](std::size_t end) {
    if (next < end) ranges.push_back({next, end});
  };
  for (std::size_t i = 0; i < body.steps.size(); ++i) {
    const BodyStep& step = body.steps[i];
    if (in_code[i] || !folds_sums(step.kind)) continue;
    add_until(step.result);
    next = step.result + (step.kind == StepKind::sums_of_list ? step.count : num_sums(body, step));
  }
  add_until(body.reductions.size());
  return ranges;
}

BodyKernel kernel_for(const BodyStep& step, const KernelTable& kernels) {
  switch (step.kind) {
    case StepKind::dot_uniform:
      return kernels.dot_uniform;
    case StepKind::dot_uniform_of_values:
      return kernels.dot_uniform_of_values;
    case StepKind::dots_of_one_list:
      return kernels.dots_of_one_list;
    case StepKind::dots_of_one_list_and_own:
      return kernels.dots_of_one_list_and_own;
    case StepKind::dots_sharing_entries:
      return kernels.dots_sharing_entries;
    case StepKind::products_of_lists:
      return kernels.products_of_lists;
    case StepKind::list_of_pairs:
      return kernels.find_list(step.op, step.varying & 3);
    case StepKind::sums_of_list:
      return kernels.sums_of_list;
    case StepKind::sum_of_squares:
      return kernels.sum_of_squares;
    case StepKind::least_distance:
      return kernels.least_distance;
    case StepKind::sum_log1p_of_units:
      return kernels.sum_log1p_of_units;
    case StepKind::sum_log1p_of_few:
      return kernels.sum_log1p_of_few;
    case StepKind::copy:
      return kernels.copy;
    case StepKind::chosen_sums:
      return nullptr;
    case StepKind::plain:
    case StepKind::dot_of_rows:
    case StepKind::scatter_of_rows:
      break;
  }
  return kernels.find(step.op, step.varying);
}

BoundBody bind(Body body, const KernelTable& kernels) {
  const auto bind_step = [&](const BodyStep& s) -> BodyInstruction {
    return {is_body_call(s.op) ? nullptr : kernel_for(s, kernels), s.first, s.count, s.result, s.num_results};
  };
  std::vector<LeafStep> steps;
  std::uint32_t num_chosen = 0;
  for (const BodyStep& s : body.steps)
    steps.push_back({bind_step(s), s.op, s.kind == StepKind::chosen_sums ? num_chosen++ : no_node});
  std::vector<BoundBody> chosen_terms;
  for (ChosenSums& c : body.chosen) {
    chosen_terms.push_back(bind(std::move(c.terms), kernels));
    chosen_terms.back().in_cache = true;
    chosen_terms.back().find_choices = c.by == ChosenSums::By::gates ? kernels.find_open : kernels.find_equal;
  }
  bind_calls(body.calls, kernels, bind_step);
  find_runs(body.calls);
  body.calls.lookups = lookups_for(kernels.instruction_set);
  BoundBody bound(std::move(body), std::move(steps), kernels);
  bound.chosen_terms = std::move(chosen_terms);
  return bound;
}

}  // namespace rappel::detail
