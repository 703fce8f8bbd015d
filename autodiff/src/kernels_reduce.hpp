// Sums, largest value and any over the rows of a leaf. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// Reductions. `partials` holds partial p in lane p mod width of vector p / width.
template <class Combine>
Lanes fold_vectors(Lanes* partials, Combine combine) {
  for (int n = num_vectors; n > 1; n /= 2)
    for (int v = 0; v < n / 2; ++v) partials[v] = combine(partials[v], partials[v + n / 2]);
  return partials[0];
}

// Lanes l and l + width / 2, then those of the lower half, and so on.
template <class Combine>
double fold(Lanes* partials, Combine combine) {
  Lanes all = fold_vectors(partials, combine);
#if RAPPEL_LANES == 8
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 4, 5, 6, 7, 4, 5, 6, 7)));
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 2, 3, 2, 3, 2, 3, 2, 3)));
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 1, 1, 1, 1, 1, 1, 1, 1)));
#elif RAPPEL_LANES == 4
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 2, 3, 2, 3)));
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 1, 1, 1, 1)));
#elif RAPPEL_LANES == 2
  all = combine(all, Lanes::of(__builtin_shufflevector(all.v, all.v, 1, 1)));
#endif
  double lane[width];
  store(lane, all);
  return lane[0];
}

// The sums of the lanes of `width` vectors side by side, each in the order of fold.
inline __attribute__((always_inline)) Lanes fold_side_by_side(const Lanes* x) {
#if RAPPEL_LANES == 8
  Raw half[4], quarter[2];
  for (int i = 0; i < 4; ++i)
    half[i] = __builtin_shufflevector(x[2 * i].v, x[2 * i + 1].v, 0, 1, 2, 3, 8, 9, 10, 11) +
              __builtin_shufflevector(x[2 * i].v, x[2 * i + 1].v, 4, 5, 6, 7, 12, 13, 14, 15);
  for (int i = 0; i < 2; ++i)
    quarter[i] = __builtin_shufflevector(half[2 * i], half[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13) +
                 __builtin_shufflevector(half[2 * i], half[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
  return Lanes::of(__builtin_shufflevector(quarter[0], quarter[1], 0, 2, 4, 6, 8, 10, 12, 14) +
                   __builtin_shufflevector(quarter[0], quarter[1], 1, 3, 5, 7, 9, 11, 13, 15));
#elif RAPPEL_LANES == 4
  Raw half[2];
  for (int i = 0; i < 2; ++i)
    half[i] = __builtin_shufflevector(x[2 * i].v, x[2 * i + 1].v, 0, 1, 4, 5) +
              __builtin_shufflevector(x[2 * i].v, x[2 * i + 1].v, 2, 3, 6, 7);
  return Lanes::of(__builtin_shufflevector(half[0], half[1], 0, 2, 4, 6) +
                   __builtin_shufflevector(half[0], half[1], 1, 3, 5, 7));
#elif RAPPEL_LANES == 2
  return Lanes::of(__builtin_shufflevector(x[0].v, x[1].v, 0, 2) + __builtin_shufflevector(x[0].v, x[1].v, 1, 3));
#else
  return x[0];
#endif
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

// Sums over rows of a * b_k for Count operands b at a time, still as a vector each: a is loaded once for all of them.
template <int Count>
void shared_products_of(const Leaf& leaf, const double* a, const std::uint32_t* b, Lanes* sums) {
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
  for (int k = 0; k < Count; ++k) sums[k] = fold_vectors(partials[k], AddLanes{});
}

// The partials of so many sums stay in registers.
constexpr std::uint32_t products_at_once = width == 8 ? 6 : 1;

template <int Count>
void rest_of_shared_products(const Leaf& leaf, const double* a, const std::uint32_t* b, std::uint32_t count, Lanes* sums) {
  if (count == Count) return shared_products_of<Count>(leaf, a, b, sums);
  if constexpr (Count > 1) rest_of_shared_products<Count - 1>(leaf, a, b, count, sums);
}

void shared_products_kernel(const Leaf& leaf, const BodyInstruction& i) {
  constexpr std::uint32_t group = 3 * 8;  // a multiple of both
  const std::uint32_t* operands = leaf.operands + i.first;
  const double* a = leaf.pointers[operands[0]];
  Lanes waiting[group + width];
  for (std::uint32_t first = 0; first < i.count - 1; first += group) {
    const std::uint32_t count = i.count - 1 - first < group ? i.count - 1 - first : group;
    const std::uint32_t* b = operands + 1 + first;
    std::uint32_t k = 0;
    for (; k + products_at_once <= count; k += products_at_once)
      shared_products_of<products_at_once>(leaf, a, b + k, waiting + k);
    if (k < count) rest_of_shared_products<products_at_once>(leaf, a, b + k, count - k, waiting + k);
    for (std::uint32_t j = count; j % width != 0; ++j) waiting[j] = Lanes(0.0);
    double* sums = leaf.sums + i.result + first;
    for (k = 0; k + width <= count; k += width) store(sums + k, fold_side_by_side(waiting + k));
    if (k == count) continue;
    double last[width];
    store(last, fold_side_by_side(waiting + k));
    for (std::uint32_t j = 0; k + j < count; ++j) sums[k + j] = last[j];
  }
}
