// Matrix products hidden in rows: dots of one list of values with many lists of uniform factors, and sums over rows of
// the products of two lists. Tiles of results stay in registers. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// Registers of a tile: `outs` dots of `vectors` vectors of rows.
constexpr int tile_outs = width == 8 ? 6 : 2, tile_vectors = num_vectors < 4 ? num_vectors : 4;
constexpr std::ptrdiff_t tile_rows = tile_vectors * width;  // divides the padded rows of every leaf
constexpr int most_entries = 96;  // whose tile of rows fits the first-level cache

// Goes on with dots over `count` entries of the list: their first product rounds where they begin here.
template <int Outs>
void dots_of_tile(const double* const* x, int count, const double* const* factors, std::ptrdiff_t stride, bool begin,
                  std::ptrdiff_t r, double* const* out) {
  Lanes total[Outs][tile_vectors], row[tile_vectors];
  int k = 0;
  if (begin) {
    for (int v = 0; v < tile_vectors; ++v) row[v] = load(x[0] + r + v * width);
    for (int o = 0; o < Outs; ++o)
      for (int v = 0; v < tile_vectors; ++v) total[o][v] = Lanes(*factors[o]) * row[v];
    k = 1;
  } else {
    for (int o = 0; o < Outs; ++o)
      for (int v = 0; v < tile_vectors; ++v) total[o][v] = load(out[o] + r + v * width);
  }
  for (; k < count; ++k) {
    for (int v = 0; v < tile_vectors; ++v) row[v] = load(x[k] + r + v * width);
    for (int o = 0; o < Outs; ++o) {
      const Lanes factor(factors[o][k * stride]);
      for (int v = 0; v < tile_vectors; ++v) total[o][v] = multiply_add(factor, row[v], total[o][v]);
    }
  }
  for (int o = 0; o < Outs; ++o)
    for (int v = 0; v < tile_vectors; ++v) store(out[o] + r + v * width, total[o][v]);
}

template <int Outs>
void rest_of_dots(const double* const* x, int count, const double* const* factors, std::ptrdiff_t stride, bool begin,
                  std::ptrdiff_t r, double* const* out, std::ptrdiff_t num_outs) {
  if (num_outs == Outs) return dots_of_tile<Outs>(x, count, factors, stride, begin, r, out);
  if constexpr (Outs > 1) rest_of_dots<Outs - 1>(x, count, factors, stride, begin, r, out, num_outs);
}

// The operands of dots over one list: its entries, one of them uniform if each dot adds a value of its own there; the first
// factor of each dot, and the second of the first, which says how far apart they stand; then those values.
struct DotsOfOneList {
  const Leaf& leaf;
  const std::uint32_t *list, *first, *own;  // own: null if there is none
  std::ptrdiff_t length, num_dots, stride;
  const std::uint32_t* results;

  DotsOfOneList(const Leaf& l, const BodyInstruction& i, bool has_own)
      : leaf(l),
        list(l.operands + i.first),
        num_dots(i.num_results),
        results(list + i.count) {
    length = i.count - num_dots * (has_own ? 2 : 1) - 1;
    first = list + length;
    own = has_own ? first + num_dots + 1 : nullptr;
    stride = value(first[num_dots]) - value(first[0]);
  }
  const double* value(std::uint32_t operand) const { return leaf.pointers[operand & ~uniform_bit]; }
  double* out(std::ptrdiff_t dot) const { return leaf.pointers[results[dot]]; }

