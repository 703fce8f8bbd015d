#pragma once

// Costs of one scalar trace, as templates: the same lines run on double, on Expr and on the numbers of the peers. A cost
// takes anything that is indexed like a vector of numbers.

#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace rappel::bench {

template <class X>
using NumberOf = std::remove_cvref_t<decltype(std::declval<const X&>()[0])>;

// 1 / (1 + exp(-x)), for numbers that have no sigmoid of their own.
template <class T>
T sigmoid(const T& x) {
  using std::exp;
  return 1.0 / (1.0 + exp(-x));
}

// Rosenbrock (1960), in n variables.
struct Rosenbrock {
  int n;

  int dimension() const { return n; }
  std::vector<double> start() const {
    std::vector<double> x(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = i % 2 == 0 ? -1.2 : 1.0 + 0.001 * i;
    return x;
  }
  template <class X>
  NumberOf<X> operator()(const X& x) const {
    NumberOf<X> total(0.0);
    for (int i = 0; i + 1 < n; ++i) {
      const NumberOf<X> u = x[i + 1] - x[i] * x[i], v = 1.0 - x[i];
      total += 100.0 * (u * u) + v * v;
    }
    return total;
  }
};

// A recurrence in which no two operations are equal: nine a step, constants not counted. Its adjoints stay of order one.
struct LongTrace {
  int steps;

  static constexpr int nodes_a_step = 9;
  static LongTrace of_nodes(int nodes) { return {(nodes + nodes_a_step - 1) / nodes_a_step}; }
  int num_nodes() const { return steps * nodes_a_step; }
  int dimension() const { return 2; }
  std::vector<double> start() const { return {0.5, 0.25}; }
  template <class X>
  NumberOf<X> operator()(const X& x) const {
    using std::sin, std::tanh;
    NumberOf<X> a(x[0]), b(x[1]), total(0.0);
    for (int i = 0; i < steps; ++i) {
      const double c = 1.0 + 1e-7 * i;
      const NumberOf<X> next = sin(a * c) + b;
      b = a * x[0] - tanh(b + c);
      a = next;
      total += a * b;
    }
    return total;
  }
};

// Laplace's expansion along the first row that is left, minors by recursion: about e n! operations. The entries are the
// variables, by row.
struct Determinant {
  int n;

  int dimension() const { return n * n; }
  std::vector<double> start() const {
    std::vector<double> x;
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> entry(-1.0, 1.0);
    for (int i = 0; i < n * n; ++i) x.push_back(entry(random) + (i % (n + 1) == 0 ? 2.0 : 0.0));
    return x;
  }
  template <class X>
  NumberOf<X> operator()(const X& x) const {
    return minor_of(x, 0, (1u << n) - 1u);
  }

 private:
  // Of the rows from `row` on and the columns in `columns`, a bit each.
  template <class X>
  NumberOf<X> minor_of(const X& x, int row, unsigned columns) const {
    NumberOf<X> total(0.0);
    bool negative = false, first = true;
    for (int j = 0; j < n; ++j) {
      if ((columns >> j & 1u) == 0) continue;
      if (row == n - 1) return x[row * n + j];
      const NumberOf<X> term = x[row * n + j] * minor_of(x, row + 1, columns & ~(1u << j));
      if (first)
        total = term;
      else if (negative)
        total -= term;
      else
        total += term;
      first = false, negative = !negative;
    }
    return total;
  }
};

// Next-character prediction by long short-term memory with diagonal weights, the benchmark suites' form (Srajer, Kukelova
// and Fitzgibbon 2018; Hochreiter and Schmidhuber 1997): the loss is the mean negative log-softmax of what came next.
struct Lstm {
  static constexpr int width = 14, layers = 2;
  static constexpr int gates = 8 * width;                      // four gates, a weight and a bias each
  static constexpr int parameters = layers * gates + 3 * width;  // then the scale of inputs, scale and bias of outputs
  using Row = std::array<double, width>;

  int steps;
  std::shared_ptr<const std::vector<Row>> sequence;  // steps + 1

