#pragma once

// Runs the steps of kind chosen_sums.

#include "bound_body.hpp"
#include "interpreter.hpp"
#include "lookup_kernels.hpp"

namespace rappel::detail {

// One step of a body at work, with scratch memory of its own; for one thread.
class ChosenRun {
 public:
  ChosenRun(const ChosenSums& chosen, const BoundBody& terms, const LeafSteps& steps, double* uniforms, ChosenState& state);

  // Writes the sums of a leaf, from number `first_sum` on.
  void run(const Leaf& leaf, std::uint32_t first_sum);

 private:
  bool take_given_choices(const Leaf& leaf);
  bool take_one_by_row(const Leaf& leaf);
  void add_choices(const Leaf& leaf, double* sums);
  void add_terms(const Leaf& leaf, bool rows_in_place, double* sums);
  void fill_slots(const Leaf& leaf, bool rows_in_place, std::ptrdiff_t padded);
  double* slot(std::uint32_t s) { return state_.slots[s]; }

  const ChosenSums& chosen_;
  const BoundBody& terms_;
  const std::vector<LeafStep>& steps_;
  double* uniforms_;
  ChosenState& state_;
  const LookupKernels& lookups_;
  PackedUniforms packed_;
  double *last_, *number_;  // by row: a member chosen, and how many
};

}  // namespace rappel::detail
