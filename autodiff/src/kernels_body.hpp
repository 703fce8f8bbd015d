// The kernels of the block interpreter for one instruction set. Included once by each kernels_*.cpp inside of
// its unnamed namespace, after lanes.hpp.

using detail::BodyInstruction;
using detail::BodyKernel;
using detail::Leaf;
using detail::num_partials;
using detail::uniform_bit;

constexpr std::ptrdiff_t num_vectors = num_partials / width;  // that hold the partials of one sum

// An operand known at compile time to be uniform (loaded once) or varying.
template <bool Varying>
struct Operand {
  const double* p;
  Lanes uniform;
  Operand(const Leaf& leaf, std::uint32_t operand)
      : p(leaf.pointers[operand & ~uniform_bit]), uniform(Varying ? 0.0 : *p) {}
  Lanes at(std::ptrdiff_t r) const {
    if constexpr (Varying) return load(p + r);
    return uniform;
  }
};

// An operand known only at run time.
struct AnyOperand {
  const double* p;
  bool varying;
  AnyOperand(const Leaf& leaf, std::uint32_t operand)
      : p(leaf.pointers[operand & ~uniform_bit]), varying((operand & uniform_bit) == 0) {}
  Lanes at(std::ptrdiff_t r) const { return varying ? load(p + r) : Lanes(*p); }
};

double* result_of(const Leaf& leaf, const BodyInstruction& i) { return leaf.pointers[i.result]; }

void copy_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, x.at(r));
}

template <class F, bool X>
void unary_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<X> x(leaf, leaf.operands[i.first]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r)));
}

template <class F, bool X, bool Y>
void binary_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<X> x(leaf, leaf.operands[i.first]);
  const Operand<Y> y(leaf, leaf.operands[i.first + 1]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r), y.at(r)));
}

template <bool C, bool X, bool Y>
void select_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<C> c(leaf, leaf.operands[i.first]);
  const Operand<X> x(leaf, leaf.operands[i.first + 1]);
  const Operand<Y> y(leaf, leaf.operands[i.first + 2]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width)
    store(out + r, select(c.at(r) == Lanes(0.0), y.at(r), x.at(r)));
}

void power_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
  const double c = *leaf.pointers[leaf.operands[i.first + 1] & ~uniform_bit];
  const double k = *leaf.pointers[leaf.operands[i.first + 2] & ~uniform_bit];
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width)
    store(out + r, formulas::power_value(x.at(r), c, k));
}

void sum_kernel(const Leaf& leaf, const BodyInstruction& i) {
  double* out = result_of(leaf, i);
  const std::uint32_t* operands = leaf.operands + i.first;
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) {
    Lanes total = AnyOperand(leaf, operands[0]).at(r);
    for (std::uint32_t k = 1; k < i.count; ++k) total = total + AnyOperand(leaf, operands[k]).at(r);
    store(out + r, total);
  }
}

// A strip of rows is held in registers while the terms of a dot go by: operands are looked up once a strip,
// and accumulators run over rows, never over terms, so that the terms keep their order. (Plain local arrays:
// g++ 12 keeps them in registers, and members of a struct in memory.)
template <int Strip>
inline __attribute__((always_inline)) void load_strip(const Leaf& leaf, std::uint32_t operand,
                                                      std::ptrdiff_t r, Lanes (&strip)[Strip]) {
  const double* p = leaf.pointers[operand & ~uniform_bit];
  if (operand & uniform_bit) {
    const Lanes u(*p);
    for (int s = 0; s < Strip; ++s) strip[s] = u;
  } else {
    for (int s = 0; s < Strip; ++s) strip[s] = load(p + r + s * width);
  }
}

// x1*y1 + x2*y2 + .., any of which may vary.
template <int Strip>
inline __attribute__((always_inline)) void dot_of_strip(const Leaf& leaf, const std::uint32_t* operands,
                                                        std::uint32_t count, std::ptrdiff_t r,
                                                        Lanes (&total)[Strip]) {
  Lanes x[Strip], y[Strip];
  load_strip(leaf, operands[0], r, total);
  load_strip(leaf, operands[1], r, y);
  for (int s = 0; s < Strip; ++s) total[s] = total[s] * y[s];
  for (std::uint32_t k = 2; k < count; k += 2) {
    load_strip(leaf, operands[k], r, x);
    load_strip(leaf, operands[k + 1], r, y);
    for (int s = 0; s < Strip; ++s) total[s] = multiply_add(x[s], y[s], total[s]);
  }
}

// Divides the padded rows of every leaf, and leaves registers for two operands.
constexpr int dot_strip = num_vectors < 4 ? num_vectors : 4;

void dot_kernel(const Leaf& leaf, const BodyInstruction& i) {
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes total[dot_strip];
    dot_of_strip(leaf, leaf.operands + i.first, i.count, r, total);
    for (int s = 0; s < dot_strip; ++s) store(out + r + s * width, total[s]);
  }
}

