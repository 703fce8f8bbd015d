#pragma once

#include "arguments.hpp"

namespace rappel::cli {

// Exit statuses besides 0 and those that main.cpp gives to exceptions.
inline constexpr int status_not_converged = 3, status_diverged = 4;
inline constexpr int status_off = 3;  // of accuracy and check: the verdict

// Each returns the exit status; results go to standard output or where the arguments say, messages to
// standard error. They throw DataError (status 5), std::invalid_argument (2), and others (1).
int run_fit(const FitArguments& arguments);
int run_predict(const PredictArguments& arguments);
int run_accuracy(const CheckArguments& arguments);
int run_check(const CheckArguments& arguments);

// Flushes standard output. Throws std::runtime_error if it could not be written.
void finish_output();

}  // namespace rappel::cli
