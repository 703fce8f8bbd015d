// The kernels of the block interpreter for one instruction set. Included once by each kernels_*.cpp inside of
// its unnamed namespace, after lanes.hpp.

using detail::BodyInstruction;
using detail::BodyKernel;
using detail::Leaf;
using detail::most_leaf_rows;
using detail::num_partials;
using detail::row_padding;
using detail::uniform_bit;

constexpr std::ptrdiff_t num_vectors = row_padding / width;
constexpr int partial_vectors = num_partials / width;  // that hold the partials of one sum

#include "kernels_elementwise.hpp"
#include "kernels_dot.hpp"
#include "kernels_reduce.hpp"
#include "kernels_tiles.hpp"
#include "kernels_lists.hpp"
#include "kernels_distances.hpp"
#include "kernels_exps.hpp"
#include "kernels_norm.hpp"
#include "kernels_shares.hpp"
#include "kernels_groups.hpp"
#undef RAPPEL_NARY_KERNEL

template <class F>
BodyKernel binary_by_rate(unsigned varying) {
  return varying == 3   ? &binary_kernel<F, true, true>
         : varying == 1 ? &binary_kernel<F, true, false>
         : varying == 2 ? &binary_kernel<F, false, true>
                        : &binary_kernel<F, false, false>;
}

template <class F>
BodyKernel unary_by_rate(unsigned varying) {
  return varying == 1 ? &unary_kernel<F, true> : &unary_kernel<F, false>;
}

BodyKernel select_by_rate(unsigned varying) {
  static constexpr BodyKernel kernels[8] = {
      &select_kernel<false, false, false>, &select_kernel<true, false, false>,
      &select_kernel<false, true, false>,  &select_kernel<true, true, false>,
      &select_kernel<false, false, true>,  &select_kernel<true, false, true>,
      &select_kernel<false, true, true>,   &select_kernel<true, true, true>};
  return kernels[varying & 7];
}

BodyKernel find_kernel(Op op, unsigned varying) {
  switch (op) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return unary_by_rate<formulas::name##_op>(varying);
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return binary_by_rate<formulas::name##_op>(varying);
#define RAPPEL_BINARY(name, ...) \
  case Op::name:                 \
    return binary_by_rate<formulas::name##_op>(varying);
#define RAPPEL_TERNARY(name, ...) \
  case Op::name:                  \
    return &ternary_kernel<formulas::name##_op>;
#define RAPPEL_DERIVATIVES(name, ...) \
  case Op::name:                      \
    return &derivative_kernel<formulas::name##_op>;
#include <rappel/autodiff/ops.def>
    case Op::select:
      return select_by_rate(varying);
    case Op::power:
      return &power_kernel;
    case Op::sum:
      return &sum_kernel;
    case Op::dot:
      return &dot_kernel;
    case Op::shifted_exps:
      return &shifted_exps_kernel;
    case Op::logsumexp:
      return &logsumexp_kernel;
    case Op::softmax:
      return &softmax_kernel;
    case Op::softmax_product:
      return &softmax_product_kernel;
    case Op::scaled_norm:
      return &scaled_norm_kernel;
    case Op::norm:
      return &norm_kernel;
    case Op::unit:
      return &unit_kernel;
    case Op::unit_product:
      return &unit_product_kernel;
    case Op::shares:
      return &shares_kernel;
    case Op::sum_rows:
      return &reduce_kernel<AddLanes>;
    case Op::max_rows:
      return &reduce_kernel<MaxLanes>;
    case Op::any_rows:
      return &reduce_kernel<AnyLanes>;
    case Op::sum_products:
      return &sum_products_kernel;
    case Op::sum_log1p:
      return &sum_log1p_kernel<Factors::any>;
    default:
      return nullptr;
  }
}

constexpr detail::KernelTable kernel_table(detail::InstructionSet set) {
  return {.instruction_set = set,
          .find = &find_kernel,
          .dot_uniform = &dot_uniform_kernel<true>,
          .dot_uniform_of_values = &dot_uniform_kernel<false>,
          .dots_of_one_list = &dots_of_one_list_kernel<false>,
          .dots_of_one_list_and_own = &dots_of_one_list_kernel<true>,
          .dots_sharing_entries = &dots_sharing_entries_kernel,
          .products_of_lists = &products_of_lists_kernel,
          .find_list = &find_list_kernel,
          .sums_of_list = &sums_of_list_kernel,
          .sum_of_squares = &sum_of_squares_kernel,
          .least_distance = &least_distance_kernel,
          .copies_of_spread = copies_of_spread,
          .sum_log1p_of_units = &sum_log1p_kernel<Factors::units>,
          .sum_log1p_of_few = &sum_log1p_kernel<Factors::few>,
          .copy = &copy_kernel,
          .widen = &widening_kernel,
          .find_open = &find_open,
          .find_equal = &find_equal,
          .find_group = &find_group_kernel,
          .sum_of_logs = &sum_of_logs};
}
