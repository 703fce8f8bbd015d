#pragma once

// A graph run node by node in doubles, one row at a time: what f.diagnose looks at. Memory does not grow with
// the rows.

#include "call.hpp"

#include <vector>

namespace rappel::detail {

class DoubleRun {
 public:
  DoubleRun(const Traced& traced, const Call& call);  // borrows both

  void run();                                          // all uniform nodes
  void evaluate_row(std::size_t table, Index row);     // after run(): the nodes that vary, at this row
  double value(NodeId n) const { return values_[n]; }  // of a varying node: at the row evaluated last
  double term(NodeId reduction) const;                 // what that row adds to it

 private:
  void run_rows(std::size_t table, std::uint32_t stage);
  void evaluate_row(std::size_t table, Index row, std::uint32_t stage);  // those known by then
  void compute(NodeId n, Index row);
  void gather(NodeId n);
  void scatter(NodeId n);

  const Graph& graph_;
  Call call_;
  NodeId size_;
  std::vector<double> values_, operands_;
  std::vector<std::uint32_t> stages_;
  std::uint32_t last_stage_ = 0;
  std::vector<bool> live_;
};

}  // namespace rappel::detail