  // Entries begin .. begin + count - 1, with the factors from number `factor` on. Meanwhile fetches the tile of rows that
  // comes next: of these entries, in the end of the next ones.
  void add_entries(std::ptrdiff_t begin, int count, std::ptrdiff_t factor) const {
    const double* x[most_entries];
    for (int k = 0; k < count; ++k) x[k] = value(list[begin + k]);
    const std::ptrdiff_t num_tiles = (num_dots + tile_outs - 1) / tile_outs, share = (count + num_tiles - 1) / num_tiles;
    for (std::ptrdiff_t r = 0; r < leaf.padded; r += tile_rows)
      for (std::ptrdiff_t t = 0; t < num_tiles; ++t) {
        const std::ptrdiff_t d = t * tile_outs, outs = num_dots - d < tile_outs ? num_dots - d : tile_outs;
        const double* factors[tile_outs];
        double* to[tile_outs];
        for (std::ptrdiff_t o = 0; o < outs; ++o) factors[o] = value(first[d + o]) + factor * stride, to[o] = out(d + o);
        const std::ptrdiff_t end = (t + 1) * share < count ? (t + 1) * share : count;
        for (std::ptrdiff_t k = t * share; k < end; ++k)
          if (r + tile_rows < leaf.padded)
            ask_for_tile(x[k] + r + tile_rows);
          else if (begin + count + k < length)
            ask_for_tile(value(list[begin + count + k]));
        rest_of_dots<tile_outs>(x, count, factors, stride, begin == 0, r, to, outs);
      }
  }
  static void ask_for_tile(const double* p) {
    for (std::ptrdiff_t r = 0; r < tile_rows; r += 8) __builtin_prefetch(p + r, 0, 2);
  }

  void add_own(bool begin) const {
    for (std::ptrdiff_t d = 0; d < num_dots; ++d) {
      const Lanes added(*value(own[d]));
      double* to = out(d);
      for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(to + r, begin ? added : load(to + r) + added);
    }
  }

  void run() const {
    std::ptrdiff_t factor = 0;
    for (std::ptrdiff_t k = 0; k < length;) {
      if (list[k] & uniform_bit) {
        add_own(k == 0);
        ++k;
        continue;
      }
      std::ptrdiff_t end = k + 1;
      while (end < length && end - k < most_entries && (list[end] & uniform_bit) == 0) ++end;
      add_entries(k, static_cast<int>(end - k), factor);
      factor += end - k;
      k = end;
    }
  }
};

template <bool HasOwn>
void dots_of_one_list_kernel(const Leaf& leaf, const BodyInstruction& i) {
  DotsOfOneList(leaf, i, HasOwn).run();
}

// --- dots that share most of a list ---

// The operands: see KernelTable.
struct DotsSharingEntries {
  static constexpr std::ptrdiff_t most_dots = 6;  // of a step
  const Leaf& leaf;
  const std::uint32_t *starts, *list, *results, *num_rest;
  const std::uint32_t* rest[most_dots];
  const double* rest_factors[most_dots];
  std::ptrdiff_t num_dots, count;
  const double *start_factors, *factors;

  DotsSharingEntries(const Leaf& l, const BodyInstruction& i)
      : leaf(l), starts(l.operands + i.first), list(starts + i.num_results), results(starts + i.count), num_dots(i.num_results) {
    const std::uint32_t* const numbers = results + num_dots;
    start_factors = leaf.packed + numbers[0];
    factors = start_factors + num_dots;
    count = numbers[1];
    num_rest = numbers + 2;
    const std::uint32_t* next = list + count;
    const double* next_factor = factors + num_dots * count;
    for (std::ptrdiff_t d = 0; d < num_dots; ++d) {
      rest[d] = next;
      rest_factors[d] = next_factor;
      next += num_rest[d];
      next_factor += num_rest[d];
    }
  }
  const double* row(std::uint32_t operand, std::ptrdiff_t r) const { return leaf.pointers[operand] + r; }
};

// What comes after the shared entries, of dot `first` + o for each o from Dot on: by recursion, so that all totals stay in registers.
template <int Dot, int Outs>
inline __attribute__((always_inline)) void add_rest(const DotsSharingEntries& d, std::ptrdiff_t first, std::ptrdiff_t r, Lanes (&total)[Outs][tile_vectors]) {
  if constexpr (Dot < Outs) {
    for (std::uint32_t k = 0; k < d.num_rest[first + Dot]; ++k) {
      const Lanes factor(d.rest_factors[first + Dot][k]);
      const double* x = d.row(d.rest[first + Dot][k], r);
      for (int v = 0; v < tile_vectors; ++v) total[Dot][v] = multiply_add(factor, load(x + v * width), total[Dot][v]);
    }
    add_rest<Dot + 1, Outs>(d, first, r, total);
  }
}

