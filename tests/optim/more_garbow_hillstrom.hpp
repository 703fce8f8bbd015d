#pragma once

// More, Garbow, Hillstrom (1981), Testing Unconstrained Optimization Software, ACM TOMS 7(1): numbers,
// starts and minima are the paper's. Its data tables, then a row for each problem.

#include "least_squares.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace rappel::test {

inline constexpr std::array bard_y = {.14, .18, .22, .25, .29, .32,  .35, .39,
                                      .37, .58, .73, .96, 1.34, 2.10, 4.39};
inline constexpr std::array gaussian_y = {.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989,
                                          .3521, .2420, .1295, .0540, .0175, .0044, .0009};
inline constexpr std::array meyer_y = {34780., 28610., 23650., 19630., 16370., 13720., 11540., 9744.,
                                       8261.,  7030.,  6005.,  5147.,  4427.,  3820.,  3307.,  2872.};
inline constexpr std::array kowalik_y = {.1957, .1947, .1735, .1600, .0844, .0627,
                                         .0456, .0342, .0323, .0235, .0246};
inline constexpr std::array kowalik_u = {4., 2., 1., .5, .25, .167, .125, .1, .0833, .0714, .0625};
inline constexpr std::array osborne1_y = {
    .844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580,
    .558, .538, .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406};
inline constexpr std::array osborne2_y = {
    1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608,
    .655,  .616,  .606,  .602,  .626, .651, .724, .649, .649, .694, .644, .624, .661,
    .612,  .558,  .533,  .495,  .500, .423, .395, .375, .372, .391, .396, .405, .428,
    .429,  .523,  .562,  .607,  .653, .672, .708, .633, .668, .645, .632, .591, .559,
    .597,  .625,  .739,  .710,  .729, .720, .636, .581, .428, .292, .162, .098, .054};

// term(0), .., term(m - 1)
template <class Term>
Duals residuals(std::size_t m, Term term) {
  Duals r;
  r.reserve(m);
  for (std::size_t i = 0; i < m; ++i) r.push_back(term(i));
  return r;
}

inline Dual total(const Duals& x) {
  Dual sum;
  for (const Dual& xi : x) sum += xi;
  return sum;
}

inline std::vector<double> repeated(std::initializer_list<double> block, std::size_t times) {
  std::vector<double> start;
  for (std::size_t k = 0; k < times; ++k) start.insert(start.end(), block);
  return start;
}

// term(1), .., term(n)
template <class Term>
std::vector<double> start_of(int n, Term term) {
  std::vector<double> start;
  for (int j = 1; j <= n; ++j) start.push_back(term(j));
  return start;
}

// x[-1] and x[n] are 0.
inline Dual padded(const Duals& x, std::size_t i_plus_1) {
  return i_plus_1 == 0 || i_plus_1 > x.size() ? Dual(0.0) : x[i_plus_1 - 1];
}