// The operands at the same place of the next leaf are asked for ahead: a leaf of many columns is too short
// for the processor's own prefetching.
inline void ask_for_next_leaf(const Leaf& leaf, const double* p) { __builtin_prefetch(p + leaf.padded); }

// Every pair has a uniform first operand, spread over the strip once; the second may vary or not.
template <int Strip>
void dot_uniform_strip(const Leaf& leaf, const BodyInstruction& i, double* out, std::ptrdiff_t r) {
  const std::uint32_t* operands = leaf.operands + i.first;
  Lanes total[Strip];
  load_strip(leaf, operands[1], r, total);
  const Lanes w0(*leaf.pointers[operands[0] & ~uniform_bit]);
  for (int s = 0; s < Strip; ++s) total[s] = w0 * total[s];
  for (std::uint32_t k = 2; k < i.count; k += 2) {
    const Lanes w(*leaf.pointers[operands[k] & ~uniform_bit]);
    const double* x = leaf.pointers[operands[k + 1] & ~uniform_bit];
    if (operands[k + 1] & uniform_bit) {
      const Lanes u(*x);
      for (int s = 0; s < Strip; ++s) total[s] = multiply_add(w, u, total[s]);
      continue;
    }
    for (int s = 0; s < Strip; ++s) {
      total[s] = multiply_add(w, load(x + r + s * width), total[s]);
      ask_for_next_leaf(leaf, x + r + s * width);
    }
  }
  for (int s = 0; s < Strip; ++s) store(out + r + s * width, total[s]);
}

void dot_uniform_kernel(const Leaf& leaf, const BodyInstruction& i) {
  constexpr int strip = width == 8 ? 16 : 8;
  double* out = result_of(leaf, i);
  std::ptrdiff_t r = 0;
  for (; r + strip * width <= leaf.padded; r += strip * width) dot_uniform_strip<strip>(leaf, i, out, r);
  for (; r < leaf.padded; r += width) dot_uniform_strip<1>(leaf, i, out, r);
}

// Reductions. `partials` holds partial p in lane p mod width of vector p / width.
template <class Combine>
double fold(Lanes* partials, Combine combine) {
  int n = num_vectors;
  for (; n > 1; n /= 2)
    for (int v = 0; v < n / 2; ++v) partials[v] = combine(partials[v], partials[v + n / 2]);
  double lane[width];
  store(lane, partials[0]);
  for (int h = width / 2; h > 0; h /= 2)
    for (int l = 0; l < h; ++l) {
      Lanes a(lane[l]);
      const Lanes b(lane[l + h]);
      a = combine(a, b);
      double both[width];
      store(both, a);
      lane[l] = both[0];
    }
  return lane[0];
}

struct AddLanes {
  static Lanes start() { return Lanes(0.0); }
  Lanes operator()(Lanes a, Lanes b) const { return a + b; }
};
struct MaxLanes {
  static Lanes start() { return Lanes(-__builtin_inf()); }
  Lanes operator()(Lanes a, Lanes b) const { return formulas::maximum(a, b); }
};
struct AnyLanes {
  static Lanes start() { return Lanes(0.0); }
  Lanes operator()(Lanes a, Lanes b) const { return select(a == Lanes(0.0), b, a); }
};

// Which of the rows r .. r + width - 1 exist.
Mask rows_below(std::ptrdiff_t r, std::ptrdiff_t rows) {
  double number[width];
  for (int l = 0; l < width; ++l) number[l] = static_cast<double>(r + l);
  return load(number) < Lanes(static_cast<double>(rows));
}

// Folds term(r) over the leaf's rows; rows that do not exist are masked to the neutral value.
template <class Combine, class Term>
double reduce(const Leaf& leaf, Combine combine, Term term) {
  Lanes partials[num_vectors];
  for (int v = 0; v < num_vectors; ++v) partials[v] = Combine::start();
  const std::ptrdiff_t whole = leaf.rows / num_partials * num_partials;
  std::ptrdiff_t r = 0;
  for (; r < whole; r += num_partials)
    for (int v = 0; v < num_vectors; ++v) partials[v] = combine(partials[v], term(r + v * width));
  if (r < leaf.rows)
    for (int v = 0; v < num_vectors; ++v) {
      const Lanes kept = select(rows_below(r + v * width, leaf.rows), term(r + v * width), Combine::start());
      partials[v] = combine(partials[v], kept);
    }
  return fold(partials, combine);
}

template <class Combine>
void reduce_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
  leaf.sums[i.result] = reduce(leaf, Combine{}, [&](std::ptrdiff_t r) { return x.at(r); });
}

void sum_products_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t* operands = leaf.operands + i.first;
  Lanes partials[num_vectors];
  for (int v = 0; v < num_vectors; ++v) partials[v] = Lanes(0.0);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes term[dot_strip];
    dot_of_strip(leaf, operands, i.count, r, term);
    const std::ptrdiff_t first = r / width % num_vectors;
    for (int s = 0; s < dot_strip; ++s) {
      if (r + num_partials > leaf.rows)
        term[s] = select(rows_below(r + s * width, leaf.rows), term[s], Lanes(0.0));
      partials[first + s] = partials[first + s] + term[s];
    }
  }
  leaf.sums[i.result] = fold(partials, AddLanes{});
}

