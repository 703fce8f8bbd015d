#pragma once

// The values that a cost under recording has at a point: what its branches are decided by.

#include "branches.hpp"

namespace rappel::detail {

class PointValues {
 public:
  PointValues(const CostRecording& cost, const PointOfCall& point) : cost_(cost), point_(point) {}

  // Of a uniform node. Each node is computed once, so that asking again costs what was recorded since.
  double value(NodeId n);

 private:
  void compute(NodeId n);
  void run_program(NodeId first, NodeId last);

  const CostRecording& cost_;
  PointOfCall point_;
  std::vector<double> values_, operands_, results_;  // by node; scratch
  std::vector<bool> from_program_;
};

// Of Exprs of a cost under recording, all uniform. Throws NeedsPoint where it is recorded at none.
std::vector<double> values_at_point(Recording& recording, ExprSpan x);

}  // namespace rappel::detail