template <int Outs>
void dots_sharing_entries(const DotsSharingEntries& d, std::ptrdiff_t first) {
  for (std::ptrdiff_t r = 0; r < d.leaf.padded; r += tile_rows) {
    Lanes total[Outs][tile_vectors], row[tile_vectors];
    for (int o = 0; o < Outs; ++o) {
      const Lanes factor(d.start_factors[first + o]);
      const double* x = d.row(d.starts[first + o], r);
      for (int v = 0; v < tile_vectors; ++v) total[o][v] = factor * load(x + v * width);
    }
    const double* factors = d.factors + first;
    for (std::ptrdiff_t k = 0; k < d.count; ++k, factors += d.num_dots) {
      const double* x = d.row(d.list[k], r);
      for (int v = 0; v < tile_vectors; ++v) row[v] = load(x + v * width);
      for (int o = 0; o < Outs; ++o) {
        const Lanes factor(factors[o]);
        for (int v = 0; v < tile_vectors; ++v) total[o][v] = multiply_add(factor, row[v], total[o][v]);
      }
    }
    add_rest<0, Outs>(d, first, r, total);
    for (int o = 0; o < Outs; ++o)
      for (int v = 0; v < tile_vectors; ++v) store(d.leaf.pointers[d.results[first + o]] + r + v * width, total[o][v]);
  }
}

template <int Outs>
void rest_of_sharing(const DotsSharingEntries& d, std::ptrdiff_t first) {
  if (d.num_dots - first >= Outs) return dots_sharing_entries<Outs>(d, first);
  if constexpr (Outs > 1) rest_of_sharing<Outs - 1>(d, first);
}

void dots_sharing_entries_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const DotsSharingEntries dots(leaf, i);
  for (std::ptrdiff_t first = 0; first < dots.num_dots; first += tile_outs) rest_of_sharing<tile_outs>(dots, first);
}

// --- sums over rows of the products of two lists ---

constexpr int tile_b = width == 8 ? 8 : width == 4 ? 2 : 1;
// The more of b, the fewer of a: of 32 registers of whole vectors a tile takes a b for its sums, a for one list and one more.
constexpr int most_a(std::ptrdiff_t b) { return width == 8 ? (b > 6 ? 3 : b == 6 ? 4 : 5) : width == 4 ? 2 : 1; }
constexpr int tile_a = most_a(1);
// How many of so many come next, in the fewest tiles, all of about one size.
constexpr std::ptrdiff_t next_tile(std::ptrdiff_t count, std::ptrdiff_t most) {
  const std::ptrdiff_t tiles = (count + most - 1) / most;
  return (count + tiles - 1) / tiles;
}

// Keeps a value in a register that the compiler would load again for each use.
inline void keep(Lanes& x) {
#if defined(__x86_64__) && RAPPEL_LANES > 1
  __asm__("" : "+v"(x.v));
#else
  (void)x;
#endif
}

// The sums of a leaf from number `first` on, added to those of earlier leaves.
inline void store_sums(const Leaf& leaf, std::ptrdiff_t first, Lanes sums) {
  for (std::ptrdiff_t k = 0; k < leaf.num_older; ++k) sums = load(leaf.older[k] + first) + sums;
  store(leaf.sums + first, sums);
}
inline void store_sum(const Leaf& leaf, std::ptrdiff_t number, double sum) {
  for (std::ptrdiff_t k = 0; k < leaf.num_older; ++k) sum = leaf.older[k][number] + sum;
  leaf.sums[number] = sum;
}

