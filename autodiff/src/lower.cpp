#include "lower_body.hpp"

#include <stdexcept>
#include <string>

namespace rappel::detail {
namespace {

class Lowering {
 public:
  explicit Lowering(const Traced& traced)
      : traced_(traced),
        graph_(traced.graph),
        size_(static_cast<NodeId>(graph_.size())),
        live_(size_, false),
        after_rows_(size_, false),
        uniform_(size_, no_node) {}

  Program run() {
    mark_live();
    check_stages();
    number_uniforms();
    for (NodeId n = 0; n < size_; ++n)
      if (live_[n] && !graph_.varying(n)) add_uniform(n);
    for (Index i = 0; i < graph_.num_row_sets(); ++i) {
      Body body = lower_body({traced_, live_, uniform_}, {static_cast<std::uint16_t>(i)});
      if (!body.steps.empty()) program_.bodies.push_back(std::move(body));
    }
    for (const NodeId n : traced_.outputs)
      if (!graph_.varying(n)) program_.outputs.push_back(uniform_[n]);
    return std::move(program_);
  }

 private:
  void mark_live() {
    for (const NodeId n : traced_.outputs) live_[n] = true;
    for (const Guard& g : traced_.guards) live_[g.condition] = true;
    for (NodeId n = size_; n-- > 0;)
      if (live_[n])
        for (const NodeId x : graph_.operands(n)) live_[x] = true;
    for (NodeId n = 0; n < size_; ++n)
      if (graph_.op(n) == Op::result && live_[graph_.operands(n)[0]]) live_[n] = true;  // written in any case
  }

  void check_stages() {
    for (NodeId n = 0; n < size_; ++n) {
      if (!live_[n]) continue;
      bool after = false;
      for (const NodeId x : graph_.operands(n)) after = after || after_rows_[x];
      after_rows_[n] = after || is_reduction(graph_.op(n));
      // A reduction reads its operands at every row, the uniform factors of its products among them.
      if (after && (graph_.varying(n) || is_reduction(graph_.op(n))))
        throw std::invalid_argument(
            std::string("a row needs the result of a sum over rows (at ") + name_of(graph_.op(n)) +
            "): costs with a second pass over the rows are not supported; compute that sum outside "
            "of the cost, or write the cost so that a sum is used after the rows alone");
    }
  }

  // --- uniform values ---

  void number_uniforms() {
    std::uint32_t next = 0;
    program_.num_parameters = graph_.num_parameters();
    const auto number = [&](auto&& wanted) {
      for (NodeId n = 0; n < size_; ++n)
        if (!graph_.varying(n) && wanted(n)) uniform_[n] = next++;
    };
    number([&](NodeId n) { return graph_.op(n) == Op::parameter; });
    number([&](NodeId n) {
      if (!live_[n] || !graph_.is_constant(n)) return false;
      program_.constants.push_back(graph_.value(n));
      return true;
    });
    number([&](NodeId n) {
      if (!live_[n] || graph_.op(n) != Op::num_rows) return false;
      program_.num_rows_of.push_back(static_cast<std::uint32_t>(graph_.payload(n)));
      return true;
    });
    number([&](NodeId n) { return live_[n] && uniform_[n] == no_node; });
    program_.num_uniforms = next;
  }

  void add_uniform(NodeId n) {
    const Op op = graph_.op(n);
    if (op == Op::parameter || op == Op::constant || op == Op::num_rows || op == Op::result ||
        is_reduction(op))
      return;
    auto& part = after_rows_[n] ? program_.epilogue : program_.prologue;
    const auto x = graph_.operands(n);
    part.push_back({op, static_cast<std::uint32_t>(program_.operands.size()),
                    static_cast<std::uint32_t>(x.size()), uniform_[n]});
    for (const NodeId k : x) program_.operands.push_back(uniform_[k]);
    for (NodeId k = n; k < n + num_results(graph_, n); ++k) program_.operands.push_back(uniform_[k]);
  }

  const Traced& traced_;
  const Graph& graph_;
  NodeId size_;
  std::vector<bool> live_;
  std::vector<bool> after_rows_;
  std::vector<std::uint32_t> uniform_;  // by node: its number among the uniform values
  Program program_;
};

}  // namespace

Program lower(const Traced& traced) { return Lowering(traced).run(); }

}  // namespace rappel::detail
