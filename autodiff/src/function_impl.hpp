#pragma once

#include <rappel/autodiff/function.hpp>

#include "interpreter.hpp"
#include "recording.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

namespace rappel {
namespace detail {

// The tables that a cost under recording has met. A deque: rows refer to the names of theirs.
struct CostRecording {
  Builder& builder;
  std::deque<Columns> columns;
  std::vector<bool> needs_rows;  // a mean: no rows is an error

  RowSet add(const Columns& table);  // the same columns are the same table
};

// An executor that is made when first asked for, by one thread while others wait; where making it throws, the
// next one tries again. (std::call_once hangs under ThreadSanitizer when its function throws.)
class MadeOnce {
 public:
  template <class Make>  // () -> std::unique_ptr<Executor>
  const Executor& get(const Make& make) {
    const Executor* executor = made_.load(std::memory_order_acquire);
    if (executor == nullptr) {
      const std::lock_guard lock(mutex_);
      if (!owner_) owner_ = make();
      made_.store(executor = owner_.get(), std::memory_order_release);
    }
    return *executor;
  }

 private:
  std::atomic<const Executor*> made_ = nullptr;
  std::mutex mutex_;
  std::unique_ptr<Executor> owner_;
};

// What with_columns leaves as it is: the graph, and the programs that are made of it when first asked for.
class Recorded {
 public:
  Recorded(Traced traced, bool by_row, std::vector<bool> needs_rows, const RecordOptions& options);

  const Traced& traced() const { return traced_; }
  Traced with_gradient() const;  // the value's nodes with the numbers that they have, then the gradient's
  bool by_row() const { return by_row_; }
  bool needs_rows(std::size_t table) const { return needs_rows_[table]; }
  const RecordOptions& options() const { return options_; }
  const Executor& value() const;               // outputs: the value, or the rows'
  const Executor& value_and_gradient() const;  // outputs: the value, then the gradient

 private:
  std::unique_ptr<Executor> compile(const Traced& traced) const;

  Traced traced_;
  bool by_row_;
  std::vector<bool> needs_rows_;
  RecordOptions options_;
  mutable MadeOnce value_, gradient_;
};

// Whether a live node reads the column of the first table.
bool uses_column(const Traced& traced, Index column);

}  // namespace detail

struct Function::Impl {
  std::shared_ptr<const detail::Recorded> recorded;
  std::vector<Columns> tables;
};

}  // namespace rappel
