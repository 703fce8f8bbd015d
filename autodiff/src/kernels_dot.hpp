// Sums and dots of many operands, by row. Part of kernels_body.hpp: included once by each kernels_*.cpp
// inside of its unnamed namespace.

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

void sum_kernel(const Leaf& leaf, const BodyInstruction& i) {
  double* out = result_of(leaf, i);
  const std::uint32_t* operands = leaf.operands + i.first;
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes total[dot_strip], x[dot_strip];
    load_strip(leaf, operands[0], r, total);
    for (std::uint32_t k = 1; k < i.count; ++k) {
      load_strip(leaf, operands[k], r, x);
      for (int s = 0; s < dot_strip; ++s) total[s] = total[s] + x[s];
    }
    for (int s = 0; s < dot_strip; ++s) store(out + r + s * width, total[s]);
  }
}

void dot_kernel(const Leaf& leaf, const BodyInstruction& i) {
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes total[dot_strip];
    dot_of_strip(leaf, leaf.operands + i.first, i.count, r, total);
    for (int s = 0; s < dot_strip; ++s) store(out + r + s * width, total[s]);
  }
}

// The operands at the same place of the next leaf are asked for ahead: a leaf of many columns is too short for the processor's own
// prefetching. Into the second-level cache: more such reads can be under way (0.65 of the time, 100,000 rows of 100).
inline void ask_for_next_leaf(const Leaf& leaf, const double* p) { __builtin_prefetch(p + leaf.padded, 0, 2); }

// Every pair has a uniform first operand, spread over the strip once; the second may vary or not.
template <int Strip, bool Columns>
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
      if (Columns) ask_for_next_leaf(leaf, x + r + s * width);
    }
  }
  for (int s = 0; s < Strip; ++s) store(out + r + s * width, total[s]);
}

// Columns: what varies is read of the table, so that the next leaf of it is worth asking for.
template <bool Columns>
void dot_uniform_kernel(const Leaf& leaf, const BodyInstruction& i) {
  constexpr int strip = width == 8 ? 16 : 8;
  double* out = result_of(leaf, i);
  std::ptrdiff_t r = 0;
  for (; r + strip * width <= leaf.padded; r += strip * width) dot_uniform_strip<strip, Columns>(leaf, i, out, r);
  constexpr int half = strip / 2, quarter = strip / 4;  // one vector alone would wait for each of its terms
  if (r + half * width <= leaf.padded) dot_uniform_strip<half, Columns>(leaf, i, out, r), r += half * width;
  if (r + quarter * width <= leaf.padded) dot_uniform_strip<quarter, Columns>(leaf, i, out, r), r += quarter * width;
  for (; r < leaf.padded; r += width) dot_uniform_strip<1, Columns>(leaf, i, out, r);
}
