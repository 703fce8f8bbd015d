#pragma once

// From uniform nodes to instructions on places, which are an array of doubles. What nothing reads any more gives its
// places to what comes, so that a long trace stays in the cache.

#include "scan_code.hpp"
#include "uniform_schedule.hpp"

#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace rappel::detail {

class UniformCoder {
 public:
  // Borrows all. Nodes that have a place in `place`, keep it; others take places from `first_free` on.
  UniformCoder(const UniformWork& work, std::vector<std::uint32_t>& place, std::uint32_t first_free,
               std::vector<std::uint32_t>& operands, FrameCalls& calls);

  // Instructions for the nodes, given in the order of their numbers. add_call(n): the number of a call.
  void add(const std::vector<NodeId>& nodes, std::vector<UniformInstruction>& instructions,
           const std::function<std::uint32_t(NodeId)>& add_call);

  std::uint32_t num_places() const { return next_ + group_padding; }  // groups read whole vectors

 private:
  // Places that are taken and given back together.
  struct Block {
    std::uint32_t first, size;
    std::uint32_t uses;  // to come
    std::uint32_t read_until;  // the number of instructions then, or read_by_others
  };
  struct Member {
    std::uint32_t role;
    std::uint64_t places;  // of its first two operands that are computed
    NodeId node;
  };

  void add_single(NodeId n, std::vector<UniformInstruction>& instructions);
  void add_instruction(NodeId n, std::vector<UniformInstruction>& instructions);
  void add_group(std::span<NodeId> members, std::vector<UniformInstruction>& instructions);
  void order_members(std::span<NodeId> members, Op op);
  std::uint64_t places_read(NodeId n);
  void find_places(std::span<const NodeId> members);
  void find_runs();
  void add_run(Op op, std::uint32_t first, std::uint32_t count, std::uint32_t result);
  std::uint32_t list_of(std::span<const std::uint32_t> places);
  void add_places(NodeId n, std::uint32_t count);
  void add_places(std::span<const NodeId> members);
  std::uint32_t add_single_place(NodeId n);
  std::uint32_t add_block(std::span<const NodeId> nodes, std::uint32_t size, bool kept);
  void has_read(NodeId n, std::size_t num_instructions);

  const UniformWork& work_;
  std::vector<std::uint32_t>& place_;
  std::uint32_t first_free_, next_;
  std::vector<std::uint32_t>& operands_;
  FrameCalls& calls_;
  UniformScheduler scheduler_;
  std::vector<std::uint32_t> block_of_;  // by node
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> block_of_instruction_;  // of those that are being added
  std::vector<std::uint32_t> free_singles_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> free_;  // by size, larger ones
  // Of the group at hand.
  std::vector<NodeId> operands_of_member_;
  std::vector<Member> members_;
  std::size_t num_operands_ = 0;                           // of each member
  std::vector<std::vector<std::uint32_t>> member_places_;  // by operand and member
  std::vector<std::uint32_t> run_begins_, run_places_;
  std::unordered_map<std::uint64_t, std::uint32_t> lists_;  // of places that are gathered, by hash
};

}  // namespace rappel::detail
