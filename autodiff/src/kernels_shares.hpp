// The shares that the operands of a chain of min or max take of its adjoint, and which of many a row chooses. Part of
// kernels_body.hpp: included once by each kernels_*.cpp inside of its unnamed namespace.

// (x1 .. xn; z). As min(min(min(x1, x2), x3), ..) is reversed one by one: where an operand equals all so far, both take
// half. So of the operands that equal the least, z, the last takes 1/2, the one before it 1/4, and the first as much as the
// second; none if z is NaN. Powers of two: exact.
template <class Get, class Put>
void shares_of(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = num_operands - 1;
  const Lanes z = get(n);
  Lanes left(0.0), share(1.0);
  for (std::uint32_t k = 0; k < n; ++k) left = select(get(k) == z, left + Lanes(1.0), left);
  for (std::uint32_t k = n; k-- > 0;) {
    const Mask taken = get(k) == z;
    share = select(taken & (Lanes(1.0) < left), share * Lanes(0.5), share);
    left = select(taken, left - Lanes(1.0), left);
    put(k, select(taken, share, Lanes(0.0)));
  }
}

RAPPEL_NARY_KERNEL(shares)

// Choices, see ChoiceKernel: rows are worked on in strips that registers hold.
template <class Chosen>
void find_choices(const Leaf& leaf, const std::uint32_t* operands, std::uint32_t count, Chosen chosen, double* last,
                  double* number) {
  for (std::ptrdiff_t r = 0; r < leaf.padded; r += dot_strip * width) {
    Lanes which[dot_strip], taken[dot_strip], x[dot_strip];
    for (int s = 0; s < dot_strip; ++s) which[s] = Lanes(0.0), taken[s] = Lanes(0.0);
    for (std::uint32_t k = 0; k < count; ++k) {
      load_strip(leaf, operands[k], r, x);
      const Lanes own(k);
      for (int s = 0; s < dot_strip; ++s) {
        const Mask is_chosen = chosen(x[s], r + s * width);
        which[s] = select(is_chosen, own, which[s]);
        taken[s] = select(is_chosen, taken[s] + Lanes(1.0), taken[s]);
      }
    }
    for (int s = 0; s < dot_strip; ++s) store(last + r + s * width, which[s]), store(number + r + s * width, taken[s]);
  }
}

void find_open(const Leaf& leaf, const std::uint32_t* operands, std::uint32_t count, double* last, double* number) {
  find_choices(leaf, operands, count, [](Lanes x, std::ptrdiff_t) { return !(x == Lanes(0.0)); }, last, number);
}

void find_equal(const Leaf& leaf, const std::uint32_t* operands, std::uint32_t count, double* last, double* number) {
  const AnyOperand z(leaf, operands[count - 1]);
  find_choices(leaf, operands, count - 1, [&](Lanes x, std::ptrdiff_t r) { return x == z.at(r); }, last, number);
}
