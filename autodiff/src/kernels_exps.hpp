// Kernels of several results: logsumexp and softmax. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// exp(x - y): what the difference loses in rounding (Knuth's two-sum) is put back, since exp multiplies it by
// the size of the difference (left out: 30 ulp where x - y is about -40).
inline Lanes exp_of_difference(Lanes x, Lanes y) {
  const Lanes d = x - y, back = d - x;
  const Lanes low = (x - (d - back)) - (y + back);
  const Lanes e = math_exp(d);
  return select(low == low, e + e * low, e);  // NaN where x is infinite
}

// logsumexp and softmax over n operands, for blocks of rows and, with width 1, for single values: get(k) is
// an operand, put(k, value) a result.
template <class Get, class Put>
void shifted_exps_of(std::uint32_t n, Get get, Put put) {
  Lanes largest = get(0);
  for (std::uint32_t k = 1; k < n; ++k) largest = formulas::maximum(largest, get(k));
  // Summing all but the first largest keeps log1p(rest) accurate where one operand dominates.
  Lanes rest(0.0), passed(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes x = get(k);
    const Lanes e = select(x == largest, Lanes(1.0), exp_of_difference(x, largest));
    put(2 + k, e);
    const Lanes added = select(x == largest, passed, e);
    passed = select(x == largest, Lanes(1.0), passed);
    rest = rest + added;
  }
  put(0, largest);
  put(1, rest);
}

template <class Get, class Put>
void logsumexp_of(std::uint32_t n, Get get, Put put) {
  put(0, get(n - 2) + math_log1p(get(n - 1)));
}

template <class Get, class Put>
void softmax_of(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = (num_operands - 2) / 2;
  const Lanes largest = get(n);
  const Lanes total = Lanes(1.0) + get(n + 1);
  for (std::uint32_t k = 0; k < n; ++k)
    put(k, select(largest == Lanes(-__builtin_inf()), Lanes(0.0), get(n + 2 + k) / total));
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

