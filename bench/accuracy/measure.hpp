#pragma once

// A subject's errors, by region, path and order of derivative.

#include "differences.hpp"
#include "points.hpp"
#include "recorded.hpp"

#include <map>

namespace rappel::accuracy {

// Errors in ulp: the largest with its place, and a histogram.
class Spread {
 public:
  void add(double ulp, std::size_t point, std::size_t output, double computed);
  std::size_t count() const { return count_; }
  double largest() const { return largest_; }
  double percentile_99() const;  // rounded up to 1/32, or by 1/32 of itself
  // Of the largest.
  std::size_t point() const { return point_; }
  std::size_t output() const { return output_; }
  double computed() const { return computed_; }

 private:
  std::size_t count_ = 0, point_ = 0, output_ = 0;
  double largest_ = -1.0, computed_ = 0.0;
  std::map<int, std::size_t> bins_;
};

struct Worst {
  double ulp = 0.0;
  std::vector<double> x;
  std::size_t output = 0;
  double computed = 0.0;
  std::string exact;  // to 20 digits
};

struct Cell {
  Region region;
  std::string path;
  int order;
  std::size_t count;
  double percentile_99;
  Worst worst;
};

struct Measurement {
  const Subject* subject = nullptr;
  std::size_t num_points = 0;
  std::size_t without_reference = 0;  // where the reference itself failed
  std::vector<Cell> cells;
  std::vector<std::string> paths, paths_not_run;

  double bound(int order) const;
  double goal(int order) const;
  const Cell* worst(int order, const std::string& path = "") const;  // null: nothing was measured
  bool holds() const;                                                // every bound
};

struct MeasureOptions {
  std::size_t points = 2000;
  std::uint64_t seed = 1;
  std::string path = {};  // only this one; empty: all
};

Measurement measure(const Subject& subject, const MeasureOptions& options);

// Value and derivatives of the reference at a point.
template <class N>
Jet<N> reference_at(const Subject& subject, std::span<const double> x);
extern template Jet<Filter> reference_at<Filter>(const Subject&, std::span<const double>);
extern template Jet<Exact> reference_at<Exact>(const Subject&, std::span<const double>);

std::string name_of_output(std::size_t output, std::size_t operands);  // f, df/dx, d2f/dxdy

}  // namespace rappel::accuracy