// Sums over rows of a * b_k for Count operands b at a time: a is loaded once for all of them.
template <int Count>
void shared_products_of(const Leaf& leaf, const double* a, const std::uint32_t* b, double* sums) {
  const double* x[Count];
  for (int k = 0; k < Count; ++k) x[k] = leaf.pointers[b[k]];
  Lanes partials[Count][num_vectors];
  for (int k = 0; k < Count; ++k)
    for (int v = 0; v < num_vectors; ++v) partials[k][v] = Lanes(0.0);
  const std::ptrdiff_t whole = leaf.rows / num_partials * num_partials;
  std::ptrdiff_t r = 0;
  for (; r < whole; r += num_partials)
    for (int v = 0; v < num_vectors; ++v) {
      const Lanes av = load(a + r + v * width);
      for (int k = 0; k < Count; ++k)
        partials[k][v] = multiply_add(av, load(x[k] + r + v * width), partials[k][v]);
    }
  if (r < leaf.rows)
    for (int v = 0; v < num_vectors; ++v) {
      const Mask exists = rows_below(r + v * width, leaf.rows);
      const Lanes av = load(a + r + v * width);
      for (int k = 0; k < Count; ++k) {
        const Lanes added = multiply_add(av, load(x[k] + r + v * width), partials[k][v]);
        partials[k][v] = select(exists, added, partials[k][v]);
      }
    }
  for (int k = 0; k < Count; ++k) sums[k] = fold(partials[k], AddLanes{});
}

void shared_products_kernel(const Leaf& leaf, const BodyInstruction& i) {
  constexpr int at_once = width == 8   ? 4
                          : width == 4 ? 1
                                       : 1;  // the partials of so many sums stay in registers
  const std::uint32_t* operands = leaf.operands + i.first;
  const double* a = leaf.pointers[operands[0]];
  const std::uint32_t count = i.count - 1;
  std::uint32_t k = 0;
  for (; k + at_once <= count; k += at_once)
    shared_products_of<at_once>(leaf, a, operands + 1 + k, leaf.sums + i.result + k);
  for (; k < count; ++k) shared_products_of<1>(leaf, a, operands + 1 + k, leaf.sums + i.result + k);
}

// logsumexp and softmax over n operands, for blocks of rows and, with width 1, for single values: get(k) is
// an operand, put(k, value) a result.
template <class Get, class Put>
void shifted_exps_of(std::uint32_t n, Get get, Put put) {
  Lanes largest = get(0);
  for (std::uint32_t k = 1; k < n; ++k) largest = formulas::maximum(largest, get(k));
  // Summing all but the first largest keeps log1p(rest) accurate where one operand dominates.
  Lanes rest(0.0), passed(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes x = get(k);
    const Lanes e = select(x == largest, Lanes(1.0), math_exp(x - largest));
    put(2 + k, e);
    const Lanes added = select(x == largest, passed, e);
    passed = select(x == largest, Lanes(1.0), passed);
    rest = rest + added;
  }
  put(0, largest);
  put(1, rest);
}

template <class Get, class Put>
void logsumexp_of(std::uint32_t n, Get get, Put put) {
  put(0, get(n - 2) + math_log1p(get(n - 1)));
}

template <class Get, class Put>
void softmax_of(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = (num_operands - 2) / 2;
  const Lanes largest = get(n);
  const Lanes total = Lanes(1.0) + get(n + 1);
  for (std::uint32_t k = 0; k < n; ++k)
    put(k, select(largest == Lanes(-__builtin_inf()), Lanes(0.0), get(n + 2 + k) / total));
}

#define RAPPEL_NARY_KERNEL(name)                                                               \
  void name##_kernel(const Leaf& leaf, const BodyInstruction& i) {                             \
    const std::uint32_t* operands = leaf.operands + i.first;                                   \
    const std::uint32_t* results = operands + i.count;                                         \
    for (std::ptrdiff_t r = 0; r < leaf.padded; r += width)                                    \
      name##_of(                                                                               \
          i.count, [&](std::uint32_t k) { return AnyOperand(leaf, operands[k]).at(r); },       \
          [&](std::uint32_t k, Lanes value) { store(leaf.pointers[results[k]] + r, value); }); \
  }
RAPPEL_NARY_KERNEL(shifted_exps)
RAPPEL_NARY_KERNEL(logsumexp)
RAPPEL_NARY_KERNEL(softmax)
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
    case Op::sum_rows:
      return &reduce_kernel<AddLanes>;
    case Op::max_rows:
      return &reduce_kernel<MaxLanes>;
    case Op::any_rows:
      return &reduce_kernel<AnyLanes>;
    case Op::sum_products:
      return &sum_products_kernel;
    default:
      return nullptr;
  }
}
