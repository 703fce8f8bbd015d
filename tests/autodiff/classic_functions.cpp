// Classic functions of n parameters, against the gradients that their authors or a hand derive, in long
// double.

#include <rappel/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>

using namespace rappel;

namespace {

using Long = long double;
using Point = std::vector<Long>;

struct Problem {
  const char* name;
  Index n;
  double radius;  // points are drawn from [-radius, radius]^n
  std::function<Expr(ExprSpan)> cost;
  std::function<Long(const Point&)> value;
  std::function<Point(const Point&)> gradient;
};

Expr sum_of(Index n, const std::function<Expr(Index)>& term) {
  Expr total = 0.0;
  for (Index i = 0; i < n; ++i) total += term(i);
  return total;
}

Long sum_of_long(std::size_t n, const std::function<Long(std::size_t)>& term) {
  Long total = 0;
  for (std::size_t i = 0; i < n; ++i) total += term(i);
  return total;
}

Point each(std::size_t n, const std::function<Long(std::size_t)>& entry) {
  Point p(n);
  for (std::size_t i = 0; i < n; ++i) p[i] = entry(i);
  return p;
}

Long sq(Long x) { return x * x; }
Long product_of_cosines(const Point& x, std::size_t except) {
  Long p = 1;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (i != except) p *= std::cos(x[i] / std::sqrt(static_cast<Long>(i + 1)));
  return p;
}

const Problem problems[] = {
    {"sphere", 30, 5.0, [](ExprSpan x) { return dot(x, x); },
     [](const Point& x) { return sum_of_long(x.size(), [&](std::size_t i) { return sq(x[i]); }); },
     [](const Point& x) { return each(x.size(), [&](std::size_t i) { return 2 * x[i]; }); }},
    {"extended rosenbrock (More, Garbow, Hillstrom 21)", 20, 2.0,
     [](ExprSpan x) {
       return sum_of(x.size() / 2, [&](Index i) {
         return 100.0 * square(x[2 * i + 1] - square(x[2 * i])) + square(1.0 - x[2 * i]);
       });
     },
     [](const Point& x) {
       return sum_of_long(x.size() / 2, [&](std::size_t i) {
         return 100 * sq(x[2 * i + 1] - sq(x[2 * i])) + sq(1 - x[2 * i]);
       });
     },
     [](const Point& x) {
       return each(x.size(), [&](std::size_t i) {
         const Long a = x[i - i % 2], r = x[i - i % 2 + 1] - sq(a);
         return i % 2 == 1 ? 200 * r : -400 * r * a - 2 * (1 - a);
       });
     }},
    {"powell's singular function (13)", 4, 3.0,
     [](ExprSpan x) {
       return square(x[0] + 10.0 * x[1]) + 5.0 * square(x[2] - x[3]) + pow(x[1] - 2.0 * x[2], 4.0) +
              10.0 * pow(x[0] - x[3], 4.0);
     },
     [](const Point& x) {
       return sq(x[0] + 10 * x[1]) + 5 * sq(x[2] - x[3]) + sq(sq(x[1] - 2 * x[2])) + 10 * sq(sq(x[0] - x[3]));
     },
     [](const Point& x) {
       const Long a = 2 * (x[0] + 10 * x[1]), b = 10 * (x[2] - x[3]), c = 4 * std::pow(x[1] - 2 * x[2], 3.0L),
                  d = 40 * std::pow(x[0] - x[3], 3.0L);
       return Point{a + d, 10 * a + c, b - 2 * c, -b - d};
     }},
    {"wood (14)", 4, 3.0,
     [](ExprSpan x) {
       return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0]) + 90.0 * square(x[3] - square(x[2])) +
              square(1.0 - x[2]) + 10.0 * square(x[1] + x[3] - 2.0) + square(x[1] - x[3]) / 10.0;
     },
     [](const Point& x) {
       return 100 * sq(x[1] - sq(x[0])) + sq(1 - x[0]) + 90 * sq(x[3] - sq(x[2])) + sq(1 - x[2]) +
              10 * sq(x[1] + x[3] - 2) + sq(x[1] - x[3]) / 10;
     },
     [](const Point& x) {
       const Long r = x[1] - sq(x[0]), s = x[3] - sq(x[2]), t = 20 * (x[1] + x[3] - 2), u = (x[1] - x[3]) / 5;
       return Point{-400 * r * x[0] - 2 * (1 - x[0]), 200 * r + t + u, -360 * s * x[2] - 2 * (1 - x[2]),
                    180 * s + t - u};
     }},
    {"rastrigin", 12, 5.12,
     [](ExprSpan x) {
       return 10.0 * static_cast<double>(x.size()) + sum_of(x.size(), [&](Index i) {
                return square(x[i]) - 10.0 * cos(2.0 * std::numbers::pi * x[i]);
              });
     },
     [](const Point& x) {
       return sum_of_long(x.size(), [&](std::size_t i) {
         return 10 + sq(x[i]) - 10 * std::cos(2 * Long(std::numbers::pi) * x[i]);
       });
     },
     [](const Point& x) {
       const Long turn = 2 * Long(std::numbers::pi);  // the double's, which is what the cost has
       return each(x.size(), [&](std::size_t i) { return 2 * x[i] + 10 * turn * std::sin(turn * x[i]); });
     }},
    {"ackley", 10, 4.0,
     [](ExprSpan x) {
       const double n = static_cast<double>(x.size());
       const Expr cosines = sum_of(x.size(), [&](Index i) { return cos(x[i]); });
       return -20.0 * exp(-0.25 * sqrt(dot(x, x) / n)) - exp(cosines / n) + 20.0;
     },
     [](const Point& x) {
       const Long n = static_cast<Long>(x.size());
       const Long r = std::sqrt(sum_of_long(x.size(), [&](std::size_t i) { return sq(x[i]); }) / n);
       const Long c = sum_of_long(x.size(), [&](std::size_t i) { return std::cos(x[i]); }) / n;
       return -20 * std::exp(-r / 4) - std::exp(c) + 20;
     },
     [](const Point& x) {
       const Long n = static_cast<Long>(x.size());
       const Long r = std::sqrt(sum_of_long(x.size(), [&](std::size_t i) { return sq(x[i]); }) / n);
       const Long c = sum_of_long(x.size(), [&](std::size_t i) { return std::cos(x[i]); }) / n;
       return each(x.size(), [&](std::size_t i) {
         return 5 * std::exp(-r / 4) * x[i] / (n * r) + std::exp(c) * std::sin(x[i]) / n;
       });
     }},
    {"griewank", 6, 10.0,
     [](ExprSpan x) {
       Expr product = 1.0;
       for (Index i = 0; i < x.size(); ++i) product *= cos(x[i] / std::sqrt(static_cast<double>(i + 1)));
       return dot(x, x) / 4000.0 - product + 1.0;
     },
     [](const Point& x) {
       return sum_of_long(x.size(), [&](std::size_t i) { return sq(x[i]); }) / 4000 -
              product_of_cosines(x, x.size()) + 1;
     },
     [](const Point& x) {
       return each(x.size(), [&](std::size_t i) {
         const Long root = std::sqrt(static_cast<Long>(i + 1));
         return x[i] / 2000 + product_of_cosines(x, i) * std::sin(x[i] / root) / root;
       });
     }},
    {"styblinski-tang", 15, 4.0,
     [](ExprSpan x) {
       return sum_of(x.size(), [&](Index i) { return pow(x[i], 4.0) - 16.0 * square(x[i]) + 5.0 * x[i]; }) /
              2.0;
     },
     [](const Point& x) {
       return sum_of_long(x.size(), [&](std::size_t i) { return sq(sq(x[i])) - 16 * sq(x[i]) + 5 * x[i]; }) /
              2;
     },
     [](const Point& x) {
       return each(x.size(), [&](std::size_t i) { return 2 * sq(x[i]) * x[i] - 16 * x[i] + 2.5L; });
     }},
    {"log of a sum of exponentials", 8, 5.0, [](ExprSpan x) { return logsumexp(x); },
     [](const Point& x) {
       return std::log(sum_of_long(x.size(), [&](std::size_t i) { return std::exp(x[i]); }));
     },
     [](const Point& x) {
       const Long total = sum_of_long(x.size(), [&](std::size_t i) { return std::exp(x[i]); });
       return each(x.size(), [&](std::size_t i) { return std::exp(x[i]) / total; });
     }},
    {"a chain of tanh", 1, 1.0,
     [](ExprSpan x) {
       Expr z = x[0];
       for (int i = 0; i < 10; ++i) z = tanh(1.5 * z);
       return z;
     },
     [](const Point& x) {
       Long z = x[0];
       for (int i = 0; i < 10; ++i) z = std::tanh(1.5L * z);
       return z;
     },
     [](const Point& x) {
       Long z = x[0], slope = 1;
       for (int i = 0; i < 10; ++i) {
         z = std::tanh(1.5L * z);
         slope *= 1.5L * (1 - z * z);
       }
       return Point{slope};
     }},
    {"a product", 25, 3.0,
     [](ExprSpan x) {
       Expr p = 1.0;
       for (const Expr& e : x) p *= e;
       return p;
     },
     [](const Point& x) {
       Long p = 1;
       for (const Long e : x) p *= e;
       return p;
     },
     [](const Point& x) {
       return each(x.size(), [&](std::size_t i) {
         Long p = 1;
         for (std::size_t k = 0; k < x.size(); ++k)
           if (k != i) p *= x[k];
         return p;
       });
     }},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(classic_functions)

