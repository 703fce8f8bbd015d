// Lookups by row for one instruction set, of RAPPEL_LANES doubles. Included once by each lookups_*.cpp inside of its
// unnamed namespace.

using detail::PlacesKind;
using detail::outside;

constexpr std::ptrdiff_t lanes = RAPPEL_LANES;

// N doubles side by side, N = 2, 4, .. up to `lanes`.
template <int N>
struct Lanes {
  typedef double type __attribute__((vector_size(8 * N)));
};
template <class V>
void load(V& v, const double* p) {
  __builtin_memcpy(&v, p, sizeof v);
}
template <class V>
void store(double* p, const V& v) {
  __builtin_memcpy(p, &v, sizeof v);
}

// N rows of N values, transposed: row(t) is where row t < N stands. The rows are loaded in halves, each beside that of
// another row, which saves a third of the shuffles.
#if RAPPEL_LANES >= 2
template <class Row>
void transposed(Lanes<2>::type (&x)[2], Row row) {
  Lanes<2>::type a, b;
  load(a, row(0)), load(b, row(1));
  x[0] = __builtin_shufflevector(a, b, 0, 2);
  x[1] = __builtin_shufflevector(a, b, 1, 3);
}
#endif
#if RAPPEL_LANES >= 4
template <class Row>
void transposed(Lanes<4>::type (&x)[4], Row row) {
  for (int half = 0; half < 4; half += 2) {
    Lanes<4>::type y[2];
    for (int t = 0; t < 2; ++t) {
      Lanes<2>::type low, high;
      load(low, row(t) + half), load(high, row(t + 2) + half);
      y[t] = __builtin_shufflevector(low, high, 0, 1, 2, 3);
    }
    x[half] = __builtin_shufflevector(y[0], y[1], 0, 4, 2, 6);
    x[half + 1] = __builtin_shufflevector(y[0], y[1], 1, 5, 3, 7);
  }
}
#endif
#if RAPPEL_LANES >= 8
template <class Row>
void transposed(Lanes<8>::type (&x)[8], Row row) {
  for (int half = 0; half < 8; half += 4) {
    Lanes<8>::type y[4], z[4];
    for (int t = 0; t < 4; ++t) {
      const __m512d low = _mm512_castpd256_pd512(_mm256_loadu_pd(row(t) + half));
      y[t] = (Lanes<8>::type)_mm512_maskz_insertf64x4(0xff, low, _mm256_loadu_pd(row(t + 4) + half), 1);
    }
    for (int t = 0; t < 4; t += 2) {
      z[t] = __builtin_shufflevector(y[t], y[t + 1], 0, 8, 2, 10, 4, 12, 6, 14);
      z[t + 1] = __builtin_shufflevector(y[t], y[t + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int t = 0; t < 2; ++t) {
      x[half + t] = __builtin_shufflevector(z[t], z[t + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      x[half + t + 2] = __builtin_shufflevector(z[t], z[t + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
}
#endif

// --- places ---

inline std::int32_t place_of(double index, std::int32_t width, double groups) {
  if (!(index >= 0.0 && index < groups)) return outside;
  const auto whole = static_cast<std::int32_t>(index);
  return static_cast<double>(whole) == index ? whole * width : outside;
}

#if RAPPEL_LANES == 8
// Of whole vectors of rows, if none is outside: how many rows that is, else 0. What is no number of 32 bits becomes the
// least, which is outside as an unsigned one.
inline std::ptrdiff_t find_places_inside(const double* index, std::ptrdiff_t rows, std::int32_t width, double groups,
                                         std::int32_t* places) {
  const __m256i end = _mm256_set1_epi32(static_cast<std::int32_t>(groups)), step = _mm256_set1_epi32(width);
  unsigned inside = 0xff;  // of each vector by itself: a comparison that a mask goes into would wait for the one before
  std::ptrdiff_t r = 0;
  for (; r + lanes <= rows; r += lanes) {
    __builtin_prefetch(index + r + rows, 0, 2);  // of the next leaf
    const __m512d x = _mm512_loadu_pd(index + r);
    const __m256i whole = _mm512_maskz_cvttpd_epi32(0xff, x);
    inside &= _mm512_cmp_pd_mask(_mm512_maskz_cvtepi32_pd(0xff, whole), x, _CMP_EQ_OQ);
    inside &= _mm256_cmplt_epu32_mask(whole, end);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(places + r), _mm256_mullo_epi32(whole, step));
  }
  return inside == 0xff ? r : 0;
}
#endif

PlacesKind find_places(const double* index, std::ptrdiff_t rows, std::ptrdiff_t padded, std::int32_t width,
                       double groups, std::int32_t* places) {
  bool inside = true, in_a_row = width == 1;
  std::ptrdiff_t r = 0;
#if RAPPEL_LANES == 8
  if (width > 1) r = find_places_inside(index, rows, width, groups, places);
#endif
#if RAPPEL_LANES >= 2
  typedef Lanes<RAPPEL_LANES>::type Index;
  typedef std::int64_t Masks __attribute__((vector_size(8 * RAPPEL_LANES)));
  typedef std::int32_t Places __attribute__((vector_size(4 * RAPPEL_LANES)));
  Masks all_inside = ~Masks{}, all_in_a_row = ~Masks{};
  Index expected;
  for (int l = 0; l < lanes; ++l) expected[l] = index[0] + static_cast<double>(r + l);
  for (; r + lanes <= rows; r += lanes, expected += static_cast<double>(lanes)) {
    Index x;
    load(x, index + r);
    const Masks in_range = (x >= 0.0) & (x < groups);
    const Places whole = __builtin_convertvector(in_range ? x : Index{}, Places);
    const Masks valid = in_range & (__builtin_convertvector(whole, Index) == x);
    const Places found = (whole * width) | ~__builtin_convertvector(valid, Places);  // outside: all bits
    __builtin_memcpy(places + r, &found, sizeof found);
    all_inside &= valid;
    all_in_a_row &= x == expected;
  }
  for (int l = 0; l < lanes; ++l) inside = inside && all_inside[l] != 0, in_a_row = in_a_row && all_in_a_row[l] != 0;
#endif
  for (; r < rows; ++r) {
    places[r] = place_of(index[r], width, groups);
    inside = inside && places[r] != outside;
    in_a_row = in_a_row && index[r] == index[0] + static_cast<double>(r);
  }
  for (; r < padded; ++r) places[r] = places[rows - 1];
  return !inside ? PlacesKind::some_outside : in_a_row ? PlacesKind::in_a_row : PlacesKind::any;
}

// --- gather ---

// Of one value a row.
void gather_one(const double* from, const std::int32_t* places, std::ptrdiff_t padded, double* to) {
  for (std::ptrdiff_t r = 0; r < padded; r += lanes) {
#if RAPPEL_LANES == 8
    const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(places + r));
    _mm512_storeu_pd(to + r, _mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xff, at, from, 8));
#elif RAPPEL_LANES == 4
    const __m128i at = _mm_loadu_si128(reinterpret_cast<const __m128i*>(places + r));
    const __m256d all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
    _mm256_storeu_pd(to + r, _mm256_mask_i32gather_pd(_mm256_setzero_pd(), from, at, all, 8));
#else
    for (std::ptrdiff_t l = 0; l < lanes; ++l) to[r + l] = from[places[r + l]];
#endif
  }
}

// Of N values a row, N rows at once.
template <int N>
void gather_part(const double* from, const std::int32_t* places, std::ptrdiff_t padded, double* const* to) {
  if constexpr (N == 1) {
    gather_one(from, places, padded, to[0]);
  } else {
    double* own[N];
    for (int j = 0; j < N; ++j) own[j] = to[j];
    for (std::ptrdiff_t r = 0; r < padded; r += N) {
      typename Lanes<N>::type x[N];
      transposed(x, [&](int t) { return from + places[r + t]; });
      for (int j = 0; j < N; ++j) store(own[j] + r, x[j]);
    }
  }
}

// --- scatter ---

template <int N>
void scatter_part(const double* const* x, const std::int32_t* places, std::ptrdiff_t rows, double* sums) {
  if constexpr (N == 1) {
    for (std::ptrdiff_t r = 0; r < rows; ++r) sums[places[r]] += x[0][r];
  } else {
    using V = typename Lanes<N>::type;
    const double* own[N];
    for (int j = 0; j < N; ++j) own[j] = x[j];
    for (std::ptrdiff_t r = 0; r < rows; r += N) {
      V added[N];
      transposed(added, [&](int j) { return own[j] + r; });
      const auto add_row = [&](int t) {
        double* const to = sums + places[r + t];
        V sum;
        load(sum, to);
        store(to, sum + added[t]);
      };
      if (r + N <= rows)
        for (int t = 0; t < N; ++t) add_row(t);
      else
        for (int t = 0; t < rows - r; ++t) add_row(t);
    }
  }
}

// --- any width, as parts of 8, 4, 2 and 1 values ---

template <int N>
void gather_parts(const double* from, const std::int32_t* places, std::ptrdiff_t padded, std::size_t width,
                  double* const* to) {
  for (; width >= N; width -= N, from += N, to += N) gather_part<N>(from, places, padded, to);
  if constexpr (N > 1) gather_parts<N / 2>(from, places, padded, width, to);
}

template <int N>
void scatter_parts(const double* const* x, const std::int32_t* places, std::ptrdiff_t rows, std::size_t width,
                   double* sums) {
  for (; width >= N; width -= N, x += N, sums += N) scatter_part<N>(x, places, rows, sums);
  if constexpr (N > 1) scatter_parts<N / 2>(x, places, rows, width, sums);
}

void add(const double* x, std::ptrdiff_t rows, double* sums) {
  for (std::ptrdiff_t r = 0; r < rows; ++r) sums[r] += x[r];
}

// 0 + x and not x, which may be -0: what was summed begins with 0.
void begin(const double* x, std::ptrdiff_t rows, double* sums) {
  if (x == sums) {  // a loop of its own: compilers would add one by one where both may overlap
    for (std::ptrdiff_t r = 0; r < rows; ++r) sums[r] = 0.0 + sums[r];
    return;
  }
  for (std::ptrdiff_t r = 0; r < rows; ++r) sums[r] = 0.0 + x[r];
}

void multiply(double* x, double factor, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) x[i] *= factor;
}

std::int32_t find_in_a_row(const double* index, std::ptrdiff_t rows, double groups) {
  const std::int32_t first = place_of(index[0], 1, groups);
  if (first == outside || !(index[0] + static_cast<double>(rows - 1) < groups)) return outside;
  constexpr std::ptrdiff_t at_once = 128;  // rows, then a look at what was found
  for (std::ptrdiff_t r = 0; r < rows; r += at_once) {
    bool in_a_row = true;
    const std::ptrdiff_t end = rows - r < at_once ? rows : r + at_once;
    std::ptrdiff_t i = r;
#if RAPPEL_LANES >= 2
    typedef std::int64_t Masks __attribute__((vector_size(8 * RAPPEL_LANES)));
    Lanes<RAPPEL_LANES>::type x, expected;
    for (int l = 0; l < lanes; ++l) expected[l] = index[0] + static_cast<double>(r + l);
    Masks differs = {};
    for (; i + lanes <= end; i += lanes, expected += static_cast<double>(lanes)) {
      load(x, index + i);
      differs |= x != expected;
    }
    for (int l = 0; l < lanes; ++l) in_a_row = in_a_row && differs[l] == 0;
#endif
    for (; i < end; ++i) in_a_row = in_a_row && index[i] == index[0] + static_cast<double>(i);
    if (!in_a_row) return outside;
  }
  return first;
}

#include "lookups_rows.hpp"

constexpr detail::LookupKernels table = {&find_places, &gather_parts<RAPPEL_LANES>, &scatter_parts<RAPPEL_LANES>, &add, &begin, &multiply, &find_in_a_row, &dot, &scatter_multiples};
