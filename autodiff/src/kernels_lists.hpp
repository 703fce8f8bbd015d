// Many like steps as one: a leaf of few rows is done with each so soon that calling kernels, and finding their operands, is
// much of the time. Part of kernels_body.hpp: included once by each kernels_*.cpp inside of its unnamed namespace.

// (x1, y1, x2, y2, ..): as many results, one after the other: a result may stand where an operand does that is read no more.
// Meanwhile fetches the first operand of the next: blocks of long bodies have left the first cache (bench: 0.97 of a mixture's time, d 64).
template <class F, bool X, bool Y>
void list_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t *operands = leaf.operands + i.first, *results = operands + i.count;
  for (std::uint32_t k = 0; k < i.num_results; ++k) {
    const Operand<X> x(leaf, operands[2 * k]);
    const Operand<Y> y(leaf, operands[2 * k + 1]);
    double* out = leaf.pointers[results[k]];
    const std::uint32_t next = k + 1 < i.num_results ? k + 1 : k;
    const double* next_x = leaf.pointers[operands[2 * next] & ~uniform_bit];
    for (std::ptrdiff_t r = 0; r < leaf.padded; r += 4 * width) {  // divides the padded rows of every leaf
      for (int v = 0; v < 4 && X; ++v) __builtin_prefetch(next_x + r + v * width);
      Lanes z[4];
      for (int v = 0; v < 4; ++v) z[v] = F::value(x.at(r + v * width), y.at(r + v * width));
      for (int v = 0; v < 4; ++v) store(out + r + v * width, z[v]);
    }
  }
}

template <class F>
BodyKernel list_by_rate(unsigned varying) {
  return varying == 3 ? &list_kernel<F, true, true> : varying == 1 ? &list_kernel<F, true, false> : &list_kernel<F, false, true>;
}

BodyKernel find_list_kernel(Op op, unsigned varying) {
  switch (op) {
    case Op::add:
      return list_by_rate<formulas::add_op>(varying);
    case Op::sub:
      return list_by_rate<formulas::sub_op>(varying);
    case Op::mul:
      return list_by_rate<formulas::mul_op>(varying);
    default:
      return nullptr;
  }
}

// The sums of (x1, x2, ..), each as reduce_kernel takes it; as many at once as fold side by side.
void sums_of_list_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t* operands = leaf.operands + i.first;
  std::uint32_t k = 0;
  for (; k + width <= i.count; k += width) {
    Lanes folded[width];
    for (int l = 0; l < width; ++l) {
      const double* x = leaf.pointers[operands[k + static_cast<std::uint32_t>(l)]];
      Lanes partials[partial_vectors];
      take_partials(leaf, AddLanes{}, [&](std::ptrdiff_t r) { return load(x + r); }, partials);
      folded[l] = fold_vectors(partials, AddLanes{});
    }
    store_sums(leaf, i.result + k, fold_side_by_side(folded));
  }
  for (; k < i.count; ++k) {
    const Operand<true> x(leaf, operands[k]);
    store_sum(leaf, i.result + k, reduce(leaf, AddLanes{}, [&](std::ptrdiff_t r) { return x.at(r); }));
  }
}

// x1^2 + x2^2 + .., each square and each sum rounded.
void sum_of_squares_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const std::uint32_t* operands = leaf.operands + i.first;
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes total[dot_strip], x[dot_strip];
    load_strip(leaf, operands[0], r, x);
    for (int s = 0; s < dot_strip; ++s) total[s] = formulas::square_op::value(x[s]);
    for (std::uint32_t k = 1; k < i.count; ++k) {
      load_strip(leaf, operands[k], r, x);
      for (int s = 0; s < dot_strip; ++s) total[s] = total[s] + formulas::square_op::value(x[s]);
    }
    for (int s = 0; s < dot_strip; ++s) store(out + r + s * width, total[s]);
  }
}
