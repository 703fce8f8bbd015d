// Sums, largest value and any over the rows of a leaf. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// Reductions. `partials` holds partial p in lane p mod width of vector p / width.
template <class Combine>
Lanes fold_vectors(Lanes* partials, Combine combine, int count = partial_vectors) {
  for (int n = count; n > 1; n /= 2)
    for (int v = 0; v < n / 2; ++v) partials[v] = combine(partials[v], partials[v + n / 2]);
  return partials[0];
}

// Lanes l and l + width / 2, then those of the lower half, and so on.
template <class Combine>
double fold(Lanes* partials, Combine combine, int count = partial_vectors) {
  Lanes all = fold_vectors(partials, combine, count);
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
  // Of two vectors, part of each stays where it is, which is a blend, and only what is added to it moves: half as many
  // permutations, which have one port.
  Raw half[4], quarter[2];
  for (int i = 0; i < 4; ++i)
    half[i] = __builtin_shufflevector(x[i].v, x[i + 4].v, 0, 1, 2, 3, 12, 13, 14, 15) +
              __builtin_shufflevector(x[i].v, x[i + 4].v, 4, 5, 6, 7, 8, 9, 10, 11);
  for (int i = 0; i < 2; ++i)
    quarter[i] = __builtin_shufflevector(half[i], half[i + 2], 0, 1, 10, 11, 4, 5, 14, 15) +
                 __builtin_shufflevector(half[i], half[i + 2], 2, 3, 8, 9, 6, 7, 12, 13);
  return Lanes::of(__builtin_shufflevector(quarter[0], quarter[1], 0, 9, 2, 11, 4, 13, 6, 15) +
                   __builtin_shufflevector(quarter[0], quarter[1], 1, 8, 3, 10, 5, 12, 7, 14));
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
  static constexpr std::ptrdiff_t partials = num_partials;
  static Lanes start() { return Lanes(0.0); }
  Lanes operator()(Lanes a, Lanes b) const { return a + b; }
};
struct MaxLanes {
  // More than sums have: the next comparison would wait for the one before. (The order decides the sign of a zero alone.)
  static constexpr std::ptrdiff_t partials = row_padding;
  static Lanes start() { return Lanes(-__builtin_inf()); }
  Lanes operator()(Lanes a, Lanes b) const { return formulas::maximum(a, b); }
};
struct AnyLanes {
  static constexpr std::ptrdiff_t partials = num_partials;
  static Lanes start() { return Lanes(0.0); }
  Lanes operator()(Lanes a, Lanes b) const { return select(a == Lanes(0.0), b, a); }
};

// Which of the rows r .. r + width - 1 exist.
Mask rows_below(std::ptrdiff_t r, std::ptrdiff_t rows) {
  double number[width];
  for (int l = 0; l < width; ++l) number[l] = static_cast<double>(r + l);
  return load(number) < Lanes(static_cast<double>(rows));
}

// The partials of term(r) over the leaf's rows; rows that do not exist are masked to the neutral value.
template <int Vectors, class Combine, class Term>
inline __attribute__((always_inline)) void take_partials(const Leaf& leaf, Combine combine, Term term, Lanes (&partials)[Vectors]) {
  static_assert(Vectors * width == Combine::partials);
  for (int v = 0; v < Vectors; ++v) partials[v] = Combine::start();
  const std::ptrdiff_t whole = leaf.rows / Combine::partials * Combine::partials;
  for (std::ptrdiff_t r = 0; r < whole; r += Combine::partials)
    for (int v = 0; v < Vectors; ++v) partials[v] = combine(partials[v], term(r + v * width));
  if (whole < leaf.rows)
    for (int v = 0; v < Vectors; ++v) {
      const std::ptrdiff_t r = whole + v * width;
      partials[v] = combine(partials[v], select(rows_below(r, leaf.rows), term(r), Combine::start()));
    }
}

template <class Combine, class Term>
double reduce(const Leaf& leaf, Combine combine, Term term) {
  constexpr int vectors = static_cast<int>(Combine::partials) / width;
  Lanes partials[vectors];
  take_partials(leaf, combine, term, partials);
  return fold(partials, combine, vectors);
}