BOOST_AUTO_TEST_CASE(values_and_gradients_equal_their_closed_forms_at_random_points) {
  std::mt19937_64 random(11);
  for (const Problem& problem : problems) {
    const Function f = record(problem.n, problem.cost);
    for (int point = 0; point < 20; ++point) {
      std::uniform_real_distribution<double> uniform(-problem.radius, problem.radius);
      Vector x(problem.n);
      for (double& e : x) e = uniform(random);
      const Point exact(x.begin(), x.end());
      const Long value = problem.value(exact);
      const Point gradient = problem.gradient(exact);
      const auto [v, g] = f.value_and_gradient(x);
      // The largest term of each is at most some 20 times the largest of 1, value and slopes; it is rounded a
      // few times, and functions with 30 terms add them with roundings of their average size.
      Long scale = std::max(1.0L, std::abs(value));
      for (const Long s : gradient) scale = std::max(scale, std::abs(s));
      const Long bound = 100 * 0x1p-53L * scale;
      BOOST_TEST(std::abs(v - value) <= bound, problem.name);
      for (Index i = 0; i < problem.n; ++i)
        BOOST_TEST(std::abs(g[i] - gradient[static_cast<std::size_t>(i)]) <= bound,
                   problem.name << ", slope " << i << ": " << g[i]);
      BOOST_TEST(f.value(x) == v);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
