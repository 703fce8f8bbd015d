#pragma once

// One thread's work on the rows of a table: leaves, chunks of them, and how their reductions fold. Part of interpreter.cpp alone.

#include "bound_body.hpp"
#include "chosen_run.hpp"
#include "interpreter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

namespace rappel::detail {
namespace {

double start_of(Reduce reduce) {
  return reduce == Reduce::max ? -std::numeric_limits<double>::infinity() : 0.0;
}

double combine(Reduce reduce, double a, double b) {
  if (reduce == Reduce::sum) return a + b;
  if (reduce == Reduce::any) return a != 0.0 ? a : b;
  return a > b ? a : a <= b ? b : a + b;
}

// Stored columns are as long as whole vectors of rows.
std::size_t stored_length(Index rows) {
  return static_cast<std::size_t>((rows + row_padding - 1) / row_padding * row_padding);
}

// What all threads that run over a table share.
struct SharedLookups {
  std::int32_t* first_places;  // by chunk and finding
  std::size_t num_findings;
  double* const* sums;
  std::size_t* begun;
};

// One thread's run over chunks of a table.
class BodyRun {
 public:
  BodyRun(const BoundBody& bound, const LeafSteps& steps, const Columns& table, double* uniforms,
          ConstSpan parameters, double* stored,
          Workspace& workspace, double* row_output, const SharedLookups& shared, std::size_t num_leaves)
      : body_(bound.body),
        findings_(bound.findings),
        shared_(shared),
        widen_(bound.widen),
        steps_(steps.steps),
        reads_only_rows_(steps.reads_only_rows),
        floats_(steps.floats),
        left_to_fold_(steps.left_to_fold),
        table_(table),
        stored_(stored),
        workspace_(workspace),
        row_output_(row_output) {
    const auto leaf = static_cast<std::size_t>(body_.leaf_rows);
    const std::size_t stride = block_stride(body_), own = stride * body_.num_blocks;
    double* blocks = workspace.blocks.reserve(own + leaf * body_.row_outputs.size() +
                                              stride * (body_.columns.size() + body_.num_views));
    padded_output_ = blocks + own;
    own_columns_ = padded_output_ + leaf * body_.row_outputs.size();
    workspace.pointers.clear();
    for (const std::uint32_t u : body_.uniforms) workspace.pointers.push_back(uniforms + u);
    workspace.pointers.resize(body_.num_pointers());
    for (std::size_t b = 0; b < body_.num_blocks; ++b)
      workspace.pointers[body_.first_block() + b] = blocks + b * stride;
    lookups_ = {.views = workspace.pointers.data() + body_.first_view(),
                .view_blocks = own_columns_ + stride * body_.columns.size(),
                .view_stride = stride,
                .sums = shared.sums,
                .begun = shared.begun};
    calls_.emplace(body_.calls, workspace.scans, Frame{nullptr, workspace.pointers.data(), 0, 0, uniforms, parameters, &lookups_});
    packed_ = pack(body_, bound.copies_of_spread, uniforms, workspace.packed);
    if (workspace.chosen.size() < body_.chosen.size()) workspace.chosen.resize(body_.chosen.size());
    for (std::size_t k = 0; k < body_.chosen.size(); ++k)
      chosen_.emplace_back(body_.chosen[k], bound.chosen_terms[k], bound.chosen_terms[k].steps(num_leaves, nullptr), uniforms, workspace.chosen[k]);
    only_sums_ = std::ranges::all_of(body_.reductions, [](Reduce r) { return r == Reduce::sum; });
  }

  // The chunk's reductions into `result`: leaves fold pairwise by number.
  void run_chunk(std::size_t chunk, Index first_row, Index end_row, double* result) {
    if (!findings_.empty()) {
      std::int32_t* const places = shared_.first_places + chunk * shared_.num_findings;
      find_in_chunk(findings_, *body_.calls.lookups, table_, first_row, end_row, places);
      lookups_.first_places = places;
    }
    const std::size_t count = body_.reductions.size();
    const Index leaf = body_.leaf_rows;
    const auto num_leaves = static_cast<std::size_t>((end_row - first_row + leaf - 1) / leaf);
    workspace_.levels.resize(count * static_cast<std::size_t>(std::bit_width(num_leaves - 1)));
    std::size_t number = 0;
    for (Index row = first_row; row < end_row; row += leaf, ++number) {
      // The sums of a leaf go to the first level that is free, those of the levels below added one after the other; those of
      // the last leaf, with all levels that are taken, are the chunk's.
      const bool is_last = number + 1 == num_leaves;
      num_older_ = 0;
      std::size_t level = 0;
      for (; is_last ? number >> level != 0 : (number >> level & 1) != 0; ++level)
        if ((number >> level & 1) != 0) older_[num_older_++] = level_sums(level);
      double* const sums = is_last ? result : level_sums(level);
      lookups_.row = row - first_row;
      run_leaf(row, std::min(leaf, end_row - row), sums);
      for (std::size_t k = 0; k < num_older_; ++k)
        for (const auto& [first, last] : left_to_fold_) fold(older_[k], sums, sums, first, last);
    }
  }

