#include "tape.hpp"

#include "function_impl.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rappel::detail {
namespace {

// Of a node that the output does not depend on. Adjoints that were summed are never -0, see gradient().
constexpr double unreached = -0.0;
bool is_unreached(double adjoint) {
  return adjoint == 0.0 && std::signbit(adjoint);  // most are not 0: the number need not leave its register
}

}  // namespace

thread_local Tape::Spare Tape::spare;

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
  constexpr std::size_t most = begins_node - next_chunk;
  if (last_ >= most) throw std::length_error("value_and_gradient: more than 2^31 operations");
  const bool is_first = chunks_.empty();
  const std::size_t size = is_first ? first_chunk : next_chunk;
  std::unique_ptr<PackedEdge[]> edges;
  if (is_first) {
    edges = std::move(spare.first);
  } else if (!spare.others.empty()) {
    edges = std::move(spare.others.back());
    spare.others.pop_back();
  }
  if (!edges) edges = std::make_unique_for_overwrite<PackedEdge[]>(size);
  chunks_.push_back({std::move(edges), size});
  next_ = chunks_.back().edges.get();
  end_ = next_ + size;
}

Expr Tape::node(double value, std::span<const Edge> edges) {
  std::uint32_t mark = begins_node;
  for (std::size_t i = edges.size(); i-- > 0;)  // from the last on, so that the first is swept first
    if (edges[i].operand != 0) append(edges[i].operand | std::exchange(mark, 0), edges[i].partial);
  return mark == 0 ? Expr::on_tape(generation_, ++last_, value) : passive(value);
}

// From the last node to the first. An operation that is not reached passes nothing on, whatever its partials: it may
// stand in an arm that was not taken. One that is reached does, be its adjoint 0: 0 times an infinite partial is NaN.
void Tape::gradient(const Expr& output, MutableSpan result) {
  std::vector<double> adjoints = std::exchange(spare.adjoints, {});
  if (adjoints.size() <= last_) {
    adjoints = {};  // first, so that never both are there
    adjoints.assign(static_cast<std::size_t>(last_) + 1, unreached);
  }
  adjoints[node_of(output)] = 1.0;
  double* const adjoint = adjoints.data();
  double* node = adjoint + last_;
  // Each is set back when it is read, for the next sweep: filling them beforehand took an eighth of this function's time.
  double zbar = std::exchange(*node, unreached);
  // The sum that was written last: where the next node is the one that was added to, it need not wait until memory has it.
  double newest = 0.0;
  const double* newest_at = nullptr;
  for (auto c = chunks_.rbegin(); c != chunks_.rend(); ++c) {
    const PackedEdge* const first = c->edges.get();
    for (const PackedEdge* edge = c == chunks_.rbegin() ? next_ : first + c->size; edge-- != first;) {
      if (!is_unreached(zbar)) {
        double partial;
        std::memcpy(&partial, edge->partial, sizeof partial);
        double& xbar = adjoint[edge->operand & ~begins_node];
        // + 0.0 makes 0 of the -0 that marks what is not reached, and of a sum with it.
        newest = (xbar + 0.0) + zbar * partial;
        newest_at = &xbar;
        xbar = newest;
      }
      if ((edge->operand & begins_node) == 0) continue;
      if (--node == newest_at)
        zbar = newest;
      else
        zbar = *node;
      *node = unreached;
    }
  }
  *node = zbar;  // of the last parameter, or of nothing
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double xbar = std::exchange(adjoints[i + 1], unreached);
    result[i] = is_unreached(xbar) ? 0.0 : xbar;
  }
  adjoints[0] = unreached;
  if (adjoints.capacity() <= most_spare_adjoints) spare.adjoints = std::move(adjoints);
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
  auto kept = std::make_unique<KeptCostOf<Expr, std::reference_wrapper<const std::function<Expr(ExprSpan)>>>>(std::cref(cost));
  return record_kept(static_cast<Index>(x.size()), std::move(kept), {.at = x}).value_and_gradient(x, gradient);
}

}  // namespace rappel::detail
