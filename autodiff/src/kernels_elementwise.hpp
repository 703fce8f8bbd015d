// Operands, and kernels that go through them row by row. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// An operand known at compile time to be uniform (loaded once) or varying.
template <bool Varying>
struct Operand {
  const double* p;
  Lanes uniform;
  Operand(const Leaf& leaf, std::uint32_t operand)
      : p(leaf.pointers[operand & ~uniform_bit]), uniform(Varying ? 0.0 : *p) {}
  Lanes at(std::ptrdiff_t r) const {
    if constexpr (Varying) return load(p + r);
    return uniform;
  }
};

// An operand known only at run time.
struct AnyOperand {
  const double* p;
  bool varying;
  AnyOperand(const Leaf& leaf, std::uint32_t operand)
      : p(leaf.pointers[operand & ~uniform_bit]), varying((operand & uniform_bit) == 0) {}
  Lanes at(std::ptrdiff_t r) const { return varying ? load(p + r) : Lanes(*p); }
};

double* result_of(const Leaf& leaf, const BodyInstruction& i) { return leaf.pointers[i.result]; }

void copy_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<true> x(leaf, leaf.operands[i.first]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, x.at(r));
}

// Whole strips as vectors, which the compiler makes of a loop of known length.
void widening_kernel(const float* from, std::ptrdiff_t count, std::ptrdiff_t ahead, double* to) {
  constexpr std::ptrdiff_t strip = 32, line = 64 / sizeof(float);
  std::ptrdiff_t r = 0;
  for (; r + strip <= count; r += strip) {
    for (std::ptrdiff_t k = 0; k < strip; k += line) __builtin_prefetch(from + r + ahead + k, 0, 2);
    for (std::ptrdiff_t k = 0; k < strip; ++k) to[r + k] = static_cast<double>(from[r + k]);
  }
  for (; r < count; ++r) to[r] = static_cast<double>(from[r]);
}

template <class F, bool X>
void unary_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<X> x(leaf, leaf.operands[i.first]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r)));
}

template <class F, bool X, bool Y>
void binary_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<X> x(leaf, leaf.operands[i.first]);
  const Operand<Y> y(leaf, leaf.operands[i.first + 1]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r), y.at(r)));
}

template <class F>
void ternary_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const AnyOperand x(leaf, leaf.operands[i.first]);
  const AnyOperand y(leaf, leaf.operands[i.first + 1]);
  const AnyOperand z(leaf, leaf.operands[i.first + 2]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r), y.at(r), z.at(r)));
}

// Of an order that is a constant of the graph.
template <class F>
void derivative_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const AnyOperand x(leaf, leaf.operands[i.first]);
  const int order = static_cast<int>(*leaf.pointers[leaf.operands[i.first + 1] & ~uniform_bit]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, F::value(x.at(r), order));
}

template <bool C, bool X, bool Y>
void select_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const Operand<C> c(leaf, leaf.operands[i.first]);
  const Operand<X> x(leaf, leaf.operands[i.first + 1]);
  const Operand<Y> y(leaf, leaf.operands[i.first + 2]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width)
    store(out + r, select(c.at(r) == Lanes(0.0), y.at(r), x.at(r)));
}

void power_kernel(const Leaf& leaf, const BodyInstruction& i) {
  const AnyOperand x(leaf, leaf.operands[i.first]), y(leaf, leaf.operands[i.first + 1]);
  const int k = static_cast<int>(*leaf.pointers[leaf.operands[i.first + 2] & ~uniform_bit]);
  const int j = static_cast<int>(*leaf.pointers[leaf.operands[i.first + 3] & ~uniform_bit]);
  double* out = result_of(leaf, i);
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += width) store(out + r, power_value(x.at(r), y.at(r), k, j));
}
