// Groups of single values. Part of kernels_body.hpp: included once by each kernels_*.cpp inside of its unnamed
// namespace.

using detail::GroupKernel;
using detail::GroupLists;
using detail::UniformGroup;

// values[places[0]], values[places[1]], .. One by one: the gather instructions take one and a half to two times as long
// (measured on AMD's Zen 4; and they are slow wherever microcode guards them).
inline Lanes gather_lanes(const double* values, const std::uint32_t* places) {
#if RAPPEL_LANES >= 4
  const auto pair = [&](int i) { return _mm_loadh_pd(_mm_load_sd(values + places[i]), values + places[i + 1]); };
  const auto four = [&](int i) { return _mm256_insertf128_pd(_mm256_castpd128_pd256(pair(i)), pair(i + 2), 1); };
#if RAPPEL_LANES == 8
  return Lanes::of((Raw)_mm512_maskz_insertf64x4(0xff, _mm512_castpd256_pd512(four(0)), four(4), 1));
#else
  return Lanes::of((Raw)four(0));
#endif
#else
  double a[width];
  for (int i = 0; i < width; ++i) a[i] = values[places[i]];
  return load(a);
#endif
}

constexpr std::uint32_t place_mask = detail::gathered - 1;

// An operand of the members from r on. Behind the last member stands anything.
template <int Strip>
inline __attribute__((always_inline)) void load_members(const GroupLists& lists, const double* values,
                                                        std::uint32_t operand, std::ptrdiff_t r, Lanes (&x)[Strip]) {
  if (operand & detail::one_for_all) {
    const Lanes one(values[operand & place_mask]);
    for (int s = 0; s < Strip; ++s) x[s] = one;
  } else if (operand & detail::gathered) {
    const std::uint32_t* places = lists.places + (operand & place_mask) + r;
    for (int s = 0; s < Strip; ++s) x[s] = gather_lanes(values, places + s * width);
  } else {
    for (int s = 0; s < Strip; ++s) x[s] = load(values + operand + r + s * width);
  }
}

// What computes a strip of members. (Plain local arrays, as for dots.)
template <class F>
struct UnaryStrip {
  template <int Strip>
  static inline __attribute__((always_inline)) void run(const UniformGroup&, const std::uint32_t* x, const GroupLists& lists,
                                                        const double* values, std::ptrdiff_t r, Lanes (&z)[Strip]) {
    load_members(lists, values, x[0], r, z);
    for (int s = 0; s < Strip; ++s) z[s] = F::value(z[s]);
  }
};
template <class F>
struct BinaryStrip {
  template <int Strip>
  static inline __attribute__((always_inline)) void run(const UniformGroup&, const std::uint32_t* x, const GroupLists& lists,
                                                        const double* values, std::ptrdiff_t r, Lanes (&z)[Strip]) {
    Lanes y[Strip];
    load_members(lists, values, x[0], r, z);
    load_members(lists, values, x[1], r, y);
    for (int s = 0; s < Strip; ++s) z[s] = F::value(z[s], y[s]);
  }
};
template <class F>
struct TernaryStrip {
  template <int Strip>
  static inline __attribute__((always_inline)) void run(const UniformGroup&, const std::uint32_t* x, const GroupLists& lists,
                                                        const double* values, std::ptrdiff_t r, Lanes (&z)[Strip]) {
    Lanes y[Strip], w[Strip];
    load_members(lists, values, x[0], r, z);
    load_members(lists, values, x[1], r, y);
    load_members(lists, values, x[2], r, w);
    for (int s = 0; s < Strip; ++s) z[s] = F::value(z[s], y[s], w[s]);
  }
};
struct SelectFormula {
  static Lanes value(Lanes c, Lanes x, Lanes y) { return select(c == Lanes(0.0), y, x); }
};
struct SumStrip {
  template <int Strip>
  static inline __attribute__((always_inline)) void run(const UniformGroup& g, const std::uint32_t* x, const GroupLists& lists,
                                                        const double* values, std::ptrdiff_t r, Lanes (&z)[Strip]) {
    Lanes y[Strip];
    load_members(lists, values, x[0], r, z);
    for (std::uint32_t k = 1; k < g.num_operands; ++k) {
      load_members(lists, values, x[k], r, y);
      for (int s = 0; s < Strip; ++s) z[s] = z[s] + y[s];
    }
  }
};
struct DotStrip {
  template <int Strip>
  static inline __attribute__((always_inline)) void run(const UniformGroup& g, const std::uint32_t* x, const GroupLists& lists,
                                                        const double* values, std::ptrdiff_t r, Lanes (&z)[Strip]) {
    Lanes a[Strip], b[Strip];
    load_members(lists, values, x[0], r, z);
    load_members(lists, values, x[1], r, b);
    for (int s = 0; s < Strip; ++s) z[s] = z[s] * b[s];
    for (std::uint32_t k = 2; k < g.num_operands; k += 2) {
      load_members(lists, values, x[k], r, a);
      load_members(lists, values, x[k + 1], r, b);
      for (int s = 0; s < Strip; ++s) z[s] = multiply_add(a[s], b[s], z[s]);
    }
  }
};

