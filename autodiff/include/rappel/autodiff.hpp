#pragma once

// Reverse-mode automatic differentiation: costs recorded as expression graphs.

#include <rappel/autodiff/accuracy.hpp>
#include <rappel/autodiff/define_op.hpp>
#include <rappel/autodiff/diagnosis.hpp>
#include <rappel/autodiff/expr.hpp>
#include <rappel/autodiff/function.hpp>
#include <rappel/autodiff/graph.hpp>
#include <rappel/autodiff/implicit.hpp>
#include <rappel/autodiff/matrix.hpp>
#include <rappel/autodiff/rows.hpp>
#include <rappel/autodiff/scan.hpp>