  static Lstm of_steps(int steps) {
    std::mt19937_64 random(4);
    std::uniform_real_distribution<double> entry(0.0, 1.0);
    auto sequence = std::make_shared<std::vector<Row>>(static_cast<std::size_t>(steps) + 1);
    for (Row& row : *sequence)
      for (double& x : row) x = entry(random);
    return {steps, sequence};
  }
  int dimension() const { return parameters; }
  std::vector<double> start() const {
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> entry(-1.0, 1.0);
    std::vector<double> w(static_cast<std::size_t>(parameters));
    for (double& x : w) x = entry(random);
    return w;
  }

  // One layer of one unit: the state is {hidden, cell}. Weights of unit `i` lie `width` apart.
  template <class T, class W>
  static void unit(const W& w, int i, const T& input, T& hidden, T& cell) {
    using std::tanh;
    const T forget = sigmoid(T(input * w[i] + w[i + width]));
    const T ingate = sigmoid(T(hidden * w[i + 2 * width] + w[i + 3 * width]));
    const T outgate = sigmoid(T(input * w[i + 4 * width] + w[i + 5 * width]));
    const T change = tanh(hidden * w[i + 6 * width] + w[i + 7 * width]);
    cell = cell * forget + ingate * change;
    hidden = outgate * tanh(cell);
  }

  // One step: the state (hidden of each layer and unit, then cell) moves on; the loss of predicting `next` is returned.
  template <class T, class W, class State, class Input>
  static T step(const W& w, State& state, const Input& input, const Input& next) {
    using std::exp, std::log;
    constexpr int extra = layers * gates, cells = layers * width;
    std::array<T, width> y;
    T total(0.0);
    for (int i = 0; i < width; ++i) {
      T x = w[extra + i] * input[i];
      for (int l = 0; l < layers; ++l) {
        unit(w, l * gates + i, x, state[l * width + i], state[cells + l * width + i]);
        x = state[l * width + i];
      }
      y[static_cast<std::size_t>(i)] = x * w[extra + width + i] + w[extra + 2 * width + i];
      total += exp(y[static_cast<std::size_t>(i)]);
    }
    const T normaliser = log(total);
    T loss(0.0);
    for (int i = 0; i < width; ++i) loss += next[i] * (normaliser - y[static_cast<std::size_t>(i)]);
    return loss;
  }

  template <class X>
  NumberOf<X> operator()(const X& w) const {
    using T = NumberOf<X>;
    std::array<T, 2 * layers * width> state;
    state.fill(T(0.0));
    T total(0.0);
    for (int t = 0; t < steps; ++t) {
      const auto s = static_cast<std::size_t>(t);
      total += step<T>(w, state, (*sequence)[s], (*sequence)[s + 1]);
    }
    return total / (1.0 * width * steps);
  }
};

// The mean logistic loss of rows x features random data, the obvious loop.
struct LogisticLoop {
  int rows, features;
  std::shared_ptr<const std::vector<double>> table;  // by row: the features, then 0 or 1

  static LogisticLoop of(int rows, int features) {
    std::mt19937_64 random(6);
    std::normal_distribution<double> entry;
    auto table = std::make_shared<std::vector<double>>();
    for (int r = 0; r < rows; ++r) {
      for (int j = 0; j < features; ++j) table->push_back(entry(random));
      table->push_back(entry(random) < table->back() ? 1.0 : 0.0);
    }
    return {rows, features, table};
  }
  int dimension() const { return features + 1; }
  std::vector<double> start() const {
    std::vector<double> w;
    for (int j = 0; j <= features; ++j) w.push_back(0.3 * std::sin(1.0 + j));
    return w;
  }
  template <class X>
  NumberOf<X> operator()(const X& w) const {
    using std::exp, std::log;
    NumberOf<X> total(0.0);
    const double* row = table->data();
    for (int r = 0; r < rows; ++r, row += features + 1) {
      NumberOf<X> z = w[features];
      for (int j = 0; j < features; ++j) z += w[j] * row[j];
      total += log(1.0 + exp(z)) - row[features] * z;
    }
    return total / (1.0 * rows);
  }
};

}  // namespace rappel::bench
