#pragma once

#include <rappel/autodiff/accuracy.hpp>

#include "exact_run.hpp"

namespace rappel::detail {

// How outputs are called: "value", then "gradient[0]" ..; "value[0]", "value[1]" ..; "row 0", "row 1" ..
enum class OutputNames { value_and_gradient, values, rows };

// Outputs of `traced` that were computed against 50 digits; of one output that varies, one for each row.
Accuracy accuracy_of(const Traced& traced, OutputNames names, const Call& call, ConstSpan computed,
                     const AccuracyOptions& options = {}, exact::Definition definition = exact::results_of);

}  // namespace rappel::detail
