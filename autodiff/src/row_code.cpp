#include "row_code.hpp"

#include "row_writer.hpp"

#include <unordered_map>

namespace rappel::detail {
namespace {

// The formulas that need nothing but what row_writer.hpp has.
#define RAPPEL_ROW_CODE_UNARY(F) F(neg) F(square) F(sqrt) F(exp) F(abs) F(sign) F(exp_neg_abs) F(logical_not) F(positive_part) F(rint) F(cube)
#define RAPPEL_ROW_CODE_BINARY(F)                                                                         \
  F(softplus) F(sigmoid) F(sigmoid_slope) F(add) F(sub) F(mul) F(div) F(min) F(max) F(less) F(less_equal) F(equal)    \
  F(logical_and) F(logical_or) F(huber) F(huber_slope)

bool has_formula(Op op) {
  switch (op) {
#define RAPPEL_CASE(name) case Op::name:
    RAPPEL_ROW_CODE_UNARY(RAPPEL_CASE)
    RAPPEL_ROW_CODE_BINARY(RAPPEL_CASE)
#undef RAPPEL_CASE
    case Op::fma:
    case Op::select:
    case Op::sum:
    case Op::dot:
      return true;
    default:
      return false;
  }
}

Micro Writer::sum_of(const BodyStep& step) {
  Micro total = operand(step, 0);
  for (std::uint32_t k = 1; k < step.count; ++k) total = total + operand(step, k);
  return total;
}

// As the kernels of dot take it: the first product rounds, the others are contracted. A product with 1 or -1 is exact, so adding it
// has the same bits; a processor adds beside its multiplications.
Micro Writer::dot_of(const BodyStep& step) {
  Micro total;
  for (std::uint32_t k = 0; k < step.count; k += 2) {
    Micro x = operand(step, k), y = operand(step, k + 1);
    const auto is_unit = [](const Micro& z) { return z.writer == nullptr && (z.number == 1.0 || z.number == -1.0); };
    if (is_unit(y)) std::swap(x, y);
    if (!is_unit(x))
      total = k == 0 ? x * y : fma(x, y, total);
    else if (k == 0)
      total = x.number > 0.0 ? y : -y;
    else
      total = x.number > 0.0 ? total + y : total - y;
  }
  return total;
}

Micro Writer::value_of(const BodyStep& step) {
  switch (step.op) {
#define RAPPEL_CASE(name) \
  case Op::name:          \
    return formulas::name##_op::value(operand(step, 0));
    RAPPEL_ROW_CODE_UNARY(RAPPEL_CASE)
#undef RAPPEL_CASE
#define RAPPEL_CASE(name)                                \
  case Op::name: {                                       \
    const Micro x = operand(step, 0);                    \
    return formulas::name##_op::value(x, operand(step, 1)); \
  }
    RAPPEL_ROW_CODE_BINARY(RAPPEL_CASE)
#undef RAPPEL_CASE
    case Op::fma: {
      const Micro x = operand(step, 0), y = operand(step, 1);
      return fma(x, y, operand(step, 2));
    }
    case Op::select: {
      const Micro c = operand(step, 0), x = operand(step, 1), y = operand(step, 2);
      if (const auto mask = mask_of(c)) return select({this, *mask, false}, x, y);
      return select(c == Micro(0.0), y, x);
    }
    case Op::sum:
      return sum_of(step);
    default:
      return dot_of(step);
  }
}
#undef RAPPEL_ROW_CODE_UNARY
#undef RAPPEL_ROW_CODE_BINARY

void Writer::define_several(const BodyStep& step) {
  std::vector<Micro> operands, results(step.num_results);
  for (std::uint32_t k = 0; k < step.count; ++k) operands.push_back(operand(step, k));
  const auto get = [&](std::uint32_t k) { return operands[k]; };
  const auto put = [&](std::uint32_t k, const Micro& value) { results[k] = value; };
  if (step.op == Op::shifted_exps)
    formulas::shifted_exps<Micro>(step.count, get, put);
  else
    formulas::softmax<Micro>(step.count, get, put);
  for (std::uint32_t k = 0; k < step.num_results; ++k) define(body_.operands[step.first + step.count + k], results[k]);
}

// As ProductOfFactors does.
void Writer::multiply_product(const BodyStep& step) {
  const Micro x = operand(step, 0), one(1.0);
  const std::uint32_t product = new_sum(step.result, MicroSum::Kind::product);
  new_sum(step.result, MicroSum::Kind::low);
  if (step.kind == StepKind::sum_log1p_of_units) {
    const ValueId a = id_of(x), b = id_of(one + x);
    emit(MicroOp::multiply_product_by_unit, a, b, product);
  } else {
    const Micro s = x + one;
    const ValueId a = id_of(s), b = id_of(formulas::lost_in_sum(x, one, s));
    emit(MicroOp::multiply_product, a, b, product);
  }
}

// As the kernels add.
void Writer::add_to_sums(const BodyStep& step) {
  if (is_sum_of_logs(step.kind)) return multiply_product(step);
  if (step.kind != StepKind::products_of_lists) {
    const Micro term = step.op == Op::sum_rows ? operand(step, 0) : dot_of(step);
    emit(MicroOp::add_to_sum, id_of(term), 0, new_sum(step.result));
    return;
  }
  const std::uint32_t num_a = num_factors(body_, step), num_b = step.count - num_a - 1;
  for (std::uint32_t i = 0; i < num_a; ++i)
    for (std::uint32_t j = 0; j < num_b; ++j) {
      const ValueId a = id_of(operand(step, i)), b = id_of(operand(step, num_a + 1 + j));
      emit(MicroOp::add_product_to_sum, a, b, new_sum(step.result + i * num_b + j));
    }
}

void Writer::settle_results() {
  const std::uint32_t first_block = body_.first_block();
  const std::uint32_t end_block = first_block + body_.num_blocks;
  std::unordered_map<std::uint32_t, std::size_t> open;  // by pointer: its last result
  for (std::size_t i = 0; i < code_.results.size(); ++i) open[code_.results[i].pointer] = i;
  const auto keep = [&](std::uint32_t pointer) {
    if (const auto found = open.find(pointer); found != open.end()) code_.results[found->second].is_read = true;
  };
  for (const auto& [pointer, i] : open)
    if (pointer < first_block || pointer >= end_block) code_.results[i].is_read = true;  // stored, or an output
  for (std::size_t j = last_; j < body_.steps.size() && !open.empty(); ++j) {
    const BodyStep& step = body_.steps[j];
    if (is_body_call(step.op)) {  // it may read any
      for (const auto& [pointer, i] : open) code_.results[i].is_read = true;
      return;
    }
    for (std::uint32_t k = 0; k < step.count; ++k) keep(body_.operands[step.first + k]);
    for (std::uint32_t k = 0; k < step.num_results; ++k) open.erase(body_.operands[step.first + step.count + k]);
  }
}

}  // namespace

bool has_row_code(const BodyStep& step) {
  if (is_sum_step(step)) return true;
  const bool plain = step.kind == StepKind::plain || step.kind == StepKind::dot_uniform ||
                     step.kind == StepKind::dot_uniform_of_values;
  constexpr std::uint32_t most = 32;  // operands of logsumexp and softmax, beyond which loops are as good
  return plain && (has_several(step.op) ? step.num_results <= most + 2 : step.num_results == 1 && has_formula(step.op));
}

std::uint32_t num_sums(const Body& body, const BodyStep& step) {
  if (!is_sum_step(step)) return 0;
  if (is_sum_of_logs(step.kind)) return places_of_logs;
  if (step.kind != StepKind::products_of_lists) return 1;
  const std::uint32_t num_a = num_factors(body, step);
  return num_a * (step.count - num_a - 1);
}

bool fills_tiles(const Body& body, const BodyStep& step) {
  constexpr std::uint32_t enough = 6;
  if (!is_sum_step(step) || step.kind != StepKind::products_of_lists) return false;
  const std::uint32_t num_a = num_factors(body, step);
  return num_a >= enough && step.count - num_a - 1 >= enough;
}

RowCode row_code(const Body& body, std::size_t first, std::size_t last) { return Writer(body, first, last).run(); }

}  // namespace rappel::detail
