#include "builder.hpp"
#include "kernels.hpp"

#include <array>

namespace rappel::detail {

void evaluate_scalar(Op op, std::span<const double> operands, std::span<double> results) {
  const std::size_t n = operands.size(), m = results.size();
  std::array<double, 16> few_values;
  std::array<std::uint32_t, 16> few_numbers;
  std::vector<double> many_values;
  std::vector<std::uint32_t> many_numbers;
  double* values = few_values.data();
  std::uint32_t* numbers = few_numbers.data();
  if (n + m > few_values.size()) {
    many_values.resize(n + m);
    many_numbers.resize(n + m);
    values = many_values.data();
    numbers = many_numbers.data();
  }
  for (std::size_t i = 0; i < n + m; ++i) {
    if (i < n) values[i] = operands[i];
    numbers[i] = static_cast<std::uint32_t>(i);
  }
  const UniformInstruction instruction{op, 0, static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n)};
  run_uniform(&instruction, &instruction + 1, numbers, values);
  for (std::size_t i = 0; i < m; ++i) results[i] = values[n + i];
}

}  // namespace rappel::detail
