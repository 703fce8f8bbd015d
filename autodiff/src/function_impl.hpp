#pragma once

#include <rappel/autodiff/function.hpp>

#include "interpreter.hpp"
#include "recording.hpp"
#include "row_jacobian.hpp"
#include "sparsity.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace rappel {
namespace detail {

class Branching;
class PointValues;

// What a cost under recording has met besides parameters. A deque: rows refer to the names of theirs.
struct CostRecording {
  Builder& builder;
  std::deque<Columns> columns = {};
  std::vector<bool> needs_rows = {};                  // a mean: no rows is an error
  std::vector<std::optional<double>> arguments = {};  // their presets
  std::vector<Guard> guards = {};
  std::unordered_map<NodeId, bool> decided = {};  // the guards by condition
  PointValues* point = nullptr;                   // else a branch throws NeedsPoint
  bool needs_point = false;                       // it was thrown

  RowSet add(const Columns& table);  // the same columns are the same table
};

// What is made when first asked for, by one thread while others wait; where making it throws, the next one
// tries again. (std::call_once hangs under ThreadSanitizer when its function throws.)
template <class T>
class MadeOnce {
 public:
  template <class Make>  // () -> std::unique_ptr<T> or std::shared_ptr<T>
  const T& get(const Make& make) {
    const T* made = made_.load(std::memory_order_acquire);
    if (made == nullptr) {
      const std::lock_guard lock(mutex_);
      if (!owner_) owner_ = make();
      made_.store(made = owner_.get(), std::memory_order_release);
    }
    return *made;
  }
  std::shared_ptr<const T> owner() const { return owner_; }  // after get()

 private:
  std::atomic<const T*> made_ = nullptr;
  std::mutex mutex_;
  std::shared_ptr<const T> owner_;
};

enum class Outputs { value, values, rows };  // one; several; one for each row

// What with_columns leaves as it is: the graph, and the programs that are made of it when first asked for.
class Recorded {
 public:
  Recorded(Traced traced, Outputs outputs, std::vector<bool> needs_rows, const RecordOptions& options,
           bool symmetric = false);

  const Traced& traced() const { return traced_; }
  Traced with_gradient() const;  // the value's nodes with the numbers that they have, then the gradient's
  Outputs outputs_kind() const { return outputs_; }
  bool has_value() const { return outputs_ == Outputs::value; }
  bool by_row() const { return outputs_ == Outputs::rows; }
  bool needs_rows(std::size_t table) const { return needs_rows_[table]; }
  const RecordOptions& options() const { return options_; }

  // Their outputs, see derivatives.hpp.
  const Executor& outputs() const;  // the values, or the rows'
  const Executor& value_and_gradient() const;
  const Executor& vector_jacobian() const;
  const Executor& jacobian_vector() const;
  const Executor& jacobian() const;
  const Executor& gauss_newton() const;
  struct RowJacobianProgram {
    detail::RowJacobian jacobian;
    std::unique_ptr<Executor> executor, indices;  // the latter null if all are columns
  };
  const RowJacobianProgram& row_jacobian() const;
  struct SparseProgram {
    CompressedJacobian jacobian;
    std::unique_ptr<Executor> executor;  // of all entries; null if that would be too large: sweep by sweep then
  };
  const SparseProgram& sparse_jacobian() const;
  const Executor& guards() const;  // their conditions
  // Of a gradient half of the Jacobian does for all.
  bool symmetric() const { return symmetric_; }
  // Whether jacobian() would not be too large a program; else it is to be had by vectors.
  bool jacobian_at_once() const;

  std::shared_ptr<const Recorded> gradient() const;  // as outputs
  std::shared_ptr<const Recorded> only(std::size_t output) const;
  // Of a graph without rows: by row, over a table whose columns are the parameters.
  std::shared_ptr<const Recorded> over_points() const;
  // The same with each step of its scans as nodes, for what runs node by node; null if there are none.
  std::shared_ptr<const Recorded> without_scans() const;

 private:
  std::unique_ptr<Executor> compile(Traced traced) const;  // but for the guards
  PassOptions pass_options() const { return {options_.exact_zeros}; }

  Traced traced_;
  Outputs outputs_;
  std::vector<bool> needs_rows_;
  RecordOptions options_;
  bool symmetric_;
  mutable MadeOnce<Executor> plain_, with_gradient_, vector_jacobian_, jacobian_vector_, jacobian_,
      gauss_newton_, guards_;
  mutable MadeOnce<Recorded> gradient_, over_points_;
  mutable MadeOnce<RowJacobianProgram> row_jacobian_;
  mutable MadeOnce<SparseProgram> sparse_jacobian_;
};

// Throws std::invalid_argument if a column that gather takes as an index has a row that is none.
void check_index_columns(const Traced& traced, const std::vector<Columns>& tables);

// Whether a live node reads the column.
bool uses_column(const Traced& traced, RowSet rows, Index column);

}  // namespace detail

struct Function::Impl {
  std::shared_ptr<const detail::Branching> branching;  // of a cost that branches; the rest is empty then
  std::shared_ptr<const detail::Recorded> recorded;
  std::vector<Columns> tables;
  std::vector<std::optional<double>> arguments;  // without a value until `with` gives one

  // Throw std::invalid_argument for a table without data, and for an argument without a value.
  void check_bound(const char* what) const {
    for (const Columns& table : tables)
      if (!table.bound()) throw_unbound(what);
  }
  std::vector<double> bound_arguments(const char* what) const;

 private:
  [[noreturn]] void throw_unbound(const char* what) const;
};

}  // namespace rappel
