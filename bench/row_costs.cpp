#include "row_costs.hpp"

#include "row_costs/clusters.hpp"
#include "row_costs/curves.hpp"
#include "row_costs/layers_and_lookups.hpp"
#include "row_costs/linear.hpp"

namespace rappel::bench {

// Each with its goals: rappel / expert, rappel / best and, for two, best / loop.
std::vector<Comparison> row_costs() {
  return {
      squared_error(1'000, 5, 1.2, 2.5),
      squared_error(100'000, 10, 0.8, 1.3),
      squared_error(100'000, 100, 0.9, 1.2),
      squared_error(1'000'000, 20, 0.8, 1.2),
      logistic(1'000, 5, 1.2, 1.5),
      logistic(100'000, 10, 0.8, 1.2, 0.3),
      logistic(100'000, 100, 0.9, 1.2),
      logistic(1'000'000, 20, 0.6, 1.2),
      poisson(100'000, 10, 0.8, 1.3),
      huber_loss(100'000, 10, 0.8, 1.3),
      {{"softmax/100000x10x5", 0.8, 1.3}, [] { return softmax_variants(100'000); }},
      {{"curve/100000", 0.8, 1.2}, [] { return curve_variants(100'000); }},
      {{"curve_gauss_newton/100000", 0.8, 1.2}, [] { return curve_normal_variants(100'000); }},
      {{"polynomial/16392x128", 0.2, 1.2, 0.2}, [] { return polynomial_variants(16'392, 128); }},
      {{"kmeans/10000x16x100", 0.6, 1.2}, [] { return kmeans_variants(10'000, 100); }},
      {{"mixture/1000x10x25", 0.18, 1.3}, [] { return mixture_variants<10>(1'000, 25); }},
      {{"mixture/1000x64x25", 0.4, 1.3}, [] { return mixture_variants<64>(1'000, 25); }},
      {{"perceptron/10000x784x128x10", 1.1}, [] { return perceptron_variants(10'000); }, false},
      {{"logsumexp/1280000", 0.3, 1.3}, [] { return logsumexp_variants(1'280'000); }},
      {{"factorisation/100000x16", 0.9, 1.3}, [] { return factorisation_variants(100'000); }},
  };
}

}  // namespace rappel::bench