template <class Combine>
void reduce_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
  leaf.sums[i.result] = reduce(leaf, Combine{}, [&](std::ptrdiff_t r) { return x.at(r); });
}

// Sums of logarithms as the logarithm of a product, which is kept in two parts: product + low, low a few ulps of it.
struct ProductOfFactors {
  Lanes product = Lanes(1.0), low = Lanes(0.0);

  // By 1 + x for 0 <= x <= 1.
  void multiply_by_unit(Lanes x) {
    const Lanes p = fma(product, x, product);
    const Lanes rounded_off = fma(product, x, product - p);  // the difference is exact
    low = fma(low, Lanes(1.0) + x, rounded_off);
    product = p;
  }
  // For any x >= 0.
  void multiply(Lanes x) {
    const Two factor = sum_of_two(x, Lanes(1.0)), p = product_of_two(product, factor.high);
    low = fma(low, factor.high, fma(product, factor.low, p.low));
    product = p.high;
  }
  Lanes log() const { return math_log(product) + low / product; }
};

double sum_of_logs(const double* products, const double* lows) {
  Lanes partials[partial_vectors];
  for (int v = 0; v < partial_vectors; ++v)
    partials[v] = Lanes(0.0) + ProductOfFactors{load(products + v * width), load(lows + v * width)}.log();
  return fold(partials, AddLanes{});
}

// Of x: in [0, 1], in [0, few_factors], or in [0, 2^31).
enum class Factors { units, few, any };

template <Factors Kind>
void sum_log1p_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
#if RAPPEL_LANES >= 4
  // The product of a partial stays finite.
  constexpr std::ptrdiff_t rows_of_product = (Kind == Factors::any ? 32 : most_leaf_rows / num_partials) * num_partials;
  Lanes partials[partial_vectors];
  for (int v = 0; v < partial_vectors; ++v) partials[v] = Lanes(0.0);
  for (std::ptrdiff_t first = 0; first < leaf.rows; first += rows_of_product) {
    const std::ptrdiff_t last = first + rows_of_product < leaf.rows ? first + rows_of_product : leaf.rows;
    ProductOfFactors factors[partial_vectors];
    for (std::ptrdiff_t r = first; r < last; r += num_partials)
      for (int v = 0; v < partial_vectors; ++v) {
        const std::ptrdiff_t at = r + v * width;
        Lanes term = x.at(at);
        if (at + width > leaf.rows) term = select(rows_below(at, leaf.rows), term, Lanes(0.0));
        if (Kind == Factors::units)
          factors[v].multiply_by_unit(term);
        else
          factors[v].multiply(term);
      }
    for (int v = 0; v < partial_vectors; ++v) partials[v] = partials[v] + factors[v].log();
  }
  leaf.sums[i.result] = fold(partials, AddLanes{});
#else  // without FMA a logarithm is cheaper
  leaf.sums[i.result] = reduce(leaf, AddLanes{}, [&](std::ptrdiff_t r) { return Kind == Factors::units ? log1p_of_unit(x.at(r)) : log1p_value(x.at(r)); });
#endif
}

void sum_products_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t* operands = leaf.operands + i.first;
  Lanes partials[partial_vectors];
  for (int v = 0; v < partial_vectors; ++v) partials[v] = Lanes(0.0);
  for (std::ptrdiff_t r = 0; r < leaf.rows; r += dot_strip * width) {
    Lanes term[dot_strip];
    dot_of_strip(leaf, operands, i.count, r, term);
    for (int s = 0; s < dot_strip; ++s) {
      const std::ptrdiff_t at = r + s * width;
      if (at + width > leaf.rows) term[s] = select(rows_below(at, leaf.rows), term[s], Lanes(0.0));
      Lanes& partial = partials[at / width % partial_vectors];
      partial = partial + term[s];
    }
  }
  leaf.sums[i.result] = fold(partials, AddLanes{});
}
