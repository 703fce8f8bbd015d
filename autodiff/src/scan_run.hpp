#pragma once

// Runs the scans of a frame.

#include "aligned_buffer.hpp"
#include "leaf_lookups.hpp"
#include "scan_code.hpp"

namespace rappel::detail {

struct ScanState;

// Scratch memory of a frame, kept between calls.
struct FrameState {
  std::vector<ScanState> scans;
  std::vector<double> operands, results;  // of an operation of the user's
  struct Places {
    std::vector<std::int32_t> by_row;
    PlacesKind kind = PlacesKind::any;
  };
  std::vector<Places> places;             // of lookups, by number
  std::vector<const double*> pointers;    // of a scatter's operands,
  std::vector<double*> gather_pointers;   // of a gather's results
  AlignedBuffer repeated;                 // of a scatter: operands that are uniform
};

// Of one scan.
struct ScanState {
  AlignedBuffer values, carry, checkpoints, segment;
  std::vector<double*> pointers;  // to values, by number, where they are blocks
  Index segment_steps = 0;        // the steps of a segment
  Index at = -1;                  // the segment that stands in `segment`
  FrameState nested;
};

// The values of a frame: single ones by number, or blocks of `padded` rows.
struct Frame {
  double* values = nullptr;
  double* const* pointers = nullptr;
  std::ptrdiff_t rows = 1, padded = 1;
  double* uniforms = nullptr;  // of the program, where a leaf's rows look up values,
  ConstSpan parameters = {};   // or here, the first of them
  LeafLookups* lookups = nullptr;  // of a leaf

  bool by_row() const { return pointers != nullptr; }
  double* at(std::uint32_t number) const {
    return by_row() ? pointers[number & ~uniform_bit] : values + number;
  }
  void copy_from(std::uint32_t number, double* to) const;
  void copy_from(const PlaceCopies& copies, double* to) const;
};

class ScanRun {
 public:
  ScanRun(const FrameCalls& calls, FrameState& state, const Frame& frame);
  void run(Op op, std::uint32_t call);
  // Of a leaf: goes on with so many rows. (A frame of its own for each leaf would be copied from where its parts were
  // just written, and wait until all that rows write is written.)
  void set_rows(std::ptrdiff_t rows, std::ptrdiff_t padded) { frame_.rows = rows, frame_.padded = padded; }

 private:
  // Where the rows look up: from `first` on where they are in a row, and `places` may be null then.
  struct FoundPlaces {
    PlacesKind kind;
    std::int32_t first;
    const std::int32_t* places;
  };
  void scan(std::uint32_t number);
  void unstack(std::uint32_t number);
  void custom(std::uint32_t number);
  const FrameState::Places& places(const PlacesCall& call);
  void gather(const GatherCall& call);
  FoundPlaces find(const PlacesCall& call);
  void gather_some(const GatherCall& call, const double* from, const FoundPlaces& found);
  void scatter(std::uint32_t number);
  double* begun_sums(std::uint32_t number) const;
  void scatter_rows(const ScatterCall& call, const FoundPlaces& found, double* sums);
  void dot(const RowDotCall& call);
  PlacedRows placed(const RowsInPlace& rows, const FoundPlaces& found) const;
  void scatter_some(std::span<const double* const> x, const std::int32_t* place, double* sums) const;
  void custom_uniform(const CustomCall& call);
  void read(const StackedSource& source, Index step, double* to);
  void read_inputs(const ScanCall& call, Index step, double* values);
  const double* kept_of(std::uint32_t scan, Index step);
  void start(const ScanCall& call, ScanState& state);
  void step(const ScanCall& call, ScanState& state, Index place, double* keep);
  void compute_segment(const ScanCall& call, ScanState& state, Index segment);
  void run_body(const ScanCode& code, ScanState& state);
  std::size_t block() const { return static_cast<std::size_t>(frame_.padded); }

  const FrameCalls& calls_;
  FrameState& state_;
  std::vector<ScanState>& states_;
  Frame frame_;
};

// Uniform instructions, calls among them.
void run_uniform_calls(const std::vector<UniformInstruction>& instructions, const std::vector<std::uint32_t>& operands,
                       double* values, const FrameCalls& calls, FrameState& state);

// Tells each instruction how far the next call is.
void count_until_calls(std::vector<UniformInstruction>& instructions);

// Binds groups, and the code of scans over blocks, to kernels, those inside of scans included.
void bind_calls(FrameCalls& calls, const KernelTable& kernels,
                const std::function<BodyInstruction(const BodyStep&)>& bind);

}  // namespace rappel::detail
