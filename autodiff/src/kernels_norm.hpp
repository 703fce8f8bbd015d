// The Euclidean norm of n operands and what it shares with its partials. Part of kernels_body.hpp: included
// once by each kernels_*.cpp inside of its unnamed namespace.

// x_k brought to where squares neither over- nor underflow; beside an infinite operand 1 or -1 for those that
// are, else 0.
inline Lanes scaled_operand(Lanes x, Lanes scale) {
  const Lanes infinity(__builtin_inf());
  const Lanes unit = select(x == infinity, Lanes(1.0), select(x == -infinity, Lanes(-1.0), Lanes(0.0)));
  return select(scale == Lanes(0.0), unit, x * scale);
}

inline Lanes unit_component(Lanes x, Lanes scale, Lanes root) {
  return select((scale < Lanes(1.0)) & (Lanes(0.0) < scale), (x / root) * scale,
                scaled_operand(x, scale) / root);
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
    put(k, select(root == Lanes(0.0), Lanes(0.0), unit_component(get(k), scale, root)));
}

// (g_j - u_j u.g) / norm; of the largest component u_m as the sum of u_i (u_i g_m - u_m g_i): 1 - u_m^2 would
// cancel. The factors share out 1 / norm, so that products of small u are not lost and no intermediate
// overflows. NaN where the norm is 0.
template <class Get, class Put>
void unit_product_of(std::uint32_t num_operands, Get get, Put put) {
  const std::uint32_t n = num_operands / 2 - 1;
  const Lanes scale = get(n), root = get(n + 1);
  const Mask tiny = scale > Lanes(1.0);  // the scale is 2^600, 1, 2^-520 or 0: see scale_of_squares
  const Lanes first =
      select(tiny, Lanes(0x1p270), select(scale == Lanes(1.0), scale, scale * Lanes(0x1p260)));
  const Lanes second = first / root, back = select(tiny, Lanes(0x1p60), Lanes(1.0));
  Lanes place, x_largest, g_largest = get(n + 2);
  find_largest(n, get, place, x_largest);
  for (std::uint32_t k = 1; k < n; ++k) g_largest = select(place == Lanes(k), get(n + 2 + k), g_largest);
  const Lanes u_largest = unit_component(x_largest, scale, root);
  Lanes along(0.0), across(0.0);
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes u = unit_component(get(k), scale, root), g = get(n + 2 + k);
    along = multiply_add(u, g * second, along);
    const Lanes term = multiply_add(u, g_largest, -(u_largest * g)) * second;
    across = select(place == Lanes(k), across, multiply_add(u * first, term, across));
  }
  for (std::uint32_t k = 0; k < n; ++k) {
    const Lanes u = unit_component(get(k), scale, root), g = get(n + 2 + k);
    const Lanes other = (g * first) * second - (u * first) * along;
    put(k, select(root == Lanes(0.0), Lanes(__builtin_nan("")),
                  select(place == Lanes(k), across, other) * back));
  }
}

RAPPEL_NARY_KERNEL(scaled_norm)
RAPPEL_NARY_KERNEL(norm)
RAPPEL_NARY_KERNEL(unit)
RAPPEL_NARY_KERNEL(unit_product)
