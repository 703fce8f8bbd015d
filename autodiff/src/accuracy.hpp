#pragma once

#include <rappel/autodiff/accuracy.hpp>

#include "exact_run.hpp"

namespace rappel::detail {

// Outputs of `traced` that were computed at x, against 50 digits; the first is the value, the others are the
// gradient. Or, of one output that varies, one for each row.
Accuracy accuracy_of(const Traced& traced, ConstSpan x, std::span<const Columns> tables, ConstSpan computed,
                     const AccuracyOptions& options = {}, exact::Definition definition = exact::results_of);

}  // namespace rappel::detail
