// Squared distances to many centres, and the least of them. Part of kernels_body.hpp: included once by each kernels_*.cpp
// inside of its unnamed namespace.

// Registers of a tile: distances of so many vectors of rows to so many centres.
constexpr int near_vectors = num_vectors < 4 ? num_vectors : 4, near_centres = width == 8 ? 4 : 2;

// Vectors of a centre's coordinate are loaded whole where spreading a number costs a turn of the pipe that multiplies (measured on
// AMD's Zen 4: 0.85 of the time).
constexpr std::ptrdiff_t copies_of_spread = width == 8 ? width : 1;

// The least so far of each lane, and its number. Rows are uncertain once a value has equalled the least so far, or is NaN.
struct Nearest {
  Lanes value[near_vectors], which[near_vectors], certain = Lanes(1.0), number = Lanes(0.0);
  Nearest() {
    for (int v = 0; v < near_vectors; ++v) value[v] = Lanes(__builtin_inf()), which[v] = Lanes(0.0);
  }
  inline __attribute__((always_inline)) void add(const Lanes (&x)[near_vectors]) {
#pragma GCC unroll 8
    for (int v = 0; v < near_vectors; ++v) {
#if RAPPEL_LANES == 8  // g++ makes two comparisons of what is one, and no minimum of any
      const __mmask8 less = _mm512_cmp_pd_mask((__m512d)x[v].v, (__m512d)value[v].v, _CMP_LT_OQ);
      const __mmask8 equal = _mm512_cmp_pd_mask((__m512d)x[v].v, (__m512d)value[v].v, _CMP_EQ_UQ);
      certain.v = (Raw)_mm512_mask_mov_pd((__m512d)certain.v, equal, _mm512_setzero_pd());
      which[v].v = (Raw)_mm512_mask_mov_pd((__m512d)which[v].v, less, (__m512d)number.v);
      value[v] = least(x[v], value[v]);
#else
      const Mask less = x[v] < value[v];
      certain = select(less, certain, select(value[v] < x[v], certain, Lanes(0.0)));
      which[v] = select(less, number, which[v]);
      value[v] = select(less, x[v], value[v]);
#endif
    }
    number = number + Lanes(1.0);
  }
  bool any_uncertain() const { return any(certain == Lanes(0.0)); }
};

// The operands: see KernelTable.
template <bool Spread>
struct Distances {
  static constexpr std::ptrdiff_t copies = Spread ? copies_of_spread : 1;
  const Leaf& leaf;
  const std::uint32_t *columns, *results;
  std::ptrdiff_t dimension, num_centres;
  const double* centres;
  double *least, *which;

  Distances(const Leaf& l, const BodyInstruction& i)
      : leaf(l),
        columns(l.operands + i.first),
        results(columns + i.count),
        dimension(i.count),
        num_centres(static_cast<std::ptrdiff_t>(i.num_results) - 1),
        centres((Spread ? l.spread : l.packed) + results[num_centres + 1] * copies),
        least(l.pointers[results[num_centres]]),
        which(l.pointers[results[num_centres + 3]]) {}
};

// The next coordinate of so many distances. The first product rounds, as that of a dot does.
template <bool First, std::ptrdiff_t Copies, int Centres>
inline __attribute__((always_inline)) void add_coordinate(const double* column, const double* centres, std::ptrdiff_t dimension,
                                                          Lanes (&total)[Centres][near_vectors]) {
  Lanes x[near_vectors];
  for (int v = 0; v < near_vectors; ++v) x[v] = load(column + v * width);
#pragma GCC unroll 8
  for (int c = 0; c < Centres; ++c) {
    const double* const own = centres + c * dimension * Copies;
    Lanes centre = Copies == width ? load(own) : Lanes(*own);
    keep(centre);
#pragma GCC unroll 8
    for (int v = 0; v < near_vectors; ++v) {
      const Lanes difference = x[v] - centre;
      total[c][v] = First ? difference * difference : multiply_add(difference, difference, total[c][v]);
    }
  }
}

template <int Centres, bool Spread>
inline __attribute__((always_inline)) void distances_of_tile(const Distances<Spread>& d, std::ptrdiff_t first, std::ptrdiff_t r, Nearest& nearest) {
  constexpr std::ptrdiff_t copies = Distances<Spread>::copies;
  const double* const* pointers = d.leaf.pointers;
  const double* centres = d.centres + first * d.dimension * copies;
  Lanes total[Centres][near_vectors];
  add_coordinate<true, copies>(pointers[d.columns[0]] + r, centres, d.dimension, total);
  for (std::ptrdiff_t j = 1; j < d.dimension; ++j)
    add_coordinate<false, copies>(pointers[d.columns[j]] + r, centres + j * copies, d.dimension, total);
#pragma GCC unroll 8
  for (int c = 0; c < Centres; ++c) {
    double* const out = d.leaf.pointers[d.results[first + c]] + r;
#pragma GCC unroll 8
    for (int v = 0; v < near_vectors; ++v) store(out + v * width, total[c][v]);
    nearest.add(total[c]);
  }
}

template <int Centres, bool Spread>
inline __attribute__((always_inline)) void rest_of_centres(const Distances<Spread>& d, std::ptrdiff_t first, std::ptrdiff_t r, Nearest& nearest) {
  if (d.num_centres - first == Centres) return distances_of_tile<Centres>(d, first, r, nearest);
  if constexpr (Centres > 1) rest_of_centres<Centres - 1>(d, first, r, nearest);
}

template <bool Spread>
void find_least_distance(const Leaf& leaf, const BodyInstruction& i) {
  const Distances<Spread> d(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += near_vectors * width) {
    Nearest nearest;
    std::ptrdiff_t c = 0;
    for (; c + near_centres <= d.num_centres; c += near_centres) distances_of_tile<near_centres>(d, c, r, nearest);
    if (c < d.num_centres) rest_of_centres<near_centres - 1>(d, c, r, nearest);
    const bool uncertain = nearest.any_uncertain();
    for (int v = 0; v < near_vectors; ++v) {
      const std::ptrdiff_t at = r + v * width;
      Lanes value = nearest.value[v];
      if (uncertain) {  // a NaN is the least
        const auto distance = [&](std::ptrdiff_t k) { return load(leaf.pointers[d.results[k]] + at); };
        value = distance(0);
        for (std::ptrdiff_t k = 1; k < d.num_centres; ++k) value = formulas::minimum(value, distance(k));
      }
      store(d.least + at, value);
      store(d.which + at, uncertain ? Lanes(-1.0) : nearest.which[v]);
    }
  }
}

void least_distance_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const bool is_spread = leaf.operands[i.first + i.count + i.num_results + 1] != 0;
  return is_spread ? find_least_distance<true>(leaf, i) : find_least_distance<false>(leaf, i);
}