// Each sum goes by the partials of kernels.hpp; those of a_i from number sums[i] on.
template <int A, int B>
void products_of_tile(const Leaf& leaf, const double* const* a, const double* const* b, const std::ptrdiff_t* sums) {
  for (int i = 0; i < A; ++i) {
    __builtin_prefetch(leaf.sums + sums[i], 1);
    for (std::ptrdiff_t k = 0; k < leaf.num_older; ++k) __builtin_prefetch(leaf.older[k] + sums[i]);
  }
  const double *own_a[A], *own_b[B];
  for (int i = 0; i < A; ++i) own_a[i] = a[i];
  for (int j = 0; j < B; ++j) own_b[j] = b[j];
  Lanes partials[partial_vectors][B][A];
#pragma GCC unroll 8
  for (int v = 0; v < partial_vectors; ++v)
#pragma GCC unroll 8
    for (int j = 0; j < B; ++j)
#pragma GCC unroll 8
      for (int i = 0; i < A; ++i) partials[v][j][i] = Lanes(0.0);
  const std::ptrdiff_t whole = leaf.rows / num_partials * num_partials;
  for (std::ptrdiff_t r = 0; r < whole; r += num_partials)
#pragma GCC unroll 8
    for (int v = 0; v < partial_vectors; ++v) {
      Lanes x[A];
#pragma GCC unroll 8
      for (int i = 0; i < A; ++i) x[i] = load(own_a[i] + r + v * width);
#pragma GCC unroll 8
      for (int j = 0; j < B; ++j) {
        Lanes y = load(own_b[j] + r + v * width);
        if (A > 1) keep(y);
#pragma GCC unroll 8
        for (int i = 0; i < A; ++i) partials[v][j][i] = multiply_add(x[i], y, partials[v][j][i]);
      }
    }
  if (whole < leaf.rows)
#pragma GCC unroll 8
    for (int v = 0; v < partial_vectors; ++v) {
      const std::ptrdiff_t r = whole + v * width;
      const Mask exists = rows_below(r, leaf.rows);
#pragma GCC unroll 8
      for (int j = 0; j < B; ++j)
#pragma GCC unroll 8
        for (int i = 0; i < A; ++i) {
          const Lanes added = multiply_add(load(own_a[i] + r), load(own_b[j] + r), partials[v][j][i]);
          partials[v][j][i] = select(exists, added, partials[v][j][i]);
        }
    }
#pragma GCC unroll 8
  for (int i = 0; i < A; ++i)
#pragma GCC unroll 8
    for (int first = 0; first < B; first += width) {
      Lanes folded[width];
#pragma GCC unroll 8
      for (int l = 0; l < width; ++l) {
        Lanes own[partial_vectors];
        for (int v = 0; v < partial_vectors; ++v) own[v] = partials[v][(first + l) % B][i];
        folded[l] = fold_vectors(own, AddLanes{});  // beyond B of any
      }
      const Lanes sum = fold_side_by_side(folded);
      if (first + width <= B) {
        store_sums(leaf, sums[i] + first, sum);
        continue;
      }
      double lane[width];
      store(lane, sum);
      for (int l = 0; first + l < B; ++l) store_sum(leaf, sums[i] + first + l, lane[l]);
    }
}

// Of as many as there are.
template <int A, int B>
void products_of_any_tile(const Leaf& leaf, const double* const* a, const double* const* b, const std::ptrdiff_t* sums,
                          std::ptrdiff_t num_a, std::ptrdiff_t num_b) {
  if (num_b < B) {
    if constexpr (B > 1) products_of_any_tile<most_a(B - 1), B - 1>(leaf, a, b, sums, num_a, num_b);
  } else if (num_a < A) {
    if constexpr (A > 1) products_of_any_tile<A - 1, B>(leaf, a, b, sums, num_a, num_b);
  } else {
    products_of_tile<A, B>(leaf, a, b, sums);
  }
}

// (a1, a2, .., a1 again; b1, b2, ..): the sum of a_i b_j is number i * (number of b) + j. As many of b as a tile takes
// stay in the first-level cache while all of a go by.
void products_of_lists_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t* list = leaf.operands + i.first;
  std::ptrdiff_t num_a = 1;
  while (list[num_a] != list[0]) ++num_a;
  const std::uint32_t* list_b = list + num_a + 1;
  const std::ptrdiff_t num_b = i.count - num_a - 1;
  for (std::ptrdiff_t j = 0, bs = 0; j < num_b; j += bs) {
    bs = next_tile(num_b - j, tile_b);
    const double* b[tile_b];
    for (std::ptrdiff_t k = 0; k < bs; ++k) b[k] = leaf.pointers[list_b[j + k]];
    for (std::ptrdiff_t first = 0, as = 0; first < num_a; first += as) {
      as = next_tile(num_a - first, most_a(bs));
      const double* a[tile_a];
      std::ptrdiff_t sums[tile_a];
      for (std::ptrdiff_t k = 0; k < as; ++k) {
        a[k] = leaf.pointers[list[first + k]];
        sums[k] = i.result + (first + k) * num_b + j;
      }
      products_of_any_tile<most_a(tile_b), tile_b>(leaf, a, b, sums, as, bs);
    }
  }
}
