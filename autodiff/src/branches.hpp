#pragma once

// Costs that branch on values: recordings are made at a point, kept by the branches that they took, and chosen
// by what their guards are at the point of a call.

#include "function_impl.hpp"

#include <map>

namespace rappel::detail {

// Thrown through a cost under recording that asks for a value where there is no point to take it at.
struct NeedsPoint {};

// What a Function changes of what was recorded.
struct Changes {
  bool gradient = false;                         // in place of the value
  std::optional<std::vector<double>> arguments;  // else their presets
  std::vector<Columns> columns;                  // by table; else those recorded over

  std::vector<std::optional<double>> arguments_for(const std::vector<std::optional<double>>& presets) const;
};

struct PointOfCall {
  ConstSpan x;
  const Changes& changes;
};

// Runs the user's cost and gives its output nodes. Pure: it may run again at any call.
using RecordedCost = std::function<std::vector<NodeId>(Recording&, ExprSpan)>;

// One recording of it.
struct Trace {
  std::shared_ptr<const Recorded> recorded;
  std::vector<Columns> tables;
  std::vector<std::optional<double>> arguments;  // their presets
};

// Throws NeedsPoint where a value is asked for and `point` is null.
Trace record_once(const RecordedCost& cost, Index num_parameters, Outputs outputs, const RecordOptions& options,
                  const PointOfCall* point);

// The recordings of one cost, shared by the Functions made of it. Threads may call it at once.
class Branches {
 public:
  Branches(RecordedCost cost, Index num_parameters, Outputs outputs, const RecordOptions& options)
      : cost_(std::move(cost)), num_parameters_(num_parameters), outputs_(outputs), options_(options) {}

  Index num_parameters() const { return num_parameters_; }
  Outputs outputs() const { return outputs_; }
  const RecordedCost& cost() const { return cost_; }

  using Shared = std::shared_ptr<const Trace>;
  struct Latest {
    Shared trace;           // that a call used last; null before the first
    std::uint64_t version;  // counts recordings
  };
  Latest latest() const;
  void used(const Shared& trace);
  // One that took the same branches before `turned` and the other one there, or null.
  Shared sibling(const Trace& trace, std::size_t turned) const;
  // Records at a point; the trace kept before with the same branches, if there is one. Null if another thread
  // has recorded since `version`: look again.
  Shared record(const PointOfCall& point, std::uint64_t version);
  void keep(Trace trace);  // one that was recorded elsewhere
  std::vector<Shared> kept() const;
  bool has_cost() const { return static_cast<bool>(cost_); }
  BranchStatistics statistics() const;

 private:
  RecordedCost cost_;
  Index num_parameters_;
  Outputs outputs_;
  RecordOptions options_;
  std::mutex recording_;       // the user's cost runs under it
  mutable std::mutex traces_;  // guards what follows
  std::vector<Shared> kept_;   // the oldest first
  Shared latest_;
  std::uint64_t version_ = 0;
  BranchStatistics statistics_;
};

// A Function of such a cost: its recordings with changes applied.
class Branching {
 public:
  using Impl = std::shared_ptr<const Function::Impl>;
  Branching(std::shared_ptr<Branches> branches, Changes changes)
      : branches_(std::move(branches)), changes_(std::move(changes)) {}

  Index num_parameters() const { return branches_->num_parameters(); }
  Outputs outputs() const { return changes_.gradient ? Outputs::values : branches_->outputs(); }
  Outputs recorded_outputs() const { return branches_->outputs(); }
  std::vector<Branches::Shared> kept() const { return branches_->kept(); }
  BranchStatistics statistics() const { return branches_->statistics(); }
  const Changes& changes() const { return changes_; }
  Impl changed(Changes changes) const;  // the same cost

  Impl at(ConstSpan x) const;            // without branches: as they are at x
  Impl latest(const char* what) const;  // throws std::invalid_argument if nothing was recorded yet
  bool is_recorded() const { return branches_->latest().trace != nullptr; }

 private:
  Impl resolved(const Branches::Shared& trace) const;

  std::shared_ptr<Branches> branches_;
  Changes changes_;
  mutable std::mutex mutex_;
  mutable std::map<Branches::Shared, Impl> resolved_;
};

// The tables of a Function over other columns, see Function::with_columns.
std::vector<Columns> replaced_columns(const Recorded& recorded, const std::vector<Columns>& tables,
                                      std::span<const Columns> columns);

}  // namespace rappel::detail
