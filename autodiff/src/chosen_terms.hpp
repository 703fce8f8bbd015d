#pragma once

// Sums over rows to which a row adds only where it chose one of many: adjoints of the operands of a long min or max, of
// which a row took one. In the graph they are sums of select(share, term, 0), alike for each operand but for the values
// that their terms read. Found here, they are computed for the rows that chose alone: see ChosenSums in program.hpp.

#include "lower_body.hpp"

#include <vector>

namespace rappel::detail {

// Members are the operands chosen from; each has as many sums, whose terms are computed alike.
struct ChosenTerms {
  struct Member {
    NodeId gate;               // not 0 where a row chose it
    std::vector<NodeId> sums;  // in order
    std::vector<NodeId> values;  // what its terms read, by slot
  };
  std::vector<Member> members;
  NodeId shares = no_node;     // if all gates are results of this, which nothing else reads: each is read as a share alone
  std::vector<bool> same;      // by slot: whether all members read the same node there
  Traced terms;                // columns: the slots; arguments: uniform values that all members share; outputs: one a sum
  std::vector<NodeId> shared;  // by node of terms.graph that is uniform: the node it stands for
};

struct ChosenRows {
  std::vector<ChosenTerms> families;
  std::vector<bool> inside;  // by node: read by terms alone, so that other steps need not compute it
};

// Among the sums for which is_sum(n) holds. Terms are made of nodes of the stage of these rows; of others they read what
// is computed for all rows.
ChosenRows find_chosen_terms(const BodySource& source, const BodyRows& rows, const std::vector<bool>& is_sum);

}  // namespace rappel::detail