// clang-format off
inline const std::vector<LeastSquares> more_garbow_hillstrom = {
    {"1 Rosenbrock", {-1.2, 1.0}, {0.0},
     [](const Duals& x) -> Duals { return {10.0 * (x[1] - square(x[0])), 1.0 - x[0]}; }},
    {"2 Freudenstein and Roth", {0.5, -2.0}, {0.0, 48.9842},
     [](const Duals& x) -> Duals {
       return {-13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1],
               -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]};
     }},
    {"3 Powell, badly scaled", {0.0, 1.0}, {0.0},
     [](const Duals& x) -> Duals { return {1e4 * x[0] * x[1] - 1.0, exp(-x[0]) + exp(-x[1]) - 1.0001}; }},
    {"4 Brown, badly scaled", {1.0, 1.0}, {0.0},
     [](const Duals& x) -> Duals { return {x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0}; }},
    {"5 Beale", {1.0, 1.0}, {0.0},
     [](const Duals& x) -> Duals {
       return {1.5 - x[0] * (1.0 - x[1]), 2.25 - x[0] * (1.0 - square(x[1])),
               2.625 - x[0] * (1.0 - cube(x[1]))};
     }},
    {"6 Jennrich and Sampson", {0.3, 0.4}, {124.362},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t k) {
         const double i = double(k + 1);
         return 2.0 + 2.0 * i - (exp(i * x[0]) + exp(i * x[1]));
       });
     }},
    {"7 helical valley", {-1.0, 0.0, 0.0}, {0.0},
     [](const Duals& x) -> Duals {
       const Dual turns = atan(x[1] / x[0]) / (2.0 * std::numbers::pi) + (x[0].value < 0.0 ? 0.5 : 0.0);
       return {10.0 * (x[2] - 10.0 * turns), 10.0 * (sqrt(square(x[0]) + square(x[1])) - 1.0), x[2]};
     }},
    {"8 Bard", {1.0, 1.0, 1.0}, {8.21487e-3, 17.4286},
     [](const Duals& x) {
       return residuals(15, [&](std::size_t i) {
         const double u = double(i + 1), v = 16.0 - u;
         return bard_y[i] - (x[0] + u / (v * x[1] + std::min(u, v) * x[2]));
       });
     }},
    {"9 Gaussian", {0.4, 1.0, 0.0}, {1.12793e-8},
     [](const Duals& x) {
       return residuals(15, [&](std::size_t i) {
         const double t = (7.0 - double(i)) / 2.0;
         return x[0] * exp(-x[1] * square(t - x[2]) / 2.0) - gaussian_y[i];
       });
     }},
    {"10 Meyer", {0.02, 4000.0, 250.0}, {87.9458},
     [](const Duals& x) {
       return residuals(16, [&](std::size_t i) {
         return x[0] * exp(x[1] / (50.0 + 5.0 * double(i) + x[2])) - meyer_y[i];
       });
     }},
    {"11 Gulf research and development", {5.0, 2.5, 0.15}, {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         const double t = double(i + 1) / 100.0, y = 25.0 + std::pow(-50.0 * std::log(t), 2.0 / 3.0);
         const Dual gap = y - x[1];
         return exp(-pow(gap.value < 0.0 ? -gap : gap, x[2]) / x[0]) - t;
       });
     }},
    {"12 Box, three dimensions", {0.0, 10.0, 20.0}, {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         const double t = 0.1 * double(i + 1);
         return exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (std::exp(-t) - std::exp(-10.0 * t));
       });
     }},
    {"13 Powell, singular", {3.0, -1.0, 0.0, 1.0}, {0.0},
     [](const Duals& x) -> Duals {
       return {x[0] + 10.0 * x[1], std::sqrt(5.0) * (x[2] - x[3]), square(x[1] - 2.0 * x[2]),
               std::sqrt(10.0) * square(x[0] - x[3])};
     }},
    {"14 Wood", {-3.0, -1.0, -3.0, -1.0}, {0.0},
     [](const Duals& x) -> Duals {
       return {10.0 * (x[1] - square(x[0])), 1.0 - x[0], std::sqrt(90.0) * (x[3] - square(x[2])), 1.0 - x[2],
               std::sqrt(10.0) * (x[1] + x[3] - 2.0), (x[1] - x[3]) / std::sqrt(10.0)};
     }},
    {"15 Kowalik and Osborne", {0.25, 0.39, 0.415, 0.39}, {3.07505e-4, 1.02734e-3},
     [](const Duals& x) {
       return residuals(11, [&](std::size_t i) {
         const double u = kowalik_u[i];
         return kowalik_y[i] - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3]);
       });
     }},
    {"16 Brown and Dennis", {25.0, 5.0, -5.0, -1.0}, {85822.2},
     [](const Duals& x) {
       return residuals(20, [&](std::size_t i) {
         const double t = double(i + 1) / 5.0;
         return square(x[0] + t * x[1] - std::exp(t)) + square(x[2] + x[3] * std::sin(t) - std::cos(t));
       });
     }},
    {"17 Osborne 1", {0.5, 1.5, -1.0, 0.01, 0.02}, {5.46489e-5},
     [](const Duals& x) {
       return residuals(33, [&](std::size_t i) {
         const double t = 10.0 * double(i);
         return osborne1_y[i] - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]));
       });
     }},
    {"18 Biggs EXP6", {1.0, 2.0, 1.0, 1.0, 1.0, 1.0}, {0.0, 5.65565e-3},
     [](const Duals& x) {
       return residuals(13, [&](std::size_t i) {
         const double t = 0.1 * double(i + 1);
         const double y = std::exp(-t) - 5.0 * std::exp(-10.0 * t) + 3.0 * std::exp(-4.0 * t);
         return x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y;
       });
     }},
    {"19 Osborne 2", {1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5}, {4.01377e-2},
     [](const Duals& x) {
       return residuals(65, [&](std::size_t i) {
         const double t = double(i) / 10.0;
         return osborne2_y[i] - (x[0] * exp(-t * x[4]) + x[1] * exp(-square(t - x[8]) * x[5]) +
                                 x[2] * exp(-square(t - x[9]) * x[6]) + x[3] * exp(-square(t - x[10]) * x[7]));
       });
     }},
    {"20 Watson, 6 variables", std::vector<double>(6, 0.0), {2.28767e-3},
     [](const Duals& x) {
       return residuals(31, [&](std::size_t i) {
         if (i == 29) return x[0];
         if (i == 30) return x[1] - square(x[0]) - 1.0;
         const double t = double(i + 1) / 29.0;
         Dual slope, value;
         for (std::size_t j = 0; j < x.size(); ++j) {
           if (j > 0) slope += double(j) * std::pow(t, double(j) - 1.0) * x[j];
           value += std::pow(t, double(j)) * x[j];
         }
         return slope - square(value) - 1.0;
       });
     }},
    {"21 extended Rosenbrock, 100 variables", repeated({-1.2, 1.0}, 50), {0.0},
     [](const Duals& x) {
       return residuals(100, [&](std::size_t i) {
         return i % 2 == 0 ? 10.0 * (x[i + 1] - square(x[i])) : 1.0 - x[i - 1];
       });
     }},
    {"22 extended Powell singular, 20 variables", repeated({3.0, -1.0, 0.0, 1.0}, 5), {0.0},
     [](const Duals& x) {
       return residuals(20, [&](std::size_t i) {
         const Dual* b = &x[i / 4 * 4];
         if (i % 4 == 0) return b[0] + 10.0 * b[1];
         if (i % 4 == 1) return std::sqrt(5.0) * (b[2] - b[3]);
         return i % 4 == 2 ? square(b[1] - 2.0 * b[2]) : std::sqrt(10.0) * square(b[0] - b[3]);
       });
     }},
    {"23 penalty I, 10 variables", start_of(10, [](int j) { return double(j); }), {7.08765e-5},
     [](const Duals& x) {
       Duals r = residuals(10, [&](std::size_t i) { return std::sqrt(1e-5) * (x[i] - 1.0); });
       Dual sum = -0.25;
       for (const Dual& xi : x) sum += square(xi);
       r.push_back(sum);
       return r;
     }},
    {"24 penalty II, 4 variables", std::vector<double>(4, 0.5), {9.37629e-6},
     [](const Duals& x) {
       const auto y = [](int i) { return std::exp(i / 10.0) + std::exp((i - 1) / 10.0); };
       Duals r = {x[0] - 0.2};
       for (int i = 2; i <= 4; ++i) {
         const std::size_t k = std::size_t(i - 1);
         r.push_back(std::sqrt(1e-5) * (exp(x[k] / 10.0) + exp(x[k - 1] / 10.0) - y(i)));
       }
       for (std::size_t k = 1; k < 4; ++k) r.push_back(std::sqrt(1e-5) * (exp(x[k] / 10.0) - std::exp(-0.1)));
       Dual sum = -1.0;
       for (std::size_t k = 0; k < 4; ++k) sum += (4.0 - double(k)) * square(x[k]);
       r.push_back(sum);
       return r;
     }},
    {"25 variably dimensioned, 10 variables", start_of(10, [](int j) { return 1.0 - j / 10.0; }), {0.0},
     [](const Duals& x) {
       Duals r = residuals(10, [&](std::size_t i) { return x[i] - 1.0; });
       Dual sum;
       for (std::size_t i = 0; i < 10; ++i) sum += double(i + 1) * (x[i] - 1.0);
       r.push_back(sum);
       r.push_back(square(sum));
       return r;
     }},
    {"26 trigonometric, 10 variables", std::vector<double>(10, 0.1), {0.0, 2.79506e-5},
     [](const Duals& x) {
       Dual cosines;
       for (const Dual& xi : x) cosines += cos(xi);
       return residuals(10, [&](std::size_t i) {
         return 10.0 - cosines + double(i + 1) * (1.0 - cos(x[i])) - sin(x[i]);
       });
     }},
    {"27 Brown, almost linear, 10 variables", std::vector<double>(10, 0.5), {0.0, 1.0},
     [](const Duals& x) {
       Duals r = residuals(9, [&](std::size_t i) { return x[i] + total(x) - 11.0; });
       Dual product = 1.0;
       for (const Dual& xi : x) product *= xi;
       r.push_back(product - 1.0);
       return r;
     }},
    {"28 discrete boundary value, 10 variables",
     start_of(10, [](int j) { return j / 11.0 * (j / 11.0 - 1.0); }), {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         const double h = 1.0 / 11.0, t = double(i + 1) * h;
         return 2.0 * x[i] - padded(x, i) - padded(x, i + 2) + h * h * cube(x[i] + t + 1.0) / 2.0;
       });
     }},
    {"29 discrete integral equation, 10 variables",
     start_of(10, [](int j) { return j / 11.0 * (j / 11.0 - 1.0); }), {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         const double h = 1.0 / 11.0, ti = double(i + 1) * h;
         Dual sum;
         for (std::size_t j = 0; j < 10; ++j) {
           const double tj = double(j + 1) * h;
           sum += (j <= i ? (1.0 - ti) * tj : ti * (1.0 - tj)) * cube(x[j] + tj + 1.0);
         }
         return x[i] + h * sum / 2.0;
       });
     }},
    {"30 Broyden tridiagonal, 10 variables", std::vector<double>(10, -1.0), {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         return (3.0 - 2.0 * x[i]) * x[i] - padded(x, i) - 2.0 * padded(x, i + 2) + 1.0;
       });
     }},
    {"31 Broyden banded, 10 variables", std::vector<double>(10, -1.0), {0.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         Dual sum = x[i] * (2.0 + 5.0 * square(x[i])) + 1.0;
         for (std::size_t j = i < 5 ? 0 : i - 5; j < std::min<std::size_t>(10, i + 2); ++j) {
           if (j != i) sum += -x[j] * (1.0 + x[j]);
         }
         return sum;
       });
     }},
    {"32 linear, full rank, 5 variables, 10 residuals", std::vector<double>(5, 1.0), {5.0},
     [](const Duals& x) {
       return residuals(10, [&](std::size_t i) {
         return (i < 5 ? x[i] : Dual(0.0)) - 2.0 / 10.0 * total(x) - 1.0;
       });
     }},
    // m (m - 1) / (2 (2 m + 1)) for m = 10
    {"33 linear, rank 1, 5 variables, 10 residuals", std::vector<double>(5, 1.0), {90.0 / 42.0},
     [](const Duals& x) {
       Dual sum;
       for (std::size_t j = 0; j < 5; ++j) sum += double(j + 1) * x[j];
       return residuals(10, [&](std::size_t i) { return double(i + 1) * sum - 1.0; });
     }},
    {"35 Chebyquad, 8 variables", start_of(8, [](int j) { return j / 9.0; }), {3.51687e-3},
     [](const Duals& x) {
       return residuals(8, [&](std::size_t i) {
         Dual sum;
         for (const Dual& xj : x) {
           const Dual u = 2.0 * xj - 1.0;
           Dual before = 1.0, polynomial = u;  // shifted Chebyshev, degree 1
           for (std::size_t k = 0; k < i; ++k) {
             const Dual next = 2.0 * u * polynomial - before;
             before = polynomial;
             polynomial = next;
           }
           sum += polynomial;
         }
         const double degree = double(i + 1);
         return sum / 8.0 + (i % 2 == 1 ? 1.0 / (degree * degree - 1.0) : 0.0);
       });
     }},
};
// clang-format on

}  // namespace rappel::test
