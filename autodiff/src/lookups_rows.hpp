// Rows that are looked up and read where they stand. Part of lookups_body.hpp: included once by each lookups_*.cpp inside
// of its unnamed namespace.

using detail::PlacedRows;

typedef Lanes<RAPPEL_LANES>::type Vector;
constexpr int num_partials = 8, partial_vectors = num_partials / RAPPEL_LANES;

// sum + x * y, as the kernels of the set compute it.
inline void add_product(Vector& sum, const Vector& x, const Vector& y) {
#if RAPPEL_LANES == 8
  sum = (Vector)_mm512_fmadd_pd((__m512d)x, (__m512d)y, (__m512d)sum);
#elif RAPPEL_LANES == 4
  sum = (Vector)_mm256_fmadd_pd((__m256d)x, (__m256d)y, (__m256d)sum);
#else
  sum = sum + x * y;
#endif
}

// Likewise, of one lane: the others stay as they are.
inline void add_product(double& sum, double x, double y) {
#if RAPPEL_LANES >= 4
  sum = __builtin_fma(x, y, sum);
#else
  sum = sum + x * y;
#endif
}

// The partials of one row.
inline __attribute__((always_inline)) void row_partials(const double* a, const double* b, std::size_t width, Vector (&sum)[partial_vectors]) {
  Vector x, y;
  for (int v = 0; v < partial_vectors; ++v) {
    load(x, a + v * lanes), load(y, b + v * lanes);
    sum[v] = x * y;
  }
  std::size_t j = num_partials;
  for (; j + num_partials <= width; j += num_partials)
    for (int v = 0; v < partial_vectors; ++v) {
      load(x, a + j + v * lanes), load(y, b + j + v * lanes);
      add_product(sum[v], x, y);
    }
  for (int l = 0; j < width; ++j, ++l) {
    double partial = sum[l / lanes][l % lanes];
    add_product(partial, a[j], b[j]);
    sum[l / lanes][l % lanes] = partial;
  }
}

// Partials l and l + 4, l and l + 2, l and l + 1.
inline double folded(Vector (&sum)[partial_vectors]) {
  for (int n = partial_vectors; n > 1; n /= 2)
    for (int v = 0; v < n / 2; ++v) sum[v] += sum[v + n / 2];
  Vector all = sum[0];
#if RAPPEL_LANES == 8
  all += __builtin_shufflevector(all, all, 4, 5, 6, 7, 4, 5, 6, 7);
  all += __builtin_shufflevector(all, all, 2, 3, 2, 3, 2, 3, 2, 3);
  all += __builtin_shufflevector(all, all, 1, 1, 1, 1, 1, 1, 1, 1);
#elif RAPPEL_LANES == 4
  all += __builtin_shufflevector(all, all, 2, 3, 2, 3);
  all += __builtin_shufflevector(all, all, 1, 1, 1, 1);
#elif RAPPEL_LANES == 2
  all += __builtin_shufflevector(all, all, 1, 1);
#endif
  return all[0];
}

// Of `given` values a row, of which compilers make no loop, or of any number where that is 0.
template <std::size_t given>
void dot_of(PlacedRows a, PlacedRows b, std::ptrdiff_t rows, std::size_t any_width, double* to) {
  const std::size_t width = given > 0 ? given : any_width;
  std::ptrdiff_t r = 0;
#if RAPPEL_LANES == 8
  // Eight rows are folded side by side.
  for (; r + 8 <= rows; r += 8) {
    Vector x[8], half[4], quarter[2];
    for (int t = 0; t < 8; ++t) {
      Vector one[1];
      row_partials(a.from + a.places[r + t], b.from + b.places[r + t], width, one);
      x[t] = one[0];
    }
    for (int i = 0; i < 4; ++i)
      half[i] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11) +
                __builtin_shufflevector(x[2 * i], x[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15);
    for (int i = 0; i < 2; ++i)
      quarter[i] = __builtin_shufflevector(half[2 * i], half[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13) +
                   __builtin_shufflevector(half[2 * i], half[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
    store(to + r, __builtin_shufflevector(quarter[0], quarter[1], 0, 2, 4, 6, 8, 10, 12, 14) +
                      __builtin_shufflevector(quarter[0], quarter[1], 1, 3, 5, 7, 9, 11, 13, 15));
  }
#endif
  for (; r < rows; ++r) {
    Vector sum[partial_vectors];
    row_partials(a.from + a.places[r], b.from + b.places[r], width, sum);
    to[r] = folded(sum);
  }
}

void dot(PlacedRows a, PlacedRows b, std::ptrdiff_t rows, std::size_t width, double* to) {
  const auto kernel = width == 8 ? &dot_of<8> : width == 16 ? &dot_of<16> : width == 32 ? &dot_of<32> : &dot_of<0>;
  kernel(a, b, rows, width, to);
}

// Of W vectors a row, or of any width where W is 0.
template <int W>
void scatter_multiples_of(const double* factor, std::ptrdiff_t step, PlacedRows row, const std::int32_t* places,
                          std::ptrdiff_t rows, std::size_t width, double* sums) {
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    const double* const x = row.from + row.places[r];
    double* const to = sums + places[r];
    const double f = factor[r * step];
    if constexpr (W > 0) {
      Vector product[W], sum[W];  // all are read before the first is written: reads wait less
      for (int v = 0; v < W; ++v) load(product[v], x + v * lanes), load(sum[v], to + v * lanes);
      for (int v = 0; v < W; ++v) store(to + v * lanes, sum[v] + product[v] * f);
    } else {
      const std::size_t whole = width / RAPPEL_LANES * RAPPEL_LANES;
      for (std::size_t j = 0; j < whole; j += RAPPEL_LANES) {
        Vector product, sum;
        load(product, x + j), load(sum, to + j);
        store(to + j, sum + product * f);
      }
      for (std::size_t j = whole; j < width; ++j) to[j] += x[j] * f;
    }
  }
}

void scatter_multiples(const double* factor, std::ptrdiff_t step, PlacedRows row, const std::int32_t* places,
                       std::ptrdiff_t rows, std::size_t width, double* sums) {
  constexpr std::size_t one = RAPPEL_LANES;
  const auto kernel = width == one       ? &scatter_multiples_of<1>
                      : width == 2 * one ? &scatter_multiples_of<2>
                      : width == 4 * one ? &scatter_multiples_of<4>
                                         : &scatter_multiples_of<0>;
  kernel(factor, step, row, places, rows, width, sums);
}