template <class Strips, int Strip>
inline __attribute__((always_inline)) void run_strip(const UniformGroup& g, const GroupLists& lists, double* values,
                                                     std::ptrdiff_t r) {
  Lanes z[Strip];
  Strips::run(g, lists.operands + g.first, lists, values, r, z);
  for (int s = 0; s < Strip; ++s) store(values + g.result + r + s * width, z[s]);
}

// Arithmetic, for which it does not matter what stands behind the last member: strips of several vectors, so that
// the kinds of the operands are looked at once a strip.
template <class Strips>
void group_kernel(const UniformGroup& g, const GroupLists& lists, double* values) {
  const auto count = static_cast<std::ptrdiff_t>(g.count);
  std::ptrdiff_t r = 0;
  for (; r + 3 * width < count; r += 4 * width) run_strip<Strips, 4>(g, lists, values, r);
  if (r + width < count) run_strip<Strips, 2>(g, lists, values, r), r += 2 * width;
  if (r < count) run_strip<Strips, 1>(g, lists, values, r);
}

// An operand of a vector of members; behind the last one it is repeated: rare arguments are computed lane by lane.
inline Lanes load_whole(const UniformGroup& g, const GroupLists& lists, const double* values, std::uint32_t k,
                        std::ptrdiff_t r) {
  const std::uint32_t operand = lists.operands[g.first + k];
  const auto left = static_cast<std::ptrdiff_t>(g.count) - r;
  if ((operand & (detail::one_for_all | detail::gathered)) != 0 || left >= width) {
    Lanes x[1];
    load_members(lists, values, operand, r, x);
    return x[0];
  }
  double a[width];
  for (int i = 0; i < width; ++i) a[i] = values[operand + static_cast<std::uint32_t>(r + (i < left ? i : left - 1))];
  return load(a);
}

template <class F, int Operands>
void whole_group_kernel(const UniformGroup& g, const GroupLists& lists, double* values) {
  const auto count = static_cast<std::ptrdiff_t>(g.count);
  for (std::ptrdiff_t r = 0; r < count; r += width) {
    const auto x = [&](std::uint32_t k) { return load_whole(g, lists, values, k, r); };
    double* z = values + g.result + r;
    if constexpr (Operands == 1)
      store(z, F::value(x(0)));
    else if constexpr (Operands == 2)
      store(z, F::value(x(0), x(1)));
    else
      store(z, F::value(x(0), x(1), x(2)));
  }
}

GroupKernel find_group_kernel(Op op) {
  switch (op) {
    case Op::add:
      return &group_kernel<BinaryStrip<formulas::add_op>>;
    case Op::sub:
      return &group_kernel<BinaryStrip<formulas::sub_op>>;
    case Op::mul:
      return &group_kernel<BinaryStrip<formulas::mul_op>>;
    case Op::neg:
      return &group_kernel<UnaryStrip<formulas::neg_op>>;
    case Op::square:
      return &group_kernel<UnaryStrip<formulas::square_op>>;
    case Op::fma:
      return &group_kernel<TernaryStrip<formulas::fma_op>>;
    case Op::select:
      return &group_kernel<TernaryStrip<SelectFormula>>;
    case Op::sum:
      return &group_kernel<SumStrip>;
    case Op::dot:
      return &group_kernel<DotStrip>;
    default:
      break;
  }
  switch (op) {
#define RAPPEL_UNARY(name, ...) \
  case Op::name:                \
    return &whole_group_kernel<formulas::name##_op, 1>;
#define RAPPEL_UNARY_AUX(name, ...) \
  case Op::name:                    \
    return &whole_group_kernel<formulas::name##_op, 2>;
#define RAPPEL_BINARY(name, ...) \
  case Op::name:                 \
    return &whole_group_kernel<formulas::name##_op, 2>;
#define RAPPEL_TERNARY(name, ...) \
  case Op::name:                  \
    return &whole_group_kernel<formulas::name##_op, 3>;
#include <rappel/autodiff/ops.def>
    default:
      return nullptr;
  }
}
