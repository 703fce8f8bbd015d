#pragma once

// Finds the node equal to one that is described by its hash. Nodes lie by their largest operand, since what is made
// of the same operands is made at about the same time: a long recording walks through the table instead of jumping in
// it (at 10^6 nodes 3 times as fast as scattered slots). What finds no place there lies scattered.

#include "large_array.hpp"

#include <rappel/autodiff/graph.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace rappel::detail {

class MergeTable {
 public:
  struct Slot {
    std::uint32_t hash = 0;
    NodeId node = no_node;  // empty
  };

  explicit MergeTable(Index num_nodes) { grow_near(first_slot(static_cast<NodeId>(num_nodes)) + bucket_size); }

  // The slot of the node with this hash for which equal(node), or the empty one where it belongs; valid until the
  // next call.
  template <class Equal>
  Slot& find(NodeId largest_operand, std::uint32_t hash, const Equal& equal) {
    const std::size_t first = first_slot(largest_operand);
    if (first >= num_near_) grow_near(first + bucket_size);
    Slot* const bucket = near_[first / chunk_size].data() + first % chunk_size;
    for (Slot* slot = bucket; slot != bucket + bucket_size; ++slot) {
      if (slot->node == no_node) slot->hash = hash;
      if (slot->node == no_node || (slot->hash == hash && equal(slot->node))) return *slot;
    }
    return find_far(hash, equal);
  }

 private:
  // Half full if each node is the largest operand of one other.
  static constexpr std::size_t bucket_size = 8, nodes_per_bucket = 4;
  static constexpr std::size_t chunk_size = std::size_t{1} << 20;  // of buckets that lie near: 8 MB
  static std::size_t first_slot(NodeId n) { return n / nodes_per_bucket * bucket_size; }

  // To at least this size: what is there already moves in the first chunk alone.
  void grow_near(std::size_t size) {
    if (near_.empty()) near_.emplace_back();
    near_[0].resize(std::min(std::max(size, 2 * num_near_), chunk_size));
    while (near_.size() * chunk_size < size) near_.push_back(large_array<Slot>(chunk_size, {}));
    num_near_ = near_[0].size() + (near_.size() - 1) * chunk_size;
  }

  template <class Equal>
  Slot& find_far(std::uint32_t hash, const Equal& equal) {
    if (2 * num_far_ >= far_.size()) grow_far();
    const std::size_t mask = far_.size() - 1;
    std::size_t i = hash & mask;
    for (; far_[i].node != no_node; i = (i + 1) & mask)
      if (far_[i].hash == hash && equal(far_[i].node)) return far_[i];
    far_[i].hash = hash;
    ++num_far_;  // too many where it stays empty, which does no harm
    return far_[i];
  }

  void grow_far() {
    const std::vector<Slot> old = std::exchange(far_, std::vector<Slot>(far_.empty() ? 64 : 2 * far_.size()));
    const std::size_t mask = far_.size() - 1;
    num_far_ = 0;
    for (const Slot& slot : old) {
      if (slot.node == no_node) continue;
      std::size_t i = slot.hash & mask;
      while (far_[i].node != no_node) i = (i + 1) & mask;
      far_[i] = slot;
      ++num_far_;
    }
  }

  std::vector<std::vector<Slot>> near_;  // buckets by largest operand; only the first chunk may be shorter than chunk_size
  std::size_t num_near_ = 0;
  std::vector<Slot> far_;   // open addressing; its size is a power of two, at least twice num_far_
  std::size_t num_far_ = 0;
};

}  // namespace rappel::detail
