// The Euclidean norm of n operands and what it shares with its partials. Part of kernels_body.hpp: included once by each
// kernels_*.cpp inside of its unnamed namespace.

// x_k brought to where squares neither over- nor underflow; beside an infinite operand 1 or -1 for those that are, else 0.
inline Lanes scaled_operand(Lanes x, Lanes scale) {
  const Lanes infinity(__builtin_inf());
  const Lanes unit = select(x == infinity, Lanes(1.0), select(x == -infinity, Lanes(-1.0), Lanes(0.0)));
  return select(scale == Lanes(0.0), unit, x * scale);
}

// (x1 .. xn) -> scale, norm of the scaled operands; the sum of squares in two parts.
template <class Get, class Put>
void scaled_norm_of(std::uint32_t n, Get get, Put put) {
  Lanes largest = math_abs(get(0)), nan(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes size = math_abs(get(k));
    largest = select(largest < size, size, largest);
    nan = select(size == size, nan, size);
  }
  largest = select(largest == largest, largest, Lanes(0.0));
  const Lanes scale = select(largest == Lanes(__builtin_inf()), Lanes(0.0), scale_of_squares(largest));
  Two sum = two(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes x = scaled_operand(get(k), scale);
    sum = sum + product_of_two(x, x);
  }
  const Lanes root = math_sqrt(sum.high);
  const Lanes rest = (fma(-root, root, sum.high) + sum.low) / (root + root);
  put(0, scale);
  put(1, select(nan == nan, select(sum.high == Lanes(0.0), root, root + rest), nan));
}

template <class Get, class Put>
void norm_of(std::uint32_t n, Get get, Put put) {
  put(0, get(n - 1) / get(n - 2));
}

// x_k / norm; 0 where the norm is 0.
template <class Get, class Put>
void unit_of(std::uint32_t n, Get get, Put put) {
  const Lanes scale = get(n - 2), root = get(n - 1);
  for (std::uint32_t k = 0; k + 2 < n; ++k)
    put(k, select(root == Lanes(0.0), Lanes(0.0),
                  select((scale < Lanes(1.0)) & (Lanes(0.0) < scale), (get(k) / root) * scale,
                         scaled_operand(get(k), scale) / root)));
}

RAPPEL_NARY_KERNEL(scaled_norm)
RAPPEL_NARY_KERNEL(norm)
RAPPEL_NARY_KERNEL(unit)
