#pragma once

// Value and gradient of the costs of the benchmarks by hand. Of each cost there are
//   loop    the obvious scalar code, a row after the other;
//   expert  Eigen on whole columns with stable formulas, or the loop that the field's benchmark suites publish;
//   best    blocks, static sizes, lanes and registers by hand: as fast as its author could make it.
// Each gives the mean or sum that rappel gives from the row by row program in row_costs.hpp, to 1e-12.

#include "hand/curve.hpp"
#include "hand/kmeans.hpp"
#include "hand/linear.hpp"
#include "hand/links.hpp"
#include "hand/lookups.hpp"
#include "hand/mixture.hpp"
#include "hand/mixture_best.hpp"
#include "hand/perceptron.hpp"
#include "hand/polynomial.hpp"
#include "hand/softmax.hpp"
