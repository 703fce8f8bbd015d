#include <rappel/autodiff/expr.hpp>

#include "apply.hpp"
#include "tape.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

namespace rappel {
namespace detail {

constinit thread_local Recording* Recording::innermost_recording = nullptr;
constinit thread_local Tape* Tape::innermost = nullptr;

std::uint32_t Recording::next_generation() {
  static std::atomic<std::uint32_t> last{0};
  std::uint32_t generation = ++last;
  return generation != 0 ? generation : ++last;  // 0 marks constants
}

Recording::Recording(Builder& builder)
    : builder_(builder),
      outer_(std::exchange(innermost_recording, this)),
      outer_tape_(std::exchange(Tape::innermost, nullptr)),
      generation_(next_generation()) {}
Recording::~Recording() {
  innermost_recording = outer_;
  Tape::innermost = outer_tape_;
}

void Recording::find_file(const char* file) {
  located_file_ = file;
  const LocationId first_line = *file == '\0' ? 0 : id_of({file, 1});
  file_id_ = first_line == 0 ? 0 : first_line - 1;
  takes_location_ = *file != '\0' && !is_inside_eigen(first_line);
}

Recording& Recording::required(const char* what) {
  Tape::give_up();
  if (innermost_recording == nullptr)
    throw std::invalid_argument(std::string(what) +
                                " belongs inside of a cost: no recording is in progress on this thread");
  return *innermost_recording;
}

Tape::Tape(ConstSpan x)
    : generation_(Recording::next_generation()),
      last_(static_cast<NodeId>(x.size())),
      outer_tape_(std::exchange(innermost, this)),
      outer_recording_(std::exchange(Recording::innermost_recording, nullptr)) {
  parameters_.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    parameters_.push_back(Expr::on_tape(generation_, static_cast<NodeId>(i + 1), x[i]));
}

Tape::~Tape() {
  innermost = outer_tape_;
  Recording::innermost_recording = outer_recording_;
  if (!chunks_.empty()) spare.first = std::move(chunks_.front().edges);
  for (std::size_t i = 1; i < chunks_.size() && spare.others.size() < most_spare_chunks; ++i)
    spare.others.push_back(std::move(chunks_[i].edges));
}

NodeId Recording::node_of_other(const Expr& x) {
  if (x.is_constant()) {
    if (last_constant_ != no_node && builder_.graph().is_constant(last_constant_, x.constant())) return last_constant_;
    return builder_.constant(x.constant());
  }
  if (captures != nullptr) {
    const NodeId outer = captures->outer.node(x);
    const auto [own, first_time] = captures->known.try_emplace(outer, no_node);
    if (first_time) {
      captures->nodes.push_back(outer);
      own->second = builder_.graph().parameter();
    }
    return own->second;
  }
  throw std::invalid_argument("Expr of recording " + std::to_string(x.generation()) +
                              " used in recording " + std::to_string(generation_) +
                              ": an Expr lives in the recording that made it");
}

Recording& no_recording_of(const Expr& x) {
  Tape::give_up();
  throw std::invalid_argument("Expr of recording " + std::to_string(x.generation()) +
                              " used after its recording: no recording is in progress on this thread");
}

Recording* recording_of_any(ExprSpan x) {
  for (const Expr& e : x)
    if (!e.is_constant()) return &recording_of(e);
  return nullptr;
}

namespace {

std::vector<double> values_of(ExprSpan x) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(x.size()));
  for (const Expr& e : x) values.push_back(e.constant());
  return values;
}

double evaluate(Op op, std::span<const double> operands) {
  double result;
  evaluate_scalar(op, operands, {&result, 1});
  return result;
}

}  // namespace

double evaluate_constants(Op op, ExprSpan x) {
  if (x.size() == 1) return evaluate(op, std::array{x[0].constant()});
  if (x.size() == 2) return evaluate(op, std::array{x[0].constant(), x[1].constant()});
  return evaluate(op, values_of(x));
}

Expr apply_nary(Op op, ExprSpan x, const Location& at) {
  Recording* recording = recording_of_any(x);
  if (recording == nullptr) return evaluate_constants(op, x);
  recording->locate(at);
  std::vector<NodeId> nodes;
  for (const Expr& e : x) nodes.push_back(recording->node(e));
  return recording->expr(recording->builder().node(op, nodes));
}

namespace {

// On a tape, sums and products of many operands: partials by place.
template <class Partial>
Expr on_tape(Tape& tape, double value, ExprSpan x, const Partial& partial) {
  std::vector<Tape::Edge> edges;
  edges.reserve(static_cast<std::size_t>(x.size()));
  for (Index i = 0; i < x.size(); ++i) {
    const Expr p = partial(i);
    const bool passes = !(p.is_constant() && p.constant() == 0.0);  // as Edges: a literal 0 passes nothing on
    edges.push_back({passes ? Tape::node_of(x[i]) : 0, p.constant()});
  }
  return tape.node(value, edges);
}

}  // namespace
}  // namespace detail

