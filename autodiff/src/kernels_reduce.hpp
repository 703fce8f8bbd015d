// Sums, largest value and any over the rows of a leaf. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

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
