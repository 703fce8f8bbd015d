// Kernels of several results: logsumexp and softmax. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// For blocks of rows and, with width 1, for single values: get(k) is an operand, put(k, value) a result.
template <class Get, class Put>
void shifted_exps_of(std::uint32_t n, Get get, Put put) {
  formulas::shifted_exps<Lanes>(n, get, put);
}

template <class Get, class Put>
void logsumexp_of(std::uint32_t n, Get get, Put put) {
  put(0, get(n - 2) + math_log1p(get(n - 1)));
}

template <class Get, class Put>
void softmax_of(std::uint32_t num_operands, Get get, Put put) {
  formulas::softmax<Lanes>(num_operands, get, put);
}

// Of n numbers the first that is largest in size: its place and itself.
template <class Get>
void find_largest(std::uint32_t n, Get get, Lanes& place, Lanes& largest) {
  place = Lanes(0.0), largest = get(0);
  for (std::uint32_t k = 1; k < n; ++k) {
    const Lanes x = get(k);
    const Mask larger = math_abs(largest) < math_abs(x);
    place = select(larger, Lanes(k), place);
    largest = select(larger, x, largest);
  }
}

// p_j (g_j - p.g); of the largest share p_m as p_m times the sum of p_i (g_m - g_i): 1 - p_m would cancel.
template <class Get, class Put>
void softmax_product_of(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = num_operands / 2;
  Lanes place, share, g_largest = get(n), mean(0.0), difference(0.0);
  find_largest(n, get, place, share);
  for (std::uint32_t k = 1; k < n; ++k) g_largest = select(place == Lanes(k), get(n + k), g_largest);
  for (std::uint32_t k = 0; k < n; ++k) {
    mean = multiply_add(get(k), get(n + k), mean);
    difference =
        select(place == Lanes(k), difference, multiply_add(get(k), g_largest - get(n + k), difference));
  }
  for (std::uint32_t k = 0; k < n; ++k)
    put(k, get(k) * select(place == Lanes(k), difference, get(n + k) - mean));
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
RAPPEL_NARY_KERNEL(softmax_product)