  // older and newer fold into `into`, from number `first` to before `last`.
  void fold(const double* older, const double* newer, double* into, std::size_t first, std::size_t last) const {
    if (only_sums_)
      for (std::size_t i = first; i < last; ++i) into[i] = older[i] + newer[i];
    else
      for (std::size_t i = first; i < last; ++i) into[i] = combine(body_.reductions[i], older[i], newer[i]);
  }

 private:
  double* level_sums(std::size_t level) { return workspace_.levels.data() + level * body_.reductions.size(); }

  void run_leaf(Index row, Index rows, double* sums) {
    const Index padded = (rows + row_padding - 1) / row_padding * row_padding;
    double** columns = workspace_.pointers.data() + body_.uniforms.size();
    for (std::size_t c = 0; c < body_.columns.size(); ++c) {
      const ColumnView source = table_.column(body_.columns[c]).from_row(row);
      if (!floats_.empty() && floats_[c]) {  // the code that alone reads this pointer reads floats
        columns[c] = reinterpret_cast<double*>(const_cast<float*>(source.floats()));
        continue;
      }
      const bool in_place = (padded == rows || reads_only_rows_) && source.doubles() != nullptr;
      columns[c] = in_place ? const_cast<double*>(source.doubles()) : own_block(source, rows, padded, c);
    }
    double** stored = columns + body_.columns.size();
    const std::size_t length = stored_length(table_.num_rows());
    for (std::size_t k = 0; k < body_.stored.size(); ++k)
      stored[k] = stored_ + body_.stored[k] * length + row;
    const std::size_t num_outputs = body_.row_outputs.size();
    for (std::size_t k = 0; k < num_outputs; ++k)
      workspace_.pointers[workspace_.pointers.size() - num_outputs + k] =
          padded == rows ? row_output(k) + row : padded_output(k);
    for (const Body::SumView& view : body_.sum_views) place_sum_view(view, rows, padded);
    calls_->set_rows(rows, padded);
    const Leaf leaf{workspace_.pointers.data(), body_.operands.data(), sums, rows, padded,
                    packed_.packed, packed_.spread, older_.data(), static_cast<std::ptrdiff_t>(num_older_)};
    for (const LeafStep& step : steps_) {
      if (step.chosen != no_node)
        chosen_[step.chosen].run(leaf, step.instruction.result);
      else if (step.instruction.kernel != nullptr)
        step.instruction.kernel(leaf, step.instruction);
      else
        calls_->run(step.op, step.instruction.first);
    }
    for (std::size_t k = 0; k < num_outputs && padded != rows; ++k)
      std::copy_n(padded_output(k), rows, row_output(k) + row);
  }

  // Where the sums stand, if these rows begin those that come next, one after the other.
  void place_sum_view(const Body::SumView& view, Index rows, Index padded) {
    const ScatterCall& scatter = body_.calls.scatters[view.scatter];
    const std::int32_t first = scatter.places.finding == no_finding ? outside : lookups_.first_places[scatter.places.finding];
    const auto place = static_cast<std::size_t>(first + lookups_.row);
    const bool in_place = first != outside && shared_.begun[view.scatter] == place && rows == padded;
    lookups_.views[view.view] = in_place ? shared_.sums[view.scatter] + place : lookups_.view_blocks + view.view * lookups_.view_stride;
  }

  double* row_output(std::size_t k) const {
    return row_output_ + body_.row_outputs[k] * static_cast<std::size_t>(table_.num_rows());
  }
  double* padded_output(std::size_t k) const { return padded_output_ + k * static_cast<std::size_t>(body_.leaf_rows); }

  // A column's rows as doubles in a block. Rows that do not exist repeat the last one; sums mask them.
  double* own_block(ColumnView source, Index rows, Index padded, std::size_t column) {
    double* block = own_columns_ + column * block_stride(body_);
    if (const float* floats = source.floats())
      widen_(floats, rows, body_.leaf_rows, block);
    else
      std::copy_n(source.doubles(), rows, block);
    std::fill(block + rows, block + padded, block[rows - 1]);
    return block;
  }

  const Body& body_;
  const std::vector<Finding>& findings_;
  const SharedLookups shared_;
  LeafLookups lookups_;
  std::optional<ScanRun> calls_;
  WideningKernel widen_;
  const std::vector<LeafStep>& steps_;
  bool reads_only_rows_;
  const std::vector<bool>& floats_;
  const std::vector<SumRange>& left_to_fold_;
  PackedUniforms packed_;
  std::array<const double*, 64> older_;  // sums to which those of the leaf at hand are added, in the order of their levels
  std::size_t num_older_ = 0;
  const Columns& table_;
  double* stored_;  // of this table: columns of stored_length
  Workspace& workspace_;
  double* row_output_;
  double* own_columns_;
  double* padded_output_;
  std::vector<ChosenRun> chosen_;
  bool only_sums_;
};

}  // namespace
}  // namespace rappel::detail
