#pragma once

// Where a subject is measured: half of the points uniform over the doubles of the domain, by bit pattern;
// half where it is difficult.

#include "subject.hpp"

#include <cstdint>

namespace rappel::accuracy {

enum class Region { bit_patterns, moderate, zeros, poles, cancellation, huge, tiny, subnormal, alike, edges };
inline constexpr int num_regions = 10;
const char* name_of(Region region);

struct Points {
  std::vector<std::vector<double>> columns;  // by operand
  std::vector<Region> regions;
  std::vector<const Convention*> conventions;  // what holds there; null: what the reference says
  std::size_t size() const { return regions.size(); }
};

// About `count`, the same for the same seed; edges and conventions always, all of them.
Points points_of(const Subject& subject, std::size_t count, std::uint64_t seed);

}  // namespace rappel::accuracy