Condition::operator bool() const {
  if (value_.is_constant() || detail::Tape::of(value_) != nullptr) return value_.constant() != 0.0;
  return detail::decide(value_);
}

Expr select(const Condition& condition, const Expr& a, const Expr& b, Location at) {
  if (condition.value().is_constant()) return condition.value().constant() != 0.0 ? a : b;
  if (detail::Tape* tape = detail::Tape::of({condition.value(), a, b})) {
    const auto bits = [](const Expr& x) { return std::bit_cast<std::uint64_t>(x.constant()); };
    if (a.is_constant() && b.is_constant() && bits(a) == bits(b)) return a;  // a literal, as a graph folds it
    const Expr& taken = condition.value().constant() != 0.0 ? a : b;
    return taken.is_constant() ? tape->passive(taken.constant()) : taken;
  }
  detail::Recording& recording = detail::recording_of(condition.value());
  recording.locate(at);
  return recording.expr(recording.builder().node(
      Op::select, {recording.node(condition.value()), recording.node(a), recording.node(b)}));
}

Expr pow(const Expr& x, const Expr& y, Location at) {
  if (detail::Tape* tape = detail::Tape::of(x, y)) {
    const auto derivative = [&](double k, double j) {
      const double operands[] = {x.constant(), y.constant(), k, j};
      return detail::evaluate(Op::power, operands);
    };
    const NodeId of_x = detail::Tape::node_of(x), of_y = detail::Tape::node_of(y);
    return tape->node(derivative(0.0, 0.0), of_x, of_x != 0 ? derivative(1.0, 0.0) : 0.0, of_y,
                      of_y != 0 ? derivative(0.0, 1.0) : 0.0);
  }
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
  if (pairs.empty()) return 0.0;
  if (detail::Tape* tape = detail::Tape::of(pairs)) {
    const double value = detail::evaluate(Op::dot, detail::values_of(pairs));
    return detail::on_tape(*tape, value, pairs, [&](Index i) { return pairs[static_cast<std::size_t>(i ^ 1)]; });
  }
  return detail::apply_nary(Op::dot, pairs, at);
}

Expr sum(ExprSpan x, Location at) {
  if (x.size() == 0) return 0.0;
  if (detail::Tape* tape = detail::Tape::of(x))
    return x.size() == 1 ? x[0] : detail::on_tape(*tape, detail::evaluate(Op::sum, detail::values_of(x)), x, [](Index) { return 1.0; });
  return detail::apply_nary(Op::sum, x, at);
}

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

// On a tape: an operation of one result with `shared` of those parts, and the operation on `passed` of them that gives
// its partials.
Expr with_parts_on_tape(Tape& tape, ExprSpan x, Op parts, std::size_t num_parts, Op op, std::size_t shared, Op partials,
                        std::size_t passed) {
  const auto n = static_cast<std::size_t>(x.size());
  std::vector<double> values = values_of(x), results(num_parts), by_operand(n);
  evaluate_scalar(parts, values, results);
  values.insert(values.end(), results.begin(), results.end());
  evaluate_scalar(partials, std::span(values).first(n + passed), by_operand);
  const double value = evaluate(op, std::span(values).first(n + shared));
  std::vector<Tape::Edge> edges;
  for (std::size_t i = 0; i < n; ++i) edges.push_back({Tape::node_of(x[static_cast<Index>(i)]), by_operand[i]});
  return tape.node(value, edges);
}

}  // namespace
}  // namespace detail

Expr logsumexp(ExprSpan x, Location at) {
  if (x.size() == 0) throw std::invalid_argument("logsumexp: no operand");
  const auto n = static_cast<std::size_t>(x.size());
  if (detail::Tape* tape = detail::Tape::of(x))
    return detail::with_parts_on_tape(*tape, x, Op::shifted_exps, n + 2, Op::logsumexp, 2, Op::softmax, n + 2);
  return detail::WithParts(x, Op::shifted_exps, n + 2, 2, at).results(Op::logsumexp, 1)[0];
}

std::vector<Expr> softmax(ExprSpan x, Location at) {
  if (x.size() == 0) return {};
  const auto n = static_cast<std::size_t>(x.size());
  return detail::WithParts(x, Op::shifted_exps, n + 2, n + 2, at).results(Op::softmax, n);
}

Expr norm(ExprSpan x, Location at) {
  if (x.size() == 0) return 0.0;
  if (detail::Tape* tape = detail::Tape::of(x))
    return detail::with_parts_on_tape(*tape, x, Op::scaled_norm, 2, Op::norm, 2, Op::unit, 2);
  return detail::WithParts(x, Op::scaled_norm, 2, 2, at).results(Op::norm, 1)[0];
}

void ExprSpan::throw_outside(Index i) const {
  throw std::invalid_argument("ExprSpan: " + std::to_string(i) + " is outside of a span of " + std::to_string(size_));
}

}  // namespace rappel
