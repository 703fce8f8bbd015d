#include <rappel/autodiff/expr.hpp>

#include "recording.hpp"

#include <atomic>

namespace rappel {
namespace detail {
namespace {

thread_local Recording* innermost_recording = nullptr;

std::uint32_t next_generation() {
  static std::atomic<std::uint32_t> last{0};
  std::uint32_t generation = ++last;
  return generation != 0 ? generation : ++last;  // 0 marks constants
}

}  // namespace

Recording::Recording(Builder& builder)
    : builder_(builder), outer_(innermost_recording), generation_(next_generation()) {
  innermost_recording = this;
}
Recording::~Recording() { innermost_recording = outer_; }
Recording* Recording::innermost() { return innermost_recording; }

Recording& Recording::required(const char* what) {
  if (innermost_recording == nullptr)
    throw std::invalid_argument(std::string(what) +
                                " belongs inside of a cost: no recording is in progress on this thread");
  return *innermost_recording;
}

Expr Recording::expr(NodeId n) const {
  const Graph& graph = builder_.graph();
  return graph.is_constant(n) ? Expr(graph.value(n)) : Expr::recorded(generation_, n);
}

NodeId Recording::node(const Expr& x) {
  if (x.is_constant()) return builder_.constant(x.constant());
  if (x.generation() != generation_ && captures != nullptr) {
    const NodeId outer = captures->outer.node(x);
    const auto [own, first_time] = captures->known.try_emplace(outer, no_node);
    if (first_time) {
      captures->nodes.push_back(outer);
      own->second = builder_.graph().parameter();
    }
    return own->second;
  }
  if (x.generation() != generation_)
    throw std::invalid_argument("Expr of recording " + std::to_string(x.generation()) +
                                " used in recording " + std::to_string(generation_) +
                                ": an Expr lives in the recording that made it");
  return x.node();
}

namespace {

Recording& recording_of(const Expr& x) {
  if (innermost_recording != nullptr) return *innermost_recording;
  throw std::invalid_argument("Expr of recording " + std::to_string(x.generation()) +
                              " used after its recording: no recording is in progress on this thread");
}

Expr apply(Op op, const Expr& x, const Location& at) {
  if (!x.is_constant()) {
    Recording& recording = recording_of(x);
    recording.locate(at);
    return recording.expr(recording.builder().node(op, {recording.node(x)}));
  }
  const double operand = x.constant();
  double result;
  evaluate_scalar(op, {&operand, 1}, {&result, 1});
  return result;
}

Expr apply(Op op, const Expr& x, const Expr& y, const Location& at) {
  if (x.is_constant() && y.is_constant()) {
    const double operands[] = {x.constant(), y.constant()};
    double result;
    evaluate_scalar(op, operands, {&result, 1});
    return result;
  }
  Recording& recording = recording_of(x.is_constant() ? y : x);
  recording.locate(at);
  return recording.expr(recording.builder().node(op, {recording.node(x), recording.node(y)}));
}

Expr apply_with_auxiliary(Op op, Expr (*auxiliary)(const Expr&, Location), const Expr& x,
                          const Location& at) {
  return apply(op, x, auxiliary(x, at), at);
}

// The innermost recording if an operand is recorded; null if all are constants.
Recording* recording_of_any(ExprSpan x) {
  for (const Expr& e : x)
    if (!e.is_constant()) return &recording_of(e);
  return nullptr;
}

Expr apply_nary(Op op, ExprSpan x, const Location& at) {
  if (Recording* recording = recording_of_any(x)) {
    recording->locate(at);
    std::vector<NodeId> nodes;
    for (const Expr& e : x) nodes.push_back(recording->node(e));
    return recording->expr(recording->builder().node(op, nodes));
  }
  std::vector<double> operands;
  for (const Expr& e : x) operands.push_back(e.constant());
  double result;
  evaluate_scalar(op, operands, {&result, 1});
  return result;
}

}  // namespace
}  // namespace detail

Expr Expr::recorded(std::uint32_t generation, NodeId node) {
  Expr e;
  e.generation_ = generation;
  e.node_ = node;
  return e;
}

Condition::operator bool() const {
  return value_.is_constant() ? value_.constant() != 0.0 : detail::decide(value_);
}

#define RAPPEL_UNARY(name, ...) \
  Expr name(const Expr& x, Location at) { return detail::apply(Op::name, x, at); }
#define RAPPEL_UNARY_AUX(name, symbol, aux, ...) \
  Expr name(const Expr& x, Location at) { return detail::apply_with_auxiliary(Op::name, aux, x, at); }
#define RAPPEL_BINARY(name, ...) \
  Expr name(const Expr& x, const Expr& y, Location at) { return detail::apply(Op::name, x, y, at); }
#define RAPPEL_TERNARY(name, ...)                                       \
  Expr name(const Expr& x, const Expr& y, const Expr& z, Location at) { \
    return detail::apply_nary(Op::name, {x, y, z}, at);                 \
  }
#define RAPPEL_DERIVATIVES(name, ...)                                                     \
  Expr name(const Expr& x, int order, Location at) {                                      \
    if (order < 0) throw std::invalid_argument(#name ": order " + std::to_string(order)); \
    return detail::apply_nary(Op::name, {x, Expr(order)}, at);                            \
  }
#include <rappel/autodiff/ops.def>

Expr select(const Condition& condition, const Expr& a, const Expr& b, Location at) {
  if (condition.value().is_constant()) return condition.value().constant() != 0.0 ? a : b;
  detail::Recording& recording = detail::recording_of(condition.value());
  recording.locate(at);
  return recording.expr(recording.builder().node(
      Op::select, {recording.node(condition.value()), recording.node(a), recording.node(b)}));
}

Expr pow(const Expr& x, const Expr& y, Location at) {
  return detail::apply_nary(Op::power, {x, y, 0.0, 0.0}, at);
}

Expr dot(ExprSpan x, ExprSpan y, Location at) {
  if (x.size() != y.size())
    throw std::invalid_argument("dot: " + std::to_string(x.size()) + " and " + std::to_string(y.size()) +
                                " entries");
  std::vector<Expr> pairs;
  pairs.reserve(static_cast<std::size_t>(2 * x.size()));
  for (Index i = 0; i < x.size(); ++i) {
    pairs.push_back(x[i]);
    pairs.push_back(y[i]);
  }
  return pairs.empty() ? Expr(0.0) : detail::apply_nary(Op::dot, pairs, at);
}

Expr sum(ExprSpan x, Location at) { return x.size() == 0 ? Expr(0.0) : detail::apply_nary(Op::sum, x, at); }

namespace detail {
namespace {

// Appends to the operands the first `shared` results of `parts`, an operation of several results on them.
struct WithParts {
  Recording* recording;  // null: all operands are constants
  std::vector<NodeId> nodes;
  std::vector<double> values;

  WithParts(ExprSpan x, Op parts, std::size_t num_parts, std::size_t shared, const Location& at)
      : recording(recording_of_any(x)) {
    if (recording != nullptr) {
      recording->locate(at);
      for (const Expr& e : x) nodes.push_back(recording->node(e));
      const NodeId first = recording->builder().node(parts, nodes);
      for (std::size_t i = 0; i < shared; ++i) nodes.push_back(first + static_cast<NodeId>(i));
      return;
    }
    for (const Expr& e : x) values.push_back(e.constant());
    std::vector<double> results(num_parts);
    evaluate_scalar(parts, values, results);
    values.insert(values.end(), results.begin(), results.begin() + static_cast<std::ptrdiff_t>(shared));
  }

  std::vector<Expr> results(Op op, std::size_t count) const {
    std::vector<Expr> exprs;
    if (recording != nullptr) {
      const NodeId first = recording->builder().node(op, nodes);
      for (std::size_t i = 0; i < count; ++i)
        exprs.push_back(recording->expr(first + static_cast<NodeId>(i)));
      return exprs;
    }
    std::vector<double> computed(count);
    evaluate_scalar(op, values, computed);
    return {computed.begin(), computed.end()};
  }
};

}  // namespace
}  // namespace detail

Expr logsumexp(ExprSpan x, Location at) {
  if (x.size() == 0) throw std::invalid_argument("logsumexp: no operand");
  const auto n = static_cast<std::size_t>(x.size());
  return detail::WithParts(x, Op::shifted_exps, n + 2, 2, at).results(Op::logsumexp, 1)[0];
}

std::vector<Expr> softmax(ExprSpan x, Location at) {
  if (x.size() == 0) return {};
  const auto n = static_cast<std::size_t>(x.size());
  return detail::WithParts(x, Op::shifted_exps, n + 2, n + 2, at).results(Op::softmax, n);
}

Expr norm(ExprSpan x, Location at) {
  if (x.size() == 0) return 0.0;
  return detail::WithParts(x, Op::scaled_norm, 2, 2, at).results(Op::norm, 1)[0];
}

}  // namespace rappel
