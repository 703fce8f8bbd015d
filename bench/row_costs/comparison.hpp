#pragma once

// A row of the table: a cost written for rappel and by hand, checked against each other and timed.

#include "../session.hpp"

#include <rappel/core.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rappel::bench {

using Run = std::function<double(Vector& results)>;  // the value; results, the gradient, have their size

// They own their data together. All but rappel may be empty.
struct Variants {
  Index num_results = 0;
  Run rappel, loop, expert, best;
  double tolerance = 1e-12;  // see check
};

struct Comparison {
  RowGoal goal;
  std::function<Variants()> make;  // generates the data and records
  bool has_best = true;
};

// Value and gradient are those of rappel to the tolerance: the value relatively, the gradient by its norm.
// Otherwise the figures mean nothing: ends the process with status 1. Also leaves warm caches and workspaces.
inline void check(const std::string& name, const Variants& v) {
  Vector expected(v.num_results), gradient(v.num_results);
  const double value = v.rappel(expected);
  for (const auto& [who, run] : {std::pair{"loop", &v.loop}, {"expert", &v.expert}, {"best", &v.best}}) {
    if (!*run) continue;
    const double off = std::abs((*run)(gradient)-value) / std::abs(value);
    const double gradient_off = (gradient - expected).norm() / expected.norm();
    if (off <= v.tolerance && gradient_off <= v.tolerance) continue;
    std::fprintf(stderr, "%s/%s differs from rappel: value by %.2g, gradient by %.2g of its norm\n",
                 name.c_str(), who, off, gradient_off);
    std::exit(1);
  }
}

inline void time_of(const Run& run, Index num_results, benchmark::State& state) {
  Vector results(num_results);
  for (auto _ : state) {
    benchmark::DoNotOptimize(run(results));
    benchmark::ClobberMemory();
  }
}

// Made when the first bench of the group runs; freed with the group.
inline Group group_of(const Comparison& comparison) {
  const auto variants = std::make_shared<Variants>();
  const auto bench = [&](const char* who, Run Variants::*run) {
    return Bench{comparison.goal.name + "/" + who,
                 [=, make = comparison.make, name = comparison.goal.name](benchmark::State& state) {
                   if (variants->num_results == 0) check(name, *variants = make());
                   time_of((*variants).*run, variants->num_results, state);
                 }};
  };
  Group group = {bench("rappel", &Variants::rappel), bench("loop", &Variants::loop),
                 bench("expert", &Variants::expert)};
  if (comparison.has_best) group.push_back(bench("best", &Variants::best));
  return group;
}

}  // namespace rappel::bench
