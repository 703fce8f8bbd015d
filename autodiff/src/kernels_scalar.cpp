#include "kernels.hpp"

#define RAPPEL_LANES 1
#include <math.h>
#include <sleef.h>

#include "formulas.hpp"
#include "special.hpp"
#include "with_slope.hpp"

namespace rappel {
namespace {
#include "lanes.hpp"
#include "lanes_functions.hpp"
#include "lanes_families.hpp"
#include "lanes_special.hpp"
#include "kernels_body.hpp"
constexpr detail::KernelTable table = kernel_table(detail::InstructionSet::scalar);

double sum_of(const double* values, const std::uint32_t* x, std::uint32_t count) {
  double total = values[x[0]];
  std::uint32_t k = 1;
  for (; k + 8 <= count; k += 8)  // few instructions: what comes after a sum is begun beside its latency
    for (std::uint32_t i = 0; i < 8; ++i) total += values[x[k + i]];
  for (; k < count; ++k) total += values[x[k]];
  return total;
}

double sum_in_a_row_of(double total, const double* x, std::uint32_t count) {
  std::uint32_t k = 0;
  for (; k + 8 <= count; k += 8)
    for (std::uint32_t i = 0; i < 8; ++i) total += x[k + i];
  for (; k < count; ++k) total += x[k];
  return total;
}

double dot_of(const double* values, const std::uint32_t* x, std::uint32_t count) {
  double total = values[x[0]] * values[x[1]];
  for (std::uint32_t k = 2; k < count; k += 2) total += values[x[k]] * values[x[k + 1]];
  return total;
}

// Operations of several results: apart, since what a few of them need would slow the loop over all others.
[[gnu::noinline]] void run_several(const detail::UniformInstruction& i, const std::uint32_t* x, double* values) {
  const auto get = [&](std::uint32_t k) { return Lanes(values[x[k]]); };
  const auto put = [&](std::uint32_t k, Lanes value) { values[x[i.count + k]] = value.v; };
  switch (i.op) {
    case Op::shifted_exps:
      shifted_exps_of(i.count, get, put);
      break;
    case Op::logsumexp:
      logsumexp_of(i.count, get, put);
      break;
    case Op::softmax:
      softmax_of(i.count, get, put);
      break;
    case Op::softmax_product:
      softmax_product_of(i.count, get, put);
      break;
    case Op::scaled_norm:
      scaled_norm_of(i.count, get, put);
      break;
    case Op::norm:
      norm_of(i.count, get, put);
      break;
    case Op::unit:
      unit_of(i.count, get, put);
      break;
    case Op::unit_product:
      unit_product_of(i.count, get, put);
      break;
    case Op::shares:
      shares_of(i.count, get, put);
      break;
    default:
      break;  // leaves have no instruction
  }
}
}  // namespace

const detail::KernelTable* detail::scalar_kernels() { return &table; }

void detail::run_uniform(const UniformInstruction* first, const UniformInstruction* last,
                         const std::uint32_t* operands, double* values) {
  for (const UniformInstruction* i = first; i != last; ++i) {
    const std::uint32_t* x = operands + i->first;
    const auto get = [&](std::uint32_t k) { return Lanes(values[x[k]]); };
    switch (i->op) {
#define RAPPEL_UNARY(name, ...)                               \
  case Op::name:                                              \
    values[i->result] = formulas::name##_op::value(get(0)).v; \
    break;
#define RAPPEL_UNARY_AUX(name, ...)                                   \
  case Op::name:                                                      \
    values[i->result] = formulas::name##_op::value(get(0), get(1)).v; \
    break;
#define RAPPEL_BINARY(name, ...)                                      \
  case Op::name:                                                      \
    values[i->result] = formulas::name##_op::value(get(0), get(1)).v; \
    break;
#define RAPPEL_TERNARY(name, ...)                                             \
  case Op::name:                                                              \
    values[i->result] = formulas::name##_op::value(get(0), get(1), get(2)).v; \
    break;
#define RAPPEL_DERIVATIVES(name, ...)                                                         \
  case Op::name:                                                                              \
    values[i->result] = formulas::name##_op::value(get(0), static_cast<int>(values[x[1]])).v; \
    break;
#include <rappel/autodiff/ops.def>
      case Op::select:
        values[i->result] = values[x[0]] == 0.0 ? values[x[2]] : values[x[1]];
        break;
      case Op::power:
        values[i->result] =
            power_value(get(0), get(1), static_cast<int>(values[x[2]]), static_cast<int>(values[x[3]])).v;
        break;
      case Op::sum:
        values[i->result] = sum_of(values, x, i->count);
        break;
      case detail::sum_in_a_row:
        values[i->result] = sum_in_a_row_of(values[x[0]], values + x[1], i->count);
        break;
      case Op::dot:
        values[i->result] = dot_of(values, x, i->count);
        break;
      default:
        run_several(*i, x, values);
    }
  }
}
}  // namespace rappel
