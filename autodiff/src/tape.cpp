#include "tape.hpp"

#include "function_impl.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace rappel::detail {
namespace {

// Of a node that the output does not depend on. Adjoints that were summed are never -0, see gradient().
constexpr double unreached = -0.0;
bool is_unreached(double adjoint) {
  return std::bit_cast<std::uint64_t>(adjoint) == std::bit_cast<std::uint64_t>(unreached);
}

}  // namespace

thread_local std::unique_ptr<Tape::Node[]> Tape::spare_chunk;

Tape* Tape::of(ExprSpan x) {
  if (innermost == nullptr) return nullptr;
  bool any = false;
  for (const Expr& e : x) {
    if (!e.is_constant() && !innermost->holds(e)) return nullptr;
    any = any || !e.is_constant();
  }
  return any ? innermost : nullptr;
}

void Tape::add_chunk() {
  constexpr std::size_t most = no_node - next_chunk;
  if (last_ >= most) throw std::length_error("value_and_gradient: more than 2^32 operations");
  const bool is_first = chunks_.empty();
  const std::size_t size = is_first ? first_chunk : next_chunk;
  std::unique_ptr<Node[]> nodes = is_first ? std::exchange(spare_chunk, nullptr) : nullptr;
  if (!nodes) nodes = std::make_unique_for_overwrite<Node[]>(size);
  chunks_.push_back({std::move(nodes), size});
  next_ = chunks_.back().nodes.get();
  end_ = next_ + size;
}

Expr Tape::node(double value, std::span<const Edge> edges) {
  NodeId chain = 0;  // from the last operand on, so that the first is swept first
  for (std::size_t i = edges.size(); i-- > 0;)
    if (edges[i].operand != 0) chain = append({{edges[i].partial, 1.0}, {edges[i].operand, chain}});
  return Expr::on_tape(generation_, chain, value);
}

// From the last node to the first. An operation that is not reached passes nothing on, whatever its partials: it may
// stand in an arm that was not taken. One that is reached does, be its adjoint 0: 0 times an infinite partial is NaN.
void Tape::gradient(const Expr& output, MutableSpan result) {
  std::vector<double> adjoints(static_cast<std::size_t>(last_) + 1, unreached);
  adjoints[node_of(output)] = 1.0;
  const double* zbar = adjoints.data() + last_;
  for (auto c = chunks_.rbegin(); c != chunks_.rend(); ++c) {
    const Node* const first = c->nodes.get();
    for (const Node* node = c == chunks_.rbegin() ? next_ : first + c->size; node-- != first; --zbar) {
      if (is_unreached(*zbar)) continue;
      // + 0.0 makes 0 of -0, which marks what is not reached.
      adjoints[node->operand[0]] += *zbar * node->partial[0] + 0.0;
      if (node->operand[1] != 0) adjoints[node->operand[1]] += *zbar * node->partial[1] + 0.0;
    }
  }
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = is_unreached(adjoints[i + 1]) ? 0.0 : adjoints[i + 1];
}

double value_and_gradient_once(const std::function<Expr(ExprSpan)>& cost, ConstSpan x, MutableSpan gradient) {
  try {
    Tape tape(x);
    const Expr value = cost(tape.parameters());
    if (!tape.gave_up() && (value.is_constant() || tape.holds(value))) {
      tape.gradient(value, gradient);
      return value.constant();
    }
  } catch (const NotOnTape&) {
  }
  return record_cost(static_cast<Index>(x.size()), cost, {.at = x}).value_and_gradient(x, gradient);
}

}  // namespace rappel::detail
